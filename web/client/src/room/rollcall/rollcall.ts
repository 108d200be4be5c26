/** The roll-call of this room: what the web process knows, and the difference that is sent back. */
import type { RoomConfig } from "../config";

const TIMEOUT_MS = 10_000;

export interface RollCallPerson {
  /** 0 for somebody who is known by name alone. */
  readonly person: number;
  /** 0 for who is not listed yet. */
  readonly entry: number;
  readonly name: string;
  readonly listed: boolean;
  readonly state: string;
}

export interface RollCall {
  readonly organisation_name: string;
  readonly people: readonly RollCallPerson[];
  readonly head_count: number | null;
}

export interface RollCallOrder {
  readonly here: readonly number[];
  readonly gone: readonly number[];
  readonly names: readonly string[];
  readonly head_count: number | null;
}

/** The web process said no, in words for the person. */
export class RollCallRefused extends Error {}

export function keyOf(person: RollCallPerson): string {
  return person.person ? `p${person.person}` : `e${person.entry}`;
}

/** Who is ticked when the dialog opens. */
export function listed(call: RollCall): ReadonlySet<string> {
  return new Set(call.people.filter((person) => person.listed).map(keyOf));
}

/** Only what differs from what was shown: the centre's lead may change the same roll-call meanwhile. */
export function orderOf(call: RollCall, ticked: ReadonlySet<string>, names: string, heads: string): RollCallOrder {
  const came = call.people.filter((person) => !person.listed && person.person && ticked.has(keyOf(person)));
  const went = call.people.filter((person) => person.listed && !ticked.has(keyOf(person)));
  const count = /^\d{1,5}$/.test(heads.trim()) ? Number(heads.trim()) : null;
  return {
    here: came.map(({ person }) => person),
    gone: went.map(({ entry }) => entry),
    names: names
      .split(/[\n,;]/)
      .map((name) => name.trim().slice(0, 120))
      .filter(Boolean)
      .slice(0, 50),
    head_count: count,
  };
}

export function fetchRollCall(config: RoomConfig): Promise<RollCall> {
  return ask(config, { method: "GET" });
}

export function sendRollCall(config: RoomConfig, order: RollCallOrder): Promise<RollCall> {
  return ask(config, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": config.csrf },
    body: JSON.stringify(order),
  });
}

/** Throws `RollCallRefused`, or whatever `fetch` throws when nobody answers. */
async function ask(config: RoomConfig, request: RequestInit): Promise<RollCall> {
  const response = await fetch(config.rollCallUrl, {
    ...request,
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isRollCall(body)) return body;
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : "";
  throw new RollCallRefused(typeof detail === "string" ? detail : "");
}

function isRollCall(body: unknown): body is RollCall {
  return typeof body === "object" && body !== null && "people" in body && Array.isArray(body.people);
}
