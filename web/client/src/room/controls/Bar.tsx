/** The bar of controls. */
import {
  ClipboardList,
  Ellipsis,
  Hand,
  Keyboard,
  Languages,
  LayoutGrid,
  LogOut,
  Maximize,
  MessageSquare,
  Mic,
  MicOff,
  Film,
  MonitorUp,
  MonitorX,
  Network,
  Settings,
  Square,
  Camera,
  CameraOff,
  Captions,
  CaptionsOff,
  CircleQuestionMark,
  Users,
  Video,
  VideoOff,
} from "lucide";
import type { VNode } from "preact";
import {
  toggleCamera,
  toggleFullScreen,
  toggleHand,
  toggleMicrophone,
  toggleScreen,
  toggleSecondCamera,
} from "../actions";
import type { Meeting } from "../meeting/state";
import { may, publicationOf } from "../meeting/state";
import { chosen, hasLanguages } from "../interpreting/channels";
import type { Session } from "../session";
import { useSession } from "../ui/context";
import { Icon, type IconNode } from "../ui/Icon";
import { Menu, type MenuItem } from "../ui/Menu";
import { toggleLayout } from "./layouts";

interface ControlProps {
  readonly icon: IconNode;
  readonly label: string;
  readonly caption: string;
  readonly tone?: "off" | "on" | "danger" | undefined;
  readonly expanded?: boolean;
  readonly busy?: boolean;
  readonly badge?: number;
  readonly name: string;
  readonly run: () => void;
}

function Control({ icon, label, caption, tone, expanded, busy, badge, name, run }: ControlProps): VNode {
  return (
    <button
      type="button"
      class={`control control--${name}${tone ? ` control--${tone}` : ""}`}
      aria-label={label}
      title={label}
      aria-expanded={expanded}
      aria-busy={busy}
      data-testid={name}
      onClick={run}
    >
      <Icon node={icon} />
      {badge ? (
        <span class="control__badge" aria-hidden="true">
          {badge > 99 ? "99+" : badge}
        </span>
      ) : null}
      <span class="control__caption" aria-hidden="true">
        {caption}
      </span>
    </button>
  );
}

