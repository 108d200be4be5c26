/** What one may do about a participant. */
import {
  EllipsisVertical,
  Hand,
  MessageSquareLock,
  Mic,
  MicOff,
  Pin,
  Presentation,
  ShieldCheck,
  Star,
  User,
  UserX,
  VideoOff,
} from "lucide";
import type { VNode } from "preact";
import type { Participant, Role } from "../../generated/messages";
import { moderateMicrophone, order } from "../actions";
import type { Meeting } from "../meeting/state";
import { may, publicationOf } from "../meeting/state";
import type { Session } from "../session";
import { useSession } from "../ui/context";
import { Menu, type MenuItem } from "../ui/Menu";

export function PersonMenu({ person, meeting }: { readonly person: Participant; readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const own = person.id === meeting.self;
  const self = meeting.participants.get(meeting.self);
  const items: MenuItem[] = [{ label: t("person.pin"), icon: Pin, run: () => view.togglePin(person.id) }];
  if (!own && may(self, "chat")) {
    items.push({
      label: t("person.write"),
      icon: MessageSquareLock,
      run: () => {
        view.chatTo.value = person.id;
        view.panel.value = "chat";
      },
    });
  }
  if (may(self, "moderate")) items.push(...forModerators(session, person, meeting));
  return <Menu label={t("person.menu", { name: person.name })} icon={EllipsisVertical} items={items} />;
}

function forModerators(session: Session, person: Participant, meeting: Meeting): readonly MenuItem[] {
  const { t } = session;
  const { id } = person;
  const own = id === meeting.self;
  const self = meeting.participants.get(meeting.self);
  const spotlit = meeting.state.spotlight === id;
  const items: MenuItem[] = [
    {
      label: t(spotlit ? "person.unspotlight" : "person.spotlight"),
      icon: Star,
      run: () => void order(session, { do: "spotlight", participant: spotlit ? null : id }),
    },
  ];
  if (!own) items.push(...muting(session, person));
  if (meeting.hands.includes(id)) {
    items.push({
      label: t("person.lowerHand"),
      icon: Hand,
      run: () => void order(session, { do: "lower_hand", participant: id }),
    });
  }
  if (!own) {
    items.push(...roles(session, person, self?.role === "host"));
    items.push({
      label: t("person.remove"),
      icon: UserX,
      danger: true,
      run: () => (session.view.removing.value = id),
    });
  }
  return items;
}

function muting(session: Session, person: Participant): readonly MenuItem[] {
  const { t } = session;
  const microphone = publicationOf(person, "microphone");
  const camera = publicationOf(person, "camera");
  const items: MenuItem[] = [];
  if (microphone) {
    items.push({
      label: t(microphone.muted_by_host ? "person.askUnmute" : "person.mute"),
      icon: microphone.muted_by_host ? Mic : MicOff,
      run: () => void moderateMicrophone(session, person.id),
    });
  }
  if (camera && !camera.muted && !camera.muted_by_host) {
    items.push({
      label: t("person.cameraOff"),
      icon: VideoOff,
      run: () => void order(session, { do: "mute", participant: person.id, source: "camera" }),
    });
  }
  return items;
}

function roles(session: Session, person: Participant, byHost: boolean): readonly MenuItem[] {
  const choices: readonly { role: Role; icon: MenuItem["icon"]; onlyHost: boolean }[] = [
    { role: "presenter", icon: Presentation, onlyHost: false },
    { role: "participant", icon: User, onlyHost: false },
    { role: "moderator", icon: ShieldCheck, onlyHost: true },
  ];
  return choices
    .filter(({ role, onlyHost }) => role !== person.role && (byHost || !onlyHost))
    .map(({ role, icon }) => ({
      label: session.t("person.makeRole", { role: session.t(`role.${role}`) }),
      icon,
      run: () => void order(session, { do: "role", participant: person.id, role }),
    }));
}
