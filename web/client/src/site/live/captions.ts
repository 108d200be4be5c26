/**
 * Captions of the stream, shown by the page itself, so that they look and behave alike however the picture comes.
 *
 * They are read from the playlist of their language. By HLS a line is shown when its segment is played; by WHEP, which is
 * ahead of the segments, as soon as it is there.
 */

export interface Cue {
  readonly at: number;
  readonly until: number;
  readonly text: string;
}

export interface Piece {
  readonly uri: string;
  /** Wall clock of its begin, ms since the epoch. */
  readonly wall: number;
}

const POLL_MS = 2000;
const TICK_MS = 150;
const SHORTEST_MS = 1500;
/** Lines that are older than this when captions are switched on are not shown any more. */
const RECENT = 2;
const MOST_KNOWN = 200;

/** The segments of a playlist of captions, in order; gaps left out. */
export function pieces(playlist: string): Piece[] {
  const found: Piece[] = [];
  let wall = 0;
  let gap = false;
  for (const line of playlist.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) wall = Date.parse(line.slice(line.indexOf(":") + 1));
    else if (line === "#EXT-X-GAP") gap = true;
    else if (line && !line.startsWith("#")) {
      if (!gap) found.push({ uri: line, wall });
      gap = false;
    }
  }
  return found;
}

/** The cues of a WebVTT segment. */
export function cues(text: string): Cue[] {
  const found: Cue[] = [];
  for (const block of text.replace(/\r/g, "").split(/\n\n+/)) {
    const lines = block.split("\n");
    const place = lines.findIndex((line) => line.includes("-->"));
    if (place < 0) continue;
    const [from, to] = (lines[place] ?? "").split("-->").map((each) => seconds(each.trim().split(/\s/)[0] ?? ""));
    const said = lines.slice(place + 1).join("\n").trim();
    if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to) || !said) continue;
    found.push({ at: from, until: to, text: plain(said) });
  }
  return found;
}

function seconds(stamp: string): number {
  const parts = /^(?:(\d+):)?(\d{2}):(\d{2}\.\d{3})$/.exec(stamp);
  return parts ? Number(parts[1] ?? 0) * 3600 + Number(parts[2]) * 60 + Number(parts[3]) : NaN;
}

const NAMED: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&nbsp;": " ", "&lrm;": "", "&rlm;": "" };

function plain(text: string): string {
  return text.replace(/<[^>]*>/g, "").replace(/&(?:lt|gt|amp|nbsp|lrm|rlm);/g, (name) => NAMED[name] ?? "");
}

interface Waiting {
  readonly showAt: number;
  readonly lasts: number;
  readonly text: string;
}

export class Captions {
  private language = "";
  private known: string[] = [];
  private waiting: Waiting[] = [];
  private hideAt = 0;
  private polling: ReturnType<typeof setInterval> | undefined;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly base: string,
    private readonly place: HTMLElement,
    /** Wall clock of the picture that is shown, ms; null: show lines at once. */
    private readonly position: () => number | null,
  ) {}

  /** In a language (BCP 47), or none. */
  choose(language: string): void {
    if (language === this.language) return;
    clearInterval(this.polling);
    clearInterval(this.ticking);
    this.language = language;
    this.known = [];
    this.waiting = [];
    this.show("");
    if (!language) return;
    this.place.lang = language;
    void this.poll(true);
    this.polling = setInterval(() => void this.poll(false), POLL_MS);
    this.ticking = setInterval(() => this.tick(), TICK_MS);
  }

  private async poll(first: boolean): Promise<void> {
    const { base, language } = this;
    try {
      const answer = await fetch(`${base}/captions-${encodeURIComponent(language)}.m3u8`);
      if (!answer.ok) return;
      const all = pieces(await answer.text());
      const latest = first ? all.slice(-RECENT) : all;
      if (first) this.remember(all.map((each) => each.uri).slice(0, -RECENT));
      for (const piece of latest) {
        if (this.known.includes(piece.uri)) continue;
        this.remember([piece.uri]);
        const text = await (await fetch(`${base}/${piece.uri}`)).text();
        if (language === this.language) this.take(piece, cues(text));
      }
    } catch {
      // The next try is two seconds away.
    }
  }

  private remember(uris: readonly string[]): void {
    this.known = [...this.known, ...uris].slice(-MOST_KNOWN);
  }

  /** A line stands in every segment in which it is shown; once is enough. */
  private take(piece: Piece, found: readonly Cue[]): void {
    for (const cue of found) {
      const mark = `${cue.at} ${cue.text}`;
      if (this.known.includes(mark)) continue;
      this.remember([mark]);
      const lasts = Math.max(SHORTEST_MS, (cue.until - cue.at) * 1000);
      this.waiting.push({ showAt: piece.wall, lasts, text: cue.text });
    }
  }

  private tick(): void {
    const position = this.position();
    const now = Date.now();
    const ready = this.waiting.filter((each) => position === null || each.showAt <= position);
    const last = ready.at(-1);
    if (last) {
      this.waiting = this.waiting.filter((each) => !ready.includes(each));
      this.hideAt = now + last.lasts;
      this.show(last.text);
    } else if (!this.place.hidden && now > this.hideAt) this.show("");
  }

  private show(text: string): void {
    this.place.textContent = text;
    this.place.hidden = text === "";
  }
}