export function Bar({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const self = meeting.participants.get(meeting.self);
  const raised = meeting.hands.includes(meeting.self);
  return (
    <section class="bar" aria-label={t("bar.label")}>
      <div class="bar__group">
        <MicrophoneControl meeting={meeting} />
        <CameraControl />
        {may(self, "publish_screen") && <ScreenControl />}
        {may(self, "raise_hand") && (
          <Control
            name="hand"
            icon={Hand}
            label={t(raised ? "bar.handDown" : "bar.handUp")}
            caption={t("bar.hand")}
            tone={raised ? "on" : undefined}
            run={() => void toggleHand(session)}
          />
        )}
      </div>
      <div class="bar__group">
        <Control
          name="chat"
          icon={MessageSquare}
          label={view.unread.value > 0 ? t("bar.chatUnread", { count: view.unread.value }) : t("bar.chat")}
          caption={t("bar.chat")}
          expanded={view.panel.value === "chat"}
          badge={view.unread.value}
          run={() => view.togglePanel("chat")}
        />
        <Control
          name="questions"
          icon={CircleQuestionMark}
          label={
            view.newQuestions.value > 0
              ? t("bar.questionsNew", { count: view.newQuestions.value })
              : t("bar.questions")
          }
          caption={t("bar.questions")}
          expanded={view.panel.value === "questions"}
          badge={view.newQuestions.value}
          run={() => view.togglePanel("questions")}
        />
        <Control
          name="people"
          icon={Users}
          label={t("bar.people", { count: meeting.participants.size })}
          caption={t("bar.peopleShort")}
          expanded={view.panel.value === "people"}
          badge={meeting.waiting.length}
          run={() => view.togglePanel("people")}
        />
        {hasLanguages(meeting) && (
          <Control
            name="language"
            icon={Languages}
            label={t("language.open")}
            caption={t("language.title")}
            tone={chosen(meeting, view.channel.value) === null ? undefined : "on"}
            run={() => (view.dialog.value = "language")}
          />
        )}
        {session.config.rollCallUrl && session.config.autoJoin && (
          <Control
            name="who-is-here"
            icon={ClipboardList}
            label={t("rollcall.title")}
            caption={t("rollcall.title")}
            run={() => (view.dialog.value = "whoIsHere")}
          />
        )}
        <Menu
          label={t("bar.more")}
          caption={t("bar.more")}
          icon={Ellipsis}
          class="control control--more"
          items={moreItems(session, meeting)}
        />
        <Control
          name="leave"
          icon={LogOut}
          label={t("bar.leave")}
          caption={t("bar.leave")}
          tone="danger"
          run={() => (view.dialog.value = "leave")}
        />
      </div>
    </section>
  );
}

function MicrophoneControl({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, local } = session;
  const { on, busy, problem } = local.microphone.state.value;
  const byHost = publicationOf(meeting.participants.get(meeting.self), "microphone")?.muted_by_host ?? false;
  const label = t(on ? "bar.microphoneTurnOff" : byHost ? "bar.microphoneByHost" : "bar.microphoneTurnOn");
  return (
    <Control
      name="microphone"
      icon={on ? Mic : MicOff}
      label={problem ? `${label}. ${t(`device.microphone.${problem}`)}` : label}
      caption={t("bar.microphone")}
      tone={on ? undefined : "off"}
      busy={busy}
      run={() => void toggleMicrophone(session)}
    />
  );
}

function CameraControl(): VNode {
  const session = useSession();
  const { t, local } = session;
  const { on, busy, problem } = local.camera.state.value;
  const label = t(on ? "bar.cameraTurnOff" : "bar.cameraTurnOn");
  return (
    <Control
      name="camera"
      icon={on ? Video : VideoOff}
      label={problem ? `${label}. ${t(`device.camera.${problem}`)}` : label}
      caption={t("bar.camera")}
      tone={on ? undefined : "off"}
      busy={busy}
      run={() => void toggleCamera(session)}
    />
  );
}

function ScreenControl(): VNode {
  const session = useSession();
  const { t, local } = session;
  const sharing = local.screen.value !== null;
  return (
    <Control
      name="share-screen"
      icon={sharing ? MonitorX : MonitorUp}
      label={t(sharing ? "bar.screenStop" : "bar.screenShow")}
      caption={t("bar.screen")}
      tone={sharing ? "on" : undefined}
      run={() => void toggleScreen(session)}
    />
  );
}

function moreItems(session: Session, meeting: Meeting): readonly MenuItem[] {
  const { t, view, local } = session;
  const self = meeting.participants.get(meeting.self);
  const items: MenuItem[] = [
    {
      label: t(view.layout.value === "grid" ? "bar.speakerLayout" : "bar.gridLayout"),
      icon: view.layout.value === "grid" ? Square : LayoutGrid,
      run: () => toggleLayout(session),
    },
    { label: t("bar.fullScreen"), icon: Maximize, run: () => void toggleFullScreen(session) },
  ];
  if (hasLanguages(meeting)) {
    items.push({
      label: t("language.open"),
      icon: Languages,
      narrowOnly: true,
      run: () => (view.dialog.value = "language"),
    });
  }
  items.push(
    {
      label: t(view.captions.value ? "bar.captionsOff" : "bar.captionsOn"),
      icon: view.captions.value ? CaptionsOff : Captions,
      run: () => view.setCaptions(!view.captions.value),
    },
    { label: t("captions.open"), icon: Captions, run: () => view.togglePanel("captions") },
    {
      label: t("bar.questions"),
      icon: CircleQuestionMark,
      narrowOnly: true,
      run: () => view.togglePanel("questions"),
    },
  );
  if (may(self, "publish_screen")) {
    const sharing = local.screen.value !== null;
    items.push({
      label: t(sharing ? "bar.screenOff" : "bar.screenOn"),
      icon: sharing ? MonitorX : MonitorUp,
      narrowOnly: true,
      run: () => void toggleScreen(session),
    });
  }
  if (may(self, "publish_screen") && !local.screen.value) {
    items.push({ label: t("bar.film"), icon: Film, run: () => void toggleScreen(session, true) });
  }
  if (may(self, "publish_screen")) {
    const shown = local.second.track.value !== null;
    items.push({
      label: t(shown ? "bar.secondOff" : "bar.secondOn"),
      icon: shown ? CameraOff : Camera,
      run: () => toggleSecondCamera(session),
    });
  }
  if (session.config.rollCallUrl && !session.config.autoJoin) {
    items.push({ label: t("rollcall.title"), icon: ClipboardList, run: () => (view.dialog.value = "whoIsHere") });
  }
  const divided = meeting.groups?.open === true;
  if (session.config.groupsUrl || (divided && may(self, "moderate"))) {
    items.push({ label: t("groups.title"), icon: Network, run: () => (view.dialog.value = "groups") });
  } else if (divided && meeting.groups?.here === null && meeting.groups.rooms.length > 0) {
    items.push({ label: t("groups.yours"), icon: Network, run: () => (view.dialog.value = "yourGroup") });
  }
  items.push(
    { label: t("settings.title"), icon: Settings, run: () => (view.dialog.value = "settings") },
    { label: t("help.title"), icon: Keyboard, run: () => (view.dialog.value = "help") },
  );
  return items;
}
