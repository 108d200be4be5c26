/** Takes the stream by WHEP: sound and picture under a second old, while there is room for the viewer. */

import { counted, Health } from "./health";

/** `full`: no room. `refused`: the server does not give it. `network`: the connection is not made or is too poor. */
export type Reason = "full" | "refused" | "network";

export const CONNECT_MS = 4000;
export const PICTURE_MS = 6000;
const LOST_MS = 4000;
export const LOOK_MS = 2000;
/** Root of the mean square of the sound below which nobody speaks (0 to 1; W3C webrtc, audioLevel). */
const QUIET = 0.01;

export class WhepError extends Error {
  constructor(
    readonly reason: Reason,
    message: string,
  ) {
    super(message);
  }
}

/** What an answer that is no success means. */
export function reasonOf(status: number, code: string): Reason {
  return status === 503 || code === "full" ? "full" : "refused";
}

export interface Whep {
  readonly stream: MediaStream;
  /** Give it back. */
  close(): void;
  /** Begin to judge the network anew. */
  forget(): void;
  /** Good looks at it in a row, one each `LOOK_MS`. */
  readonly good: number;
  /** Whether nobody speaks just now. */
  readonly quiet: boolean;
}

interface Way {
  readonly whep: string;
  readonly token: string;
}

/**
 * Connect; `sound` is `floor` or `interpretation`. `lost` is called once, when it ends or carries too little. Rejects with
 * `WhepError`.
 */
export async function openWhep(base: string, sound: string, lost: (reason: Reason) => void): Promise<Whep> {
  const way = await ask(base);
  const connection = new RTCPeerConnection();
  const stream = new MediaStream();
  let resource = "";
  let over = false;
  const end = (reason: Reason | null): void => {
    if (over) return;
    over = true;
    clearInterval(looking);
    clearTimeout(patience);
    connection.close();
    if (resource) void fetch(resource, { method: "DELETE", headers: authorised(way.token), keepalive: true }).catch(() => undefined);
    if (reason) lost(reason);
  };
  const health = new Health();
  let patience: ReturnType<typeof setTimeout> | undefined;
  let looking: ReturnType<typeof setInterval> | undefined;
  try {
    for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
    connection.ontrack = (event) => {
      stream.addTrack(event.track);
      if ("jitterBufferTarget" in event.receiver) event.receiver.jitterBufferTarget = 0;
    };
    await connection.setLocalDescription(await connection.createOffer());
    resource = await exchange(connection, way, sound);
    await connected(connection);
  } catch (error) {
    end(null);
    throw error instanceof WhepError ? error : new WhepError("network", String(error));
  }
  connection.onconnectionstatechange = () => {
    clearTimeout(patience);
    if (connection.connectionState === "failed" || connection.connectionState === "closed") end("network");
    else if (connection.connectionState === "disconnected") patience = setTimeout(() => end("network"), LOST_MS);
  };
  looking = setInterval(() => {
    if (document.hidden) return health.forget();
    void connection.getStats().then((report) => {
      const now = counted(report.values());
      if (now && !over && health.look(now)) end("network");
    });
  }, LOOK_MS);
  return {
    stream,
    close: () => end(null),
    forget: () => health.forget(),
    get good() {
      return over ? 0 : health.good;
    },
    get quiet() {
      return loudness(connection) < QUIET;
    },
  };
}

/** How loud the sound is that comes just now; 0 where the browser does not say. */
function loudness(connection: RTCPeerConnection): number {
  const receiver = connection.getReceivers().find((one) => one.track.kind === "audio");
  return Math.max(0, ...(receiver?.getSynchronizationSources() ?? []).map((one) => one.audioLevel ?? 0));
}

async function ask(base: string): Promise<Way> {
  const answer = await fetch(`${base}/watch`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new WhepError("refused", `Status ${answer.status}.`);
  return (await answer.json()) as Way;
}

/** Offer and answer; where the server keeps what it has made. */
async function exchange(connection: RTCPeerConnection, way: Way, sound: string): Promise<string> {
  const headers = { ...authorised(way.token), "Content-Type": "application/sdp" };
  const body = connection.localDescription?.sdp ?? "";
  const place = `${way.whep}&sound=${encodeURIComponent(sound)}`;
  const answer = await fetch(place, { method: "POST", headers, body, signal: AbortSignal.timeout(CONNECT_MS) });
  if (answer.status !== 201) {
    const problem = (await answer.json().catch(() => ({}))) as { code?: string };
    throw new WhepError(reasonOf(answer.status, problem.code ?? ""), problem.code ?? `Status ${answer.status}.`);
  }
  const location = answer.headers.get("Location") ?? "";
  await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return location ? new URL(location, new URL(way.whep, window.location.href)).href : "";
}

function connected(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new WhepError("network", "No way for media.")), CONNECT_MS);
    const look = (): void => {
      if (connection.connectionState === "connected") {
        clearTimeout(timer);
        resolve();
      } else if (connection.connectionState === "failed") {
        clearTimeout(timer);
        reject(new WhepError("network", "ICE failed."));
      }
    };
    connection.onconnectionstatechange = look;
    look();
  });
}

function authorised(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}
