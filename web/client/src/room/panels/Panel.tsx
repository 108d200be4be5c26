/** A side panel; on a phone it covers the stage. Focus goes in when it opens and back when it closes. */
import { X } from "lucide";
import type { ComponentChildren, VNode } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";

interface PanelProps {
  readonly title: string;
  readonly name: string;
  readonly children: ComponentChildren;
}

export function Panel({ title, name, children }: PanelProps): VNode {
  const { view, t } = useSession();
  const heading = useId();
  const head = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    head.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") view.panel.value = null;
  };
  return (
    <aside class={`panel panel--${name}`} aria-labelledby={heading} onKeyDown={onKeyDown}>
      <header class="panel__head">
        <h2 id={heading} ref={head} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="iconbutton" aria-label={t("close")} onClick={() => (view.panel.value = null)}>
          <Icon node={X} />
        </button>
      </header>
      {children}
    </aside>
  );
}
