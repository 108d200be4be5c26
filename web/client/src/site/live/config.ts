/** What the page says of the stream in `#live-config` (`web/pages/live.py`), and what it hears from the server later. */

export type Fares = "none" | "starting" | "live" | "away" | "ended";

export interface LiveConfig {
  /** `/live/{meeting}`. */
  readonly base: string;
  readonly language: string;
  readonly state: Fares;
  /** ISO 8601, or empty. */
  readonly startsAt: string;
  /** Names of captions' languages by BCP 47. */
  readonly languages: Readonly<Record<string, string>>;
  readonly words: Readonly<Record<string, string>>;
}

export interface Told {
  readonly state: Fares;
  readonly stream: string;
  readonly viewers: number;
  readonly captions: readonly string[];
  readonly sounds: readonly string[];
}

export const NOTHING: Told = { state: "none", stream: "", viewers: 0, captions: [], sounds: ["floor"] };

export function readConfig(): LiveConfig | null {
  const text = document.getElementById("live-config")?.textContent;
  return text ? (JSON.parse(text) as LiveConfig) : null;
}

const FARES: readonly string[] = ["none", "starting", "live", "away", "ended"];

/** What the server said; a word that this page does not know is taken for nothing. */
export function readTold(said: unknown): Told {
  if (typeof said !== "object" || said === null) return NOTHING;
  const told = said as Partial<Record<keyof Told, unknown>>;
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  return {
    state: FARES.includes(told.state as string) ? (told.state as Fares) : "none",
    stream: typeof told.stream === "string" ? told.stream : "",
    viewers: typeof told.viewers === "number" ? told.viewers : 0,
    captions: texts(told.captions),
    sounds: texts(told.sounds),
  };
}
