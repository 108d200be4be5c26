/** Above the bar: for interpreters their desk; for everybody else a word when the chosen language is not heard. */
import { ArrowLeftRight, Headphones, Radio } from "lucide";
import type { VNode } from "preact";
import { translator } from "../../i18n";
import { toggleMicrophone } from "../actions";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { air, interpret } from "./acts";
import { chosen, isInterpreter, listening, partners } from "./channels";
import { languageName } from "./names";
import { WaySelect } from "./WaySelect";

const BOTH = { uk: translator("uk"), en: translator("en") } as const;

export function InterpretingStrip({ meeting }: { readonly meeting: Meeting }): VNode | null {
  if (meeting.state.channels.length === 0) return null;
  return (
    <>
      <Missing meeting={meeting} />
      {isInterpreter(meeting) && <Desk meeting={meeting} />}
    </>
  );
}

/** In both languages: who listens to another language may not read that of the room. */
function Missing({ meeting }: { readonly meeting: Meeting }): VNode {
  const { view } = useSession();
  const channel = chosen(meeting, view.channel.value);
  const missing = channel !== null && listening(meeting, channel) === "missing";
  return (
    <div class="langstrip-place" role="status">
      {missing && (
        <p class="langstrip langstrip--notice" data-testid="channel-missing">
          <Icon node={Headphones} size={18} />
          <span>
            {(["uk", "en"] as const).map((language) => (
              <span key={language} lang={language} class="langstrip__line">
                {BOTH[language]("language.missing", { language: languageName(BOTH[language], language, channel) })}{" "}
              </span>
            ))}
          </span>
        </p>
      )}
    </div>
  );
}

function Desk({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, local } = session;
  const own = meeting.participants.get(meeting.self)?.interprets ?? null;
  const open = local.microphone.state.value.on;
  return (
    <section class="langstrip" aria-label={t("desk.label")} data-testid="desk">
      {own && <Lamp onAir={own.on_air} open={open} />}
      <WaySelect
        meeting={meeting}
        label={t("desk.way")}
        value={own}
        choose={(way) => void interpret(session, way)}
      />
      {own && (
        <div class="langstrip__acts">
          {own.on_air && (
            <>
              <button
                type="button"
                class="button button--small"
                data-testid="desk-turn"
                onClick={() => void interpret(session, { source: own.into, into: own.source })}
              >
                <Icon node={ArrowLeftRight} size={16} /> {t("desk.turn")}
              </button>
              <button
                type="button"
                class="button button--small"
                aria-pressed={!open}
                onClick={() => void toggleMicrophone(session)}
              >
                {t(open ? "desk.mute" : "desk.unmute")}
              </button>
            </>
          )}
          <Turn meeting={meeting} onAir={own.on_air} />
        </div>
      )}
      {!own && <span class="langstrip__hint">{t("desk.none")}</span>}
    </section>
  );
}

/** On the air, on the air with a closed microphone, or not. */
function Lamp({ onAir, open }: { readonly onAir: boolean; readonly open: boolean }): VNode {
  const { t } = useSession();
  const key = !onAir ? "desk.off" : open ? "desk.onAir" : "desk.muted";
  const state = !onAir ? "off" : open ? "on" : "muted";
  return (
    <span class={`lamp lamp--${state}`} role="status" data-testid="lamp" data-state={state}>
      <Icon node={Radio} size={16} /> {t(key)}
    </span>
  );
}

/** One of a booth speaks, then the other. */
function Turn({ meeting, onAir }: { readonly meeting: Meeting; readonly onAir: boolean }): VNode | null {
  const session = useSession();
  const { t, view } = session;
  const own = meeting.participants.get(meeting.self)?.interprets;
  const [partner] = own ? partners(meeting, own) : [];
  if (onAir && !partner) return null;
  return (
    <>
      <button
        type="button"
        class={onAir ? "button button--small" : "button button--small button--accent"}
        data-testid="desk-air"
        onClick={() => void air(session, !onAir)}
      >
        {onAir ? t("desk.handOver", { name: partner?.name ?? "" }) : t("desk.take")}
      </button>
      {partner && (
        <button
          type="button"
          class="button button--small"
          onClick={() => {
            view.chatTo.value = partner.id;
            view.panel.value = "chat";
          }}
        >
          {t("desk.write")}
        </button>
      )}
    </>
  );
}
