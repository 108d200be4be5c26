/** The picture: begins, falls over from WHEP to HLS, begins anew after an interruption. Knows nothing of buttons. */

import { openHls, type HlsPlayer } from "./hls";
import { Ways, type Chosen, type Way } from "./ways";
import { openWhep, PICTURE_MS, WhepError, type Whep } from "./whep";

export type Playing = "idle" | "connecting" | "playing" | "trouble" | "cannot";

const RETRY_MS = 3000;

export class Player {
  playing: Playing = "idle";
  private whep: Whep | null = null;
  private hls: HlsPlayer | null = null;
  /** Rises with every begin and end: what an older one still has to say is not heard. */
  private turn = 0;
  private sound = "floor";
  /** Plays, with sound where the browser allows that. */
  hear: () => void = () => undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  readonly ways: Ways;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly base: string,
    private readonly changed: () => void,
    ways?: Ways,
  ) {
    this.ways = ways ?? new Ways("RTCPeerConnection" in window);
    video.addEventListener("playing", () => this.set("playing"));
    video.addEventListener("ended", () => this.changed());
    video.addEventListener("pause", () => this.whep?.forget());
  }

  get way(): Way {
    return this.ways.chosen.way;
  }

  get chosen(): Chosen {
    return this.ways.chosen;
  }

  /** Begin, or begin anew. */
  async start(): Promise<void> {
    this.stop();
    const turn = ++this.turn;
    this.set("connecting");
    if (this.way === "whep") await this.startWhep(turn);
    else await this.startHls(turn);
  }

  stop(): void {
    this.turn += 1;
    clearTimeout(this.retry);
    this.whep?.close();
    this.hls?.close();
    this.whep = this.hls = null;
    this.video.srcObject = null;
    this.set("idle");
  }

  /** The room's sound comes both ways; the interpreter's by HLS alone. */
  async choose(sound: string): Promise<void> {
    this.sound = sound;
    if (this.hls) this.hls.choose(sound);
    else if (sound !== "floor" && this.way === "whep") {
      this.ways.fall("refused");
      await this.start();
    }
  }

  /** Wall clock of what HLS shows, in ms; null where that is not known. */
  playedAt(): number | null {
    return this.hls?.playedAt() ?? null;
  }

  /** Try without the delay. */
  async again(): Promise<void> {
    this.ways.again();
    await this.start();
  }

  private async startWhep(turn: number): Promise<void> {
    try {
      const opened = await openWhep(this.base, (reason) => void this.fall(turn, reason));
      if (turn !== this.turn) return opened.close();
      this.whep = opened;
      this.video.srcObject = opened.stream;
      this.hear();
      await pictured(this.video);
    } catch (error) {
      await this.fall(turn, error instanceof WhepError ? error.reason : "network");
    }
  }

  private async fall(turn: number, reason: "full" | "refused" | "network"): Promise<void> {
    if (turn !== this.turn) return;
    this.ways.fall(reason);
    await this.start();
  }

  private async startHls(turn: number): Promise<void> {
    try {
      const opened = await openHls(this.video, `${this.base}/index.m3u8`, () => {
        if (turn !== this.turn) return;
        this.set("trouble");
        this.retry = setTimeout(() => void this.start(), RETRY_MS);
      });
      if (turn !== this.turn) return opened.close();
      this.hls = opened;
      opened.choose(this.sound);
      this.hear();
    } catch {
      if (turn === this.turn) this.set("cannot");
    }
  }

  private set(playing: Playing): void {
    if (this.playing === playing) return;
    this.playing = playing;
    this.changed();
  }
}

/** The first picture is there. Rejects with `WhepError` when none comes. */
function pictured(video: HTMLVideoElement): Promise<void> {
  if (video.readyState >= 2) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new WhepError("network", "No picture came.")), PICTURE_MS);
    video.addEventListener("loadeddata", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
