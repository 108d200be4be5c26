/** Keys of the room. By the key's place, so that they work with a Ukrainian layout too. */

export type Command =
  | "microphone"
  | "camera"
  | "screen"
  | "hand"
  | "chat"
  | "people"
  | "fullScreen"
  | "layout"
  | "help";

export const KEYS: readonly { readonly key: string; readonly command: Command }[] = [
  { key: "M", command: "microphone" },
  { key: "V", command: "camera" },
  { key: "S", command: "screen" },
  { key: "H", command: "hand" },
  { key: "C", command: "chat" },
  { key: "P", command: "people" },
  { key: "F", command: "fullScreen" },
  { key: "L", command: "layout" },
  { key: "?", command: "help" },
];

export interface Stroke {
  readonly code: string;
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly repeat: boolean;
}

/**
 * The command of a key stroke, or null. `?` stands on different keys in different layouts, so it goes by its
 * character.
 */
export function commandOf(stroke: Stroke): Command | null {
  if (stroke.altKey || stroke.ctrlKey || stroke.metaKey || stroke.repeat) return null;
  if (stroke.key === "?") return "help";
  if (stroke.shiftKey) return null;
  return KEYS.find(({ key }) => stroke.code === `Key${key}`)?.command ?? null;
}

/** Whether the person is typing, or an open dialog has the keyboard. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("dialog[open], [role=menu]")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
