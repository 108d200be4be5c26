/** The keys, and where the switch to turn them off is. */
import type { VNode } from "preact";
import { KEYS } from "../controls/shortcuts";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function Help(): VNode {
  const { t, view } = useSession();
  return (
    <Dialog title={t("help.title")} onClose={() => (view.dialog.value = null)}>
      <dl class="keys">
        {KEYS.map(({ key, command }) => (
          <div key={key} class="keys__row">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`help.${command}`)}</dd>
          </div>
        ))}
      </dl>
      <p class="sheet__note">{t(view.shortcuts.value ? "help.note" : "help.off")}</p>
    </Dialog>
  );
}
