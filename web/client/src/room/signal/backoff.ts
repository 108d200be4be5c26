/** Waiting times between attempts: short for the time a restart takes, then doubling, bounded, and spread by chance. */

const SHORT_MS = 800;
/** So many attempts come quickly: a media node that was killed is back within a few seconds. */
const QUICK_ATTEMPTS = 8;
const MOST_MS = 10_000;

/**
 * Milliseconds to wait before an attempt.
 * @param attempt 0 for the first attempt after a loss, which follows almost at once
 * @param random  uniform in [0, 1)
 */
export function backoff(attempt: number, random: number): number {
  if (attempt === 0) return Math.round(random * 250);
  const full = Math.min(MOST_MS, SHORT_MS * 2 ** Math.max(0, attempt - QUICK_ATTEMPTS));
  return Math.round(full * (0.5 + random / 2));
}
