/** One WebSocket to the node: the hello, requests as promises, and the proof that the line is alive. */
import type { Hello, ServerMessage } from "../../generated/messages";
import {
  LineLost,
  Refused,
  type Announcement,
  type Answer,
  type AnswerTo,
  type Request,
  type RequestOf,
} from "./protocol";

/** The part of `WebSocket` that is used; tests give their own. */
export interface Wire {
  send(data: string): void;
  close(code?: number): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  onerror: ((event: Event) => void) | null;
}

export const PING_EVERY_MS = 5_000;
/** A line on which nothing came for this long is taken for lost (quality bar of the media plane: 10 s). */
export const SILENT_AFTER_MS = 10_000;
/** How long a doubted line may take to prove itself: twice a satellite's round trip of 0.6 s, and a lost packet. */
export const PROOF_MS = 2_000;
const WATCH_EVERY_MS = 1_000;

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export interface SocketEvents {
  announced(message: Announcement): void;
  /** Called once, whether the other side closed, the network did, or the line fell silent. */
  lost(): void;
}

export class SignalSocket {
  /** Round trip of the last ping, milliseconds. */
  roundTrip: number | null = null;

  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private watch: ReturnType<typeof setInterval> | undefined;
  private proof: ReturnType<typeof setTimeout> | undefined;
  private lastHeard: number;
  private lastPing = 0;
  private over = false;

  constructor(
    private readonly wire: Wire,
    hello: Hello,
    private readonly events: SocketEvents,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.lastHeard = now();
    wire.onopen = () => wire.send(JSON.stringify(hello));
    wire.onmessage = (event) => this.hear(String(event.data));
    wire.onclose = () => this.end();
    wire.onerror = () => undefined;
    this.watch = setInterval(() => this.look(), WATCH_EVERY_MS);
  }

  /** Ask and wait for the answer. Rejects with `Refused` or `LineLost`. */
  ask<Type extends Request["type"]>(request: RequestOf<Type>): Promise<AnswerTo<Type>> {
    if (this.over) return Promise.reject(new LineLost());
    const id = this.nextId++;
    return new Promise<AnswerTo<Type>>((resolve, reject) => {
      this.pending.set(id, { resolve: (answer) => resolve(answer as AnswerTo<Type>), reject });
      this.wire.send(JSON.stringify({ ...request, id }));
    });
  }

  /** Measure the line now; the result stays in `roundTrip`. */
  async ping(): Promise<number> {
    const sent = this.now();
    this.lastPing = sent;
    await this.ask({ type: "ping" });
    this.roundTrip = this.now() - sent;
    return this.roundTrip;
  }

  /** Something says that the network has changed: the line is lost unless the other side is heard soon. */
  doubt(): void {
    if (this.over || this.proof !== undefined) return;
    const asked = this.now();
    this.ping().catch(() => undefined);
    this.proof = setTimeout(() => {
      this.proof = undefined;
      if (this.lastHeard <= asked) this.end();
    }, PROOF_MS);
  }

  /** Close for good; `lost` is not called. */
  close(): void {
    this.events.lost = () => undefined;
    this.end();
  }

  private hear(data: string): void {
    this.lastHeard = this.now();
    const message = parse(data);
    if (!message) return;
    switch (message.type) {
      case "ok":
      case "published":
      case "pong":
        this.take(message.id)?.resolve(message);
        break;
      case "refused":
        if (message.id !== null) this.take(message.id)?.reject(new Refused(message.problem));
        break;
      default:
        this.events.announced(message);
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private look(): void {
    const now = this.now();
    if (now - this.lastHeard >= SILENT_AFTER_MS) this.end();
    else if (this.lastPing === 0) this.lastPing = now;
    else if (now - this.lastPing >= PING_EVERY_MS) this.ping().catch(() => undefined);
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.watch);
    clearTimeout(this.proof);
    this.wire.onmessage = null;
    this.wire.onclose = null;
    this.wire.close();
    for (const pending of this.pending.values()) pending.reject(new LineLost());
    this.pending.clear();
    this.events.lost();
  }
}

function parse(data: string): ServerMessage | null {
  try {
    const message: unknown = JSON.parse(data);
    const known = typeof message === "object" && message !== null && "type" in message;
    return known ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}
