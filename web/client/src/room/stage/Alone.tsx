/** Nobody else is here yet: a calm place to wait, and the link to send. */
import { Check, Copy } from "lucide";
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";

const SHOWN_MS = 2_500;

export function Alone(): VNode {
  const { t, config } = useSession();
  const [copied, setCopied] = useState(false);
  const link = `${location.origin}/meet/${encodeURIComponent(config.meeting)}`;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(link);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <div class="alone">
      <h2 class="alone__title">{t("stage.alone")}</h2>
      <p>{t(config.autoJoin ? "stage.aloneWait" : "stage.aloneText")}</p>
      {!config.autoJoin && (
        <div class="alone__link">
          <input
            class="input"
            readOnly
            value={link}
            aria-label={t("stage.link")}
            onFocus={(event) => event.currentTarget.select()}
          />
          {navigator.clipboard && (
            <button type="button" class="button" onClick={() => void copy()}>
              <Icon node={copied ? Check : Copy} size={18} /> {t("stage.copy")}
            </button>
          )}
        </div>
      )}
      <p class="visually-hidden" role="status">
        {copied ? t("stage.copied") : ""}
      </p>
    </div>
  );
}
