/** Going live and ending that, and how each place fares to which the stream goes. */
import { CircleCheck, CircleDashed, CircleX, ExternalLink, Radio, RotateCw, Square, type IconNode } from "lucide";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { StreamSeen, TargetSeen } from "../../generated/messages";
import type { Key } from "../../i18n";
import { order } from "../actions";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";

export function StreamControls({ meeting }: { readonly meeting: Meeting }): VNode | null {
  const session = useSession();
  const { t } = session;
  const first = useRef<HTMLButtonElement>(null);
  const { stream, state } = meeting;
  if (!stream || (!stream.may && stream.state === "off")) return null;
  if (stream.state === "off") {
    return (
      <div class="host__acts">
        <button
          ref={first}
          type="button"
          class="button button--small"
          data-testid="go-live"
          onClick={() => (session.view.dialog.value = "goLive")}
        >
          <Icon node={Radio} size={16} /> {t("host.live")}
        </button>
      </div>
    );
  }
  return (
    <section class="stream" aria-labelledby="stream-title">
      <h3 id="stream-title" class="stream__title">
        <Icon node={Radio} size={16} /> {t(fares(stream))}
        {state.viewers > 0 && <span class="stream__viewers">{t("stream.viewers", { count: state.viewers })}</span>}
      </h3>
      <div class="host__acts">
        <button
          type="button"
          class="button button--small"
          data-testid="end-live"
          onClick={() => void order(session, { do: "stream", status: "off" })}
        >
          <Icon node={Square} size={16} /> {t("host.liveEnd")}
        </button>
        <a class="button button--small" href={`/live/${state.id}`} target="_blank" rel="noopener">
          <Icon node={ExternalLink} size={16} /> {t("stream.page")}
        </a>
      </div>
      {stream.trouble && <p class="stream__note">{t(`stream.trouble.${stream.trouble}`)}</p>}
      {stream.late_frames > 250 && <p class="stream__note">{t("stream.slow")}</p>}
      {stream.targets.length > 0 && (
        <ul class="stream__targets">
          {stream.targets.map((target) => (
            <Target key={target.id} target={target} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Target({ target }: { readonly target: TargetSeen }): VNode {
  const session = useSession();
  const { t } = session;
  const put = (status: "on" | "off" | "again"): void =>
    void order(session, { do: "stream_target", id: target.id, status });
  const trouble = troubleOf(target);
  const name = target.name || target.id;
  return (
    <li class="stream__target" data-state={target.on ? (target.state ?? "connecting") : "off"}>
      <Icon node={iconOf(target)} size={16} />
      <span class="stream__what">
        <strong>{name}</strong> <span>{t(stateOf(target))}</span>
        {trouble && (
          <span class="stream__note">
            {t(trouble)}
            {target.detail && <code>{target.detail}</code>}
          </span>
        )}
      </span>
      {target.on && (target.state === "waiting" || target.state === "failed") && (
        <button type="button" class="button button--small" onClick={() => put("again")}>
          <Icon node={RotateCw} size={16} /> {t("stream.again")}
          <span class="visually-hidden">: {name}</span>
        </button>
      )}
      <button type="button" class="button button--small" onClick={() => put(target.on ? "off" : "on")}>
        {t(target.on ? "stream.off" : "stream.on")}
        <span class="visually-hidden">: {name}</span>
      </button>
    </li>
  );
}

const FARES: Readonly<Record<StreamSeen["state"], Key>> = {
  off: "stream.starting",
  starting: "stream.starting",
  live: "stream.live",
  away: "stream.away",
};

export const fares = (stream: StreamSeen): Key => FARES[stream.state];

/** How a target fares, as a sentence. */
export function stateOf(target: TargetSeen): Key {
  return target.on ? `stream.target.${target.state ?? "connecting"}` : "stream.target.off";
}

/** What went wrong last, while it is not well again. */
export function troubleOf(target: TargetSeen): Key | null {
  if (!target.on || target.problem === "" || target.state === "live") return null;
  return `stream.problem.${target.problem}`;
}

function iconOf(target: TargetSeen): IconNode {
  if (target.on && target.state === "live") return CircleCheck;
  return target.on && target.state === "failed" ? CircleX : CircleDashed;
}
