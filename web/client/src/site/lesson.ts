/* A lesson's page tells how far it was read or watched, so that one goes on there; and keeps what is typed for an
   assignment in the browser until it is handed in. */

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
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-draft]")) keepDraft(form);
  if (!lesson) return;
  tell(lesson, {});
  const video = lesson.querySelector<HTMLVideoElement>("[data-lesson-video]");
  const at = Number(lesson.dataset["place"] ?? "0") || 0;
  const place = new Place(at, (now) => tell(lesson, { place: String(now) }), video ? 3 : 0.05);
  if (video) {
    video.addEventListener("loadedmetadata", () => {
      if (at > 0 && at < video.duration - 5) video.currentTime = at;
    });
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

/** Text of a form, kept while it is typed and forgotten when it is sent. */
export class Draft {
  constructor(
    private readonly key: string,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
  ) {}

  /** What stands in the field when the page opens: what the server sent, else what was kept. */
  opened(text: string): string {
    return text || this.storage.getItem(this.key) || "";
  }

  typed(text: string): void {
    this.storage.setItem(this.key, text);
  }

  sent(): void {
    this.storage.removeItem(this.key);
  }
}

function keepDraft(form: HTMLFormElement): void {
  const text = form.querySelector<HTMLTextAreaElement>("textarea");
  if (!text) return;
  const draft = new Draft(`draft ${form.dataset["draft"] ?? ""}`, window.localStorage);
  text.value = draft.opened(text.value);
  text.addEventListener("input", () => draft.typed(text.value));
  form.addEventListener("submit", () => draft.sent());
}
