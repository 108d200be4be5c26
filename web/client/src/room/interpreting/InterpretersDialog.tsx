/** For hosts: into which languages the room is interpreted, and who interprets from what into what. */
import { X } from "lucide";
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Participant } from "../../generated/messages";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { assign, offer } from "./acts";
import { OFFERED, ways } from "./channels";
import { languageName } from "./names";
import { WaySelect } from "./WaySelect";

export function InterpretersDialog({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const people = [...meeting.participants.values()].filter(({ role }) => role !== "viewer");
  const interpreters = people.filter(({ role, interprets }) => role === "interpreter" || interprets);
  return (
    <Dialog title={t("interpreters.title")} onClose={() => (view.dialog.value = null)}>
      <Channels meeting={meeting} />
      {meeting.state.channels.length > 0 && (
        <>
          <section class="interpreters" aria-labelledby="interpreters-who">
            <h3 id="interpreters-who">{t("interpreters.who")}</h3>
            {interpreters.length === 0 && <p class="sheet__note">{t("interpreters.none")}</p>}
            {interpreters.map((person) => (
              <div key={person.id} class="interpreters__one">
                <span class="interpreters__name">{person.name}</span>
                <WaySelect
                  meeting={meeting}
                  label={t("interpreters.way", { name: person.name })}
                  value={person.interprets ?? null}
                  choose={(way) => void assign(session, person.id, way)}
                />
              </div>
            ))}
          </section>
          <Another meeting={meeting} people={people.filter((person) => !interpreters.includes(person))} />
        </>
      )}
    </Dialog>
  );
}

function Channels({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const { language, channels } = meeting.state;
  const name = (tag: string): string => languageName(t, session.language.value, tag);
  const left = OFFERED.filter((tag) => tag !== language && !channels.includes(tag));
  return (
    <section class="interpreters" aria-labelledby="interpreters-into">
      <h3 id="interpreters-into">{t("interpreters.into")}</h3>
      <p class="sheet__note">{t("interpreters.room", { language: name(language) })}</p>
      <ul class="interpreters__channels">
        {channels.map((tag) => (
          <li key={tag} class="chip">
            {name(tag)}
            <button
              type="button"
              class="iconbutton iconbutton--small"
              aria-label={t("interpreters.remove", { language: name(tag) })}
              onClick={() => void offer(session, channels.filter((each) => each !== tag))}
            >
              <Icon node={X} size={16} />
            </button>
          </li>
        ))}
      </ul>
      <label class="field">
        <span class="field__label">{t("interpreters.add")}</span>
        <select
          class="input"
          data-testid="add-language"
          value=""
          disabled={channels.length >= 8}
          onChange={(event) => {
            const tag = event.currentTarget.value;
            event.currentTarget.value = "";
            if (tag) void offer(session, [...channels, tag]);
          }}
        >
          <option value="">{t("interpreters.choose")}</option>
          {left.map((tag) => (
            <option key={tag} value={tag}>
              {name(tag)}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

/** Somebody in the room who is not an interpreter yet. */
function Another({ meeting, people }: { readonly meeting: Meeting; readonly people: readonly Participant[] }): VNode | null {
  const session = useSession();
  const { t } = session;
  const [wanted, choose] = useState("");
  const who = people.some(({ id }) => id === wanted) ? wanted : "";
  const [way] = ways(meeting);
  if (people.length === 0 || !way) return null;
  return (
    <form
      class="interpreters__another"
      onSubmit={(event) => {
        event.preventDefault();
        if (who) void assign(session, who, way).then((done) => done && choose(""));
      }}
    >
      <label class="field">
        <span class="field__label">{t("interpreters.another")}</span>
        <select class="input" value={who} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{t("interpreters.choose")}</option>
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button" disabled={!who}>
        {t("interpreters.make")}
      </button>
    </form>
  );
}
