/**
 * `window.__vikno`: what the room knows, for tests and for support. Read-only; it can do nothing that the page
 * cannot show.
 *
 * - `self`: own participant id, or null outside the meeting
 * - `groups`: the groups as this client sees them, or null; `room`: the meeting of the room we are in
 * - `phase`: `prejoin`, `joining`, `lobby`, `in`, `over`
 * - `connections`: `signal` (`idle`, `connecting`, `open`, `retry`, `closed`), `publish` and `subscribe`
 *   (RTCPeerConnectionState)
 * - `roundTrip`: of the last ping, ms
 * - `participants`: as the signaling messages have them, in order of arrival
 * - `publications`: source → id of what this client sends
 * - `incoming`: what arrives: publication, participant, source, mid and the state of its track
 * - `inbound(publication)`: promise of the `inbound-rtp` statistics of one incoming publication, or null
 * - `outbound(source)`: promise of the `outbound-rtp` statistics of one own source, or null
 * - `speaker`, `quality`, `hands`, `undecodable` (publications)
 * - `publishConnection`, `subscribeConnection`: for `getStats()`
 */
import type { GroupsSeen, Participant, Source } from "../generated/messages";
import type { Session } from "./session";

export interface Vikno {
  readonly self: string | null;
  readonly phase: string;
  readonly connections: { readonly signal: string; readonly publish: string; readonly subscribe: string };
  readonly roundTrip: number | null;
  readonly room: string;
  readonly groups: GroupsSeen | null;
  readonly participants: readonly Participant[];
  readonly publications: Readonly<Record<string, string>>;
  readonly incoming: readonly {
    readonly publication: string;
    readonly participant: string;
    readonly source: Source;
    readonly mid: string;
    readonly muted: boolean;
  }[];
  readonly speaker: string | null;
  readonly quality: Readonly<Record<string, number>>;
  readonly hands: readonly string[];
  readonly undecodable: readonly string[];
  readonly publishConnection: RTCPeerConnection | null;
  readonly subscribeConnection: RTCPeerConnection | null;
  inbound(publication: string): Promise<RTCInboundRtpStreamStats | null>;
  outbound(source: Source): Promise<RTCOutboundRtpStreamStats | null>;
}

declare global {
  interface Window {
    __vikno?: Vikno;
  }
}

export function expose(session: Session): void {
  window.__vikno = handle(session);
}

function handle(session: Session): Vikno {
  return {
    get self() {
      return session.meeting.value?.self ?? null;
    },
    get phase() {
      return session.phase.value;
    },
    get connections() {
      return {
        signal: session.connection.line.value.kind,
        publish: session.publisher.state.value,
        subscribe: session.subscriber.state.value,
      };
    },
    get roundTrip() {
      return session.connection.roundTrip;
    },
    get room() {
      return session.room.value;
    },
    get groups() {
      return session.meeting.value?.groups ?? null;
    },
    get participants() {
      return [...(session.meeting.value?.participants.values() ?? [])];
    },
    get publications() {
      return Object.fromEntries(session.publisher.publications.value);
    },
    get incoming() {
      return [...session.subscriber.incoming.value.values()].map(
        ({ track, publication, participant, source, mid }) => ({
          publication,
          participant,
          source,
          mid,
          muted: track.muted,
        }),
      );
    },
    get speaker() {
      return session.meeting.value?.speaker ?? null;
    },
    get quality() {
      return Object.fromEntries(session.meeting.value?.quality ?? []);
    },
    get hands() {
      return session.meeting.value?.hands ?? [];
    },
    get undecodable() {
      return [...(session.meeting.value?.undecodable ?? [])];
    },
    get publishConnection() {
      return session.publisher.connection;
    },
    get subscribeConnection() {
      return session.subscriber.connection;
    },
    inbound: async (publication) =>
      find<RTCInboundRtpStreamStats>(await session.subscriber.report(publication), "inbound-rtp"),
    outbound: async (source) =>
      find<RTCOutboundRtpStreamStats>(await session.publisher.reportOf(source), "outbound-rtp"),
  };
}

function find<Stats extends RTCStats>(report: RTCStatsReport | null, type: string): Stats | null {
  let found: Stats | null = null;
  report?.forEach((entry: Stats) => {
    if (entry.type === type) found = entry;
  });
  return found;
}
