import { describe, expect, it } from "vitest";
import type { Publication } from "../src/generated/messages";
import { begin } from "../src/room/meeting/state";
import { arrange } from "../src/room/stage/order";
import { onStage, peopleWithTiles, type StageWish } from "../src/room/stage/tiles";
import { sameWish, wantedVideos } from "../src/room/stage/wanted";
import { participant, welcome } from "./fakes";

const screen: Publication = { id: "s", source: "screen", codec: "VP8", muted: false, muted_by_host: false };
const WISH: StageWish = { pinned: null, layout: "grid", screenInGrid: false, lastSpeaker: null };

describe("the order of tiles", () => {
  it("keeps places when people come and go", () => {
    expect(arrange(["a", "b", "c"], ["a", "c", "d"], null, 9, new Map())).toEqual(["a", "c", "d"]);
  });

  it("brings a hidden speaker forward in place of whoever was silent longest", () => {
    const spoke = new Map([
      ["a", 5],
      ["b", 2],
    ]);
    expect(arrange(["a", "b", "c", "d"], ["a", "b", "c", "d"], "d", 2, spoke)).toEqual(["a", "d", "c", "b"]);
  });

  it("moves nobody for a speaker in sight", () => {
    expect(arrange(["a", "b"], ["a", "b"], "b", 2, new Map())).toEqual(["a", "b"]);
  });
});

describe("what is large", () => {
  const meeting = begin(
    welcome({ participants: [participant("me"), participant("kyiv", { publications: [screen] })] }),
  );

  it("is a shared screen, unless the person wants the grid", () => {
    expect(onStage(meeting, WISH)).toBe("screen:kyiv");
    expect(onStage(meeting, { ...WISH, screenInGrid: true })).toBeNull();
  });

  it("is the own pin before everything", () => {
    expect(onStage(meeting, { ...WISH, pinned: "me" })).toBe("me");
    expect(onStage(meeting, { ...WISH, pinned: "gone" })).toBe("screen:kyiv");
  });

  it("is never the own screen", () => {
    const own = begin(welcome({ participants: [participant("me", { publications: [screen] }), participant("kyiv")] }));
    expect(onStage(own, WISH)).toBeNull();
  });

  it("is whoever a host pinned for everybody", () => {
    const quiet = begin(welcome());
    const pinned = { ...quiet, state: { ...quiet.state, spotlight: "kyiv" } };
    expect(onStage(pinned, WISH)).toBe("kyiv");
  });

  it("is the last speaker in the speaker layout, somebody else before anybody spoke", () => {
    const quiet = begin(welcome());
    expect(onStage(quiet, { ...WISH, layout: "speaker" })).toBe("kyiv");
    expect(onStage(quiet, { ...WISH, layout: "speaker", lastSpeaker: "gone" })).toBe("kyiv");
  });
});

describe("who has a tile", () => {
  it("leaves out viewers who send nothing", () => {
    const meeting = begin(welcome({ participants: [participant("me"), participant("v", { role: "viewer" })] }));
    expect(peopleWithTiles(meeting).map(({ id }) => id)).toEqual(["me"]);
  });
});

describe("the videos asked for", () => {
  it("are those in sight, at the tile's size; others are paused, those that ended left out", () => {
    const before = [
      { publication: "a", paused: false, height: 300 },
      { publication: "gone", paused: false, height: 300 },
    ];
    const wish = wantedVideos(new Map([["b", 200]]), before, new Set(["a", "b"]), 1.5);
    expect(wish).toEqual([
      { publication: "b", paused: false, height: 300 },
      { publication: "a", paused: true, height: 300 },
    ]);
  });

  it("are told again only when they differ", () => {
    const wish = [{ publication: "a", paused: false, height: 300 }];
    expect(sameWish(wish, [{ publication: "a", paused: false, height: 300 }])).toBe(true);
    expect(sameWish(wish, [{ publication: "a", paused: true, height: 300 }])).toBe(false);
    expect(sameWish(wish, [])).toBe(false);
  });
});
