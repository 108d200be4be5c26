/* The parts of a service worker's world that are used here: TypeScript's own description of it does not go together with
   that of a page, and both share modules. */

export interface Waits extends Event {
  waitUntil(work: Promise<unknown>): void;
}

export interface Fetches extends Waits {
  readonly request: Request;
  readonly preloadResponse: Promise<Response | undefined>;
  respondWith(answer: Promise<Response>): void;
}

export interface Syncs extends Waits {
  readonly tag: string;
}

export interface Told extends Waits {
  readonly data: unknown;
}

export interface Worker {
  VIKNO_BUILD: string;
  readonly location: Location;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", act: (event: Waits) => void): void;
  addEventListener(name: "fetch", act: (event: Fetches) => void): void;
  addEventListener(name: "sync", act: (event: Syncs) => void): void;
  addEventListener(name: "message", act: (event: Told) => void): void;
}
