/* What the service worker answers, and how; what is kept for whom. Pure. The decision behind it: docs/decisions/0028. */

/** What is asked, as far as it matters here. */
export interface Asked {
  method: string;
  path: string;
  search: string;
  /** A page is opened or a form is sent, in a window. */
  navigation: boolean;
  destination: string;
  /** A part of a file is asked for: players do. */
  ranged: boolean;
  /** A form that brings a file. */
  multipart: boolean;
}

/** `pass` leaves it to the browser, as if there were no worker. */
export type Handling = "pass" | "asset" | "shell" | "page" | "navigation" | "file" | "sign-out" | "done";

export const NOBODY = "-";
export const STATIC = "vikno-static";
export const SHELL = "vikno-shell-";
export const PAGES = "vikno-pages-";
export const KEPT = "vikno-kept-";
export const MOST_PAGES = 60;
export const MOST_ASSETS = 300;

/* Never touched: signaling, media, the API, recordings' files, pieces of live streams. */
const NEVER = /^\/(signal|whip|whep|api|internal|metrics|healthz|readyz)(\/|$)|^\/recordings\/[^/]+\/files\/|^\/live\/[^/]+\/./;
/* The only pages that are ever kept. None of them shows other people's data; the server must agree (`Vikno-Keep`). */
const MAY_BE_KEPT = [
  /^\/courses$/,
  /^\/courses\/(?!(?:new|import|tasks)$)[^/]+$/,
  /^\/courses\/[^/]+\/lessons\/[^/]+$/,
  /^\/attempts\/[0-9a-f]+$/,
  /^\/offline$/,
  /^\/help$/,
];
const LESSON_FILE = /^\/courses\/[^/]+\/lessons\/[^/]+\/files\/[^/]+$/;
const LESSON_DONE = /^(\/courses\/[^/]+\/lessons\/[^/]+)\/done$/;
const SHELL_FILE = /^\/(logo\.svg|app\.webmanifest|icons\/[\w-]+\.png)$/;

export function handling(asked: Asked): Handling {
  if (NEVER.test(asked.path)) return "pass";
  if (asked.method === "POST" && asked.navigation && !asked.multipart) {
    if (asked.path === "/sign-out") return "sign-out";
    return LESSON_DONE.test(asked.path) ? "done" : "navigation";
  }
  if (asked.method !== "GET" || asked.ranged) return "pass";
  if (asked.path.startsWith("/static/")) return asked.path.startsWith("/static/assets/") ? "asset" : "pass";
  if (SHELL_FILE.test(asked.path)) return "shell";
  if (LESSON_FILE.test(asked.path)) return ["video", "audio", "track"].includes(asked.destination) ? "pass" : "file";
  if (asked.navigation) return mayBeKept(asked.path, asked.search) ? "page" : "navigation";
  return asked.destination === "image" ? "file" : "pass";
}

/** Whether a page is one of those that may be kept. What stands after `?` belongs to a moment, not to the page. */
export function mayBeKept(path: string, search: string): boolean {
  return search === "" && MAY_BE_KEPT.some((each) => each.test(path));
}

/** The lesson that a press on “Done” is about. */
export function lessonOf(path: string): string {
  return LESSON_DONE.exec(path)?.[1] ?? path;
}

/** Under which address a file is kept: its link is signed anew each time, its contents are named by the digest. */
export function fileKey(url: URL): string {
  const digest = url.searchParams.get("digest");
  return url.origin + url.pathname + (digest ? `?digest=${digest}` : url.search);
}

/** Stores that hold pages of accounts other than this one. */
export function ofOthers(names: readonly string[], account: string): string[] {
  return names.filter((name) => [PAGES, KEPT].some((kind) => name.startsWith(kind) && name !== kind + account));
}

/** Stores of earlier builds. */
export function outdated(names: readonly string[], build: string): string[] {
  return names.filter((name) => name.startsWith(SHELL) && name !== SHELL + build);
}

/** The oldest ones beyond a bound; stores list their entries in the order in which they came. */
export function surplus<T>(entries: readonly T[], most: number): T[] {
  return entries.slice(0, Math.max(0, entries.length - most));
}

/** Scripts and styles that a page names. */
export function assetsOf(html: string): string[] {
  return [...new Set(html.match(/\/static\/assets\/[\w.-]+/g))];
}

/** Fonts that a style names, beside it. */
export function fontsOf(css: string): string[] {
  return [...new Set([...css.matchAll(/url\((?:\.\/|\/static\/assets\/)?([\w.-]+\.woff2)\)/g)].map((found) => `/static/assets/${found[1]!}`))];
}

/** The page says of itself that it is a stored copy: from when by the server's clock, and by this device's (ms). */
export function markStored(html: string, at: string, here: number): string {
  return html.replace("<html ", `<html data-stored="${at.replace(/[^\w :.,+-]/g, "")}" data-stored-here="${here}" `);
}

/** Seconds that a test has left, by what was known of it at a moment of this device's clock (ms). A clock that was set
    back gives nothing back; the server decides anyway. */
export function timeLeft(left: number, at: number, now: number): number {
  return Math.max(0, left - Math.max(0, (now - at) / 1000));
}
