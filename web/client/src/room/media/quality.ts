/** How good one's own line is, from the statistics of both peer connections. */

export interface LineSample {
  /** Share of packets lost in the last interval, 0 to 1. */
  readonly loss: number;
  /** Round trip, milliseconds; null while unknown. */
  readonly roundTrip: number | null;
}

/** 1 bad, 2 fair, 3 good. Voice suffers audibly from about 5 % of loss or half a second of delay. */
export function score({ loss, roundTrip }: LineSample): number {
  const delay = roundTrip ?? 0;
  if (loss > 0.08 || delay > 600) return 1;
  if (loss > 0.025 || delay > 300) return 2;
  return 3;
}

interface Counts {
  readonly received: number;
  readonly lost: number;
}

/** Turns successive reports into samples. */
export class LineWatch {
  private before: Counts | null = null;

  sample(publish: RTCStatsReport | null, subscribe: RTCStatsReport | null): LineSample {
    const counts = received(subscribe);
    const before = this.before ?? counts;
    this.before = counts;
    const lost = Math.max(0, counts.lost - before.lost);
    const arrived = Math.max(0, counts.received - before.received);
    const down = lost + arrived > 0 ? lost / (lost + arrived) : 0;
    return { loss: Math.max(down, sentLoss(publish)), roundTrip: roundTrip(publish) ?? roundTrip(subscribe) };
  }
}

function received(report: RTCStatsReport | null): Counts {
  let counts: Counts = { received: 0, lost: 0 };
  report?.forEach((entry: RTCInboundRtpStreamStats) => {
    if (entry.type !== "inbound-rtp") return;
    counts = {
      received: counts.received + (entry.packetsReceived ?? 0),
      lost: counts.lost + (entry.packetsLost ?? 0),
    };
  });
  return counts;
}

function sentLoss(report: RTCStatsReport | null): number {
  let worst = 0;
  report?.forEach((entry: { type: string; fractionLost?: number }) => {
    if (entry.type === "remote-inbound-rtp") worst = Math.max(worst, entry.fractionLost ?? 0);
  });
  return worst;
}

function roundTrip(report: RTCStatsReport | null): number | null {
  let found: number | null = null;
  report?.forEach((entry: RTCIceCandidatePairStats) => {
    if (entry.type === "candidate-pair" && entry.nominated && entry.currentRoundTripTime !== undefined) {
      found = entry.currentRoundTripTime * 1000;
    }
  });
  return found;
}
