import { config } from "./words";

const TIMEOUT_MS = 8_000;

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One request to our API. Throws `Refused`, or what `fetch` throws when nobody answers. */
export async function ask<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(path, {
    method,
    headers: { "X-CSRF-Token": config.csrf, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Refused(answer.status, await answer.text());
  return (await answer.json()) as Answer;
}
