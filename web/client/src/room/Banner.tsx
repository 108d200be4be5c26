/** A lost line, told calmly: what happens, when the next attempt comes, and that nothing has to be done. */
import { WifiOff } from "lucide";
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useSession } from "./ui/context";
import { Icon } from "./ui/Icon";

/** A line that is back within this time was not worth a word. */
const CALM_MS = 1_200;

export function Banner(): VNode {
  const session = useSession();
  const { t } = session;
  const line = session.connection.line.value;
  const lost = line.kind === "retry" || line.kind === "connecting";
  const [told, setTold] = useState(false);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!lost) {
      setTold(false);
      return undefined;
    }
    const calm = setTimeout(() => setTold(true), CALM_MS);
    const clock = setInterval(() => setNow(Date.now()), 500);
    return () => {
      clearTimeout(calm);
      clearInterval(clock);
    };
  }, [lost]);
  const seconds = line.kind === "retry" ? Math.max(0, Math.ceil((line.at - now) / 1000)) : 0;
  const media = !lost && session.mediaTrouble.value > 0;
  return (
    <div class="banner-place">
      <p class="visually-hidden" role="status">
        {lost && told ? t("line.lost") : ""}
        {media ? t("line.noMedia") : ""}
      </p>
      {lost && told && (
        <div class="banner" data-testid="connection-state" data-banner="lost">
          <Icon node={WifiOff} size={20} />
          <span>
            {t(navigator.onLine ? "line.lost" : "line.offline")}{" "}
            <span class="banner__count">{seconds > 0 ? t("line.in", { count: seconds }) : t("line.trying")}</span>
          </span>
          <button type="button" class="button button--small" onClick={() => session.connection.retryNow()}>
            {t("line.now")}
          </button>
        </div>
      )}
      {media && (
        <div class="banner" data-testid="connection-state" data-banner="media">
          <Icon node={WifiOff} size={20} />
          <span>{t("line.noMedia")}</span>
        </div>
      )}
    </div>
  );
}
