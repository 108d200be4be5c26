/** Loudness of a microphone, for the meter before joining and the hint "you are muted". */
import { signal, type ReadonlySignal } from "@preact/signals";

const EVERY_MS = 60;
/** Level in dBFS that fills the meter; speech at arm's length lies at -30 to -20. */
const FLOOR_DB = -60;
const CEILING_DB = -12;

/** 0 to 1 for the meter, from samples in [-1, 1]. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}

export class Meter {
  private readonly shown = signal(0);
  private context: AudioContext | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** 0 silent, 1 loud. */
  get level(): ReadonlySignal<number> {
    return this.shown;
  }

  /** Measure this track, or nothing. */
  listen(track: MediaStreamTrack | null): void {
    this.stop();
    if (!track) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.context = context;
    this.timer = setInterval(() => {
      // Browsers suspend a context made before the first gesture.
      if (context.state === "suspended") context.resume().catch(() => undefined);
      analyser.getFloatTimeDomainData(samples);
      this.shown.value = Math.max(loudness(samples), this.shown.peek() * 0.8);
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.context?.close().catch(() => undefined);
    this.context = null;
    this.shown.value = 0;
  }
}
