/**
 * The lower rungs of the ladder, for one peer connection: ICE restart, then a wholly new connection, then a full
 * rejoin.
 * The connection's own state drives it; while signaling is down it waits.
 */

export interface RecoverySteps {
  /** New ICE credentials; DTLS lives on. */
  restart(): Promise<void>;
  /** A new connection that carries the same media. */
  rebuild(): Promise<void>;
  /** Nothing helped: leave and join anew. */
  rejoin(): void;
}

/** A connection that only stumbles recovers by itself within this time. */
export const GRACE_MS = 2_000;
/** How long each rung may take until the next is tried; the first connection counts as a rung. */
export const RUNG_MS = 8_000;

export class Recovery {
  private rung = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private state: RTCPeerConnectionState = "new";
  private online = false;

  constructor(private readonly steps: RecoverySteps) {}

  /** Tell the connection's state, at each change. */
  observe(state: RTCPeerConnectionState): void {
    this.state = state;
    if (state === "connected") {
      this.rung = 0;
      this.rest();
    } else if (state === "failed") {
      this.climbAfter(0);
    } else if (state === "disconnected") {
      this.climbAfter(this.rung === 0 ? GRACE_MS : RUNG_MS);
    } else if (state === "connecting") {
      if (this.timer === undefined) this.climbAfter(RUNG_MS);
    } else {
      // Nothing to send or to receive yet, or closed.
      this.rest();
    }
  }

  /** Signaling is there: what waited for it may go on. `moved`: the network has changed meanwhile. */
  signalingBack(moved: boolean): void {
    this.online = true;
    if (this.state === "connected" && moved) this.run(() => this.steps.restart());
    else if (this.state === "disconnected" || this.state === "failed") this.climbAfter(0);
    else this.observe(this.state);
  }

  signalingLost(): void {
    this.online = false;
    this.rest();
  }

  /** Begin anew with the lowest rung, as after a rebuild from outside. */
  reset(): void {
    this.rung = 0;
    this.state = "new";
    this.rest();
  }

  close(): void {
    this.online = false;
    this.state = "closed";
    this.rest();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private climbAfter(wait: number): void {
    this.rest();
    if (!this.online) return;
    this.timer = setTimeout(() => this.climb(), wait);
  }

  private climb(): void {
    this.timer = undefined;
    if (!this.online || this.state === "connected" || this.state === "closed") return;
    this.rung += 1;
    if (this.rung === 1) this.run(() => this.steps.restart());
    else if (this.rung === 2) this.run(() => this.steps.rebuild());
    else {
      this.rung = 0;
      this.steps.rejoin();
      return;
    }
    this.climbAfter(RUNG_MS);
  }

  private run(step: () => Promise<void>): void {
    // A step that fails is followed by the next rung; there is nothing else to do about it here.
    step().catch(() => undefined);
  }
}
