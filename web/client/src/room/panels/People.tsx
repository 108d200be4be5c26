/** Who is here, who waits, whose hand is up; for hosts, what they may do about it. */
import { Check, Hand, X } from "lucide";
import type { VNode } from "preact";
import type { Participant } from "../../generated/messages";
import { order } from "../actions";
import type { Meeting } from "../meeting/state";
import { may, publicationOf } from "../meeting/state";
import { MicrophoneMark } from "../stage/Tile";
import { Avatar } from "../ui/Avatar";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { Quality } from "../ui/Quality";
import { Rules } from "../ui/Rules";
import { HostControls } from "./HostControls";
import { Panel } from "./Panel";
import { PersonMenu } from "./PersonMenu";

export function People({ meeting }: { readonly meeting: Meeting }): VNode {
  const { t } = useSession();
  const self = meeting.participants.get(meeting.self);
  const moderates = may(self, "moderate");
  const hands = meeting.hands.flatMap((id) => meeting.participants.get(id) ?? []);
  const others = [...meeting.participants.values()]
    .filter(({ id }) => !meeting.hands.includes(id))
    .sort((a, b) => Number(b.id === meeting.self) - Number(a.id === meeting.self));
  return (
    <Panel title={t("people.title", { count: meeting.participants.size })} name="people">
      <div class="panel__scroll">
        <Rules protection={meeting.state.protection} shown={self?.alias ? t("rules.alias", { name: self.alias }) : ""} />
        {moderates && meeting.waiting.length > 0 && <Lobby meeting={meeting} />}
        {hands.length > 0 && <Hands hands={hands} meeting={meeting} />}
        <section aria-labelledby="people-all">
          <h3 id="people-all" class="panel__part">
            {t("people.inMeeting")}
          </h3>
          <ul class="people">
            {others.map((person) => (
              <Person key={person.id} person={person} meeting={meeting} />
            ))}
          </ul>
        </section>
      </div>
      {moderates && <HostControls meeting={meeting} />}
    </Panel>
  );
}

function Lobby({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  return (
    <section class="lobby" aria-labelledby="people-lobby">
      <div class="panel__row">
        <h3 id="people-lobby" class="panel__part">
          {t("people.waiting", { count: meeting.waiting.length })}
        </h3>
        {meeting.waiting.length > 1 && (
          <button type="button" class="button button--small" onClick={() => void order(session, { do: "admit" })}>
            {t("people.admitAll")}
          </button>
        )}
      </div>
      <ul class="people">
        {meeting.waiting.map(({ id, name, organisation }) => (
          <li key={id} class="person">
            <Avatar name={name} />
            <span class="person__who">
              <span class="person__name">{name}</span>
              <span class="person__about">{organisation}</span>
            </span>
            <button
              type="button"
              class="iconbutton iconbutton--primary"
              aria-label={t("people.admit", { name })}
              title={t("people.admit", { name })}
              onClick={() => void order(session, { do: "admit", participant: id })}
            >
              <Icon node={Check} />
            </button>
            <button
              type="button"
              class="iconbutton"
              aria-label={t("people.deny", { name })}
              title={t("people.deny", { name })}
              onClick={() => void order(session, { do: "deny", participant: id })}
            >
              <Icon node={X} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hands({ hands, meeting }: { hands: readonly Participant[]; meeting: Meeting }): VNode {
  const { t } = useSession();
  return (
    <section aria-labelledby="people-hands">
      <h3 id="people-hands" class="panel__part">
        {t("people.hands", { count: hands.length })}
      </h3>
      <ol class="people">
        {hands.map((person, index) => (
          <Person key={person.id} person={person} meeting={meeting} hand={index + 1} />
        ))}
      </ol>
    </section>
  );
}

function Person({ person, meeting, hand }: { person: Participant; meeting: Meeting; hand?: number }): VNode {
  const { t } = useSession();
  const own = person.id === meeting.self;
  const organisation = person.organisation === person.name ? "" : person.organisation;
  const about = [organisation, t(`role.${person.role}`)].filter(Boolean).join(" · ");
  const value = person.away ? 0 : (meeting.quality.get(person.id) ?? 3);
  return (
    <li class="person" data-participant={person.id}>
      <Avatar name={person.name} />
      <span class="person__who">
        <span class="person__name">{own ? t("tile.you", { name: person.name }) : person.name}</span>
        <span class="person__about">{person.away ? t("tile.away") : about}</span>
        {person.alias && !own && <span class="person__about">{t("people.shownAs", { name: person.alias })}</span>}
      </span>
      {hand !== undefined && (
        <span class="mark mark--hand" role="img" aria-label={t("hand.place", { place: hand })}>
          <Icon node={Hand} size={16} />
          {hand}
        </span>
      )}
      {publicationOf(person, "microphone") && <MicrophoneMark person={person} />}
      <Quality value={value} />
      <PersonMenu person={person} meeting={meeting} />
    </li>
  );
}
