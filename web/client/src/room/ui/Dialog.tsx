/** A modal dialog: the browser's own, which keeps focus inside, closes on Escape and gives focus back. */
import { X } from "lucide";
import type { ComponentChildren, VNode } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useSession } from "./context";
import { Icon } from "./Icon";

interface DialogProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, wide = false, onClose, children }: DialogProps): VNode {
  const { t } = useSession();
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const closeOutside = (event: MouseEvent): void => {
    if (event.target === element.current) onClose();
  };
  return (
    <dialog
      ref={element}
      class={wide ? "sheet sheet--wide" : "sheet"}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={closeOutside}
    >
      <div class="sheet__body">
        <header class="sheet__head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="iconbutton" aria-label={t("close")} onClick={onClose}>
            <Icon node={X} />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
