/** Tells the node which videos are in sight and which language is heard. Changes within a moment are told together. */
import type { WantedVideo } from "../../generated/messages";
import type { Ask } from "../signal/protocol";
import { sameWish, wantedVideos } from "../stage/wanted";

const SETTLE_MS = 120;

export class Receiving {
  private told: readonly WantedVideo[] | null = null;
  private inSight: ReadonlyMap<string, number> = new Map();
  private existing: ReadonlySet<string> = new Set();
  private channel: string | null = null;
  private toldChannel: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ask: Ask) {}

  /** @param inSight publication → height of its tile, CSS pixels */
  show(inSight: ReadonlyMap<string, number>, existing: ReadonlySet<string>): void {
    this.inSight = inSight;
    this.existing = existing;
    this.later();
  }

  /** Hear interpreters into this language; null: none. */
  listen(channel: string | null): void {
    if (channel === this.channel) return;
    this.channel = channel;
    this.later();
  }

  /** The node may have forgotten: tell all of it again. */
  repeat(): void {
    this.told = null;
    this.later();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.told = null;
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tell(), SETTLE_MS);
  }

  private async tell(): Promise<void> {
    const videos = wantedVideos(this.inSight, this.told ?? [], this.existing, devicePixelRatio);
    const { channel } = this;
    if (this.told !== null && sameWish(this.told, videos) && channel === this.toldChannel) return;
    this.told = videos;
    this.toldChannel = channel;
    await this.ask<"receive">({ type: "receive", videos, audio: true, channel }).catch(() => {
      // Told again after the line is back; a refusal concerns somebody who has just left.
      this.told = null;
    });
  }
}
