/** A button that opens a short menu. Arrow keys move, Escape closes and gives focus back. */
import type { VNode } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconNode } from "./Icon";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconNode;
  readonly danger?: boolean;
  readonly narrowOnly?: boolean;
  run(): void;
}

interface MenuProps {
  readonly label: string;
  readonly icon: IconNode;
  readonly items: readonly MenuItem[];
  readonly class?: string;
  /** Shown under the icon. */
  readonly caption?: string;
}

function classOf({ danger, narrowOnly }: MenuItem): string {
  return ["menu__item", danger && "menu__item--danger", narrowOnly && "menu__item--narrow"].filter(Boolean).join(" ");
}

const MARGIN = 8;

/** Beside its button and inside the window, above it where there is more room. Panels that scroll do not cut it off. */
function place(list: HTMLElement, at: DOMRect): void {
  const below = innerHeight - at.bottom - MARGIN;
  const above = at.top - MARGIN;
  const up = below < list.offsetHeight && above > below;
  list.style.maxHeight = `${Math.max(above, below) - MARGIN}px`;
  const rightmost = innerWidth - list.offsetWidth - MARGIN;
  list.style.left = `${Math.max(MARGIN, Math.min(at.right - list.offsetWidth, rightmost))}px`;
  if (up) list.style.bottom = `${innerHeight - at.top + MARGIN}px`;
  else list.style.top = `${at.bottom + MARGIN / 2}px`;
}

export function Menu({ label, icon, items, class: className = "iconbutton", caption }: MenuProps): VNode {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (!open || !list.current || !button.current) return;
    // In the top layer nothing cuts it off, not even a tile, which is a frame of its own.
    list.current.showPopover?.();
    place(list.current, button.current.getBoundingClientRect());
  }, [open]);
  const entries = (): HTMLElement[] =>
    [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])].filter((item) => item.offsetParent);

  useEffect(() => {
    if (!open) return undefined;
    entries()[0]?.focus();
    const outside = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) return;
    const all = entries();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = all.findIndex((item) => item === document.activeElement);
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if (step !== undefined) all[(at + step + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        ref={button}
        class={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon node={icon} />
        {caption && (
          <span class="control__caption" aria-hidden="true">
            {caption}
          </span>
        )}
      </button>
      {open && (
        <div class="menu__list" ref={list} id={id} role="menu" aria-label={label} popover="manual">
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={classOf(item)}
              onClick={() => {
                close();
                item.run();
              }}
            >
              <Icon node={item.icon} size={20} />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
