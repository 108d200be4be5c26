/** Whether the network carries the stream by WebRTC: from what the browser counts each two seconds, with hysteresis. */

/** Totals of the picture since the connection began (W3C webrtc-stats, RTCInboundRtpStreamStats). */
export interface Counted {
  readonly at: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  readonly totalFreezesDuration: number;
}

/** Share of packets that did not come, above which people see it. */
export const LOSS = 0.06;
/** Seconds of standing pictures in a second. */
export const FROZEN = 0.25;
/** Bad looks in a row, about, until the way is left: one every two seconds. A good look makes up for half a bad one. */
export const PATIENCE = 3;

export function isBad(before: Counted, now: Counted): boolean {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const came = Math.max(0, now.packetsReceived - before.packetsReceived);
  if (now.framesDecoded <= before.framesDecoded) return true;
  if (lost / Math.max(1, lost + came) > LOSS) return true;
  return (now.totalFreezesDuration - before.totalFreezesDuration) / seconds > FROZEN;
}

export class Health {
  private before: Counted | null = null;
  private bad = 0;
  /** Good looks since the last bad one. */
  good = 0;

  /** Take one look; true when the way is to be left. */
  look(now: Counted): boolean {
    const before = this.before;
    this.before = now;
    if (!before) return false;
    const bad = isBad(before, now);
    this.good = bad ? 0 : this.good + 1;
    this.bad = bad ? this.bad + 1 : Math.max(0, this.bad - 0.5);
    return this.bad >= PATIENCE;
  }

  /** The page was hidden or paused: what was counted meanwhile says nothing. */
  forget(): void {
    this.before = null;
    this.bad = 0;
  }
}

/** The picture's counters in a report. */
export function counted(report: Iterable<unknown>): Counted | null {
  for (const each of report) {
    const one = each as Record<string, unknown>;
    if (one["type"] !== "inbound-rtp" || one["kind"] !== "video") continue;
    const number = (name: string): number => (typeof one[name] === "number" ? (one[name] as number) : 0);
    return {
      at: number("timestamp"),
      packetsReceived: number("packetsReceived"),
      packetsLost: number("packetsLost"),
      framesDecoded: number("framesDecoded"),
      totalFreezesDuration: number("totalFreezesDuration"),
    };
  }
  return null;
}
