/** "You are being recorded", or shown live: whoever is here when that begins says so, goes on unseen, or leaves. */
import type { VNode } from "preact";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function ConsentDialog({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const { recording } = meeting.state;
  return (
    <Dialog title={t(recording ? "consent.title" : "consent.titleLive")} onClose={() => session.consent("understood")}>
      <p>{t(recording ? "consent.text" : "consent.textLive")}</p>
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
