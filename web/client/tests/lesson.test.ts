import { describe, expect, it } from "vitest";
import { Draft, Place } from "../src/site/lesson";

describe("a place in a lesson", () => {
  it("is told once it differs enough, and no place twice", () => {
    const told: number[] = [];
    const place = new Place(10, (now) => told.push(now), 3);
    place.move(12);
    place.keep();
    expect(told).toEqual([]);
    place.move(14.23456);
    place.keep();
    place.keep();
    expect(told).toEqual([14.235]);
  });

  it("never lies before the begin", () => {
    const told: number[] = [];
    const place = new Place(1, (now) => told.push(now), 0.5);
    place.move(-4);
    place.keep();
    expect(told).toEqual([0]);
  });
});

describe("what is typed for an assignment", () => {
  function storage(): { kept: Map<string, string>; draft: Draft } {
    const kept = new Map<string, string>();
    const draft = new Draft("draft", {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    });
    return { kept, draft };
  }

  it("comes back after the page was left, and is forgotten when it is handed in", () => {
    const { kept, draft } = storage();
    draft.opened("");
    draft.typed("План");
    expect(draft.opened("")).toBe("План");
    draft.handedIn();
    expect(draft.opened("")).toBe("");
    expect(kept.size).toBe(0);
  });

  it("comes back over the text that was given back to be mended", () => {
    const { draft } = storage();
    expect(draft.opened("Повернуте")).toBe("Повернуте");
    draft.typed("Виправлене");
    expect(draft.opened("Повернуте")).toBe("Виправлене");
    draft.typed("");
    expect(draft.opened("Повернуте")).toBe("");
  });

  it("does not replace what came from elsewhere meanwhile", () => {
    const { draft } = storage();
    draft.opened("");
    draft.typed("Старе");
    expect(draft.opened("Повернуте")).toBe("Повернуте");
  });
});
