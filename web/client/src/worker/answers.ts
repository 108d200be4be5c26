/* How the worker answers, for each kind of thing that is asked. */

import * as database from "../offline/database";
import { deliver, deliverLater } from "../offline/delivery";
import { forgetOthers } from "../offline/forgetting";
import { KEPT, MOST_PAGES, NOBODY, PAGES, SHELL, STATIC, assetsOf, fileKey, fontsOf, lessonOf, markStored, surplus } from "../offline/rules";
import type { Fetches } from "./types";

const LANGUAGES = ["uk", "en"];
const LOGO = "/logo.svg";
/** So long a page is waited for when there is a copy of it. */
const PATIENCE_MS = 10_000;
const AWAY = [502, 503, 504];
/* It is over, or not open to this person any more: so is its copy. */
const GONE = [401, 403, 404, 409, 410];

/* Answers may come in another order than they were asked for: an older one must not undo what a newer one said. */
let asked = 0;
let heard = 0;

/** Fetch what the offline page needs. Fails as a whole, and is tried again at the next visit. */
export async function prepare(name: string): Promise<void> {
  const cache = await caches.open(name);
  await cache.add(LOGO);
  const assets = await caches.open(STATIC);
  for (const language of LANGUAGES) {
    const page = await fetch(`/offline/${language}`, { cache: "reload" });
    if (!page.ok) throw new Error(`The offline page was answered with ${page.status}.`);
    await cache.put(`/offline/${language}`, page.clone());
    await keepAssets(assets, assetsOf(await page.text()));
  }
}

async function keepAssets(assets: Cache, urls: string[]): Promise<void> {
  for (const url of urls) {
    if (await assets.match(url)) continue;
    await assets.add(url);
    if (!url.endsWith(".css")) continue;
    const css = await (await assets.match(url))!.text();
    for (const font of fontsOf(css)) if (!(await assets.match(font))) await assets.add(font);
  }
}

/** Names of assets bear a digest: what is there is right. */
export async function asset(request: Request): Promise<Response> {
  const assets = await caches.open(STATIC);
  const held = await assets.match(request.url);
  if (held) return held;
  const answer = await fetch(request);
  if (answer.ok) await assets.put(request.url, answer.clone());
  return answer;
}

export async function shell(request: Request, name: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const held = await (await caches.open(name)).match(request.url);
    if (held) return held;
    throw error;
  }
}

/** A file of a lesson or a picture: the copy that was kept, else the network. */
export async function file(request: Request, url: URL): Promise<Response> {
  const account = await current();
  const held = account ? await (await caches.open(KEPT + account)).match(fileKey(url)) : undefined;
  if (held) return held;
  try {
    return await fetch(request);
  } catch (error) {
    if (request.mode === "navigate") return calm();
    throw error;
  }
}

/** A page: from the network, and kept where that is allowed; else the copy, else a calm word. */
export async function navigation(event: Fetches, keeps: boolean): Promise<Response> {
  const { request } = event;
  const mine = ++asked;
  const copy = keeps ? await stored(request.url) : undefined;
  const page = network(event).then(async (answer) => {
    await listen(answer, mine);
    if (keeps) event.waitUntil(keep(request.url, answer.clone()));
    return copy && AWAY.includes(answer.status) ? asCopy(copy) : answer;
  });
  if (copy) event.waitUntil(page.catch(() => undefined));
  try {
    return await (copy ? Promise.race([page, impatience()]) : page);
  } catch {
    return copy ? asCopy(copy) : calm(request.method === "POST");
  }
}

async function network(event: Fetches): Promise<Response> {
  if (await database.get("facts", "leaving")) await deliver();
  else {
    const early = await event.preloadResponse;
    if (early) return early;
  }
  return fetch(event.request);
}

function impatience(): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error("The page takes too long.")), PATIENCE_MS));
}

