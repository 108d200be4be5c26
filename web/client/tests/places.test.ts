import { describe, expect, it } from "vitest";
import { taken } from "../src/site/places";

/** As arrow keys do: through each place up to the last one, reckoned from how things stood before. */
function arrow(places: Map<string, string>, line: string, ...through: string[]): Map<string, string> {
  return through.map((place) => taken(places, line, place)).at(-1) ?? places;
}

const none = new Map([["a", ""], ["b", ""], ["c", ""]]);
const said = (places: Map<string, string>): string => [...places.values()].join(",");

describe("places in an order", () => {
  it("stay where arrows only pass through", () => {
    const second = arrow(arrow(none, "a", "1", "2"), "b", "1", "2", "3");
    expect(said(arrow(second, "c", "1"))).toBe("2,3,1");
  });

  it("change hands: who had the place gets the one that is left", () => {
    const all = arrow(arrow(arrow(none, "a", "1"), "b", "1", "2"), "c", "1", "2", "3");
    expect(said(arrow(all, "a", "2", "3"))).toBe("3,2,1");
  });

  it("leave nobody with the place of another, and nothing is left to give", () => {
    expect(said(arrow(arrow(none, "a", "1"), "b", "1"))).toBe(",1,");
  });
});
