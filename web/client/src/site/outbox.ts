/* Answers on their way: kept in the browser until the server has them, sent one at a time, again when the network is
   back. Of each question the last answer is what counts, so an older one that waits is replaced. */

import * as database from "../offline/database";

export interface Waiting {
  position: number;
  sequence: number;
  fields: [string, string][];
  /** The window in which it was given; another one may send it. */
  writer?: string;
}

export interface Shelf {
  all(): Promise<Waiting[]>;
  put(one: Waiting): Promise<void>;
  /** It waits no more, unless a newer answer has taken its place. */
  remove(one: Waiting): Promise<void>;
  /** The last answer to each question that was given in this browser, also when it was sent. */
  given(): Promise<Waiting[]>;
}

export interface Kept {
  kind: "kept";
  remaining: number | null;
  lateness: string;
  writer: string;
}

/** `held`: somebody else, or nobody, is signed in here now; the answer waits for its owner. */
export type Outcome = Kept | { kind: "refused"; sentence: string } | { kind: "lost" } | { kind: "held" };

export type Said = { kind: "saving" } | { kind: "saved"; kept: Kept } | { kind: "offline" } | { kind: "held" } | { kind: "refused"; sentence: string };

export class Outbox {
  #sequences = new Map<number, number>();
  #floor = 0;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(
    private readonly shelf: Shelf,
    private readonly send: (one: Waiting) => Promise<Outcome>,
    private readonly tell: (said: Said) => void,
  ) {}

  /** What the server has of a question already. */
  known(position: number, sequence: number): void {
    this.#sequences.set(position, Math.max(sequence, this.#sequences.get(position) ?? 0));
  }

  /** This window writes now: its numbers are above those of every window before it. */
  above(floor: number): void {
    this.#floor = Math.max(this.#floor, floor);
  }

  /** An answer was given. */
  async give(position: number, fields: [string, string][]): Promise<void> {
    const sequence = Math.max(this.#floor, this.#sequences.get(position) ?? 0) + 1;
    this.#sequences.set(position, sequence);
    await this.shelf.put({ position, sequence, fields });
    await this.flush();
  }

  /** Send what waits. Two calls at once become one after the other. */
  async flush(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => (this.#running = null));
    await this.#running;
  }

  /** Whether nothing waits. */
  async empty(): Promise<boolean> {
    return (await this.shelf.all()).length === 0;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      for (const one of await this.shelf.all()) {
        this.known(one.position, one.sequence);
        this.tell({ kind: "saving" });
        const outcome = await this.send(one);
        if (outcome.kind === "lost" || outcome.kind === "held") {
          this.tell({ kind: outcome.kind === "lost" ? "offline" : "held" });
          return;
        }
        await this.shelf.remove(one);
        this.tell(outcome.kind === "kept" ? { kind: "saved", kept: outcome } : outcome);
      }
    }
  }
}

/** Counts down by the browser's monotonic clock from what the server said: a wrong clock changes nothing. */
export class Countdown {
  #ends: number;

  constructor(
    remaining: number,
    private readonly now: () => number,
  ) {
    this.#ends = now() + remaining * 1000;
  }

  /** The server says anew how much is left. */
  set(remaining: number): void {
    this.#ends = this.now() + remaining * 1000;
  }

  /** Seconds. */
  get left(): number {
    return Math.max(0, Math.round((this.#ends - this.now()) / 1000));
  }
}

/** `1:02:03`, `2:03`. */
export function clock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export class MemoryShelf implements Shelf {
  #held = new Map<number, Waiting & { sent: boolean }>();

  all(): Promise<Waiting[]> {
    return Promise.resolve([...this.#held.values()].filter((each) => !each.sent));
  }

  put(one: Waiting): Promise<void> {
    this.#held.set(one.position, { ...one, sent: false });
    return Promise.resolve();
  }

  remove(one: Waiting): Promise<void> {
    const held = this.#held.get(one.position);
    if (held?.sequence === one.sequence) held.sent = true;
    return Promise.resolve();
  }

  given(): Promise<Waiting[]> {
    return Promise.resolve([...this.#held.values()]);
  }
}

/** A shelf among the letters of this browser (IndexedDB), from where the service worker delivers, too; in memory where
    the browser keeps nothing (private windows of some). */
export class LetterShelf implements Shelf {
  #memory = new MemoryShelf();

  constructor(
    private readonly place: string,
    private readonly account: string,
    private readonly writer: string,
  ) {}

  async all(): Promise<Waiting[]> {
    return [...(await this.#letters()).filter((each) => !each.sent), ...(await this.#memory.all())];
  }

  async put(one: Waiting): Promise<void> {
    const { position, sequence, fields } = one;
    const kept = await database.put("letters", {
      ...{ path: this.#path(position), place: this.place, account: this.account, kind: "answer", position, sequence },
      ...{ fields, writer: this.writer, at: Date.now(), sent: false },
    });
    if (!kept) await this.#memory.put(one);
  }

  async remove(one: Waiting): Promise<void> {
    await this.#memory.remove(one);
    await database.arrived({ path: this.#path(one.position), sequence: one.sequence, kind: "answer" });
  }

  async given(): Promise<Waiting[]> {
    return [...(await this.#letters()), ...(await this.#memory.given())];
  }

  /** “Hand in” was pressed without a network: remembered, whether the browser can. It is delivered after the answers. */
  async handIn(): Promise<boolean> {
    return database.put("letters", {
      ...{ path: this.place, place: this.place, account: this.account, kind: "handed", position: 0, sequence: 1 },
      ...{ fields: [["do", "submit"], ["writer", this.writer]], writer: this.writer, at: Date.now(), sent: false },
    });
  }

  async handedIn(): Promise<boolean> {
    const held = await database.get("letters", this.place);
    return held?.account === this.account && held.kind === "handed";
  }

  /** An answer was changed since: it is to be pressed again. */
  async takeBack(): Promise<void> {
    if (await this.handedIn()) await database.remove("letters", this.place);
  }

  /** The test is over: what has arrived is not needed here any more. */
  async clear(): Promise<void> {
    for (const each of await this.#letters()) if (each.sent) await database.remove("letters", each.path);
    await this.takeBack();
    await database.remove("times", this.place);
  }

  async #letters(): Promise<database.Letter[]> {
    const here = (each: database.Letter) => each.place === this.place && each.account === this.account && each.kind === "answer";
    return (await database.all("letters")).filter(here);
  }

  #path(position: number): string {
    return `${this.place}/answers/${position}`;
  }
}
