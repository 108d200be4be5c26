/* A lesson's page tells how far it was read or watched, so that one goes on there; and keeps what is typed for an
   assignment in the browser until it is handed in. */

import { account, storedHere } from "./offline/app";

const EVERY_MS = 10_000;

/** Remembers a place no more often than it is worth, and the last one before the page is left. */
export class Place {
  #sent: number;
  #now: number;

  constructor(
    at: number,
    private readonly send: (place: number) => void,
    private readonly worth: number,
  ) {
    this.#sent = this.#now = at;
  }

  /** The reader is here now. */
  move(place: number): void {
    this.#now = Math.max(0, place);
  }

  /** Tell it, if it differs enough from what was told. */
  keep(): void {
    if (Math.abs(this.#now - this.#sent) < this.worth) return;
    this.#sent = this.#now;
    this.send(Math.round(this.#now * 1000) / 1000);
  }
}

export function followLesson(): void {
  const lesson = document.querySelector<HTMLElement>("[data-lesson]");
  if (!lesson) return;
  keepDraft(lesson);
  tell(lesson, {});
  const video = lesson.querySelector<HTMLVideoElement>("[data-lesson-video]");
  const at = Number(lesson.dataset["place"] ?? "0") || 0;
  const place = new Place(at, (now) => tell(lesson, { place: String(now) }), video ? 3 : 0.05);
  if (video) {
    const goOn = () => {
      if (at > 0 && at < video.duration - 5) video.currentTime = at;
    };
    // A film that the browser has already is ready before this script is.
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) goOn();
    else video.addEventListener("loadedmetadata", goOn, { once: true });
    video.addEventListener("timeupdate", () => place.move(video.currentTime));
    video.addEventListener("pause", () => place.keep());
  } else {
    const height = () => Math.max(1, document.documentElement.scrollHeight - window.innerHeight);
    if (at > 0.05 && at < 0.95 && !window.location.hash) window.scrollTo({ top: at * height() });
    window.addEventListener("scroll", () => place.move(Math.min(1, window.scrollY / height())), { passive: true });
  }
  window.setInterval(() => place.keep(), EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") place.keep();
  });
}

function tell(lesson: HTMLElement, more: Record<string, string>): void {
  const body = new URLSearchParams({ csrf: lesson.dataset["csrf"] ?? "", ...more });
  // A lost line costs the place only: the lesson itself was read.
  fetch(`${lesson.dataset["lesson"] ?? ""}/opened`, { method: "POST", body, keepalive: true }).catch(() => undefined);
}

/** Text of a form, kept while it is typed and forgotten once it was handed in. */
export class Draft {
  #from = "";

  constructor(
    private readonly key: string,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
  ) {}

  /** What stands in the field when the page opens: what was typed over this very text, else what the server sent. */
  opened(text: string): string {
    this.#from = text;
    const [from, typed] = JSON.parse(this.storage.getItem(this.key) ?? "[]") as string[];
    return from === text && typed !== undefined ? typed : text;
  }

  typed(text: string): void {
    this.storage.setItem(this.key, JSON.stringify([this.#from, text]));
  }

  /** It is there: a press alone says nothing, the network may be gone. */
  handedIn(): void {
    this.storage.removeItem(this.key);
  }
}

function keepDraft(lesson: HTMLElement): void {
  const draft = new Draft(`draft ${account()} ${lesson.dataset["lesson"] ?? ""}`, window.localStorage);
  const text = lesson.querySelector<HTMLTextAreaElement>("form[data-draft] textarea");
  if (!text) {
    if (storedHere() === null) draft.handedIn(); // a stored copy may be older than what was typed
    return;
  }
  text.value = draft.opened(text.value);
  text.addEventListener("input", () => draft.typed(text.value));
}
