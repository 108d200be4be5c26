import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Problem, Welcome } from "../src/generated/messages";
import { Connection } from "../src/room/signal/connection";
import { TokenRefused, TokenUnavailable } from "../src/room/signal/token";
import { FakeWire, welcome } from "./fakes";

function problem(code: string): Problem {
  return { code, title: code, detail: "", retry: false };
}

describe("staying in the meeting", () => {
  let wires: FakeWire[];
  let welcomed: Welcome[];
  let tokens: (() => Promise<string>)[];
  let fetched: number;
  let connection: Connection;

  const current = (): FakeWire => {
    const wire = wires.at(-1);
    if (!wire) throw new Error("No socket was opened.");
    return wire;
  };
  const hello = (): Record<string, unknown> => current().last("hello") ?? {};
  const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
  const enter = async (message: Partial<Welcome> = {}): Promise<void> => {
    current().open();
    current().say(welcome(message));
    await settle();
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    wires = [];
    welcomed = [];
    fetched = 0;
    tokens = [];
    connection = new Connection(
      {
        open: () => {
          const wire = new FakeWire();
          wires.push(wire);
          return wire;
        },
        token: () => {
          fetched += 1;
          return (tokens.shift() ?? (() => Promise.resolve(`web-${fetched}`)))();
        },
        random: () => 0.999,
      },
      { welcome: (message) => welcomed.push(message), waiting: () => undefined, announced: () => undefined },
    );
    connection.join();
    await settle();
  });
  afterEach(() => {
    connection.leave();
    vi.useRealTimers();
  });

  it("joins with a token of the web process", async () => {
    await enter();
    expect(hello()).toMatchObject({ token: "web-1", resume: null });
    expect(connection.line.value).toEqual({ kind: "open" });
  });

  it("comes back as the same participant, with the token that the node sent last", async () => {
    await enter();
    current().say({ type: "token", token: "renewed" });
    current().drop();
    expect(connection.line.value.kind).toBe("retry");
    await settle(300);
    current().open();
    expect(hello()).toMatchObject({ token: "renewed", resume: { participant: "me", key: "key-key-key-key-key" } });
    expect(fetched).toBe(1);
    current().say(welcome({ resumed: true }));
    expect(welcomed.map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  it("waits longer after each failure, never longer than ten seconds", async () => {
    await enter();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 16; attempt += 1) {
      current().drop();
      const line = connection.line.value;
      if (line.kind !== "retry") throw new Error(line.kind);
      waits.push(line.at - Date.now());
      await settle(line.at - Date.now());
    }
    expect(waits[0]).toBeLessThanOrEqual(250);
    expect(Math.max(...waits.slice(0, 8))).toBeLessThanOrEqual(1_000);
    expect(waits.slice(1)).toEqual([...waits.slice(1)].sort((a, b) => a - b));
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
    expect(waits.at(-1)).toBeGreaterThan(9_000);
  });

  it("tries at once when the network is back", async () => {
    await enter();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      current().drop();
      await settle(10_000);
    }
    current().drop();
    const before = wires.length;
    connection.retryNow();
    await settle();
    expect(wires.length).toBe(before + 1);
  });

  it("fetches a fresh token when the old one has expired, once", async () => {
    await enter();
    current().say({ type: "closing", problem: problem("token_expired") });
    await settle(1000);
    current().open();
    expect(hello()).toMatchObject({ token: "web-2" });
    current().say({ type: "closing", problem: problem("token_expired") });
    expect(connection.line.value).toMatchObject({ kind: "closed", problem: { code: "token_expired" } });
  });

  it("rejoins with the node's token while the web process is down", async () => {
    await enter();
    tokens.push(() => Promise.reject(new TokenUnavailable("down")));
    connection.rejoin();
    await settle(1000);
    current().open();
    expect(hello()).toMatchObject({ token: "from-welcome", resume: null });
  });

  it("goes on trying when neither web process nor token is there", async () => {
    connection.leave();
    tokens.push(() => Promise.reject(new TokenUnavailable("down")));
    connection.join();
    await settle();
    expect(connection.line.value.kind).toBe("retry");
    await settle(1000);
    expect(connection.line.value.kind).toBe("connecting");
  });

  it("says so when the web process refuses", async () => {
    connection.leave();
    tokens.push(() => Promise.reject(new TokenRefused("http_403", "Not invited.")));
    connection.join();
    await settle();
    expect(connection.line.value).toMatchObject({ kind: "closed", problem: { code: "http_403" }, mayRetry: true });
  });

  it.each([
    ["removed", false],
    ["seat_cancelled", false],
    ["endpoint_disconnected", false],
    ["ended", false],
    ["replaced", true],
    ["locked", true],
  ])("stays out after %s", async (code, mayRetry) => {
    await enter();
    current().say({ type: "closing", problem: problem(code) });
    const sockets = wires.length;
    await settle(60_000);
    expect(wires.length).toBe(sockets);
    expect(connection.line.value).toMatchObject({ kind: "closed", mayRetry });
  });

  it.each(["node_stopping", "too_slow", "media_failed", "something_new"])("comes back after %s", async (code) => {
    await enter();
    current().say({ type: "closing", problem: problem(code) });
    await settle(500);
    expect(connection.line.value.kind).toBe("connecting");
  });

  it("tries again when no welcome comes", async () => {
    current().open();
    await settle(11_500);
    expect(wires.length).toBeGreaterThan(1);
  });

  it("ignores what an older socket still says", async () => {
    await enter();
    const old = current();
    const speak = old.onmessage;
    old.drop();
    await settle(300);
    speak?.(new MessageEvent("message", { data: JSON.stringify(welcome()) }));
    expect(welcomed.length).toBe(1);
  });
});
