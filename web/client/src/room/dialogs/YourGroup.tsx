/** "Your group is 2. Go there?" Whoever has none, and may, chooses one. */
import type { VNode } from "preact";
import type { Meeting } from "../meeting/state";
import { groupTitle, offerOf } from "../meeting/groups";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function YourGroup({ meeting }: { readonly meeting: Meeting }): VNode | null {
  const session = useSession();
  const { t, view } = session;
  const offer = offerOf(meeting.groups);
  const close = (): void => {
    view.dialog.value = null;
  };
  if (!offer) return null;
  const busy = session.going.value !== null;
  return (
    <Dialog title={offer.mine ? t("groups.yoursIs", { group: groupTitle(offer.mine) }) : t("groups.choose")} onClose={close}>
      {offer.mine ? (
        <>
          {offer.mine.task && <p class="groups__task">{offer.mine.task}</p>}
          <p class="sheet__note">{t("groups.keeps")}</p>
        </>
      ) : (
        <ul class="groups">
          {meeting.groups?.rooms.map((group) => (
            <li key={group.number} class="groups__one">
              <div class="groups__what">
                <h3>{groupTitle(group)}</h3>
                {group.task && <p class="groups__task">{group.task}</p>}
                <p class="sheet__note">{t("groups.present", { count: group.present })}</p>
              </div>
              <button type="button" class="button" disabled={busy} onClick={() => void session.visit(group)}>
                {t("groups.go")}
                <span class="visually-hidden">: {groupTitle(group)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="sheet__actions">
        <button type="button" class="button" onClick={close}>
          {t("groups.stay")}
        </button>
        {offer.mine && (
          <button
            type="button"
            class="button button--accent"
            autofocus
            aria-busy={busy}
            disabled={busy}
            data-testid="group-go"
            onClick={() => offer.mine && void session.visit(offer.mine)}
          >
            {t("groups.go")}
          </button>
        )}
      </div>
    </Dialog>
  );
}
