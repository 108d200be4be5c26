/* What the browser keeps of its own: letters that wait to be sent, clocks of tests, courses that were kept, and facts
   about this browser. Pages and the service worker share it. Where there is no IndexedDB nothing is kept. */

/** Something that a person gave and the server is to have. */
export interface Letter {
  /** Where it is posted; one letter for each address, a newer one takes its place. */
  path: string;
  /** The page that it was given on. */
  place: string;
  account: string;
  /** `handed`: the press on “Hand in”, which goes out when no answer of its test waits any more. */
  kind: "answer" | "done" | "handed";
  position: number;
  sequence: number;
  writer: string;
  fields: [string, string][];
  /** By this device's clock (ms). */
  at: number;
  /** Answers that were sent stay until the test is over: a stored copy of its page does not know them. */
  sent: boolean;
}

/** What was last known of a test's time: seconds left, and when by this device's clock (ms). */
export interface KnownTime {
  place: string;
  account: string;
  left: number;
  at: number;
}

/** A course that is kept for reading without a network. */
export interface KeptCourse {
  url: string;
  account: string;
  title: string;
  at: string;
  bytes: number;
  pages: { url: string; title: string }[];
  files: string[];
  later: number;
  others: number;
}

export interface Fact {
  name: "account" | "language" | "leaving";
  value: string;
}

interface Shapes {
  letters: Letter;
  times: KnownTime;
  courses: KeptCourse;
  facts: Fact;
}

const KEYS: Record<keyof Shapes, string> = { letters: "path", times: "place", courses: "url", facts: "name" };

let opened: Promise<IDBDatabase | null> | null = null;

function database(): Promise<IDBDatabase | null> {
  opened ??= new Promise((resolve) => {
    if (typeof indexedDB === "undefined") return resolve(null);
    const asked = indexedDB.open("vikno", 1);
    asked.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(KEYS)) asked.result.createObjectStore(name, { keyPath });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve(null);
  });
  return opened;
}

async function ask<T>(store: keyof Shapes, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  const found = await database();
  if (!found) return null;
  return new Promise((resolve) => {
    try {
      const transaction = found.transaction(store, mode);
      const asked = act(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

export async function all<K extends keyof Shapes>(store: K): Promise<Shapes[K][]> {
  return (await ask(store, "readonly", (one) => one.getAll() as IDBRequest<Shapes[K][]>)) ?? [];
}

export async function get<K extends keyof Shapes>(store: K, key: string): Promise<Shapes[K] | undefined> {
  return (await ask(store, "readonly", (one) => one.get(key) as IDBRequest<Shapes[K] | undefined>)) ?? undefined;
}

/** Whether it is kept. */
export async function put<K extends keyof Shapes>(store: K, value: Shapes[K]): Promise<boolean> {
  return (await ask(store, "readwrite", (one) => one.put(value))) !== null;
}

export async function remove(store: keyof Shapes, key: string): Promise<void> {
  await ask(store, "readwrite", (one) => one.delete(key) as IDBRequest<unknown>);
}

/** The letter has arrived; unless a newer one has taken its place meanwhile, which then waits. */
export async function arrived(letter: Pick<Letter, "path" | "sequence" | "kind">): Promise<void> {
  await ask("letters", "readwrite", (store) => {
    const asked = store.get(letter.path) as IDBRequest<Letter | undefined>;
    asked.onsuccess = () => {
      const held = asked.result;
      if (!held || held.sequence !== letter.sequence) return;
      if (letter.kind === "answer") store.put({ ...held, sent: true });
      else store.delete(letter.path);
    };
    return asked;
  });
}

/** What waits, in the order in which it was given. */
export async function waiting(): Promise<Letter[]> {
  return (await all("letters")).filter((each) => !each.sent).sort((one, other) => one.at - other.at);
}
