/**
 * Which videos the node should send: what is in sight, at the size of its tile; what was lately in sight is only
 * paused.
 */
import type { WantedVideo } from "../../generated/messages";

/** Sections that are kept though out of sight, so that turning a page back shows pictures at once. */
const KEPT_PAUSED = 24;

/**
 * @param inSight  publication → height of its tile, CSS pixels
 * @param before   what was wanted until now
 * @param existing publications that there are
 */
export function wantedVideos(
  inSight: ReadonlyMap<string, number>,
  before: readonly WantedVideo[],
  existing: ReadonlySet<string>,
  pixelRatio: number,
): WantedVideo[] {
  const seen = [...inSight].map(([publication, height]) => ({
    publication,
    paused: false,
    height: Math.min(2160, Math.round(height * Math.min(2, pixelRatio))),
  }));
  const paused = before
    .filter(({ publication }) => existing.has(publication) && !inSight.has(publication))
    .slice(0, KEPT_PAUSED)
    .map((video) => ({ ...video, paused: true }));
  return [...seen, ...paused];
}

export function sameWish(a: readonly WantedVideo[], b: readonly WantedVideo[]): boolean {
  return (
    a.length === b.length &&
    a.every((video, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        video.publication === other.publication &&
        video.paused === other.paused &&
        video.height === other.height
      );
    })
  );
}
