import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LineLost, Refused, type Announcement } from "../src/room/signal/protocol";
import { PING_EVERY_MS, PROOF_MS, SILENT_AFTER_MS, SignalSocket } from "../src/room/signal/socket";
import { FakeWire } from "./fakes";

describe("one signaling socket", () => {
  let wire: FakeWire;
  let announced: Announcement[];
  let lost: number;
  let socket: SignalSocket;

  beforeEach(() => {
    vi.useFakeTimers();
    wire = new FakeWire();
    announced = [];
    lost = 0;
    socket = new SignalSocket(
      wire,
      { type: "hello", version: 1, token: "t" },
      { announced: (message) => announced.push(message), lost: () => (lost += 1) },
      () => Date.now(),
    );
    wire.open();
  });
  afterEach(() => vi.useRealTimers());

  it("says hello first", () => {
    expect(wire.sent[0]).toEqual({ type: "hello", version: 1, token: "t" });
  });

  it("matches answers to requests by id, in any order", async () => {
    const first = socket.ask<"hand">({ type: "hand", raised: true });
    const second = socket.ask<"hand">({ type: "hand", raised: false });
    wire.say({ type: "refused", id: 2, problem: { code: "not_allowed", title: "", detail: "", retry: false } });
    wire.say({ type: "ok", id: 1 });
    await expect(first).resolves.toEqual({ type: "ok", id: 1 });
    const refusal = await second.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect((refusal as Refused).problem.code).toBe("not_allowed");
  });

  it("hands on what the server says unasked", () => {
    wire.say({ type: "speaker", participant: "kyiv" });
    expect(announced).toEqual([{ type: "speaker", participant: "kyiv" }]);
  });

  it("survives what is not a message", () => {
    wire.onmessage?.(new MessageEvent("message", { data: "not json" }));
    wire.onmessage?.(new MessageEvent("message", { data: "[1]" }));
    expect(announced).toEqual([]);
    expect(lost).toBe(0);
  });

  it("pings every five seconds and keeps the round trip", async () => {
    await vi.advanceTimersByTimeAsync(PING_EVERY_MS + 1000);
    const ping = wire.last("ping");
    expect(ping).toBeDefined();
    await vi.advanceTimersByTimeAsync(40);
    wire.say({ type: "pong", id: Number(ping?.["id"]), now: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.roundTrip).toBe(40);
  });

  it("takes a line that is silent for ten seconds for lost, and not before", async () => {
    await vi.advanceTimersByTimeAsync(SILENT_AFTER_MS - 1000);
    expect(lost).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(lost).toBe(1);
    expect(wire.closed).toBe(true);
  });

  it("gives a doubted line up unless it proves itself at once", async () => {
    socket.doubt();
    socket.doubt();
    expect(wire.sent.filter(({ type }) => type === "ping")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(PROOF_MS - 1);
    wire.say({ type: "speaker", participant: null });
    await vi.advanceTimersByTimeAsync(1);
    expect(lost).toBe(0);
    socket.doubt();
    await vi.advanceTimersByTimeAsync(PROOF_MS);
    expect(lost).toBe(1);
  });

  it("rejects what waits when the line is lost", async () => {
    const waiting = socket.ask<"hand">({ type: "hand", raised: true });
    wire.drop();
    await expect(waiting).rejects.toBeInstanceOf(LineLost);
    await expect(socket.ask<"ping">({ type: "ping" })).rejects.toBeInstanceOf(LineLost);
    expect(lost).toBe(1);
  });

  it("does not report a loss that it made itself", () => {
    socket.close();
    expect(lost).toBe(0);
    expect(wire.closed).toBe(true);
  });
});
