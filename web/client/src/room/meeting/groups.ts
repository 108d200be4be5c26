/** Groups of the meeting: what they are called, when somebody is asked to go, when one goes back by oneself. Pure. */
import type { GroupSeen, GroupsSeen, Problem } from "../../generated/messages";

export function groupTitle(group: GroupSeen): string {
  return group.name ? `${group.number}. ${group.name}` : String(group.number);
}

/** The group with this number, if we may know of it. */
export function groupOf(groups: GroupsSeen | null, number: number | null): GroupSeen | null {
  return groups?.rooms.find((room) => room.number === number) ?? null;
}

export interface GroupOffer {
  /** The same for as long as it is the same question. */
  readonly key: string;
  /** The own group; null for who may choose one. */
  readonly mine: GroupSeen | null;
}

/** What to ask somebody in the main room; null when there is nothing to ask. */
export function offerOf(groups: GroupsSeen | null): GroupOffer | null {
  if (!groups?.open || groups.here !== null || groups.closes_at !== null) return null;
  const mine = groupOf(groups, groups.mine);
  if (mine) return { key: mine.meeting, mine };
  return groups.mine === null && groups.choose && groups.rooms.length > 0 ? { key: "choose", mine: null } : null;
}

/** Who was sent away, or was in a meeting that is over, does not go back to the main room; everybody else does. */
const FINAL: ReadonlySet<string> = new Set([
  "removed",
  "banned",
  "seat_cancelled",
  "invitation_withdrawn",
  "link_withdrawn",
  "account_disabled",
  "endpoint_disconnected",
  "replaced",
  "ended",
  "already_joined",
  "version",
]);

export function leadsHome(problem: Problem | null): boolean {
  return problem !== null && !FINAL.has(problem.code);
}

/** Whole seconds until groups close; null while nobody has closed them. */
export function secondsLeft(groups: GroupsSeen | null, nowMs: number): number | null {
  if (!groups?.open || groups.closes_at === null) return null;
  return Math.max(0, Math.ceil(groups.closes_at - nowMs / 1000));
}
