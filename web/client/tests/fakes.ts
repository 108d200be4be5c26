/** A WebSocket under the test's control, and messages as the node would send them. */
import type { Participant, ServerMessage, Welcome } from "../src/generated/messages";
import type { Wire } from "../src/room/signal/socket";

export class FakeWire implements Wire {
  onopen: Wire["onopen"] = null;
  onmessage: Wire["onmessage"] = null;
  onclose: Wire["onclose"] = null;
  onerror: Wire["onerror"] = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.(new Event("open"));
  }

  /** The node says something. */
  say(message: ServerMessage): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  /** The network or the other side closes. */
  drop(): void {
    this.onclose?.(new Event("close") as CloseEvent);
  }

  last(type: string): Record<string, unknown> | undefined {
    return this.sent.findLast((message) => message["type"] === type);
  }
}

export function participant(id: string, part: Partial<Participant> = {}): Participant {
  return {
    id,
    name: id,
    alias: "",
    organisation: "",
    role: "participant",
    presence: "guest",
    permissions: ["publish_audio", "publish_video", "publish_screen", "subscribe", "chat", "raise_hand", "ask"],
    publications: [],
    hand_raised: false,
    away: false,
    joined_at: 0,
    interprets: null,
    ...part,
  };
}

export function welcome(part: Partial<Welcome> = {}): Welcome {
  return {
    type: "welcome",
    version: 1,
    participant: "me",
    resume_key: "key-key-key-key-key",
    resumed: false,
    meeting: {
      id: "demo",
      title: "Demo",
      language: "uk",
      channels: [],
      began_at: null,
      ended_at: null,
      locked: false,
      lobby: false,
      self_unmute: true,
      chat_enabled: true,
      questions_enabled: true,
      protection: { hide_names: false, recording: "allowed", held: false },
      spotlight: null,
      spotlight_source: null,
      recording: false,
      recording_paused: false,
      recording_trouble: null,
      streaming: false,
      stream_since: null,
      viewers: 0,
    },
    stream: null,
    participants: [participant("me", { joined_at: 2 }), participant("kyiv", { joined_at: 1 })],
    waiting: [],
    hands: [],
    chat: [],
    captions: [],
    questions: [],
    voted: [],
    consented: false,
    speaker: null,
    groups: null,
    ice_servers: [],
    now: 0,
    token: "from-welcome",
    ...part,
  };
}
