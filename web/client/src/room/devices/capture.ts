/** One device that is captured: the camera or the microphone. */
import { signal } from "@preact/signals";
import { problemOf, type DeviceProblem } from "./problems";

export interface CaptureState {
  /** Whether the person wants to be seen or heard. */
  readonly on: boolean;
  readonly track: MediaStreamTrack | null;
  readonly problem: DeviceProblem | null;
  readonly busy: boolean;
}

export interface CaptureTools {
  /** Opens the device, or the browser's default when it is not there. */
  open(deviceId: string): Promise<MediaStreamTrack>;
  /**
   * A camera is let go while it is off, so that its light goes out; a microphone stays open, so that it is back at
   * once.
   */
  releaseWhenOff: boolean;
}

export class Capture {
  readonly state = signal<CaptureState>({ on: false, track: null, problem: null, busy: false });
  private turn = 0;

  constructor(
    private readonly tools: CaptureTools,
    public deviceId: string,
  ) {}

  async turnOn(): Promise<void> {
    const { track } = this.state.value;
    if (track && track.readyState === "live") {
      track.enabled = true;
      this.set({ on: true, problem: null });
      return;
    }
    await this.open(true);
  }

  turnOff(): void {
    this.turn += 1;
    const { track } = this.state.value;
    if (this.tools.releaseWhenOff) {
      stop(track);
      this.set({ on: false, track: null, busy: false });
    } else {
      if (track) track.enabled = false;
      this.set({ on: false, busy: false });
    }
  }

  /** Change the device; what is on stays on. */
  async choose(deviceId: string): Promise<void> {
    this.deviceId = deviceId;
    await this.reopen();
  }

  /** Open the device anew, with changed settings. */
  async reopen(): Promise<void> {
    const { on, track } = this.state.value;
    if (on || track) await this.open(on);
  }

  close(): void {
    this.turn += 1;
    stop(this.state.value.track);
    this.set({ on: false, track: null, busy: false });
  }

  private async open(on: boolean): Promise<void> {
    const turn = ++this.turn;
    const before = this.state.value.track;
    this.set({ busy: true, problem: null });
    try {
      const track = await this.tools.open(this.deviceId);
      if (turn !== this.turn) {
        track.stop();
        return;
      }
      track.enabled = on;
      track.onended = () => void this.lost(track);
      this.set({ on, track, busy: false });
      stop(before);
    } catch (error) {
      if (turn === this.turn) this.set({ on: false, track: null, problem: problemOf(error), busy: false });
    }
  }

  /** The device was unplugged, or the permission taken back: go on with another one if there is one. */
  private async lost(track: MediaStreamTrack): Promise<void> {
    if (this.state.value.track !== track) return;
    const { on } = this.state.value;
    this.deviceId = "";
    this.set({ track: null });
    await this.open(on);
    if (this.state.value.problem) this.set({ problem: "unplugged" });
  }

  private set(part: Partial<CaptureState>): void {
    this.state.value = { ...this.state.value, ...part };
  }
}

function stop(track: MediaStreamTrack | null): void {
  if (!track) return;
  track.onended = null;
  track.stop();
}