/** What a page says of who is signed in, and in which language. Redirects and errors say nothing. */
async function listen(answer: Response, mine: number): Promise<void> {
  const account = answer.headers.get("Vikno-Account");
  if (!account || mine < heard) return;
  heard = mine;
  await hear(account);
  await database.put("facts", { name: "language", value: answer.headers.get("Content-Language") ?? "uk" });
}

/** This account is signed in; the pages of all others go. */
export async function hear(account: string): Promise<void> {
  if ((await database.get("facts", "account"))?.value === account) return;
  await database.put("facts", { name: "account", value: account });
  await forgetOthers(account);
}

async function current(): Promise<string> {
  const account = (await database.get("facts", "account"))?.value ?? NOBODY;
  return account === NOBODY ? "" : account;
}

async function keep(url: string, answer: Response): Promise<void> {
  const account = await current();
  if (!account) return;
  const pages = await caches.open(PAGES + account);
  if (answer.headers.get("Vikno-Keep") && answer.headers.get("Vikno-Account") === account) {
    await pages.delete(url); // so that it stands last, as the newest
    await pages.put(url, await dated(answer));
    for (const old of surplus(await pages.keys(), MOST_PAGES)) await pages.delete(old);
    const kept = await caches.open(KEPT + account);
    if (await kept.match(url)) await kept.put(url, (await pages.match(url))!);
  } else if (answer.type === "opaqueredirect" || GONE.includes(answer.status)) {
    await pages.delete(url);
    await (await caches.open(KEPT + account)).delete(url);
  }
}

/** With the moment at which it was fetched, by this device's clock. */
export async function dated(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  headers.set("Vikno-Stored", String(Date.now()));
  for (const name of ["Content-Length", "Content-Encoding"]) headers.delete(name); // the copy is unpacked
  return new Response(await answer.blob(), { headers });
}

async function stored(url: string): Promise<Response | undefined> {
  const account = await current();
  if (!account) return undefined;
  const copies = await Promise.all([PAGES, KEPT].map(async (kind) => (await caches.open(kind + account)).match(url)));
  return copies.find((one) => one);
}

async function asCopy(copy: Response): Promise<Response> {
  const here = Number(copy.headers.get("Vikno-Stored"));
  const at = new Date(copy.headers.get("Date") ?? here).toISOString();
  return new Response(markStored(await copy.text(), at, here), { headers: copy.headers });
}

/** Every other page, without a network. One that answers a form says so: it must not be sent again by a reload. */
async function calm(posted = false): Promise<Response> {
  const language = (await database.get("facts", "language"))?.value ?? "uk";
  const names = (await caches.keys()).filter((name) => name.startsWith(SHELL));
  for (const name of names.reverse()) {
    const held = await (await caches.open(name)).match(`/offline/${LANGUAGES.includes(language) ? language : "uk"}`);
    if (!held) continue;
    const html = await held.text();
    return new Response(posted ? html.replace("<html ", "<html data-posted ") : html, { status: 503, headers: held.headers });
  }
  return Response.error();
}

/** Without a network it is done here at once, and at the server when it is back. */
export async function signOut(request: Request): Promise<Response> {
  const account = await current();
  heard = ++asked;
  try {
    const answer = await fetch(request);
    if (answer.type === "opaqueredirect") await hear(NOBODY);
    return answer;
  } catch {
    if (account) await database.put("facts", { name: "leaving", value: account });
    await hear(NOBODY);
    return calm(true);
  }
}

/** “Done” in a lesson; without a network it waits, and the lesson says so. */
export async function done(request: Request, url: URL, registration: ServiceWorkerRegistration): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    const account = await current();
    if (!account) return calm(true);
    await keepMark(url.pathname, account);
    await deliverLater(registration);
    return Response.redirect(lessonOf(url.pathname), 303);
  }
}

export async function keepMark(path: string, account: string): Promise<void> {
  const place = lessonOf(path);
  await database.put("letters", { path, place, account, kind: "done", position: 0, sequence: 1, writer: "", fields: [], at: Date.now(), sent: false });
}
