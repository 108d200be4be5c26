/** The subscribe connection: the node offers what it forwards, this client answers. */
import { signal } from "@preact/signals";
import type { IceServer, Offer, Section } from "../../generated/messages";
import type { Ask } from "../signal/protocol";
import { ORIGINAL_SOUND, withOpus } from "./descriptions";
import { toRtcServers } from "./servers";
import { Turns } from "./turns";

/** One publication as it arrives here. */
export interface Incoming extends Section {
  readonly mid: string;
  readonly track: MediaStreamTrack;
}

export class Subscriber {
  /** By publication. */
  readonly incoming = signal<ReadonlyMap<string, Incoming>>(new Map());
  readonly state = signal<RTCPeerConnectionState>("new");

  connection: RTCPeerConnection | null = null;

  private latest = -1;
  private turns = new Turns();
  private servers: readonly IceServer[] = [];

  constructor(
    private readonly ask: Ask,
    private readonly onState: (state: RTCPeerConnectionState) => void,
  ) {}

  /** The meeting begins anew for us: the node's next offer builds a new connection. */
  reset(servers: readonly IceServer[]): void {
    this.servers = servers;
    this.latest = -1;
    this.abandon();
  }

  /** Take an offer. Older offers that still wait are skipped. */
  take(offer: Offer): Promise<void> {
    this.latest = offer.revision;
    return this.turns.run(async () => {
      if (offer.revision === this.latest) await this.answer(offer);
    });
  }

  async restart(): Promise<void> {
    await this.ask<"restart">({ type: "restart", rebuild: false });
  }

  async rebuild(): Promise<void> {
    await this.ask<"restart">({ type: "restart", rebuild: true });
  }

  /** Statistics of the whole connection, or of one incoming publication. */
  report(publication?: string): Promise<RTCStatsReport | null> {
    const track = publication === undefined ? null : this.incoming.value.get(publication)?.track;
    if (!this.connection || track === undefined) return Promise.resolve(null);
    return this.connection.getStats(track);
  }

  close(): void {
    this.abandon();
    this.incoming.value = new Map();
  }

  /** A turn that waits on a closed connection waits for ever (W3C WebRTC, 4.4.1.2): those to come must not wait for it. */
  private abandon(): void {
    this.turns.abandon();
    this.turns = new Turns();
    this.drop();
  }

  private drop(): void {
    if (this.connection) this.connection.onconnectionstatechange = null;
    this.connection?.close();
    this.connection = null;
    this.state.value = "new";
  }

  private open(): RTCPeerConnection {
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtcServers(this.servers) });
    connection.onconnectionstatechange = () => {
      this.state.value = connection.connectionState;
      this.onState(connection.connectionState);
    };
    this.connection = connection;
    return connection;
  }

  private async answer(offer: Offer): Promise<void> {
    if (offer.rebuild) this.drop();
    const connection = this.connection ?? this.open();
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    const answer = await connection.createAnswer();
    // Without stereo=1 in our own description a browser would fold a presenter's film down to mono (RFC 7587, 6.1).
    const sdp = withOpus(answer.sdp ?? "", () => ORIGINAL_SOUND);
    await connection.setLocalDescription({ type: "answer", sdp });
    if (connection !== this.connection) return;
    this.incoming.value = received(connection, offer.sections);
    await this.ask<"answer">({ type: "answer", revision: offer.revision, sdp });
  }
}

function received(connection: RTCPeerConnection, sections: Offer["sections"]): ReadonlyMap<string, Incoming> {
  const incoming = new Map<string, Incoming>();
  for (const { mid, receiver } of connection.getTransceivers()) {
    const section = mid === null ? undefined : sections[mid];
    if (mid !== null && section) incoming.set(section.publication, { ...section, mid, track: receiver.track });
  }
  return incoming;
}
