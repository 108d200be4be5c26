/** The picture: begins, falls over from WHEP to HLS and comes back, begins anew after an interruption. Knows nothing of buttons. */

import { openHls, type HlsPlayer } from "./hls";
import { Ways, type Chosen, type Way } from "./ways";
import { openWhep, PICTURE_MS, WhepError, type Reason, type Whep } from "./whep";

export type Playing = "idle" | "connecting" | "playing" | "trouble" | "cannot";

const RETRY_MS = 3000;
/** Good looks in a row until a rehearsal has gone well. */
const REHEARSED = 4;
/** So long a pause in speech is waited for, so that nobody is cut short; then it goes over all the same. */
const PAUSE_MS = 15_000;
/** A rehearsal that has not gone well by then is given up: both ways at once cost twice. */
const LONGEST_MS = 45_000;
const TICK_MS = 200;

export class Player {
  playing: Playing = "idle";
  private whep: Whep | null = null;
  private hls: HlsPlayer | null = null;
  /** Rises with every begin and end: what an older one still has to say is not heard. */
  private turn = 0;
  private sound = "floor";
  private rehearsing = false;
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

  /** `floor` is the room, `interpretation` the interpreter over it. */
  async choose(sound: string): Promise<void> {
    if (sound === this.sound) return;
    this.sound = sound;
    if (this.hls) this.hls.choose(sound);
    else if (this.playing !== "idle") await this.start();
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

  /** Stay with HLS, for a steady picture. */
  async steady(): Promise<void> {
    this.ways.steady();
    await this.start();
  }

  /**
   * To be called every few seconds while it plays: whether there is room again, or the network is good again, is tried
   * beside what is playing, which nobody notices. Not while the viewer has gone back in time or looks elsewhere.
   */
  async consider(): Promise<void> {
    if (this.rehearsing || !this.ways.ripe || this.playing !== "playing" || !this.present()) return;
    this.rehearsing = true;
    try {
      await this.rehearse(this.turn);
    } finally {
      this.rehearsing = false;
    }
  }

  private present(): boolean {
    return !document.hidden && !this.video.paused && this.hls?.atEdge === true;
  }

  private async rehearse(turn: number): Promise<void> {
    const trial = document.createElement("video");
    trial.muted = true;
    let on = turn;
    let opened: Whep | null = null;
    let lost: Reason | null = null;
    try {
      const { sound } = this;
      opened = await openWhep(this.base, sound, (reason) => {
        lost = reason;
        if (on !== turn) void this.fall(on, reason);
      });
      trial.srcObject = opened.stream;
      void trial.play().catch(() => undefined);
      await pictured(trial);
      const ends = Date.now() + LONGEST_MS;
      const going = (): boolean =>
        turn === this.turn && lost === null && sound === this.sound && this.present() && Date.now() < ends;
      for (let waited = 0; going() && (opened.good < REHEARSED || (!opened.quiet && waited < PAUSE_MS)); ) {
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
        if (opened.good >= REHEARSED) waited += TICK_MS;
      }
      if (!going()) {
        opened.close();
        if (turn === this.turn) this.ways.notNow(lost);
        return;
      }
      on = ++this.turn;
      this.hls?.close();
      this.hls = null;
      this.whep = opened;
      this.ways.returned();
      this.video.srcObject = opened.stream;
      this.hear();
      this.changed();
    } catch (error) {
      opened?.close();
      if (turn === this.turn) this.ways.notNow(error instanceof WhepError ? error.reason : "network");
    } finally {
      trial.srcObject = null;
    }
  }

  private async startWhep(turn: number): Promise<void> {
    try {
      const opened = await openWhep(this.base, this.sound, (reason) => void this.fall(turn, reason));
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
