/* A test while it is taken: answers go out as they are given, wait in the browser while there is no network, and the
   time is counted from what the server says. Without this script the form's own buttons do. */

import { Countdown, Outbox, clock, shelfFor, type Outcome, type Said, type Waiting } from "./outbox";

const RETRY_MS = 5_000;
const ASK_MS = 15_000;
const BEAT_EVERY = 4;
const MORE_S = 20;
const TYPED_MS = 800;
const TOLD_AT = [300, 60];

export function takeTest(): void {
  const page = document.querySelector<HTMLElement>("[data-attempt]");
  if (page) new TestPage(page).begin();
}

class TestPage {
  readonly #here: string;
  readonly #csrf: string;
  readonly #writer = windowName();
  readonly #form: HTMLFormElement;
  readonly #outbox: Outbox;
  readonly #time: Countdown | null;
  #typing = new Map<number, number>();
  #told = new Set<number>();
  #over = false;
  #asked = 0;
  #leaving = false;

  constructor(private readonly page: HTMLElement) {
    this.#here = page.dataset["attempt"] ?? "";
    this.#csrf = page.dataset["csrf"] ?? "";
    this.#form = page.querySelector<HTMLFormElement>("[data-attempt-form]")!;
    this.#outbox = new Outbox(shelfFor(this.#here), (one) => this.#send(one), (said) => this.#say(said));
    const remaining = page.dataset["remaining"];
    this.#time = remaining === undefined ? null : new Countdown(Number(remaining), () => performance.now());
  }

