/** Leaving; a host may also end the meeting for everybody. */
import type { VNode } from "preact";
import { order } from "../actions";
import type { Meeting } from "../meeting/state";
import { may } from "../meeting/state";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function Leave({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const inGroup = meeting.groups?.here != null;
  const moderates = !inGroup && may(meeting.participants.get(meeting.self), "moderate");
  const close = (): void => {
    view.dialog.value = null;
  };
  return (
    <Dialog title={t("leave.title")} onClose={close}>
      <p>{t(moderates ? "leave.textHost" : "leave.text")}</p>
      <div class="sheet__actions">
        <button type="button" class="button" onClick={close}>
          {t("leave.stay")}
        </button>
        {inGroup && (
          <button
            type="button"
            class="button button--accent"
            onClick={() => {
              close();
              session.home();
            }}
          >
            {t("groups.home")}
          </button>
        )}
        {moderates && (
          <button
            type="button"
            class="button"
            onClick={() => {
              close();
              void order(session, { do: "end", close: true });
            }}
          >
            {t("leave.end")}
          </button>
        )}
        <button
          type="button"
          class="button button--danger"
          autofocus
          data-testid="leave-now"
          onClick={() => {
            close();
            session.leave();
          }}
        >
          {t("leave.leave")}
        </button>
      </div>
    </Dialog>
  );
}
