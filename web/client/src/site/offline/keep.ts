/* “Keep for offline” on a course's page: its lessons of words, and their pictures and files up to a bound. */

import * as database from "../../offline/database";
import type { KeptCourse } from "../../offline/database";
import { KEPT, assetsOf, fileKey } from "../../offline/rules";
import { account, storedHere } from "./app";
import { moment } from "./copies";

/** Bytes of one course; what would go beyond it is left out, and said. */
export const MOST_BYTES = 150 * 1024 * 1024;

/** A course that was kept longer ago is kept anew when its page is opened. */
const FRESH_MS = 24 * 3_600_000;

interface Contents {
  account: string;
  title: string;
  pages: { url: string; title: string }[];
  files: { url: string; bytes: number }[];
  later: number;
  others: number;
}

export function offerKeeping(): void {
  const part = document.querySelector<HTMLElement>("[data-keep-course]");
  if (part && "caches" in window && "serviceWorker" in navigator && account()) new KeepPart(part).begin();
}

class KeepPart {
  readonly #url = window.location.pathname;
  readonly #button: HTMLButtonElement;
  readonly #drop: HTMLButtonElement;
  readonly #bar: HTMLProgressElement;

  constructor(private readonly part: HTMLElement) {
    this.#button = part.querySelector<HTMLButtonElement>("[data-keep]")!;
    this.#drop = part.querySelector<HTMLButtonElement>("[data-drop]")!;
    this.#bar = part.querySelector("progress")!;
  }

  begin(): void {
    this.part.hidden = false;
    this.#button.addEventListener("click", () => void this.#keep());
    this.#drop.addEventListener("click", () => void this.#remove());
    void this.#show().then(() => this.#freshen());
  }

  /** Lessons that have opened since, and what the trainer has changed. */
  async #freshen(): Promise<void> {
    const kept = await database.get("courses", this.#url);
    if (!kept || storedHere() !== null) return;
    const contents = await contentsOf(this.#url).catch(() => null);
    const old = Date.now() - Date.parse(kept.at) > FRESH_MS;
    if (contents && (old || contents.pages.length !== kept.pages.length)) await this.#keep();
  }

  async #show(): Promise<void> {
    const kept = await database.get("courses", this.#url);
    this.#drop.hidden = !kept;
    this.#button.hidden = storedHere() !== null;
    this.#button.textContent = this.#word(kept ? "again" : "keep");
    if (kept) this.#say(describe(kept, (name) => this.#word(name)));
  }

  async #keep(): Promise<void> {
    this.#button.disabled = true;
    this.#bar.hidden = false;
    try {
      const kept = await keepCourse(this.#url, (share) => (this.#bar.value = share));
      await this.#show();
      if (!kept) this.#say(this.#word("full"));
    } catch {
      this.#say(this.#word("failed"));
    }
    this.#bar.hidden = true;
    this.#button.disabled = false;
  }

  async #remove(): Promise<void> {
    await dropCourse(this.#url);
    this.#say("");
    await this.#show();
    this.#button.focus();
  }

  #say(text: string): void {
    this.part.querySelector("[data-kept]")!.textContent = text;
  }

  #word(name: string): string {
    return this.part.dataset[`word${name[0]!.toUpperCase()}${name.slice(1)}`] ?? "";
  }
}

/** How many lessons are kept, from when, how much that is, and what is not among them. */
export function describe(kept: KeptCourse, word: (name: string) => string): string {
  const said = word("kept")
    .replace("{count}", String(kept.pages.length))
    .replace("{size}", size(kept.bytes, document.documentElement.lang))
    .replace("{moment}", moment(kept.at));
  return kept.later ? `${said} ${word("later").replace("{count}", String(kept.later))}` : said;
}

