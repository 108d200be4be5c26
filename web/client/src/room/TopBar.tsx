/** What the meeting is, how long it runs, what is going on. */
import { Lock, Pause, Radio, ShieldCheck } from "lucide";
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Meeting } from "./meeting/state";
import { useSession } from "./ui/context";
import { Icon } from "./ui/Icon";
import { rulesOf } from "./ui/Rules";

export function TopBar({ meeting }: { readonly meeting: Meeting }): VNode {
  const { t } = useSession();
  const { state } = meeting;
  const over = state.ended_at !== null;
  return (
    <header class="topbar">
      <svg class="topbar__logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect x="3" y="3" width="26" height="26" rx="5" fill="none" stroke="currentColor" stroke-width="2.5" />
        <path d="M16 3v26M3 16h26" stroke="currentColor" stroke-width="2.5" />
        <rect class="topbar__pane" x="18.5" y="5.5" width="8" height="8" rx="1.5" />
      </svg>
      <h1 class="topbar__title">{state.title}</h1>
      <div class="topbar__state">
        {rulesOf(state.protection).length > 0 && (
          <span class="chip" title={rulesOf(state.protection).map((rule) => t(rule)).join(" ")}>
            <Icon node={ShieldCheck} size={16} />
            <span class="visually-hidden">{t("top.protected")}</span>
          </span>
        )}
        {state.locked && (
          <span class="chip" title={t("top.locked")}>
            <Icon node={Lock} size={16} />
            <span class="visually-hidden">{t("top.locked")}</span>
          </span>
        )}
        {state.recording && (
          <span
            class={state.recording_paused ? "chip chip--quiet" : "chip chip--recording"}
            title={t(state.recording_paused ? "top.recordingPaused" : "top.recording")}
          >
            {state.recording_paused ? <Icon node={Pause} size={16} /> : <i class="dot" />}{" "}
            <span class="chip__text">{t(state.recording_paused ? "top.recordingPaused" : "top.recording")}</span>
          </span>
        )}
        {state.streaming && (
          <span class="chip chip--live" title={t("top.streaming")}>
            <Icon node={Radio} size={16} /> <span class="chip__text">{t("top.streaming")}</span>
            {state.viewers > 0 && (
              <span>
                <span class="visually-hidden">{t("stream.viewersWord")} </span>
                {state.viewers}
              </span>
            )}
          </span>
        )}
        {over && <span class="chip">{t("top.over")}</span>}
        {!over && state.began_at !== null && <Clock since={state.began_at} />}
        {state.began_at === null && <span class="chip chip--quiet">{t("top.notBegun")}</span>}
      </div>
    </header>
  );
}

function Clock({ since }: { readonly since: number }): VNode {
  const { t } = useSession();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  const seconds = Math.max(0, Math.floor(now / 1000 - since));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const shown = `${hours > 0 ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return (
    <span class="chip" title={t("top.running")}>
      <span class="visually-hidden">{t("top.running")}</span>
      <time>{shown}</time>
    </span>
  );
}
