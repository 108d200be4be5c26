import { describe, expect, it } from "vitest";
import { noticeOf } from "../src/room/meeting/notices";
import { begin, reduce } from "../src/room/meeting/state";
import type { Announcement } from "../src/room/signal/protocol";
import { participant, welcome } from "./fakes";

const line = { id: "c1", at: 1, participant: "kyiv", name: "kyiv", alias: "", text: "Добрий день", to: null };

describe("the meeting as this client knows it", () => {
  const meeting = begin(welcome());

  it("lists people in the order in which they came", () => {
    expect([...meeting.participants.keys()]).toEqual(["kyiv", "me"]);
  });

  it("adds and changes a participant in place", () => {
    const after = reduce(meeting, { type: "participant", participant: participant("kyiv", { away: true }) });
    expect([...after.participants.keys()]).toEqual(["kyiv", "me"]);
    expect(after.participants.get("kyiv")?.away).toBe(true);
    expect(meeting.participants.get("kyiv")?.away).toBe(false);
  });

  it("forgets everything about who left", () => {
    const messages: Announcement[] = [
      { type: "hands", hands: ["kyiv", "me"] },
      { type: "speaker", participant: "kyiv" },
      { type: "quality", participants: { kyiv: 1 } },
    ];
    const busy = messages.reduce(reduce, meeting);
    const after = reduce(busy, { type: "left", participant: "kyiv", reason: "left" });
    expect(after.participants.has("kyiv")).toBe(false);
    expect(after.hands).toEqual(["me"]);
    expect(after.speaker).toBeNull();
    expect(after.quality.has("kyiv")).toBe(false);
  });

  it("takes each line of chat once and can lose it again", () => {
    const once = reduce(meeting, { type: "chat", message: line });
    expect(reduce(once, { type: "chat", message: line }).chat).toEqual([line]);
    expect(reduce(once, { type: "chat_deleted", message: "c1" }).chat).toEqual([]);
  });

  it("keeps qualities that a message does not name", () => {
    const first = reduce(meeting, { type: "quality", participants: { kyiv: 1, me: 3 } });
    const after = reduce(first, { type: "quality", participants: { kyiv: 3 } });
    expect([...after.quality]).toEqual([
      ["kyiv", 3],
      ["me", 3],
    ]);
  });
});

describe("notices", () => {
  const before = begin(welcome());
  const notice = (message: Parameters<typeof reduce>[1], from = before) =>
    noticeOf(from, reduce(from, message), message);

  it("tell who came, left and shares", () => {
    expect(notice({ type: "participant", participant: participant("lviv") })?.key).toBe("notice.joined");
    expect(notice({ type: "left", participant: "kyiv", reason: "left" })?.key).toBe("notice.left");
    const screen = { id: "s", source: "screen", codec: "VP8", muted: false, muted_by_host: false } as const;
    const sharing = participant("kyiv", { publications: [screen] });
    expect(notice({ type: "participant", participant: sharing })?.key).toBe("notice.shares");
  });

  it("are silent about comings in a large meeting", () => {
    const many = Array.from({ length: 30 }, (_, index) => participant(`p${index}`));
    const large = begin(welcome({ participants: [participant("me"), ...many] }));
    expect(notice({ type: "participant", participant: participant("lviv") }, large)).toBeNull();
  });

  it("tell of raised hands only those who moderate", () => {
    expect(notice({ type: "hands", hands: ["kyiv"] })).toBeNull();
    const host = begin(
      welcome({ participants: [participant("me", { permissions: ["moderate"] }), participant("kyiv")] }),
    );
    expect(notice({ type: "hands", hands: ["kyiv"] }, host)?.key).toBe("notice.hand");
  });
});
