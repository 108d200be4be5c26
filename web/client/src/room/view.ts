/** What this person has chosen to look at: layout, pins, panels, dialogs. Nothing here is known to the server. */
import { signal, type Signal } from "@preact/signals";
import { recall, remember } from "./devices/choice";
import type { Language } from "./config";
import { ROOM_OFF } from "./interpreting/channels";
import type { Still } from "./pictures/picture";
import { SIZES, type CaptionSize } from "./words/captions";

export type Panel = "chat" | "people" | "captions" | "questions" | null;
export type DialogName =
  | "settings"
  | "help"
  | "leave"
  | "whoIsHere"
  | "secondCamera"
  | "groups"
  | "yourGroup"
  | "consent"
  | "goLive"
  | "language"
  | "interpreters"
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
  /** Questions that came while they were not looked at. */
  readonly newQuestions = signal(0);
  readonly captions = signal(recall().captions);
  readonly captionSize = signal<CaptionSize>(SIZES.find((size) => size === recall().captionSize) ?? "medium");
  readonly captionLanguage: Signal<Language>;
  readonly writtenLanguage = signal<Language>(recall().writtenLanguage === "en" ? "en" : "uk");

  /** The language in which interpreters are heard; empty: the room as it is spoken. */
  readonly channel = signal(recall().channel);
  /** How loud the room is below an interpreter, dB. */
  readonly roomLevel = signal(Math.max(ROOM_OFF, Math.min(0, recall().roomLevel)));
  readonly sign = signal(recall().sign);

  constructor(language: Language) {
    const chosen = recall().captionLanguage;
    this.captionLanguage = signal(chosen === "uk" || chosen === "en" ? chosen : language);
  }

  togglePanel(panel: Exclude<Panel, null>): void {
    this.panel.value = this.panel.value === panel ? null : panel;
    if (this.panel.value === "chat") this.unread.value = 0;
    if (this.panel.value === "questions") this.newQuestions.value = 0;
  }

  togglePin(key: string): void {
    this.pinned.value = this.pinned.value === key ? null : key;
  }

  setLowResources(on: boolean): void {
    this.lowResources.value = on;
    remember({ lowResources: on });
  }

  setCaptions(on: boolean): void {
    this.captions.value = on;
    remember({ captions: on });
  }

  setCaptionSize(size: CaptionSize): void {
    this.captionSize.value = size;
    remember({ captionSize: size });
  }

  setCaptionLanguage(language: Language): void {
    this.captionLanguage.value = language;
    remember({ captionLanguage: language });
  }

  setWrittenLanguage(language: Language): void {
    this.writtenLanguage.value = language;
    remember({ writtenLanguage: language });
  }

  setChannel(channel: string): void {
    this.channel.value = channel;
    remember({ channel });
  }

  setRoomLevel(roomLevel: number): void {
    this.roomLevel.value = roomLevel;
    remember({ roomLevel });
  }

  setSign(on: boolean): void {
    this.sign.value = on;
    remember({ sign: on });
  }

  setShortcuts(on: boolean): void {
    this.shortcuts.value = on;
    remember({ shortcuts: on });
  }
}
