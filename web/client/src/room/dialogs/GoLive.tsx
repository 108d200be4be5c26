/** Before a meeting is shown to the public: who will see it, and where it goes besides its own page. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { order } from "../actions";
import type { Meeting } from "../meeting/state";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function GoLiveDialog({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const targets = meeting.stream?.targets ?? [];
  const [left, leave] = useState<ReadonlySet<string>>(new Set());
  const close = (): void => void (session.view.dialog.value = null);
  const choose = (id: string, wanted: boolean): void => {
    const others = new Set(left);
    if (wanted) others.delete(id);
    else others.add(id);
    leave(others);
  };
  const begin = (): void => {
    session.knows ??= "understood";
    const wanted = targets.map(({ id }) => id).filter((id) => !left.has(id));
    void order(session, { do: "stream", status: "on", targets: wanted });
    close();
  };
  return (
    <Dialog title={t("goLive.title")} onClose={close}>
      <p>{t("goLive.text")}</p>
      <p class="sheet__note">{t("goLive.told")}</p>
      {targets.length > 0 && (
        <fieldset class="golive__targets">
          <legend>{t("goLive.targets")}</legend>
          {targets.map((target) => (
            <label key={target.id} class="golive__target">
              <input
                type="checkbox"
                checked={!left.has(target.id)}
                onChange={(event) => choose(target.id, event.currentTarget.checked)}
              />
              <span>{target.name || target.id}</span>
            </label>
          ))}
        </fieldset>
      )}
      <div class="sheet__actions">
        <button type="button" class="button" onClick={close}>
          {t("goLive.notNow")}
        </button>
        <button type="button" class="button button--accent" autofocus data-testid="go-live-now" onClick={begin}>
          {t("host.live")}
        </button>
      </div>
    </Dialog>
  );
}
