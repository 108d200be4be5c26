/* Answers on their way: kept in the browser until the server has them, sent one at a time, again when the network is
   back. Of each question the last answer is what counts, so an older one that waits is replaced. */

export interface Waiting {
  position: number;
  sequence: number;
  fields: [string, string][];
}

export interface Shelf {
  all(): Promise<Waiting[]>;
  put(one: Waiting): Promise<void>;
  /** Removes it unless a newer answer has taken its place. */
  remove(one: Waiting): Promise<void>;
}

export interface Kept {
  kind: "kept";
  remaining: number | null;
  lateness: string;
  writer: string;
}

export type Outcome = Kept | { kind: "refused"; sentence: string } | { kind: "lost" };

export type Said = { kind: "saving" } | { kind: "saved"; kept: Kept } | { kind: "offline" } | { kind: "refused"; sentence: string };

export class Outbox {
  #sequences = new Map<number, number>();
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

  /** An answer was given. */
  async give(position: number, fields: [string, string][]): Promise<void> {
    const sequence = (this.#sequences.get(position) ?? 0) + 1;
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
        if (outcome.kind === "lost") {
          this.tell({ kind: "offline" });
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

/** A shelf in IndexedDB, or in memory where the browser has none (private windows of some). */
export function shelfFor(name: string): Shelf {
  return typeof indexedDB === "undefined" ? new MemoryShelf() : new StoredShelf(name);
}

export class MemoryShelf implements Shelf {
  #held = new Map<number, Waiting>();

  all(): Promise<Waiting[]> {
    return Promise.resolve([...this.#held.values()]);
  }

  put(one: Waiting): Promise<void> {
    this.#held.set(one.position, one);
    return Promise.resolve();
  }

  remove(one: Waiting): Promise<void> {
    if (this.#held.get(one.position)?.sequence === one.sequence) this.#held.delete(one.position);
    return Promise.resolve();
  }
}

class StoredShelf implements Shelf {
  #memory = new MemoryShelf();
  #opened: Promise<IDBDatabase | null>;

  constructor(name: string) {
    this.#opened = new Promise((resolve) => {
      const asked = indexedDB.open(`vikno ${name}`, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("waiting", { keyPath: "position" });
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null);
    });
  }

  async all(): Promise<Waiting[]> {
    const found = await this.#do<Waiting[]>("readonly", (store) => store.getAll() as IDBRequest<Waiting[]>);
    return found ?? this.#memory.all();
  }

  async put(one: Waiting): Promise<void> {
    const done = await this.#do("readwrite", (store) => store.put(one));
    if (done === null) await this.#memory.put(one);
  }

  async remove(one: Waiting): Promise<void> {
    await this.#memory.remove(one);
    const held = await this.#do<Waiting | undefined>("readonly", (store) => store.get(one.position) as IDBRequest<Waiting | undefined>);
    if (held && held.sequence === one.sequence) await this.#do("readwrite", (store) => store.delete(one.position));
  }

  async #do<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    const database = await this.#opened;
    if (!database) return null;
    return new Promise((resolve) => {
      try {
        const asked = act(database.transaction("waiting", mode).objectStore("waiting"));
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => resolve(null);
      } catch {
        resolve(null);
      }
    });
  }
}