  begin(): void {
    const name = this.page.querySelector<HTMLInputElement>("[data-attempt-writer]");
    if (name) name.value = this.#writer;
    for (const one of this.#questions()) this.#follow(one);
    this.#form.addEventListener("submit", (event) => void this.#submit(event));
    this.page.querySelector("[data-attempt-here]")?.addEventListener("click", () => void this.#claim());
    window.addEventListener("online", () => void this.#outbox.flush());
    window.setInterval(() => void this.#outbox.flush(), RETRY_MS);
    window.setInterval(() => void this.#ask(), ASK_MS);
    window.setInterval(() => this.#tick(), 1000);
    this.#tick();
    this.#count();
    void this.#claim().then(() => this.#outbox.flush());
  }

  #questions(): HTMLFieldSetElement[] {
    return [...this.page.querySelectorAll<HTMLFieldSetElement>("[data-position]")];
  }

  #follow(question: HTMLFieldSetElement): void {
    const position = Number(question.dataset["position"]);
    this.#outbox.known(position, Number(question.dataset["sequence"]));
    question.addEventListener("change", (event) => {
      keepPlacesApart(event.target, question);
      this.#give(question, position);
    });
    question.addEventListener("input", (event) => {
      if (!(event.target instanceof HTMLTextAreaElement) && !isLine(event.target)) return;
      window.clearTimeout(this.#typing.get(position));
      this.#typing.set(position, window.setTimeout(() => this.#give(question, position), TYPED_MS));
    });
  }

  #give(question: HTMLFieldSetElement, position: number): void {
    window.clearTimeout(this.#typing.get(position));
    this.#typing.delete(position);
    this.#count();
    void this.#outbox.give(position, fieldsOf(question));
  }

  async #send(one: Waiting): Promise<Outcome> {
    const body = new URLSearchParams({ csrf: this.#csrf, sequence: String(one.sequence), writer: this.#writer });
    for (const [name, value] of one.fields) body.append(name, value);
    try {
      const answer = await fetch(`${this.#here}/answers/${one.position}`, { method: "POST", body });
      const told = (await answer.json()) as Record<string, unknown>;
      if (answer.ok)
        return {
          kind: "kept",
          remaining: typeof told["remaining_s"] === "number" ? told["remaining_s"] : null,
          lateness: String(told["lateness"]),
          writer: String(told["writer"]),
        };
      return answer.status >= 500 ? { kind: "lost" } : { kind: "refused", sentence: String(told["sentence"] ?? told["detail"] ?? "") };
    } catch {
      return { kind: "lost" };
    }
  }

  #say(said: Said): void {
    if (said.kind === "saved") {
      this.#heard(said.kept.remaining, said.kept.writer);
      this.#status(said.kept.lateness === "late" ? this.#word("late") : this.#word("saved"));
    } else this.#status(said.kind === "refused" ? said.sentence : this.#word(said.kind === "saving" ? "saving" : "offline"));
  }

  #heard(remaining: number | null, writer: string): void {
    if (remaining !== null && this.#time) {
      if (remaining > this.#time.left + MORE_S) this.#more(remaining);
      this.#time.set(remaining);
    }
    const elsewhere = this.page.querySelector<HTMLElement>("[data-attempt-elsewhere]");
    if (elsewhere) elsewhere.hidden = !writer || writer === this.#writer;
  }

  /** Somebody was given more time while the test runs: said aloud, and the warnings of its end come anew. */
  #more(remaining: number): void {
    this.#over = false;
    for (const at of TOLD_AT) if (remaining > at) this.#told.delete(at);
    const text = this.#word("more").replace("{minutes}", String(Math.max(1, Math.round(remaining / 60))));
    this.#alert(text);
    this.#status(text);
  }

  /** This window writes from now on; the other one says so to whoever sits there. */
  async #claim(): Promise<void> {
    try {
      const body = new URLSearchParams({ csrf: this.#csrf, writer: this.#writer });
      const answer = await fetch(`${this.#here}/take-over`, { method: "POST", body });
      if (answer.ok) this.#heard(null, this.#writer);
    } catch {
      this.#status(this.#word("offline"));
    }
  }

  async #ask(): Promise<void> {
    try {
      // Once a minute it is noted that the page is open; in between it is only asked.
      const beat = this.#asked++ % BEAT_EVERY === BEAT_EVERY - 1;
      const body = new URLSearchParams({ csrf: this.#csrf });
      const answer = await fetch(`${this.#here}/state`, beat ? { method: "POST", body } : {});
      if (!answer.ok) return;
      const told = (await answer.json()) as { remaining_s: number | null; writer: string; state: string };
      this.#heard(told.remaining_s, told.writer);
      if (told.state !== "in_progress" && told.state !== "overdue" && (await this.#outbox.empty())) this.#leave();
    } catch {
      // The next save says that there is no network.
    }
  }

  #tick(): void {
    if (!this.#time) return;
    const left = this.#time.left;
    const shown = this.page.querySelector("[data-attempt-time]");
    if (shown) shown.textContent = clock(left);
    for (const at of TOLD_AT) {
      if (left > at || left === 0 || this.#told.has(at)) continue;
      this.#told.add(at);
      this.#alert(this.#word("left").replace("{minutes}", String(Math.max(1, Math.round(left / 60)))));
    }
    if (left === 0 && !this.#over) {
      this.#over = true;
      this.#alert(this.#word("over"));
      void this.#finish();
    }
  }

  /** The time is over: what waits is sent, then it is handed in. Without network both happen when it is back. */
  async #finish(): Promise<void> {
    for (const one of this.#questions()) if (this.#typing.has(Number(one.dataset["position"]))) this.#give(one, Number(one.dataset["position"]));
    await this.#outbox.flush();
    if (await this.#outbox.empty()) this.#form.requestSubmit(this.#form.querySelector<HTMLButtonElement>('[name="do"][value="submit"]'));
  }

  async #submit(event: SubmitEvent): Promise<void> {
    if (this.#leaving) return;
    event.preventDefault();
    const button = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
    await this.#outbox.flush();
    if (!(await this.#outbox.empty()) || !navigator.onLine) {
      this.#status(this.#word("offline"));
      return;
    }
    if (button?.value !== "submit") {
      this.#status(this.#word("saved"));
      return;
    }
    this.#leaving = true;
    this.#form.requestSubmit(button);
  }

  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    window.location.assign(`${this.#here}/result`);
  }

  #count(): void {
    const open = this.#questions().filter((one) => fieldsOf(one).every(([name, value]) => !name.startsWith("a-") || !value)).length;
    const shown = this.page.querySelector("[data-attempt-open]");
    if (shown) shown.textContent = open ? this.#word("open").replace("{count}", String(open)) : "";
  }

  #status(text: string): void {
    const shown = this.page.querySelector("[data-attempt-said]");
    if (shown && shown.textContent !== text) shown.textContent = text;
  }

  #alert(text: string): void {
    const shown = this.page.querySelector("[data-attempt-alert]");
    if (shown) shown.textContent = text;
  }

  #word(name: string): string {
    return this.page.dataset[`word${name[0]!.toUpperCase()}${name.slice(1)}`] ?? "";
  }
}

function fieldsOf(question: HTMLFieldSetElement): [string, string][] {
  const found: [string, string][] = [];
  for (const one of question.elements) {
    if (one instanceof HTMLInputElement && (one.type === "radio" || one.type === "checkbox") && !one.checked) continue;
    if (one instanceof HTMLInputElement || one instanceof HTMLSelectElement || one instanceof HTMLTextAreaElement)
      if (one.name) found.push([one.name, one.value]);
  }
  return found;
}

/** A place belongs to one line: who had it gets the place that the other one leaves. */
function keepPlacesApart(target: EventTarget | null, question: HTMLFieldSetElement): void {
  if (!(target instanceof HTMLSelectElement) || !target.hasAttribute("data-place")) return;
  const before = target.dataset["before"] ?? "";
  for (const other of question.querySelectorAll<HTMLSelectElement>("[data-place]"))
    if (other !== target && target.value && other.value === target.value) {
      other.value = before;
      other.dataset["before"] = before;
    }
  target.dataset["before"] = target.value;
}

function isLine(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type !== "radio" && target.type !== "checkbox";
}

/** A name that this window keeps when it is reloaded, and no other one has. */
function windowName(): string {
  const key = "vikno-window";
  let name = window.sessionStorage.getItem(key);
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    window.sessionStorage.setItem(key, name);
  }
  return name;
}
