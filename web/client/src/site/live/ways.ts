/**
 * Which way the stream is taken: WHEP first, over to HLS by itself, and back when there is room or the network is good again.
 *
 * Back only after a rehearsal beside what is playing (`player.ts`), and each time later than the last: nobody's picture
 * jumps to and fro.
 */

import type { Reason } from "./whep";

export type Way = "whep" | "hls";

export interface Chosen {
  readonly way: Way;
  /** Why it is not WHEP; `chosen`: the viewer wants it steady. Empty while it is, or where this browser has none. */
  readonly reason: Reason | "chosen" | "";
}

const KEPT = "vikno.live.way";
/** So long somebody whose network or browser could not do it is not made to wait for another try. */
const REMEMBERED_MS = 10 * 60 * 1000;
const STEADY = "steady";
/** Until the first try to come back, by what was wrong; each further one waits twice as long. */
const FIRST_MS: Readonly<Record<Reason, number>> = { full: 20_000, network: 60_000, refused: Infinity };
const LONGEST_MS = 10 * 60 * 1000;
/** Who has stayed with WHEP for so long begins to count anew when it ends. */
const PROVEN_MS = 5 * 60 * 1000;
/** A pause is longer or shorter by up to this share, so that those who were refused together do not all come back together. */
const SPREAD = 0.25;

export class Ways {
  chosen: Chosen;
  private falls = 0;
  private due = Infinity;
  private since = 0;

  constructor(
    private readonly webRtc: boolean,
    private readonly now: () => number = Date.now,
    private readonly store: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null = storage(),
    private readonly random: () => number = Math.random,
  ) {
    this.since = now();
    this.chosen = { way: webRtc ? "whep" : "hls", reason: "" };
    if (!webRtc) return;
    if (this.read() === STEADY) this.chosen = { way: "hls", reason: "chosen" };
    else if (this.failedLately()) this.later("network");
  }

  /** WHEP was refused or has ended: over to HLS. */
  fall(reason: Reason): Chosen {
    if (this.chosen.way === "whep" && this.now() - this.since >= PROVEN_MS) this.falls = 0;
    if (reason === "network") this.keep(String(this.now()));
    return this.later(reason);
  }

  /** Somebody asks for less delay, or something begins anew. */
  again(): Chosen {
    if (this.webRtc) {
      this.keep("");
      this.falls = 0;
      this.live();
    }
    return this.chosen;
  }

  /** Somebody wants a steady picture rather than a quick one: that holds until they say otherwise. */
  steady(): Chosen {
    this.keep(STEADY);
    this.chosen = { way: "hls", reason: "chosen" };
    return this.chosen;
  }

  /** A stream begins: WHEP is worth a try, unless the network could not carry it lately, or the viewer does not want it. */
  begin(): Chosen {
    if (this.chosen.reason !== "network" && this.chosen.reason !== "chosen") return this.again();
    return this.chosen;
  }

  /** Whether it is time to see if WHEP works again. */
  get ripe(): boolean {
    return this.webRtc && this.chosen.way === "hls" && this.now() >= this.due;
  }

  /** A rehearsal did not go well, for this reason, or was not seen to its end: later. */
  notNow(reason: Reason | null): Chosen {
    if (this.chosen.reason === "chosen" || this.chosen.reason === "") return this.chosen;
    return this.later(reason ?? this.chosen.reason);
  }

  /** A rehearsal went well: back to WHEP. */
  returned(): Chosen {
    this.keep("");
    return this.live();
  }

  /** Whether the viewer may choose between the two. */
  get mayTry(): boolean {
    return this.webRtc;
  }

  private live(): Chosen {
    this.since = this.now();
    this.due = Infinity;
    this.chosen = { way: "whep", reason: "" };
    return this.chosen;
  }

  private later(reason: Reason): Chosen {
    const pause = Math.min(FIRST_MS[reason] * 2 ** this.falls, reason === "refused" ? Infinity : LONGEST_MS);
    this.falls += 1;
    this.due = this.now() + pause * (1 + SPREAD * (2 * this.random() - 1));
    this.chosen = { way: "hls", reason };
    return this.chosen;
  }

  private failedLately(): boolean {
    const at = Number(this.read());
    return at > 0 && this.now() - at < REMEMBERED_MS;
  }

  private read(): string {
    try {
      return this.store?.getItem(KEPT) ?? "";
    } catch {
      return "";
    }
  }

  private keep(value: string): void {
    try {
      if (value) this.store?.setItem(KEPT, value);
      else this.store?.removeItem(KEPT);
    } catch {
      // Private windows keep nothing: then the next page tries once more.
    }
  }
}

function storage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
