/** Removing somebody, for now or for good. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Participant } from "../../generated/messages";
import { order } from "../actions";
import { Dialog } from "../ui/Dialog";
import { useSession } from "../ui/context";

export function Remove({ person }: { readonly person: Participant }): VNode {
  const session = useSession();
  const { t, view } = session;
  const [ban, setBan] = useState(false);
  const close = (): void => {
    view.removing.value = null;
  };
  return (
    <Dialog title={t("remove.title")} onClose={close}>
      <p>{t("remove.text", { name: person.name })}</p>
      <label class="switch">
        <span>
          <span class="switch__label">{t("remove.ban")}</span>
          <span class="switch__hint">{t("remove.banHint")}</span>
        </span>
        <input type="checkbox" role="switch" checked={ban} onChange={(event) => setBan(event.currentTarget.checked)} />
      </label>
      <div class="sheet__actions">
        <button type="button" class="button" autofocus onClick={close}>
          {t("remove.keep")}
        </button>
        <button
          type="button"
          class="button button--danger"
          data-testid="remove-now"
          onClick={() => {
            close();
            void order(session, { do: "remove", participant: person.id, ban });
          }}
        >
          {t("remove.remove")}
        </button>
      </div>
    </Dialog>
  );
}
