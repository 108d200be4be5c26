/* What can be read without a network, what waits to be sent, and how much room it takes. */

import * as database from "../../offline/database";
import { KEPT, PAGES } from "../../offline/rules";
import { dropCourse, size } from "./keep";
import { moment } from "./copies";

interface Offer extends Event {
  prompt(): Promise<void>;
}

export function listWhatIsKept(): void {
  const part = document.querySelector<HTMLElement>("[data-kept-list]");
  if (!part || !("caches" in window)) return;
  void show(part);
  part.querySelector("[data-try]")?.addEventListener("click", () => void goOn());
  window.addEventListener("online", () => {
    if (part.hasAttribute("data-fallback") && !posted()) window.location.reload();
  });
  const install = part.querySelector<HTMLButtonElement>("[data-install]");
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    if (!install) return;
    install.hidden = false;
    install.addEventListener("click", () => void (event as Offer).prompt(), { once: true });
  });
}

/** A form was being sent when the network went: nobody sends it again but who filled it in. */
function posted(): boolean {
  return document.documentElement.hasAttribute("data-posted");
}

async function goOn(): Promise<void> {
  if (await database.get("facts", "leaving")) window.location.assign("/");
  else if (posted()) window.history.back();
  else window.location.reload();
}

async function show(part: HTMLElement): Promise<void> {
  const account = (await database.get("facts", "account"))?.value ?? "";
  const courses = (await database.all("courses")).filter((each) => each.account === account);
  const listed = new Set(courses.flatMap((each) => [each.url, ...each.pages.map((page) => page.url)]));
  const list = part.querySelector<HTMLElement>("[data-kept-courses]")!;
  list.replaceChildren(...courses.map((each) => courseRow(part, each)));
  const pages = await copies(account, listed);
  part.querySelector<HTMLElement>("[data-kept-pages]")!.replaceChildren(...pages.map(({ url, title }) => item(link(url, title))));
  reveal(part, "[data-has-courses]", courses.length > 0);
  reveal(part, "[data-has-pages]", pages.length > 0);
  reveal(part, "[data-nothing]", courses.length + pages.length === 0);
  const waits = (await database.waiting()).length;
  reveal(part, "[data-waiting]", waits > 0, (text) => text.replace("{count}", String(waits)));
  reveal(part, "[data-left]", (await database.get("facts", "leaving")) !== undefined);
  const { usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  reveal(part, "[data-room]", usage > 0, (text) => text.replace("{size}", size(usage, document.documentElement.lang)));
}

function courseRow(part: HTMLElement, kept: database.KeptCourse): HTMLElement {
  const row = document.createElement("li");
  row.className = "card card--flat stack stack--tight";
  const head = document.createElement("h3");
  head.className = "card__title";
  head.append(link(kept.url, kept.title));
  const about = document.createElement("p");
  about.className = "muted";
  about.textContent = `${moment(kept.at)} · ${size(kept.bytes, document.documentElement.lang)}`;
  const lessons = document.createElement("ul");
  lessons.append(...kept.pages.map((page) => item(link(page.url, page.title))));
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "button button--quiet";
  drop.textContent = part.dataset["wordDrop"] ?? "";
  drop.setAttribute("aria-label", `${part.dataset["wordDrop"] ?? ""}: ${kept.title}`);
  drop.addEventListener("click", () => void dropCourse(kept.url).then(() => show(part)));
  row.append(head, about, lessons, drop);
  return row;
}

/** Pages that were opened before, with the titles that they bear. */
async function copies(account: string, without: Set<string>): Promise<{ url: string; title: string }[]> {
  const found = new Map<string, string>();
  for (const name of (await caches.keys()).filter((each) => each === PAGES + account || each === KEPT + account)) {
    const store = await caches.open(name);
    for (const request of await store.keys()) {
      const { pathname } = new URL(request.url);
      if (without.has(pathname) || pathname === "/offline" || /\/files\//.test(pathname)) continue;
      const answer = await store.match(request);
      if (answer?.headers.get("Content-Type")?.startsWith("text/html")) found.set(pathname, titleOf(await answer.text()) || pathname);
    }
  }
  return [...found].map(([url, title]) => ({ url, title })).reverse();
}

function titleOf(html: string): string {
  const title = new DOMParser().parseFromString(html, "text/html").title;
  return title.split(" · ")[0]!.trim();
}

function link(url: string, text: string): HTMLAnchorElement {
  const made = document.createElement("a");
  made.href = url;
  made.textContent = text;
  return made;
}

function item(child: HTMLElement): HTMLLIElement {
  const made = document.createElement("li");
  made.append(child);
  return made;
}

function reveal(part: HTMLElement, what: string, shown: boolean, words: (text: string) => string = (text) => text): void {
  for (const one of part.querySelectorAll<HTMLElement>(what)) {
    one.hidden = !shown;
    if (shown && !one.children.length) one.textContent = words(one.dataset["words"] ?? one.textContent ?? "");
  }
}
