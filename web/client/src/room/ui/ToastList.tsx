/**
 * The toasts, and the live regions that speak them. Regions stand in the page from the start: later ones go
 * unheard.
 */
import { X } from "lucide";
import type { VNode } from "preact";
import { useSession } from "./context";
import { Icon } from "./Icon";
import type { Toast } from "./toasts";

export function ToastList(): VNode {
  const { toasts } = useSession();
  const shown = toasts.shown.value;
  return (
    <div class="toasts">
      <div role="status" aria-live="polite">
        {shown
          .filter((toast) => !toast.urgent)
          .map((toast) => (
            <OneToast key={toast.id} toast={toast} />
          ))}
      </div>
      <div role="alert" aria-live="assertive">
        {shown
          .filter((toast) => toast.urgent)
          .map((toast) => (
            <OneToast key={toast.id} toast={toast} />
          ))}
      </div>
    </div>
  );
}

function OneToast({ toast }: { readonly toast: Toast }): VNode {
  const { toasts, t } = useSession();
  const { action } = toast;
  return (
    <div class={toast.urgent ? "toast toast--urgent" : "toast"}>
      <span class="toast__text">{toast.text}</span>
      {action && (
        <button
          type="button"
          class="button button--small"
          onClick={() => {
            toasts.dismiss(toast.id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button
        type="button"
        class="iconbutton iconbutton--small"
        aria-label={t("close")}
        onClick={() => toasts.dismiss(toast.id)}
      >
        <Icon node={X} size={18} />
      </button>
    </div>
  );
}
