/** A loudness that is reached without a click. */

const STEP_MS = 25;
const STEPS = 8;

export interface Loud {
  volume: number;
  muted: boolean;
}

/** The loudnesses on the way. */
export function steps(from: number, to: number): readonly number[] {
  return Array.from({ length: STEPS }, (_, index) => from + ((to - from) * (index + 1)) / STEPS);
}

/** Where the system alone sets the loudness (iPhones), what is to be quiet is silent: the interpreter is understood. */
function settle(element: Loud, gain: number): void {
  element.muted = gain === 0 || (Math.abs(element.volume - gain) > 0.01 && gain < 0.5);
}

/** Glides to a loudness of 0 to 1; gives what stops it. */
export function glide(element: Loud, gain: number): () => void {
  const way = [...steps(element.muted ? 0 : element.volume, gain)];
  element.muted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const step = (): void => {
    const next = way.shift();
    if (next === undefined) {
      settle(element, gain);
      return;
    }
    element.volume = next;
    timer = setTimeout(step, STEP_MS);
  };
  if (element.volume === gain) settle(element, gain);
  else step();
  return () => clearTimeout(timer);
}
