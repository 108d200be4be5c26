/** Takes the stream by HLS: a few seconds old, through any network. By hls.js where the browser has no HLS of its own. */

import type Hls from "hls.js";

export interface HlsPlayer {
  /** `floor` or `interpretation`, as the playlist names them. */
  choose(sound: string): void;
  /** Wall clock of the picture (EXT-X-PROGRAM-DATE-TIME), ms; null where it is not known. */
  playedAt(): number | null;
  /** Whether it shows the newest that there is, and nothing is missing: not what somebody went back to. */
  readonly atEdge: boolean;
  close(): void;
}

const NATIVE = "application/vnd.apple.mpegurl";
/** Who is more than so far behind what a player aims at has gone back, or is stuck. */
const EDGE_S = 8;
/** Where a track of the playlist leads: the composer names files by what they hold. */
const SOUND = /(floor|interpretation)\.m3u8/;

export function playsNatively(video: HTMLVideoElement): boolean {
  return video.canPlayType(NATIVE) !== "" && !canUseMse();
}

function canUseMse(): boolean {
  return "MediaSource" in window || "ManagedMediaSource" in window;
}

/** Begin; `lost` is called when nothing comes for good. Rejects where this browser cannot play it at all. */
export async function openHls(video: HTMLVideoElement, playlist: string, lost: () => void): Promise<HlsPlayer> {
  if (!canUseMse()) return openNatively(video, playlist, lost);
  const { default: Library, Events, ErrorTypes } = await import("hls.js");
  if (!Library.isSupported()) return openNatively(video, playlist, lost);
  const hls = new Library({
    // Segments need no remuxing, so a worker would save nothing, and our policy allows none made of text.
    enableWorker: false,
    liveSyncDurationCount: 2,
    liveMaxLatencyDurationCount: 8,
    maxLiveSyncPlaybackRate: 1.1,
    backBufferLength: 60,
    capLevelToPlayerSize: true,
    // Captions are shown by the page, in one way for both ways of taking the stream.
    renderTextTracksNatively: false,
    enableWebVTT: false,
  });
  let wanted = "floor";
  hls.on(Events.AUDIO_TRACKS_UPDATED, () => switchTo(hls, wanted));
  let failures = 0;
  hls.on(Events.ERROR, (_event, error) => {
    if (!error.fatal) return;
    failures += 1;
    if (failures > 5) {
      hls.destroy();
      lost();
    } else if (error.type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else setTimeout(() => hls.startLoad(), 1000);
  });
  hls.on(Events.FRAG_BUFFERED, () => (failures = 0));
  hls.loadSource(playlist);
  hls.attachMedia(video);
  return {
    choose(sound) {
      wanted = sound;
      switchTo(hls, sound);
    },
    playedAt: () => hls.playingDate?.getTime() ?? null,
    get atEdge() {
      return video.readyState >= 3 && hls.latency > 0 && hls.latency < (hls.targetLatency ?? 0) + EDGE_S;
    },
    close: () => hls.destroy(),
  };
}

function switchTo(hls: Hls, sound: string): void {
  const place = hls.audioTracks.findIndex((track) => SOUND.exec(track.url)?.[1] === sound);
  if (place >= 0 && hls.audioTrack !== place) hls.audioTrack = place;
}

interface NativeTracks {
  readonly length: number;
  [place: number]: { label: string; enabled: boolean };
}

async function openNatively(video: HTMLVideoElement, playlist: string, lost: () => void): Promise<HlsPlayer> {
  if (video.canPlayType(NATIVE) === "") throw new Error("This browser plays no HLS.");
  video.addEventListener("error", lost, { once: true });
  video.src = playlist;
  return {
    choose(sound) {
      const tracks = (video as unknown as { audioTracks?: NativeTracks }).audioTracks;
      if (!tracks) return;
      const place = sound === "interpretation" ? 1 : 0;
      for (let each = 0; each < tracks.length; each += 1) {
        const track = tracks[each];
        if (track) track.enabled = each === place;
      }
    },
    playedAt() {
      const start = (video as unknown as { getStartDate?: () => Date }).getStartDate?.().getTime();
      return start === undefined || Number.isNaN(start) ? null : start + video.currentTime * 1000;
    },
    get atEdge() {
      const { seekable } = video;
      return video.readyState >= 3 && seekable.length > 0 && seekable.end(seekable.length - 1) - video.currentTime < 2 * EDGE_S;
    },
    close() {
      video.removeEventListener("error", lost);
      video.removeAttribute("src");
      video.load();
    },
  };
}
