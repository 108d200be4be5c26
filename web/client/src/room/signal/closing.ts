/** What each closing code asks of the client. `docs/protocol.md` says the same in prose. */

export type Reaction =
  /** The same line may come back: try again by itself. */
  | "again"
  /** The token is of no use any more: try again with a fresh one, once. */
  | "fresh-token"
  /** Only a press of the person may try again. */
  | "ask"
  /** It is over. */
  | "over";

const REACTIONS: Readonly<Record<string, Reaction>> = {
  removed: "over",
  banned: "over",
  seat_cancelled: "over",
  invitation_withdrawn: "over",
  link_withdrawn: "over",
  account_disabled: "over",
  endpoint_disconnected: "over",
  denied: "over",
  ended: "over",
  replaced: "ask",
  already_joined: "ask",
  locked: "ask",
  full: "ask",
  storage_full: "ask",
  version: "ask",
  wrong_meeting: "over",
  not_allowed: "over",
  group_over: "over",
  unknown_meeting: "fresh-token",
  bad_token: "fresh-token",
  token_expired: "fresh-token",
};

/** Codes that are not named come from trouble on the way, which passes. */
export function reactionTo(code: string): Reaction {
  return REACTIONS[code] ?? "again";
}
