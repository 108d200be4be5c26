/** What the page tells the room: the JSON in `#room-config`, written by `web/templates` for `/meet/{meeting}`. */

import type { Protection } from "../generated/messages";

export type Language = "uk" | "en";

export interface RoomConfig {
  readonly meeting: string;
  readonly title: string;
  readonly language: Language;
  /** Path of the signaling WebSocket on this host. */
  readonly signal: string;
  /** Where a token is asked for with POST. */
  readonly tokenUrl: string;
  readonly csrf: string;
  readonly name: string;
  readonly nameFixed: boolean;
  readonly organisation: string;
  /** An endpoint's device: joins without a press. */
  readonly autoJoin: boolean;
  /** Whether it is recorded from its beginning. */
  readonly recorded: boolean;
  /** Whether it is shown live from its beginning. */
  readonly streamed: boolean;
  /** What shields those inside. */
  readonly protection: Protection;
  /** Whether the others see this person under a pseudonym, and which, if one was chosen. */
  readonly hidden: boolean;
  readonly alias: string;
  readonly backUrl: string;
  /** Where the roll-call of this room is read and sent; empty for who fills in none. */
  readonly rollCallUrl: string;
  /** Where groups are opened and closed; empty for who may not. */
  readonly groupsUrl: string;
  /** The page on which groups are made; empty for who may not. */
  readonly groupsPage: string;
  /** Where still pictures are sent; empty where there is no occurrence whose file could keep them. */
  readonly picturesUrl: string;
}

function text(source: Readonly<Record<string, unknown>>, key: string, fallback: string): string {
  const value = source[key];
  return typeof value === "string" ? value : fallback;
}

function protection(value: unknown): Protection {
  const source = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const recording = source["recording"];
  return {
    hide_names: source["hide_names"] === true,
    recording: recording === "voices" || recording === "never" ? recording : "allowed",
    held: source["held"] === true,
  };
}

/** Takes the page's JSON. Throws `Error` when the meeting is not named: then the page itself is broken. */
export function readConfig(json: string): RoomConfig {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null) throw new Error("The room's settings are not an object.");
  const source = parsed as Readonly<Record<string, unknown>>;
  const meeting = text(source, "meeting", "");
  if (!meeting) throw new Error("The room's settings do not name the meeting.");
  return {
    meeting,
    title: text(source, "title", meeting),
    language: source["language"] === "en" ? "en" : "uk",
    signal: text(source, "signal", "/signal"),
    tokenUrl: text(source, "tokenUrl", `/api/meetings/${encodeURIComponent(meeting)}/token`),
    csrf: text(source, "csrf", ""),
    name: text(source, "name", ""),
    nameFixed: source["nameFixed"] === true,
    organisation: text(source, "organisation", ""),
    autoJoin: source["autoJoin"] === true,
    recorded: source["recorded"] === true,
    streamed: source["streamed"] === true,
    protection: protection(source["protection"]),
    hidden: source["hidden"] === true,
    alias: text(source, "alias", ""),
    backUrl: text(source, "backUrl", "/"),
    rollCallUrl: text(source, "rollCallUrl", ""),
    groupsUrl: text(source, "groupsUrl", ""),
    groupsPage: text(source, "groupsPage", ""),
    picturesUrl: text(source, "picturesUrl", ""),
  };
}

/** An address of the meeting as that of one of its rooms: of a group, or of the main room itself. */
export function roomUrl(config: RoomConfig, url: string, room: string): string {
  return url.replace(`/${encodeURIComponent(config.meeting)}/`, `/${encodeURIComponent(room)}/`);
}

/** The WebSocket's address on the page's own host. */
export function signalUrl(config: RoomConfig, location: Pick<Location, "protocol" | "host">): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${config.signal}`;
}
