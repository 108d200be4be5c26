/** What there is to show, and what of it is large. Pure. */
import type { Participant } from "../../generated/messages";
import type { Meeting } from "../meeting/state";
import { publicationOf } from "../meeting/state";

export interface TileItem {
  /** Participant id, or `screen:` and participant id. */
  readonly key: string;
  readonly participant: string;
  readonly source: "camera" | "screen";
}

export const screenKey = (participant: string): string => `screen:${participant}`;

/** Everybody who has a place among the pictures: viewers and services that send nothing have none. */
export function peopleWithTiles(meeting: Meeting): readonly Participant[] {
  return [...meeting.participants.values()].filter(
    (participant) =>
      participant.id === meeting.self || participant.role !== "viewer" || participant.publications.length > 0,
  );
}

/** Shared screens, the newest last. */
export function screens(meeting: Meeting): readonly TileItem[] {
  return [...meeting.participants.values()]
    .filter((participant) => publicationOf(participant, "screen") !== undefined)
    .map((participant) => ({ key: screenKey(participant.id), participant: participant.id, source: "screen" }));
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
 * Key of the tile that is shown large, or null for the grid. Own pin, then everybody's pin, then a screen, then
 * the speaker.
 */
export function onStage(meeting: Meeting, wish: StageWish): string | null {
  const shared = screens(meeting);
  if (wish.pinned !== null && exists(meeting, shared, wish.pinned)) return wish.pinned;
  const spotlight = meeting.state.spotlight;
  if (spotlight !== null && meeting.participants.has(spotlight)) {
    const theirs = shared.find((screen) => screen.participant === spotlight);
    return theirs?.key ?? spotlight;
  }
  // Who shares a screen looks at the people, not at the own screen again.
  const newest = shared.findLast((screen) => screen.participant !== meeting.self);
  if (newest && !wish.screenInGrid) return newest.key;
  if (wish.layout === "grid") return null;
  if (wish.lastSpeaker !== null && meeting.participants.has(wish.lastSpeaker)) return wish.lastSpeaker;
  return peopleWithTiles(meeting).find((participant) => participant.id !== meeting.self)?.id ?? meeting.self;
}

function exists(meeting: Meeting, shared: readonly TileItem[], key: string): boolean {
  return meeting.participants.has(key) || shared.some((screen) => screen.key === key);
}
