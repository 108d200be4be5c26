/** Which captions are to be seen now, and where a line that is being written ends. Pure. */
import type { Caption } from "../../generated/messages";
import type { Language } from "../config";

export type CaptionSize = "small" | "medium" | "large";
export const SIZES: readonly CaptionSize[] = ["small", "medium", "large"];

const READ_PER_S = 15;
const ROWS = 2;
/** A draft of which nothing more was heard for so long was forgotten by its writer. */
const DRAFT_S = 15;
/** Longer lines do not fit on the picture; subtitlers break there. */
const LINE = 84;

/** How long a finished line stays, in seconds: until it can be read. The same as `recordings.raw.timeline.reading_s`. */
export function readingSeconds(text: string): number {
  return Math.min(7, Math.max(1.5, text.length / READ_PER_S));
}

export type Drafts = ReadonlyMap<string, Caption>;

/** The drafts after a line of captions: each writer has one in each language. */
export function withCaption(drafts: Drafts, caption: Caption): Drafts {
  const key = `${caption.participant} ${caption.language}`;
  const after = new Map(drafts);
  after.delete(key);
  if (!caption.final && caption.text) after.set(key, caption);
  return after;
}

/** The wanted language, or where nobody writes in it, the one in which somebody does. */
export function languageShown(wanted: Language, captions: readonly Caption[], drafts: Drafts): Language {
  const written = new Set([...captions, ...drafts.values()].map(({ language }) => language));
  if (written.has(wanted) || written.size === 0) return wanted;
  return wanted === "uk" ? "en" : "uk";
}

/** The rows to be seen at `now` (the node's clock, seconds), and when that changes by itself; null: not at all. */
export function shown(
  captions: readonly Caption[],
  drafts: Drafts,
  language: Language,
  now: number,
): { readonly rows: readonly Caption[]; readonly until: number | null } {
  const until = (line: Caption): number => line.at + (line.final ? readingSeconds(line.text) : DRAFT_S);
  const lines = [...captions, ...drafts.values()].filter((line) => line.language === language && until(line) > now);
  const rows = lines.slice(-ROWS);
  return { rows, until: rows.length > 0 ? Math.min(...rows.map(until)) : null };
}

/** What of `text` is a line by itself because it is long enough, and what goes on; null: nothing yet. */
export function broken(text: string): { readonly line: string; readonly rest: string } | null {
  if (text.length <= LINE) return null;
  const at = text.lastIndexOf(" ", LINE);
  const cut = at > LINE / 2 ? at : LINE;
  return { line: text.slice(0, cut).trim(), rest: text.slice(cut).trimStart() };
}
