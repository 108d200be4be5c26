/* Delivers what waits: from any page once there is a network, and from the service worker when no page is open.
   A letter goes out under its own account alone; whoever else is signed in never sends it, and never loses it. */

import * as database from "./database";
import type { Letter } from "./database";
import { NOBODY } from "./rules";

export const SYNC = "vikno-deliver";
export const CHANNEL = "vikno-delivered";

/** `held`: not now and not under this sign-in. `lost`: there is no network, or the server is not there. */
export type Fate = "arrived" | "refused" | "held" | "lost";

export interface Delivered {
  sent: number;
  refused: number;
  /** Still waiting for a network; what waits for its owner to sign in is not among them. */
  left: number;
}

interface Account {
  account: string;
  csrf: string;
}

/** Who is signed in, and their token; null without a network. */
export async function whoIsIn(): Promise<Account | null> {
  try {
    const answer = await fetch("/offline/account", { cache: "no-store" });
    return answer.ok ? ((await answer.json()) as Account) : null;
  } catch {
    return null;
  }
}

/** Send what waits, one after the other; only one page, or the worker, at a time. */
export async function deliver(): Promise<Delivered> {
  const result = "locks" in navigator ? await navigator.locks.request(SYNC, sendAll) : await sendAll();
  if (result.sent + result.refused > 0 && typeof BroadcastChannel !== "undefined") {
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage(result);
    channel.close();
  }
  return result;
}

async function sendAll(): Promise<Delivered> {
  const result = { sent: 0, refused: 0, left: 0 };
  const letters = await database.waiting();
  const leaving = await database.get("facts", "leaving");
  if (!letters.length && !leaving) return result;
  const who = await whoIsIn();
  if (!who) return { ...result, left: letters.length };
  const stuck = new Set<string>();
  for (const letter of inTurn(letters.filter((each) => each.account === who.account))) {
    const fate = letter.kind === "handed" && stuck.has(letter.place) ? "lost" : await post(letter, who.csrf);
    if (fate === "lost" || fate === "held") stuck.add(letter.place);
    if (fate === "arrived" || fate === "refused") await database.arrived(letter);
    if (fate === "arrived") result.sent += 1;
    else if (fate === "refused") result.refused += 1;
    else if (fate === "lost") result.left += 1;
  }
  if (leaving && !result.left) await signOut(who, leaving.value);
  return result;
}

/** A test is handed in after its answers, whatever was given last. */
export function inTurn(letters: Letter[]): Letter[] {
  return [...letters.filter((each) => each.kind !== "handed"), ...letters.filter((each) => each.kind === "handed")];
}

async function post(letter: Letter, csrf: string): Promise<Fate> {
  const body = new URLSearchParams({ csrf });
  if (letter.kind === "answer") {
    body.set("sequence", String(letter.sequence));
    body.set("writer", letter.writer);
  }
  for (const [name, value] of letter.fields) body.append(name, value);
  try {
    const answer = await fetch(letter.path, { method: "POST", body, redirect: "manual" });
    return letter.kind === "answer" ? fateOfAnswer(answer.status, await json(answer)) : fateOfMark(answer.type, answer.status);
  } catch {
    return "lost";
  }
}

async function json(answer: Response): Promise<Record<string, unknown> | null> {
  try {
    return (await answer.json()) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** An answer is given up only when the server says, in its own words, that it will never take it. */
export function fateOfAnswer(status: number, told: Record<string, unknown> | null): Fate {
  if (status >= 200 && status < 300 && told) return "arrived";
  if (told && "refused" in told) return "refused";
  return status === 401 || status === 403 ? "held" : "lost";
}

/** “Done” leads on to the next lesson; what the course does not allow any more is given up. */
export function fateOfMark(type: string, status: number): Fate {
  if (type === "opaqueredirect" || (status >= 200 && status < 300)) return "arrived";
  if ([403, 404, 409, 410, 422].includes(status)) return "refused";
  return status === 401 ? "held" : "lost";
}

/** Somebody pressed “Sign out” while there was no network. */
async function signOut(who: Account, account: string): Promise<void> {
  if (who.account !== account || who.account === NOBODY) return database.remove("facts", "leaving");
  try {
    const body = new URLSearchParams({ csrf: who.csrf });
    const answer = await fetch("/sign-out", { method: "POST", body, redirect: "manual" });
    if (answer.type === "opaqueredirect") await database.remove("facts", "leaving");
  } catch {
    // The next time.
  }
}

/** Ask the browser to wake the worker once there is a network; where it cannot, the next page that is opened delivers. */
export async function deliverLater(own?: ServiceWorkerRegistration): Promise<void> {
  try {
    const registration = own ?? (await navigator.serviceWorker?.getRegistration());
    await (registration as Syncing | undefined)?.sync?.register(SYNC);
  } catch {
    // Not allowed in this browser.
  }
}

/** Background Sync is not in TypeScript's description of browsers: not all have it. */
interface Syncing extends ServiceWorkerRegistration {
  sync?: { register(tag: string): Promise<void> };
}
