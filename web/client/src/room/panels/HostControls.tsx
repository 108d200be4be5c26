/** What a host or moderator sets for the meeting as a whole. */
import { CircleDot, Hand, Languages, MicOff, Pause, Play, Square, type IconNode } from "lucide";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { Key } from "../../i18n";
import { order } from "../actions";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { StreamControls } from "./StreamControls";

const SWITCHES: readonly { readonly set: "locked" | "lobby" | "self_unmute" | "chat_enabled" | "questions_enabled"; readonly label: Key }[] =
  [
    { set: "lobby", label: "host.lobby" },
    { set: "locked", label: "host.locked" },
    { set: "self_unmute", label: "host.selfUnmute" },
    { set: "chat_enabled", label: "host.chat" },
    { set: "questions_enabled", label: "host.questions" },
  ];

export function HostControls({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const { state } = meeting;
  const running = state.began_at !== null && state.ended_at === null;
  return (
    <details class="host">
      <summary>{t("host.title")}</summary>
      <div class="host__acts">
        {meeting.groups?.here == null && (
          <button
            type="button"
            class="button button--small"
            onClick={() => void order(session, { do: running ? "end" : "begin" })}
          >
            <Icon node={running ? Square : Play} size={16} /> {t(running ? "host.end" : "host.begin")}
          </button>
        )}
        <button type="button" class="button button--small" onClick={() => void order(session, { do: "mute" })}>
          <Icon node={MicOff} size={16} /> {t("host.muteAll")}
        </button>
        {meeting.hands.length > 0 && (
          <button type="button" class="button button--small" onClick={() => void order(session, { do: "lower_hand" })}>
            <Icon node={Hand} size={16} /> {t("host.lowerHands")}
          </button>
        )}
      </div>
      <div class="host__acts">
        <button type="button" class="button button--small" onClick={() => (session.view.dialog.value = "interpreters")}>
          <Icon node={Languages} size={16} /> {t("interpreters.title")}
        </button>
      </div>
      <RecordingControls meeting={meeting} />
      <StreamControls meeting={meeting} />
      {SWITCHES.map(({ set, label }) => (
        <label key={set} class="switch">
          <span>{t(label)}</span>
          <input
            type="checkbox"
            role="switch"
            checked={state[set]}
            onChange={(event) => void order(session, { do: "set", [set]: event.currentTarget.checked })}
          />
        </label>
      ))}
    </details>
  );
}

function RecordingControls({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const { recording, recording_paused: paused, protection } = meeting.state;
  const first = useRef<HTMLButtonElement>(null);
  const record = (status: "on" | "paused" | "off"): void => {
    if (status === "on") session.knows ??= "understood";
    void order(session, { do: "record", status });
  };
  const end = (): void => {
    first.current?.focus(); // the pressed button goes away
    record("off");
  };
  const [label, icon, next]: [Key, IconNode, "on" | "paused"] = !recording
    ? ["host.record", CircleDot, "on"]
    : paused
      ? ["host.recordOn", CircleDot, "on"]
      : ["host.recordPause", Pause, "paused"];
  if (protection.recording === "never") return <p class="sheet__note">{t("problem.recording_forbidden")}</p>;
  return (
    <div class="host__acts">
      <button ref={first} type="button" class="button button--small" onClick={() => record(next)}>
        <Icon node={icon} size={16} /> {t(label)}
      </button>
      {recording && (
        <button type="button" class="button button--small" onClick={end}>
          <Icon node={Square} size={16} /> {t("host.recordEnd")}
        </button>
      )}
    </div>
  );
}
