/** What this person has chosen to look at: layout, pins, panels, dialogs. Nothing here is known to the server. */
import { signal } from "@preact/signals";
import { recall, remember } from "./devices/choice";
import type { Still } from "./pictures/picture";

export type Panel = "chat" | "people" | null;
export type DialogName =
  | "settings"
  | "help"
  | "leave"
  | "whoIsHere"
  | "secondCamera"
  | "groups"
  | "yourGroup"
  | null;

export class View {
  readonly layout = signal<"grid" | "speaker">("grid");
  readonly screenInGrid = signal(false);
  readonly pinned = signal<string | null>(null);
  readonly page = signal(0);
  readonly panel = signal<Panel>(null);
  readonly dialog = signal<DialogName>(null);
  readonly lowResources = signal(recall().lowResources);
  readonly shortcuts = signal(recall().shortcuts);
  /** Whom the moderator is about to remove; a dialog asks. */
  readonly removing = signal<string | null>(null);
  /** A still picture that was taken and not yet sent; a dialog asks for its caption. */
  readonly still = signal<Still | null>(null);
  /** Whom the next chat message is for; null everybody. */
  readonly chatTo = signal<string | null>(null);
  readonly unread = signal(0);

  togglePanel(panel: Exclude<Panel, null>): void {
    this.panel.value = this.panel.value === panel ? null : panel;
    if (this.panel.value === "chat") this.unread.value = 0;
  }

  togglePin(key: string): void {
    this.pinned.value = this.pinned.value === key ? null : key;
  }

  setLowResources(on: boolean): void {
    this.lowResources.value = on;
    remember({ lowResources: on });
  }

  setShortcuts(on: boolean): void {
    this.shortcuts.value = on;
    remember({ shortcuts: on });
  }
}
