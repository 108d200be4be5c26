/** "You are being recorded": whoever is in the room when that begins says that they know, or goes on unseen, or leaves. */
import type { VNode } from "preact";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function ConsentDialog(): VNode {
  const session = useSession();
  const { t } = session;
  return (
    <Dialog title={t("consent.title")} onClose={() => session.consent("understood")}>
      <p>{t("consent.text")}</p>
      <p class="sheet__note">{t("consent.choice")}</p>
      <div class="sheet__actions">
        <button type="button" class="button" onClick={() => session.leave()}>
          {t("leave.leave")}
        </button>
        <button type="button" class="button" data-testid="consent-quiet" onClick={() => session.consent("quiet")}>
          {t("consent.quiet")}
        </button>
        <button
          type="button"
          class="button button--accent"
          autofocus
          data-testid="consent-understood"
          onClick={() => session.consent("understood")}
        >
          {t("consent.understood")}
        </button>
      </div>
    </Dialog>
  );
}
