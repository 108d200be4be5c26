/** Names for the generated messages: what a request is, and what its answer is. */
import type { ClientMessage, Hello, Ok, Pong, Problem, Published, ServerMessage } from "../../generated/messages";

export const VERSION = 1;

type WithoutId<Message> = Message extends unknown ? Omit<Message, "id"> : never;

/** Everything a client asks, without the number by which the answer is known. */
export type Request = WithoutId<Exclude<ClientMessage, Hello>>;
export type RequestOf<Type extends Request["type"]> = Extract<Request, { type: Type }>;

interface Answers {
  publish: Published;
  ping: Pong;
}
export type AnswerTo<Type extends Request["type"]> = Type extends keyof Answers ? Answers[Type] : Ok;
export type Answer = Published | Pong | Ok;

/** What the server says unasked. */
export type Announcement = Exclude<ServerMessage, Answer | { type: "refused" }>;

/** Asks the node for something; the promise rejects with `Refused` or `LineLost`. */
export type Ask = <Type extends Request["type"]>(request: RequestOf<Type>) => Promise<AnswerTo<Type>>;

/** The server refused a request. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.title}`);
    this.name = "Refused";
  }
}

/** The line was lost before the answer came. */
export class LineLost extends Error {
  constructor() {
    super("The connection was lost before the answer came.");
    this.name = "LineLost";
  }
}
