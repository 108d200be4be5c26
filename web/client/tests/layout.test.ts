import { describe, expect, it } from "vitest";
import { type Box, type Size, capacity, corner, grid, paged, stage } from "../src/room/stage/layout";

const SPACES: readonly Size[] = [
  { width: 344, height: 620 },
  { width: 1256, height: 588 },
  { width: 920, height: 588 },
  { width: 1896, height: 950 },
  { width: 700, height: 300 },
];

function overlap(a: Box, b: Box): boolean {
  const apart = 0.01;
  return (
    a.left + a.width > b.left + apart &&
    b.left + b.width > a.left + apart &&
    a.top + a.height > b.top + apart &&
    b.top + b.height > a.top + apart
  );
}

function expectNeat(boxes: readonly Box[], space: Size): void {
  const outside = boxes.filter(
    (box) =>
      box.left < -0.01 ||
      box.top < -0.01 ||
      box.left + box.width > space.width + 0.01 ||
      box.top + box.height > space.height + 0.01,
  );
  expect(outside).toEqual([]);
  expect(boxes.filter((box, index) => boxes.slice(index + 1).some((other) => overlap(box, other)))).toEqual([]);
}

describe.each(SPACES)("in $width × $height", (space) => {
  it("lays every page of the grid neatly, and fills well", () => {
    for (let count = 1; count <= Math.min(25, capacity(space, 8)); count += 1) {
      const boxes = grid(count, space, 8);
      expect(boxes.length).toBe(count);
      expectNeat(boxes, space);
      const covered = boxes.reduce((sum, box) => sum + box.width * box.height, 0);
      expect(covered / (space.width * space.height)).toBeGreaterThan(0.3);
    }
  });

  it("keeps one small picture in the corner while nobody else is here", () => {
    const box = corner(space);
    expectNeat([box], space);
    expect(box.left + box.width).toBeCloseTo(space.width);
    expect(box.top + box.height).toBeCloseTo(space.height);
    expect(box.height).toBeLessThanOrEqual(space.height * 0.35 + 1);
  });

  it("keeps tiles in an allowed shape", () => {
    const narrowest = space.width > space.height ? 16 / 10 : 3 / 4;
    for (const { width, height } of grid(7, space, 8)) {
      expect(width / height).toBeGreaterThanOrEqual(narrowest - 0.001);
      expect(width / height).toBeLessThanOrEqual(16 / 9 + 0.001);
    }
  });

  it("lays stage and strip neatly, the large picture being the largest", () => {
    for (let others = 1; others <= 30; others += 1) {
      const { main, strip } = stage(others, space, 8);
      expectNeat([main, ...strip], space);
      expect(strip.length).toBeGreaterThan(0);
      expect(strip.length).toBeLessThanOrEqual(others);
      for (const box of strip) expect(main.width * main.height).toBeGreaterThan(box.width * box.height);
    }
  });
});

describe("pages", () => {
  it("are about equally full", () => {
    expect(paged([1, 2, 3, 4, 5], 4)).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(paged([], 4)).toEqual([[]]);
  });

  it("hold at most twenty-five tiles", () => {
    expect(capacity({ width: 4000, height: 3000 }, 8)).toBe(25);
    expect(capacity({ width: 10, height: 10 }, 8)).toBe(1);
  });
});

describe("the grid", () => {
  it("uses a phone's height: two people stand above one another", () => {
    const [first, second] = grid(2, { width: 344, height: 620 }, 6);
    expect(first?.left).toBe(second?.left);
    expect(second?.top).toBeGreaterThan(first?.top ?? 0);
  });

  it("centres a short last row", () => {
    const boxes = grid(3, { width: 1200, height: 675 }, 12);
    const last = boxes[2];
    expect((last?.left ?? 0) + (last?.width ?? 0) / 2).toBeCloseTo(600);
  });

  it("is empty without space", () => {
    expect(grid(3, { width: 0, height: 100 }, 8)).toEqual([]);
  });
});
