import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GRACE_MS, Recovery, RUNG_MS } from "../src/room/media/recovery";

describe("the lower rungs of the ladder", () => {
  let steps: string[];
  let recovery: Recovery;
  const note = (step: string) => (): Promise<void> => {
    steps.push(step);
    return Promise.resolve();
  };

  beforeEach(() => {
    vi.useFakeTimers();
    steps = [];
    recovery = new Recovery({ restart: note("restart"), rebuild: note("rebuild"), rejoin: () => steps.push("rejoin") });
    recovery.signalingBack(false);
    recovery.observe("connected");
  });
  afterEach(() => vi.useRealTimers());

  it("leaves a connection alone that recovers by itself", () => {
    recovery.observe("disconnected");
    vi.advanceTimersByTime(GRACE_MS - 1);
    recovery.observe("connected");
    vi.advanceTimersByTime(60_000);
    expect(steps).toEqual([]);
  });

  it("restarts ICE after the grace time, at once when it failed", () => {
    recovery.observe("disconnected");
    vi.advanceTimersByTime(GRACE_MS);
    expect(steps).toEqual(["restart"]);
    recovery.observe("connected");
    recovery.observe("failed");
    vi.advanceTimersByTime(0);
    expect(steps).toEqual(["restart", "restart"]);
  });

  it("climbs: restart, rebuild, rejoin", () => {
    recovery.observe("disconnected");
    vi.advanceTimersByTime(GRACE_MS + 2 * RUNG_MS);
    expect(steps).toEqual(["restart", "rebuild", "rejoin"]);
  });

  it("begins at the lowest rung after a recovery", () => {
    recovery.observe("disconnected");
    vi.advanceTimersByTime(GRACE_MS + RUNG_MS);
    recovery.observe("connected");
    recovery.observe("disconnected");
    vi.advanceTimersByTime(GRACE_MS);
    expect(steps).toEqual(["restart", "rebuild", "restart"]);
  });

  it("waits while signaling is down and acts when it is back", () => {
    recovery.observe("disconnected");
    recovery.signalingLost();
    vi.advanceTimersByTime(60_000);
    expect(steps).toEqual([]);
    recovery.signalingBack(false);
    vi.advanceTimersByTime(0);
    expect(steps).toEqual(["restart"]);
  });

  it("restarts a connection that still looks well when the network has changed", () => {
    recovery.signalingLost();
    recovery.signalingBack(true);
    expect(steps).toEqual(["restart"]);
  });

  it("climbs when the first connection never comes about", () => {
    recovery.reset();
    recovery.signalingBack(false);
    recovery.observe("connecting");
    vi.advanceTimersByTime(3 * RUNG_MS);
    expect(steps).toEqual(["restart", "rebuild", "rejoin"]);
  });

  it("does nothing about a connection that has nothing to carry", () => {
    recovery.reset();
    recovery.signalingBack(false);
    vi.advanceTimersByTime(120_000);
    expect(steps).toEqual([]);
  });
});
