/** The publish connection: this client offers, the node answers. */
import { signal } from "@preact/signals";
import type { IceServer, Problem, Source } from "../../generated/messages";
import { Refused, type Ask } from "../signal/protocol";
import { ORIGINAL_SOUND, SPEECH, withOpus, withStartRate, type OpusWish } from "./descriptions";
import { encodingFor, kindOf, preferVp8 } from "./encodings";
import { toRtcServers } from "./servers";
import { Turns } from "./turns";

/** What one source should send now. No track: nothing to send for the moment, the publication stays. */
export interface Output {
  readonly track: MediaStreamTrack | null;
  readonly muted: boolean;
  /** Sound as it is, in stereo: no speech processing. */
  readonly original?: boolean;
}

export interface PublisherEvents {
  state(state: RTCPeerConnectionState): void;
  /** The node refused a source or an unmute. */
  refused(source: Source, problem: Problem): void;
}

interface Sending {
  readonly transceiver: RTCRtpTransceiver;
  toldMuted: boolean;
  original: boolean;
}

export class Publisher {
  /** Source → publication, as the node answered. */
  readonly publications = signal<ReadonlyMap<Source, string>>(new Map());
  readonly state = signal<RTCPeerConnectionState>("new");

  connection: RTCPeerConnection | null = null;

  private readonly sending = new Map<Source, Sending>();
  private readonly wanted = new Map<Source, Output>();
  private turns = new Turns();
  private servers: readonly IceServer[] = [];
  /** What the node was told no longer holds, or it never answered. */
  private stale = false;

  constructor(
    private readonly ask: Ask,
    private readonly events: PublisherEvents,
  ) {}

  /** Build a new connection that sends what is wanted. */
  rebuild(servers: readonly IceServer[] = this.servers): Promise<void> {
    this.servers = servers;
    return this.turns.run(async () => {
      this.drop();
      await this.sync(true);
    });
  }

  /** New ICE credentials. */
  restart(): Promise<void> {
    return this.turns.run(async () => {
      if (!this.connection) return this.sync(true);
      this.connection.restartIce();
      this.stale = true;
      await this.negotiate(this.connection);
    });
  }

  /** Say what a source should send; null ends its publication. Nothing happens before the first `rebuild`. */
  want(source: Source, output: Output | null): void {
    if (output) this.wanted.set(source, output);
    else this.wanted.delete(source);
    if (this.connection) void this.turns.run(() => this.sync(false)).catch(() => undefined);
  }

  /** After a resume: tell what could not be told while the line was down. */
  settle(): void {
    if (this.connection) void this.turns.run(() => this.sync(false)).catch(() => undefined);
  }

  report(): Promise<RTCStatsReport | null> {
    return this.connection?.getStats() ?? Promise.resolve(null);
  }

  reportOf(source: Source): Promise<RTCStatsReport | null> {
    return this.sending.get(source)?.transceiver.sender.getStats() ?? Promise.resolve(null);
  }

  close(): void {
    // A turn that waits on a closed connection waits for ever: those to come must not wait for it.
    this.turns.abandon();
    this.turns = new Turns();
    this.drop();
    this.publications.value = new Map();
  }

  private drop(): void {
    if (this.connection) this.connection.onconnectionstatechange = null;
    this.connection?.close();
    this.connection = null;
    this.sending.clear();
    this.state.value = "new";
  }

  private open(): RTCPeerConnection {
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: toRtcServers(this.servers) });
    connection.onconnectionstatechange = () => {
      this.state.value = connection.connectionState;
      this.events.state(connection.connectionState);
    };
    this.connection = connection;
    return connection;
  }

  private async sync(force: boolean): Promise<void> {
    if (this.wanted.size === 0 && this.sending.size === 0) return;
    const connection = this.connection ?? this.open();
    const changed = [...this.wanted].map(([source, output]) => this.carry(connection, source, output));
    const ended = [...this.sending].map(([source, sending]) => this.end(source, sending));
    await Promise.all([...this.wanted].map(([source, output]) => this.fill(source, output)));
    if (force || changed.includes(true) || ended.includes(true)) this.stale = true;
    if (this.stale) await this.negotiate(connection);
    for (const [source, output] of this.wanted) await this.tellMuted(source, output);
  }

  /** Make sure that a section carries the source; true when the description changes by it. */
  private carry(connection: RTCPeerConnection, source: Source, output: Output): boolean {
    const original = output.original ?? false;
    const known = this.sending.get(source);
    if (!known) {
      if (!output.track) return false;
      const transceiver = connection.addTransceiver(kindOf(source), {
        direction: "sendonly",
        sendEncodings: [encodingFor(source)],
      });
      if (kindOf(source) === "video") preferVp8(transceiver);
      this.sending.set(source, { transceiver, toldMuted: output.muted, original });
      return true;
    }
    const wasInactive = known.transceiver.direction === "inactive";
    const changed = wasInactive || known.original !== original;
    if (wasInactive) known.toldMuted = output.muted;
    known.transceiver.direction = "sendonly";
    known.original = original;
    return changed;
  }

  private end(source: Source, sending: Sending): boolean {
    if (this.wanted.has(source) || sending.transceiver.direction === "inactive") return false;
    sending.transceiver.direction = "inactive";
    void sending.transceiver.sender.replaceTrack(null);
    return true;
  }

  private async fill(source: Source, output: Output): Promise<void> {
    const sender = this.sending.get(source)?.transceiver.sender;
    if (sender && sender.track !== output.track) await sender.replaceTrack(output.track);
  }

  private async negotiate(connection: RTCPeerConnection): Promise<void> {
    await connection.setLocalDescription();
    const sources = new Map<string, Source>();
    const muted: string[] = [];
    for (const [source, { transceiver, toldMuted }] of this.sending) {
      if (transceiver.mid === null || transceiver.direction === "inactive") continue;
      sources.set(transceiver.mid, source);
      if (toldMuted) muted.push(transceiver.mid);
    }
    const sdp = connection.localDescription?.sdp ?? "";
    const answer = await this.ask<"publish">({ type: "publish", sdp, sources: Object.fromEntries(sources), muted });
    if (connection !== this.connection) return;
    await connection.setRemoteDescription({
      type: "answer",
      sdp: withStartRate(withOpus(answer.sdp, (mid) => this.opus(sources.get(mid)))),
    });
    const published = new Map<Source, string>();
    for (const [mid, publication] of Object.entries(answer.publications)) {
      const source = sources.get(mid);
      if (source) published.set(source, publication);
    }
    this.publications.value = published;
    this.stale = false;
    for (const [mid, problem] of Object.entries(answer.rejected)) {
      const source = sources.get(mid);
      if (source) this.events.refused(source, problem);
    }
  }

  private opus(source: Source | undefined): OpusWish | null {
    if (source === undefined || kindOf(source) !== "audio") return null;
    return this.sending.get(source)?.original ? ORIGINAL_SOUND : SPEECH;
  }

  private async tellMuted(source: Source, output: Output): Promise<void> {
    const sending = this.sending.get(source);
    const publication = this.publications.value.get(source);
    if (!sending || !publication || sending.toldMuted === output.muted) return;
    try {
      await this.ask<"mute">({ type: "mute", publication, muted: output.muted });
      sending.toldMuted = output.muted;
    } catch (error) {
      if (error instanceof Refused) this.events.refused(source, error.problem);
    }
  }
}