export function size(bytes: number, language: string): string {
  const unit = bytes < 1_000_000 ? "kilobyte" : "megabyte";
  const value = bytes / (unit === "kilobyte" ? 1_000 : 1_000_000);
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** False: there is no room for all of it, and what is there stays. Throws when the network fails on the way. */
export async function keepCourse(url: string, tell: (share: number) => void): Promise<boolean> {
  const contents = await contentsOf(url);
  void navigator.storage?.persist?.().catch(() => false); // some browsers ask the person, who may take their time
  const store = await caches.open(KEPT + contents.account);
  const pages = [{ url, title: contents.title }, ...contents.pages];
  const files = contents.files.map((file) => ({ ...file, key: fileKey(new URL(file.url, window.location.href)) }));
  const kept = new Basket(store, pages.length + files.length, tell);
  for (const page of pages) {
    const html = await kept.page(page.url, contents.account);
    for (const picture of picturesOf(html)) await kept.file(picture, picture);
  }
  for (const file of files) await kept.file(file.url, file.key);
  await database.put("courses", {
    ...{ url, account: contents.account, title: contents.title, at: new Date().toISOString(), bytes: kept.bytes },
    ...{ pages: contents.pages, files: kept.files, later: contents.later, others: contents.others },
  });
  return kept.whole;
}

async function contentsOf(url: string): Promise<Contents> {
  const answer = await fetch(`${url}/offline`, { cache: "no-store" });
  if (!answer.ok) throw new Error(`The course was answered with ${answer.status}.`);
  const contents = (await answer.json()) as Contents;
  if (contents.account !== account()) throw new Error("Somebody else is signed in now.");
  return contents;
}

/** Puts things into the store until it is full. */
class Basket {
  bytes = 0;
  whole = true;
  readonly files: string[] = [];
  #done = 0;

  constructor(
    private readonly store: Cache,
    private readonly count: number,
    private readonly tell: (share: number) => void,
  ) {}

  async page(url: string, owner: string): Promise<string> {
    const answer = await fetch(url, { cache: "no-store" });
    if (!answer.ok || answer.headers.get("Vikno-Account") !== owner || !answer.headers.get("Vikno-Keep")) throw new Error(`${url} may not be kept.`);
    const headers = new Headers(answer.headers);
    headers.set("Vikno-Stored", String(Date.now()));
    const html = await answer.text();
    await this.#put(new URL(url, window.location.href).href, new Response(html, { headers }), html.length);
    for (const asset of assetsOf(html)) await fetch(asset); // through the worker, which keeps it
    return html;
  }

  async file(url: string, key: string): Promise<void> {
    const answer = await fetch(url);
    const contents = await answer.blob();
    const { usage = 0, quota = Infinity } = (await navigator.storage?.estimate?.()) ?? {};
    if (!answer.ok || this.bytes + contents.size > MOST_BYTES || usage + contents.size > 0.8 * quota) {
      this.whole = false;
      return this.#step();
    }
    await this.#put(key, new Response(contents, { headers: answer.headers }), contents.size);
    this.files.push(key);
  }

  async #put(key: string, answer: Response, bytes: number): Promise<void> {
    await this.store.put(key, answer);
    this.bytes += bytes;
    this.#step();
  }

  #step(): void {
    this.tell(Math.min(100, Math.round((100 * ++this.#done) / this.count)));
  }
}

/** Pictures of our own that a lesson shows. */
function picturesOf(html: string): string[] {
  const page = new DOMParser().parseFromString(html, "text/html");
  const found = [...page.querySelectorAll<HTMLImageElement>(".lesson-text img[src]")];
  return found.map((one) => new URL(one.getAttribute("src")!, window.location.href).href).filter((one) => one.startsWith(window.location.origin));
}

export async function dropCourse(url: string): Promise<void> {
  const kept = await database.get("courses", url);
  if (!kept) return;
  const store = await caches.open(KEPT + kept.account);
  for (const page of [url, ...kept.pages.map((each) => each.url)]) await store.delete(new URL(page, window.location.href).href);
  for (const file of kept.files) await store.delete(file);
  await database.remove("courses", url);
}
