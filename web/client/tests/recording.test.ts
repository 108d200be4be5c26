/** What people are told of a recording, and the recording page's small helps. */
import { describe, expect, test } from "vitest";
import { noticeOf } from "../src/room/meeting/notices";
import { begin, reduce, type Meeting } from "../src/room/meeting/state";
import type { MeetingState } from "../src/generated/messages";
import { isWeak, moment, stamp } from "../src/site/recording";
import { matches } from "../src/site/transcript";
import { participant, welcome } from "./fakes";

function meeting(role: "host" | "participant", state: Partial<MeetingState> = {}): Meeting {
  const plain = welcome();
  const permissions = role === "host" ? (["moderate"] as const) : ([] as const);
  return begin({
    ...plain,
    meeting: { ...plain.meeting, ...state },
    participants: [participant("me", { role, permissions: [...permissions] })],
  });
}

function told(before: Meeting, change: Partial<MeetingState>): string | undefined {
  const message = { type: "meeting", meeting: { ...before.state, ...change } } as const;
  return noticeOf(before, reduce(before, message), message)?.key;
}

describe("recording", () => {
  test("everybody is told of each change, urgently", () => {
    const before = meeting("participant");
    const message = { type: "meeting", meeting: { ...before.state, recording: true } } as const;
    expect(noticeOf(before, reduce(before, message), message)).toEqual({
      key: "notice.recording",
      name: "",
      urgent: true,
    });
    const on = meeting("participant", { recording: true });
    expect(told(on, { recording_paused: true })).toBe("notice.recordingPaused");
    expect(told(on, { recording: false })).toBe("notice.notRecording");
    const paused = meeting("participant", { recording: true, recording_paused: true });
    expect(told(paused, { recording_paused: false })).toBe("notice.recordingGoesOn");
    expect(told(paused, { recording: false, recording_paused: false })).toBe("notice.notRecording");
  });

  test("trouble is for those who can do something about it", () => {
    const on = meeting("host", { recording: true });
    expect(told(on, { recording_trouble: "disk_low" })).toBe("notice.recordingDiskLow");
    expect(told(on, { recording_trouble: "disk_full" })).toBe("notice.recordingDiskFull");
    expect(told(on, { recording_trouble: "capture_away" })).toBe("notice.recordingAway");
    const ill = meeting("host", { recording: true, recording_trouble: "disk_full" });
    expect(told(ill, { recording_trouble: null })).toBe("notice.recordingWell");
    expect(told(meeting("participant", { recording: true }), { recording_trouble: "disk_full" })).toBeUndefined();
  });
});

describe("watching", () => {
  test("the browser says that a line is weak, or says nothing", () => {
    expect([{ saveData: true }, { effectiveType: "3g" }, { effectiveType: "slow-2g" }].map(isWeak)).toEqual([
      true,
      true,
      true,
    ]);
    expect([undefined, {}, { saveData: false, effectiveType: "4g" }].map(isWeak)).toEqual([false, false, false]);
  });

  test.each([
    ["#t=90", 90],
    ["#t=90.5", 90],
    ["#t=", null],
    ["#chapters", null],
    ["#t=99999999", null],
  ])("the moment in %s", (hash, expected) => {
    expect(moment(hash)).toBe(expected);
  });

  test.each([
    [0, "0:00"],
    [65.9, "1:05"],
    [3723, "1:02:03"],
  ])("%d seconds", (seconds, expected) => {
    expect(stamp(seconds)).toBe(expected);
  });
});

describe("searching the transcript", () => {
  test.each([
    ["Подайте заяву до центру", "заяв центр", true],
    ["Подайте заяву до центру", "ЗАЯВУ", true],
    ["Прізвище та ім\u2019я", "ім'я", true],
    ["Подайте заяву", "скарга", false],
    ["Подайте заяву", "", true],
  ])("%s: %s", (text, wanted, expected) => {
    expect(matches(text, wanted)).toBe(expected);
  });
});
