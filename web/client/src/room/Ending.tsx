/** After the end: why, and what one can do next. */
import { DoorOpen, LogOut } from "lucide";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { catalogues, type Key } from "../i18n";
import { problemText } from "./meeting/problems";
import { useSession } from "./ui/context";
import { Icon } from "./ui/Icon";

const ENDPOINT_BACK_MS = 10_000;

export function Ending(): VNode {
  const session = useSession();
  const { t, config } = session;
  const ending = session.ending.value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    // An endpoint has nobody to press: it goes back to its own screen, which joins again when it is time.
    if (!config.autoJoin) return undefined;
    const back = setTimeout(() => location.assign(config.backUrl), ENDPOINT_BACK_MS);
    return () => clearTimeout(back);
  }, [config]);
  const problem = ending?.problem ?? null;
  const title = problem ? t(titleKey(problem.code)) : t("over.left");
  return (
    <main class="message" id="main" data-ending={problem?.code ?? "left"}>
      <Icon node={problem ? DoorOpen : LogOut} size={44} />
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      <p>{problem ? problemText(t, problem) : t("over.leftText")}</p>
      {config.autoJoin && <p>{t("over.endpoint")}</p>}
      <div class="message__actions">
        {ending?.mayRetry && (
          <button type="button" class="button button--accent" onClick={() => retry(session)}>
            {t(problem ? "over.again" : "over.rejoin")}
          </button>
        )}
        <a class="button" href={config.backUrl}>
          {t("over.back")}
        </a>
      </div>
    </main>
  );
}

function titleKey(code: string): Key {
  const key = `over.${code}`;
  return key in catalogues.uk ? (key as Key) : "over.problem";
}

/** Back to the door, with the devices as they were; an endpoint goes straight in. */
function retry(session: ReturnType<typeof useSession>): void {
  if (session.config.autoJoin) session.join();
  else session.phase.value = "prejoin";
}
