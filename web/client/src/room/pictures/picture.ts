/** A still picture of a video, and how it is sent to the occurrence's file. */
import { roomUrl, type RoomConfig } from "../config";
import type { ShownSource } from "../stage/tiles";

const TIMEOUT_MS = 30_000;
const FRAME_WITHIN_MS = 5_000;
/** As much as the server takes. */
const MOST_BYTES = 8 * 1024 * 1024;
const QUALITIES = [0.92, 0.8, 0.6] as const;
export const LONGEST_CAPTION = 300;

export interface Still {
  readonly canvas: HTMLCanvasElement;
  readonly participant: string;
  readonly source: ShownSource;
  /** What the caption begins with. */
  readonly caption: string;
}

/** The web process said no, in words for the person. */
export class PictureRefused extends Error {}

/** Draw what a video shows now, every pixel that was received. Null while it shows nothing. */
export function drawn(video: HTMLVideoElement): HTMLCanvasElement | null {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return null;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return canvas;
}

/** The next frame of a track that no element shows, such as the own screen. Null when none comes in time. */
export async function nextFrame(track: MediaStreamTrack): Promise<HTMLCanvasElement | null> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  const frame = new Promise<void>((come) => video.addEventListener("loadeddata", () => come(), { once: true }));
  const tired = new Promise<void>((pass) => setTimeout(pass, FRAME_WITHIN_MS));
  try {
    video.play().catch(() => undefined);
    await Promise.race([frame, tired]);
    return drawn(video);
  } finally {
    video.srcObject = null;
  }
}

/** As a JPEG that the server takes. `encode`: the canvas at a quality. */
export async function compressed(encode: (quality: number) => Promise<Blob | null>): Promise<Blob> {
  for (const quality of QUALITIES) {
    const blob = await encode(quality);
    if (blob && blob.size <= MOST_BYTES) return blob;
  }
  throw new PictureRefused();
}

export function jpegOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return compressed((quality) => new Promise((done) => canvas.toBlob(done, "image/jpeg", quality)));
}

/** Put it into the occurrence's file. Throws `PictureRefused`, or whatever `fetch` throws when nobody answers. */
export async function sendPicture(
  config: RoomConfig,
  by: string,
  still: Still,
  picture: Blob,
  caption: string,
  room: string = config.meeting,
): Promise<void> {
  const form = new FormData();
  form.set("by", by);
  form.set("participant", still.participant);
  form.set("source", still.source);
  form.set("caption", caption.trim());
  form.set("picture", picture, "picture.jpg");
  const response = await fetch(roomUrl(config, config.picturesUrl, room), {
    method: "POST",
    headers: { "X-CSRF-Token": config.csrf, Accept: "application/json" },
    body: form,
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return;
  const body: unknown = await response.json().catch(() => null);
  const detail = typeof body === "object" && body !== null && "detail" in body ? body.detail : "";
  throw new PictureRefused(typeof detail === "string" ? detail : "");
}
