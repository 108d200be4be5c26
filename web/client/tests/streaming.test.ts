import { describe, expect, it } from "vitest";
import type { StreamSeen, TargetSeen, Welcome } from "../src/generated/messages";
import { noticeOf } from "../src/room/meeting/notices";
import { begin, reduce, type Meeting } from "../src/room/meeting/state";
import { fares, stateOf, troubleOf } from "../src/room/panels/StreamControls";
import { participant, welcome } from "./fakes";

function target(part: Partial<TargetSeen> = {}): TargetSeen {
  return { id: "7", name: "Сторінка", on: true, state: "live", problem: "", detail: "", since: 0, tries: 1, ...part };
}

function stream(part: Partial<StreamSeen> = {}): StreamSeen {
  return { may: true, state: "live", since: 0, live_at: 0, viewers: 0, late_frames: 0, lost_packets: 0, trouble: "", targets: [target()], ...part };
}

function meeting(part: Partial<Welcome["meeting"]> = {}, seen: StreamSeen | null = stream()): Meeting {
  const plain = welcome();
  const people = [participant("me", { permissions: ["moderate"] }), participant("kyiv")];
  return begin({ ...plain, participants: people, meeting: { ...plain.meeting, ...part }, stream: seen });
}

function toldOf(before: Meeting, change: Partial<Welcome["meeting"]>): string | undefined {
  const message = { type: "meeting" as const, meeting: { ...before.state, ...change } };
  return noticeOf(before, reduce(before, message), message)?.key;
}

describe("a live stream in the room", () => {
  it("is announced to everybody when it begins and when it ends", () => {
    expect(toldOf(meeting(), { streaming: true })).toBe("notice.streaming");
    expect(toldOf(meeting({ streaming: true }), { streaming: false })).toBe("notice.notStreaming");
    expect(toldOf(meeting({ streaming: true }), { viewers: 7 })).toBeUndefined();
  });

  it("is known to those who lead, as it fares now", () => {
    const before = meeting({}, null);
    expect(before.stream).toBeNull();
    const after = reduce(before, { type: "stream", stream: stream({ state: "away" }) });
    expect(after.stream?.state).toBe("away");
    expect(after.stream && fares(after.stream)).toBe("stream.away");
  });

  it("says once that a place does not get it any more", () => {
    const before = meeting({ streaming: true });
    const failed = { type: "stream" as const, stream: stream({ targets: [target({ state: "failed", problem: "refused" })] }) };
    const after = reduce(before, failed);
    expect(noticeOf(before, after, failed)).toMatchObject({ key: "notice.streamTarget", name: "Сторінка", urgent: true });
    expect(noticeOf(after, reduce(after, failed), failed)).toBeNull();
    const off = { type: "stream" as const, stream: stream({ targets: [target({ state: "failed", on: false })] }) };
    expect(noticeOf(before, reduce(before, off), off)).toBeNull();
  });
});

describe("the disk behind the stream", () => {
  it("is told of once for each trouble, to those who lead", () => {
    const before = meeting({ streaming: true });
    const low = { type: "stream" as const, stream: stream({ trouble: "disk_low" }) };
    const after = reduce(before, low);
    expect(noticeOf(before, after, low)).toMatchObject({ key: "stream.trouble.disk_low", urgent: true });
    expect(noticeOf(after, reduce(after, low), low)).toBeNull();
    const worse = { type: "stream" as const, stream: stream({ trouble: "gaps" }) };
    expect(noticeOf(after, reduce(after, worse), worse)).toMatchObject({ key: "stream.trouble.gaps" });
  });
});

describe("a target of the stream", () => {
  it("fares as it says, and off is off", () => {
    expect(stateOf(target())).toBe("stream.target.live");
    expect(stateOf(target({ state: null }))).toBe("stream.target.connecting");
    expect(stateOf(target({ on: false, state: "failed" }))).toBe("stream.target.off");
  });

  it("has a trouble until it is well again", () => {
    expect(troubleOf(target({ state: "waiting", problem: "hung" }))).toBe("stream.problem.hung");
    expect(troubleOf(target({ state: "live", problem: "hung" }))).toBeNull();
    expect(troubleOf(target({ state: "failed", problem: "refused", on: false }))).toBeNull();
  });
});
