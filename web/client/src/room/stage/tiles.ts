/** What there is to show, and what of it is large. Pure. */
import type { Participant } from "../../generated/messages";
import type { Meeting } from "../meeting/state";
import { publicationOf } from "../meeting/state";

export interface TileItem {
  /** Participant id for a camera; `screen:` or `document:` and participant id for what is presented. */
  readonly key: string;
  readonly participant: string;
  readonly source: ShownSource;
}

export type ShownSource = "camera" | "screen" | "document_camera";

const PREFIX: Readonly<Record<ShownSource, string>> = { camera: "", screen: "screen:", document_camera: "document:" };

export function tileOf(participant: string, source: ShownSource): TileItem {
  return { key: PREFIX[source] + participant, participant, source };
}

/** Everybody who has a place among the pictures: viewers and services that send nothing have none. */
export function peopleWithTiles(meeting: Meeting): readonly Participant[] {
  return [...meeting.participants.values()].filter(
    (participant) =>
      participant.id === meeting.self || participant.role !== "viewer" || participant.publications.length > 0,
  );
}

/** What is presented: shared screens and second cameras, of each participant the newest last. */
export function presented(meeting: Meeting): readonly TileItem[] {
  return [...meeting.participants.values()].flatMap(({ id, publications }) =>
    publications.flatMap(({ source }) =>
      source === "screen" || source === "document_camera" ? [tileOf(id, source)] : [],
    ),
  );
}

/** Key of the tile that a host pinned for everybody: one video of somebody, or what they present, else their camera. */
export function spotlit(meeting: Meeting): string | null {
  const { spotlight, spotlight_source: source = null } = meeting.state;
  const person = spotlight === null ? undefined : meeting.participants.get(spotlight);
  if (!person) return null;
  if (source === "camera" && publicationOf(person, source)) return person.id;
  const theirs = presented(meeting).filter(({ participant }) => participant === person.id);
  return (theirs.find((item) => item.source === source) ?? theirs.at(-1))?.key ?? person.id;
}

export interface StageWish {
  /** A tile that this person pinned. */
  readonly pinned: string | null;
  readonly layout: "grid" | "speaker";
  /** The person wants the grid although a screen is shared. */
  readonly screenInGrid: boolean;
  /** The last other participant who spoke. */
  readonly lastSpeaker: string | null;
}

/**
 * Key of the tile that is shown large, or null for the grid. Own pin, then everybody's pin, then what is
 * presented, then the speaker.
 */
export function onStage(meeting: Meeting, wish: StageWish): string | null {
  const shared = presented(meeting);
  if (wish.pinned !== null && exists(meeting, shared, wish.pinned)) return wish.pinned;
  const spotlight = spotlit(meeting);
  if (spotlight !== null) return spotlight;
  // Who presents something looks at the people, not at the own screen again.
  const newest = shared.findLast(({ participant }) => participant !== meeting.self);
  if (newest && !wish.screenInGrid) return newest.key;
  if (wish.layout === "grid") return null;
  if (wish.lastSpeaker !== null && meeting.participants.has(wish.lastSpeaker)) return wish.lastSpeaker;
  return peopleWithTiles(meeting).find((participant) => participant.id !== meeting.self)?.id ?? meeting.self;
}

function exists(meeting: Meeting, shared: readonly TileItem[], key: string): boolean {
  return meeting.participants.has(key) || shared.some((item) => item.key === key);
}
