/** Asking the web process for a token, the pass into one meeting. */
import { roomUrl, type RoomConfig } from "../config";

const TIMEOUT_MS = 6_000;

/** The web process said no; trying again by itself would not help. */
export class TokenRefused extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
  ) {
    super(`${code}: ${detail}`);
    this.name = "TokenRefused";
  }
}

/** The web process did not answer; it may later. */
export class TokenUnavailable extends Error {
  constructor(cause: unknown) {
    super("No token could be fetched.", { cause });
    this.name = "TokenUnavailable";
  }
}

/** Ask for a token in the given name, for one of the meeting's rooms. Throws `TokenRefused` or `TokenUnavailable`. */
export async function fetchToken(config: RoomConfig, name: string, room: string = config.meeting): Promise<string> {
  const response = await fetch(roomUrl(config, config.tokenUrl, room), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": config.csrf },
    body: JSON.stringify(config.nameFixed ? {} : { name }),
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new TokenUnavailable(error);
  });
  const body: unknown = await response.json().catch(() => null);
  const said = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  if (response.ok && typeof said["token"] === "string") return said["token"];
  if (response.status >= 500 || response.status === 429) throw new TokenUnavailable(response.status);
  throw new TokenRefused(
    typeof said["code"] === "string" ? said["code"] : `http_${response.status}`,
    typeof said["detail"] === "string" ? said["detail"] : "",
  );
}
