/* A test while it is taken: answers go out as they are given, wait in the browser while there is no network, and the
   time is counted from what the server says. Without this script the form's own buttons do. */

import * as database from "../offline/database";
import { CHANNEL, deliverLater, whoIsIn } from "../offline/delivery";
import { timeLeft } from "../offline/rules";
import { account, storedHere } from "./offline/app";
import { Countdown, LetterShelf, Outbox, clock, type Outcome, type Said, type Waiting } from "./outbox";
import { keepPlacesApart, rememberPlaces } from "./places";

const RETRY_MS = 5_000;
const ASK_MS = 15_000;
const BEAT_EVERY = 4;
const MORE_S = 20;
const TYPED_MS = 800;
const TOLD_AT = [300, 60];
const NOTED_MS = 5_000;
/** Words that are true only as long as the server cannot be reached. */
const WITHOUT_NETWORK = ["offline", "overOffline", "notYet", "held", "remembered"];

export function takeTest(): void {
  const page = document.querySelector<HTMLElement>("[data-attempt]");
  if (page) void new TestPage(page).begin();
  const over = document.querySelector<HTMLElement>("[data-attempt-over]")?.dataset["attemptOver"];
  if (over) void new LetterShelf(over, account(), "").clear();
}

class TestPage {
  readonly #here: string;
  readonly #shelf: LetterShelf;
  #csrf: string;
  readonly #writer = windowName();
  readonly #form: HTMLFormElement;
  readonly #outbox: Outbox;
  readonly #time: Countdown | null;
  #typing = new Map<number, number>();
  #touched = new Set<number>();
  /** Until then no answer goes out: its number has to be above those of the ones that were given before. */
  #restored: Promise<void> = Promise.resolve();
  #told = new Set<number>();
  #over = false;
  #asked = 0;
  #leaving = false;
  /** Until every answer that was changed has been given to the outbox. */
  #giving: Promise<unknown> = Promise.resolve();
  /** “Hand in” was pressed without a network, and no answer was changed since. */
  #remembered = false;
  /** The page is a stored copy, and the server has not said anything yet: the time is this device's guess. */
  #guessed = storedHere() !== null;

  constructor(private readonly page: HTMLElement) {
    this.#here = page.dataset["attempt"] ?? "";
    this.#csrf = page.dataset["csrf"] ?? "";
    this.#form = page.querySelector<HTMLFormElement>("[data-attempt-form]")!;
    this.#shelf = new LetterShelf(this.#here, account(), this.#writer);
    this.#outbox = new Outbox(this.#shelf, (one) => this.#send(one), (said) => this.#say(said));
    const remaining = page.dataset["remaining"];
    this.#time = remaining === undefined ? null : new Countdown(Number(remaining), () => performance.now());
  }

