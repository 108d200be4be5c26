/** The second camera: it shows a thing on the table beside the person. */
import { signal } from "@preact/signals";
import { recall, remember } from "./choice";
import { secondCameraConstraints } from "./constraints";
import type { Device } from "./local";

/** Cameras that may be the second one: all but the one that shows the person. */
export function secondCameras(cameras: readonly Device[], own: string): readonly Device[] {
  return cameras.filter(({ id }) => id !== own);
}

/** The one to begin with: the one of last time if it is there, else the last that was plugged in. */
export function firstChoice(candidates: readonly Device[], remembered: string): string {
  const known = candidates.find(({ id }) => id === remembered);
  return (known ?? candidates.at(-1))?.id ?? "";
}

export class SecondCamera {
  /** What everybody is shown; null while nothing is. */
  readonly track = signal<MediaStreamTrack | null>(null);
  /** The device went away while it was shown. */
  lost: () => void = () => undefined;

  get remembered(): string {
    return recall().secondCamera;
  }

  /** Open a device to look at it before it is shown. Throws what `getUserMedia` throws. */
  async open(deviceId: string): Promise<MediaStreamTrack> {
    const stream = await navigator.mediaDevices.getUserMedia({ video: secondCameraConstraints(deviceId) });
    const track = stream.getVideoTracks()[0];
    if (!track) throw new DOMException("The stream has no track.", "NotFoundError");
    track.contentHint = "detail";
    return track;
  }

  /** Show it to everybody, and begin with it next time. */
  show(track: MediaStreamTrack): void {
    if (track !== this.track.value) this.stop();
    remember({ secondCamera: track.getSettings().deviceId ?? "" });
    track.onended = () => {
      if (this.track.value !== track) return;
      this.track.value = null;
      this.lost();
    };
    this.track.value = track;
  }

  stop(): void {
    const track = this.track.value;
    if (!track) return;
    track.onended = null;
    track.stop();
    this.track.value = null;
  }
}
