/**
 * Staying in the meeting: connects, and comes back by itself when the line drops.
 *
 * The upper rungs of the ladder: resume as the same participant with the last token; else rejoin with a fresh
 * token from
 * the web process, or with the last one the node sent when the web process is down. (The lower rungs, ICE restart and
 * rebuilding a peer connection, are in `media/recovery.ts`.)
 */
import { signal } from "@preact/signals";
import type { Checked, Closing, Hello, Problem, Resume, Waiting, Welcome } from "../../generated/messages";
import { backoff } from "./backoff";
import { reactionTo } from "./closing";
import { LineLost, VERSION, type Announcement, type AnswerTo, type Request, type RequestOf } from "./protocol";
import { SignalSocket, type Wire } from "./socket";
import { TokenRefused } from "./token";

export type Line =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "open" }
  /** `at`: when the next attempt is due, as milliseconds of `Date.now()`. */
  | { readonly kind: "retry"; readonly attempt: number; readonly at: number }
  | { readonly kind: "closed"; readonly problem: Problem | null; readonly mayRetry: boolean };

export interface ConnectionEvents {
  welcome(message: Welcome): void;
  waiting(message: Waiting): void;
  announced(message: Exclude<Announcement, Welcome | Waiting | Closing | Checked>): void;
}

export interface ConnectionTools {
  open(): Wire;
  /** Throws `TokenRefused` for good, anything else for now. */
  token(): Promise<string>;
  random(): number;
}

/** No answer to the hello within this time counts as a lost line. */
const HELLO_MS = 10_000;

export class Connection {
  readonly line = signal<Line>({ kind: "idle" });

  private socket: SignalSocket | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastToken: string | null = null;
  private resume: Resume | null = null;
  private freshTokenTried = false;
  private wantFreshToken = false;
  /** Grows with each attempt and each end, so that late answers of an older attempt are known and dropped. */
  private era = 0;

  constructor(
    private readonly tools: ConnectionTools,
    private readonly events: ConnectionEvents,
  ) {}

  /** Round trip of the last ping, milliseconds. */
  get roundTrip(): number | null {
    return this.socket?.roundTrip ?? null;
  }

  /** Join, or join again after the end. `token`: one fetched before, if there is one. */
  join(token: string | null = null): void {
    this.lastToken = token;
    this.wantFreshToken = token === null;
    this.resume = null;
    this.attempt = 0;
    this.freshTokenTried = false;
    void this.connect();
  }

  /** Leave this room for another one. Without a token one is fetched, again and again if need be. */
  move(token: string | null): void {
    this.socket?.ask({ type: "leave" }).catch(() => undefined);
    this.join(token);
  }

  /** Give up the present participant's connections and join anew. */
  rejoin(): void {
    this.drop();
    this.resume = null;
    this.wantFreshToken = true;
    this.schedule();
  }

  /** The network says it is back, or a person pressed "try now". */
  retryNow(): void {
    if (this.line.value.kind === "retry") void this.connect();
    else this.doubt();
  }

  /** Media no longer gets through: perhaps the line is dead as well, and nobody has told it. */
  doubt(): void {
    if (this.line.value.kind === "open") this.socket?.doubt();
  }

  /** Leave for good. */
  leave(): void {
    this.socket?.ask({ type: "leave" }).catch(() => undefined);
    this.drop();
    this.line.value = { kind: "closed", problem: null, mayRetry: true };
  }

  ask<Type extends Request["type"]>(request: RequestOf<Type>): Promise<AnswerTo<Type>> {
    return this.socket ? this.socket.ask<Type>(request) : Promise.reject(new LineLost());
  }

  private drop(): void {
    this.era += 1;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  private schedule(): void {
    const wait = backoff(this.attempt, this.tools.random());
    this.line.value = { kind: "retry", attempt: this.attempt, at: Date.now() + wait };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.connect(), wait);
  }

  private async connect(): Promise<void> {
    this.drop();
    const era = this.era;
    this.line.value = { kind: "connecting", attempt: this.attempt };
    this.attempt += 1;
    try {
      const token = await this.pickToken();
      if (era === this.era) this.open(token);
    } catch (error) {
      if (era !== this.era) return;
      if (error instanceof TokenRefused) this.refuse(error);
      else this.schedule();
    }
  }

  private async pickToken(): Promise<string> {
    if (this.lastToken !== null && !this.wantFreshToken) return this.lastToken;
    try {
      this.lastToken = await this.tools.token();
      this.wantFreshToken = false;
    } catch (error) {
      // The web process is down, but the node renews our token over the socket: the last one still opens the door.
      if (error instanceof TokenRefused || this.lastToken === null) throw error;
    }
    return this.lastToken;
  }

  private open(token: string): void {
    const era = this.era;
    const hello: Hello = { type: "hello", version: VERSION, token, client: "vikno-room/1", resume: this.resume };
    this.socket = new SignalSocket(this.tools.open(), hello, {
      announced: (message) => {
        if (era === this.era) this.hear(message);
      },
      lost: () => {
        if (era === this.era) this.lost();
      },
    });
    this.timer = setTimeout(() => this.lost(), HELLO_MS);
  }

  private lost(): void {
    this.drop();
    this.schedule();
  }

  private hear(message: Announcement): void {
    switch (message.type) {
      case "welcome":
        this.resume = { participant: message.participant, key: message.resume_key };
        this.lastToken = message.token;
        this.opened();
        this.events.welcome(message);
        break;
      case "waiting":
        this.opened();
        this.events.waiting(message);
        break;
      case "closing":
        this.close(message.problem);
        break;
      case "checked":
        break;
      case "token":
        this.lastToken = message.token;
        this.events.announced(message);
        break;
      default:
        this.events.announced(message);
    }
  }

  private opened(): void {
    clearTimeout(this.timer);
    this.attempt = 0;
    this.freshTokenTried = false;
    this.wantFreshToken = false;
    this.line.value = { kind: "open" };
  }

  private close(problem: Problem): void {
    this.drop();
    const reaction = reactionTo(problem.code);
    if (reaction === "again") {
      this.schedule();
    } else if (reaction === "fresh-token" && !this.freshTokenTried) {
      this.freshTokenTried = true;
      this.wantFreshToken = true;
      this.lastToken = null;
      this.schedule();
    } else {
      this.line.value = { kind: "closed", problem, mayRetry: reaction !== "over" };
    }
  }

  private refuse(error: TokenRefused): void {
    this.drop();
    const problem: Problem = { code: error.code, title: error.detail, detail: error.detail, retry: true };
    this.line.value = { kind: "closed", problem, mayRetry: true };
  }
}