  async begin(): Promise<void> {
    const name = this.page.querySelector<HTMLInputElement>("[data-attempt-writer]");
    if (name) name.value = this.#writer;
    for (const one of this.#questions()) this.#follow(one);
    this.#restored = this.#restore();
    this.#form.addEventListener("submit", (event) => void this.#submit(event));
    this.page.querySelector("[data-attempt-here]")?.addEventListener("click", () => void this.#goOnHere());
    window.addEventListener("online", () => void this.#back());
    window.setInterval(() => void this.#outbox.flush(), RETRY_MS);
    window.setInterval(() => void this.#ask(), ASK_MS);
    window.setInterval(() => this.#tick(), 1000);
    window.setInterval(() => void this.#note(), NOTED_MS);
    if (typeof BroadcastChannel !== "undefined") new BroadcastChannel(CHANNEL).onmessage = () => void this.#back();
    await this.#restored;
    this.#tick();
    this.#count();
    this.#remembered = await this.#shelf.handedIn();
    if (this.#remembered && !this.#over) this.#status(this.#word("remembered"));
    if (storedHere() === null) await this.#claim();
    await this.#back();
  }

  /** What was given in this browser and is newer than the page: after a power cut, or in a stored copy. */
  async #restore(): Promise<void> {
    for (const one of await this.#shelf.given()) {
      const question = this.#questions().find((each) => Number(each.dataset["position"]) === one.position);
      if (!question || one.sequence <= Number(question.dataset["sequence"])) continue;
      this.#outbox.known(one.position, one.sequence);
      if (!this.#touched.has(one.position)) fill(question, one.fields);
    }
    if (!this.#time || !this.#guessed) return;
    const known = await database.get("times", this.#here);
    const { left, at } = known ?? { left: Number(this.page.dataset["remaining"]), at: storedHere() ?? Date.now() };
    this.#time.set(timeLeft(left, at, Date.now()));
  }

  /** How much time the server says is left, for when this page is opened again without a network. */
  async #note(): Promise<void> {
    if (this.#time && !this.#guessed) await database.put("times", { place: this.#here, account: account(), left: this.#time.left, at: Date.now() });
  }

  /** There may be a network again. */
  async #back(): Promise<void> {
    await this.#outbox.flush();
    if (!(await this.#ask()) || !(await this.#outbox.empty())) return;
    if (this.#guessed) await this.#claim();
    if (this.#remembered) await this.#handIn();
  }

  #questions(): HTMLFieldSetElement[] {
    return [...this.page.querySelectorAll<HTMLFieldSetElement>("[data-position]")];
  }

  #follow(question: HTMLFieldSetElement): void {
    const position = Number(question.dataset["position"]);
    this.#outbox.known(position, Number(question.dataset["sequence"]));
    question.addEventListener("focusin", (event) => rememberPlaces(event.target, question));
    question.addEventListener("change", (event) => {
      keepPlacesApart(event.target, question);
      void this.#give(question, position);
    });
    question.addEventListener("input", (event) => {
      if (!(event.target instanceof HTMLTextAreaElement) && !isLine(event.target)) return;
      window.clearTimeout(this.#typing.get(position));
      this.#typing.set(position, window.setTimeout(() => void this.#give(question, position), TYPED_MS));
    });
  }

  #give(question: HTMLFieldSetElement, position: number): Promise<void> {
    const given = this.#keep(question, position);
    this.#giving = Promise.all([this.#giving, given]);
    return given;
  }

  async #keep(question: HTMLFieldSetElement, position: number): Promise<void> {
    window.clearTimeout(this.#typing.get(position));
    this.#typing.delete(position);
    this.#touched.add(position);
    this.#count();
    await this.#restored;
    this.#remembered = false;
    await this.#shelf.takeBack();
    await this.#outbox.give(position, fieldsOf(question));
  }

  async #send(one: Waiting, again = false): Promise<Outcome> {
    const body = new URLSearchParams({ csrf: this.#csrf, sequence: String(one.sequence), writer: one.writer ?? this.#writer });
    for (const [name, value] of one.fields) body.append(name, value);
    try {
      const answer = await fetch(`${this.#here}/answers/${one.position}`, { method: "POST", body });
      if (answer.status === 401 || answer.status === 403) return again || !(await this.#renew()) ? { kind: "held" } : await this.#send(one, true);
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

  /** The page is older than the sign-in: it takes the new one's token, if that is the same person's. */
  async #renew(): Promise<boolean> {
    const who = await whoIsIn();
    if (who?.account !== account()) return false;
    this.#csrf = who.csrf;
    for (const field of this.#form.querySelectorAll<HTMLInputElement>('input[name="csrf"]')) field.value = who.csrf;
    return true;
  }

  #say(said: Said): void {
    if (said.kind === "offline") void deliverLater();
    if (said.kind === "saved") {
      this.#heard(said.kept.remaining, said.kept.writer);
      this.#status(said.kept.lateness === "late" ? this.#word("late") : this.#word("saved"));
    } else this.#status(said.kind === "refused" ? said.sentence : this.#word(said.kind === "offline" ? this.#away() : said.kind));
  }

  /** What is said while the server cannot be reached. */
  #away(): string {
    if (this.#remembered) return "remembered";
    return this.#over ? "overOffline" : "offline";
  }

  #heard(remaining: number | null, writer: string): void {
    if (remaining !== null) {
      if (this.#time && !this.#guessed && remaining > this.#time.left + MORE_S) this.#more(remaining);
      this.#time?.set(remaining);
      this.#guessed = false;
      if (remaining > 0) this.#over = false; // this device's clock was wrong
      void this.#note();
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
  async #claim(): Promise<boolean> {
    try {
      const body = new URLSearchParams({ csrf: this.#csrf, writer: this.#writer });
      const answer = await fetch(`${this.#here}/take-over`, { method: "POST", body });
      if (!answer.ok) return false;
      this.#outbox.above(Number(((await answer.json()) as { floor?: number }).floor ?? 0));
      this.#heard(null, this.#writer);
      return true;
    } catch {
      this.#status(this.#word("offline"));
      return false;
    }
  }

  /** Go on in this window: it still shows what it knew, so it is opened anew with what the other one gave. */
  async #goOnHere(): Promise<void> {
    await this.#giveTyped();
    await this.#outbox.flush();
    if ((await this.#claim()) && (await this.#outbox.empty())) window.location.assign(this.#here);
  }

  /** Whether the server answered. */
  async #ask(): Promise<boolean> {
    try {
      // Once a minute it is noted that the page is open; in between it is only asked.
      const beat = this.#asked++ % BEAT_EVERY === BEAT_EVERY - 1;
      const body = new URLSearchParams({ csrf: this.#csrf });
      const answer = await fetch(`${this.#here}/state`, beat ? { method: "POST", body } : {});
      if (!answer.ok) return false;
      const told = (await answer.json()) as { remaining_s: number | null; writer: string; state: string };
      this.#heard(told.remaining_s, told.writer);
      if (WITHOUT_NETWORK.some((name) => this.#saidIs(name)) && (await this.#outbox.empty())) this.#status(this.#word("saved"));
      if (told.state !== "in_progress" && told.state !== "overdue") {
        if (await this.#outbox.empty()) this.#leave();
      } else if (told.remaining_s === 0 && this.#over && [this.#writer, ""].includes(told.writer)) await this.#handIn(); // answers of another window may still be on their way
      return true;
    } catch {
      return false; // the next save says that there is no network
    }
  }

  #tick(): void {
    if (!this.#time) return;
    const left = this.#time.left;
    const shown = this.page.querySelector("[data-attempt-time]");
    this.page.querySelector("[data-attempt-left]")?.removeAttribute("hidden");
    if (shown) shown.textContent = this.#guessed ? `≈ ${clock(left)}` : clock(left);
    for (const at of TOLD_AT) {
      if (left > at || left === 0 || this.#told.has(at)) continue;
      this.#told.add(at);
      this.#alert(this.#word("left").replace("{minutes}", String(Math.max(1, Math.round(left / 60)))));
    }
    if (left === 0 && !this.#over) {
      this.#over = true;
      void this.#finish();
    }
  }

  /** The time is over, as far as this page knows: what waits is sent, and the server is asked. It alone decides; until it
      can be reached, answers may still be given, and are kept. */
  async #finish(): Promise<void> {
    await this.#giveTyped();
    await this.#outbox.flush();
    const there = await this.#ask();
    if (!there) this.#status(this.#word("overOffline"));
    if (this.#over) this.#alert(this.#word(there ? "over" : "overOffline"));
  }

  /** What is being typed does not wait for the end of the word. */
  async #giveTyped(): Promise<void> {
    const typed = this.#questions().filter((one) => this.#typing.has(Number(one.dataset["position"])));
    await Promise.all(typed.map((one) => this.#give(one, Number(one.dataset["position"]))));
  }

  async #handIn(): Promise<void> {
    if ((await this.#outbox.empty()) && !this.#leaving) this.#form.requestSubmit(this.#form.querySelector<HTMLButtonElement>('[name="do"][value="submit"]'));
  }

  async #submit(event: SubmitEvent): Promise<void> {
    if (this.#leaving) return;
    event.preventDefault();
    const button = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
    await this.#giving; // what was answered just before the press belongs to it
    await this.#outbox.flush();
    if (!(await this.#outbox.empty()) || !(await this.#renew())) {
      await this.#remember(button?.value === "submit");
      return;
    }
    if (button?.value !== "submit") {
      this.#status(this.#word("saved"));
      return;
    }
    this.#leaving = true;
    this.#form.requestSubmit(button);
  }

  /** The press is kept, and goes out after the answers: from here, from any other page, or from the worker. */
  async #remember(pressed: boolean): Promise<void> {
    if (!pressed) return this.#status(this.#word("offline"));
    this.#remembered = await this.#shelf.handIn();
    this.#status(this.#word(this.#remembered ? "remembered" : "notYet"));
    if (this.#remembered) await deliverLater();
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

  #saidIs(name: string): boolean {
    return this.page.querySelector("[data-attempt-said]")?.textContent === this.#word(name);
  }

  #status(text: string): void {
    const shown = this.page.querySelector("[data-attempt-said]");
    if (shown && shown.textContent !== text) shown.textContent = text;
    // What is not the usual stands out: somebody may be about to close the page.
    const usual = ["", this.#word("saved"), this.#word("saving")].includes(text);
    shown?.classList.toggle("attempt__said--told", !usual);
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

/** Put what was given back into a question. */
export function fill(question: HTMLFieldSetElement, fields: [string, string][]): void {
  for (const one of question.elements) {
    if (one instanceof HTMLInputElement && (one.type === "radio" || one.type === "checkbox"))
      one.checked = fields.some(([name, value]) => name === one.name && value === one.value);
    else if (one instanceof HTMLInputElement || one instanceof HTMLSelectElement || one instanceof HTMLTextAreaElement)
      one.value = fields.find(([name]) => name === one.name)?.[1] ?? one.value;
  }
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
