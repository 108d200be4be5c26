/** Checks the line before joining: signaling reaches the node, and media reaches it over UDP. Nobody joins by it. */
import type { Hello, IceServer, MeetingState, Problem } from "../../generated/messages";
import { toRtcServers } from "../media/servers";
import { VERSION } from "../signal/protocol";
import { SignalSocket, type Wire } from "../signal/socket";

export type CheckResult =
  | { readonly kind: "checking" }
  | { readonly kind: "good"; readonly roundTrip: number }
  | { readonly kind: "slow"; readonly roundTrip: number }
  | { readonly kind: "noSignal" }
  | { readonly kind: "noMedia" }
  | { readonly kind: "refused"; readonly problem: Problem };

const SIGNAL_MS = 6_000;
const MEDIA_MS = 8_000;
/** Above this, people begin to talk over one another (ITU-T G.114 names 150 ms one way). */
const SLOW_MS = 300;

/**
 * @param open makes the WebSocket
 * @param seen is told how the meeting is now
 */
export async function checkLine(
  open: () => Wire,
  token: string,
  seen: (meeting: MeetingState) => void = () => undefined,
): Promise<CheckResult> {
  let leave = (): void => undefined;
  try {
    const opened = await reach(open, token);
    if ("problem" in opened) return { kind: "refused", problem: opened.problem };
    const { socket, servers, meeting } = opened;
    seen(meeting);
    leave = () => socket.close();
    const trips = [await socket.ping(), await socket.ping(), await socket.ping()];
    const roundTrip = Math.round(Math.min(...trips));
    const media = await reachMedia(socket, servers);
    if (!media) return { kind: "noMedia" };
    return { kind: roundTrip > SLOW_MS ? "slow" : "good", roundTrip };
  } catch {
    return { kind: "noSignal" };
  } finally {
    leave();
  }
}

type Reached =
  | { readonly socket: SignalSocket; readonly servers: readonly IceServer[]; readonly meeting: MeetingState }
  | { readonly problem: Problem };

function reach(open: () => Wire, token: string): Promise<Reached> {
  return new Promise((resolve, reject) => {
    const hello: Hello = { type: "hello", version: VERSION, token, check: true, client: "vikno-room/1" };
    const late = setTimeout(() => {
      socket.close();
      reject(new Error("No answer to the hello."));
    }, SIGNAL_MS);
    const socket: SignalSocket = new SignalSocket(open(), hello, {
      announced: (message) => {
        clearTimeout(late);
        if (message.type === "checked") resolve({ socket, servers: message.ice_servers, meeting: message.meeting });
        else if (message.type === "closing") resolve({ problem: message.problem });
      },
      lost: () => {
        clearTimeout(late);
        reject(new Error("The line was lost."));
      },
    });
  });
}

/** Whether a media connection comes about: the very path that the voice will take. */
async function reachMedia(socket: SignalSocket, servers: readonly IceServer[]): Promise<boolean> {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtcServers(servers) });
  try {
    connection.addTransceiver("audio", { direction: "sendonly" });
    await connection.setLocalDescription();
    const sdp = connection.localDescription?.sdp ?? "";
    const answer = await socket.ask<"publish">({ type: "publish", sdp, sources: {} });
    await connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    return await connects(connection);
  } finally {
    connection.close();
  }
}

function connects(connection: RTCPeerConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), MEDIA_MS);
    const look = (): void => {
      const state = connection.connectionState;
      if (state !== "connected" && state !== "failed") return;
      clearTimeout(late);
      resolve(state === "connected");
    };
    connection.onconnectionstatechange = look;
    look();
  });
}
