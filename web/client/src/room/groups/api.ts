/** What the web process knows of the groups that were prepared, and the host's order to open and close them. */
import type { RoomConfig } from "../config";

const TIMEOUT_MS = 10_000;

export interface PreparedGroups {
  readonly groups: readonly { readonly number: number; readonly name: string; readonly members: number }[];
  readonly unassigned: number;
  readonly choose: boolean;
  readonly opened: boolean;
}

/** The web process said no, in words for the person. */
export class GroupsRefused extends Error {}

export function fetchGroups(config: RoomConfig): Promise<PreparedGroups> {
  return ask(config, { method: "GET" });
}

export function orderGroups(config: RoomConfig, what: "open" | "close" | "close_now"): Promise<PreparedGroups> {
  return ask(config, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": config.csrf },
    body: JSON.stringify({ do: what }),
  });
}

/** Throws `GroupsRefused`, or whatever `fetch` throws when nobody answers. */
async function ask(config: RoomConfig, request: RequestInit): Promise<PreparedGroups> {
  const response = await fetch(config.groupsUrl, {
    ...request,
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isPrepared(body)) return body;
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : "";
  throw new GroupsRefused(typeof detail === "string" ? detail : "");
}

function isPrepared(body: unknown): body is PreparedGroups {
  return typeof body === "object" && body !== null && "groups" in body && Array.isArray(body.groups);
}
