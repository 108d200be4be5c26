/** What an interpreter and a host do about languages. */
import { order, tried } from "../actions";
import type { Session } from "../session";

export interface Way {
  readonly source: string;
  readonly into: string;
}

/** From and into which language one interprets from now on; null: no longer. */
export function interpret(session: Session, way: Way | null): Promise<boolean> {
  const { source, into } = way ?? { source: null, into: null };
  return tried(session, session.connection.ask<"interpret">({ type: "interpret", source, into }));
}

/** Take over from whoever of the booth is on the air, or hand over. */
export function air(session: Session, take: boolean): Promise<boolean> {
  return tried(session, session.connection.ask<"air">({ type: "air", take }));
}

/** A host lets somebody interpret. */
export function assign(session: Session, participant: string, way: Way | null): Promise<boolean> {
  const { source, into } = way ?? { source: null, into: null };
  return order(session, { do: "interpreter", participant, source, into });
}

/** A host says into which languages the room is interpreted. */
export function offer(session: Session, channels: readonly string[]): Promise<boolean> {
  return order(session, { do: "set", channels: [...channels] });
}
