/** Waiting times between attempts: doubling, bounded, and spread so that a hundred rooms do not come back at one instant. */

const FIRST_MS = 500;
const MOST_MS = 10_000;

/**
 * Milliseconds to wait before an attempt.
 * @param attempt 0 for the first attempt after a loss, which follows almost at once
 * @param random  uniform in [0, 1)
 */
export function backoff(attempt: number, random: number): number {
  if (attempt === 0) return Math.round(random * 250);
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + random / 2));
}
