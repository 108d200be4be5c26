/** Which way the stream is taken: WHEP first, over to HLS by itself, and what comes next when one of them ends. */

import type { Reason } from "./whep";

export type Way = "whep" | "hls";

export interface Chosen {
  readonly way: Way;
  /** Why it is not WHEP; empty while it is, or where this browser has none. */
  readonly reason: Reason | "";
}

const KEPT = "vikno.live.way";
/** So long somebody whose network or browser could not do it is not made to wait for another try. */
const REMEMBERED_MS = 10 * 60 * 1000;

export class Ways {
  chosen: Chosen;

  constructor(
    private readonly webRtc: boolean,
    private readonly now: () => number = Date.now,
    private readonly store: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null = storage(),
  ) {
    this.chosen = { way: webRtc && !this.failedLately() ? "whep" : "hls", reason: "" };
    if (webRtc && this.chosen.way === "hls") this.chosen = { way: "hls", reason: "network" };
  }

  /** WHEP was refused or has ended: over to HLS. */
  fall(reason: Reason): Chosen {
    this.chosen = { way: "hls", reason };
    if (reason === "network") this.keep(String(this.now()));
    return this.chosen;
  }

  /** Somebody asks for less delay, or something begins anew. */
  again(): Chosen {
    if (this.webRtc) {
      this.keep("");
      this.chosen = { way: "whep", reason: "" };
    }
    return this.chosen;
  }

  /** A stream begins: WHEP is worth a try, unless the network could not carry it lately. */
  begin(): Chosen {
    if (this.chosen.reason !== "network") return this.again();
    return this.chosen;
  }

  /** Whether WHEP could be tried. */
  get mayTry(): boolean {
    return this.webRtc && this.chosen.way === "hls";
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
