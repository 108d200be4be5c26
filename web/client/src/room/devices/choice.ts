/** What this browser remembers of a person's choices. Where storage is forbidden, nothing is remembered. */

export interface Choice {
  readonly camera: string;
  /** The second camera, which shows things. */
  readonly secondCamera: string;
  readonly microphone: string;
  readonly speaker: string;
  readonly cameraOn: boolean;
  readonly microphoneOn: boolean;
  readonly name: string;
  readonly lowResources: boolean;
  readonly shortcuts: boolean;
  /** Whether captions are shown over the picture, how large, and in which language; empty: that of the page. */
  readonly captions: boolean;
  readonly captionSize: string;
  readonly captionLanguage: string;
  /** In which language this person writes captions. */
  readonly writtenLanguage: string;
  /** The language in which interpreters are heard; empty: the room as it is spoken. How loud the room is then, dB. */
  readonly channel: string;
  readonly roomLevel: number;
  /** Whether whoever interprets in sign language is kept in sight. */
  readonly sign: boolean;
}

const KEY = "vikno.room";
const DEFAULT: Choice = {
  camera: "",
  secondCamera: "",
  microphone: "",
  speaker: "",
  cameraOn: true,
  microphoneOn: true,
  name: "",
  lowResources: false,
  shortcuts: true,
  captions: true,
  captionSize: "medium",
  captionLanguage: "",
  writtenLanguage: "uk",
  channel: "",
  roomLevel: -15,
  sign: true,
};

/** Takes from `stored` only what has the right type. */
export function readChoice(stored: string | null): Choice {
  try {
    const parsed: unknown = JSON.parse(stored ?? "{}");
    if (typeof parsed !== "object" || parsed === null) return DEFAULT;
    const known = Object.entries(parsed).filter(
      ([key, value]) => key in DEFAULT && typeof value === typeof DEFAULT[key as keyof Choice],
    );
    return { ...DEFAULT, ...(Object.fromEntries(known) as Partial<Choice>) };
  } catch {
    return DEFAULT;
  }
}

export function recall(): Choice {
  try {
    return readChoice(localStorage.getItem(KEY));
  } catch {
    return DEFAULT;
  }
}

export function remember(part: Partial<Choice>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...recall(), ...part }));
  } catch {
    // Private windows may forbid it; the choice then lasts as long as the page.
  }
}
