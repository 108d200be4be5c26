import { describe, expect, it } from "vitest";
import { dayAfterKey, firstDay, turnsPage } from "../src/site/month";

describe("a key in the month", () => {
  it.each([
    ["ArrowLeft", "2026-12-02", "2026-12-01"],
    ["ArrowRight", "2026-12-31", "2027-01-01"],
    ["ArrowUp", "2026-12-02", "2026-11-25"],
    ["ArrowDown", "2026-12-30", "2027-01-06"],
    ["Home", "2026-12-02", "2026-11-30"],
    ["End", "2026-12-02", "2026-12-06"],
    ["Home", "2026-12-06", "2026-11-30"],
    ["End", "2026-12-07", "2026-12-13"],
    ["PageUp", "2026-12-02", "2026-11-02"],
    ["PageDown", "2026-12-02", "2027-01-02"],
    ["PageDown", "2027-01-31", "2027-02-28"],
    ["PageUp", "2028-03-31", "2028-02-29"],
    // Clocks change on these nights; a day is a day.
    ["ArrowRight", "2026-03-28", "2026-03-29"],
    ["ArrowRight", "2026-03-29", "2026-03-30"],
    ["ArrowLeft", "2026-10-26", "2026-10-25"],
  ])("%s leads from %s to %s", (key, from, to) => {
    expect(dayAfterKey(key, from)).toBe(to);
  });

  it.each(["Tab", "Enter", " ", "Escape", "a"])("%s is left to the browser", (key) => {
    expect(dayAfterKey(key, "2026-12-02")).toBeNull();
  });

  it("turns the page for the keys of pages alone", () => {
    expect(["PageUp", "PageDown", "ArrowDown", "Home"].filter(turnsPage)).toEqual(["PageUp", "PageDown"]);
  });
});

describe("the day that the tab key reaches first", () => {
  const days = ["2026-12-01", "2026-12-02", "2026-12-03"];
  it("is the one that was gone on to, else the chosen one, else the first", () => {
    expect(firstDay(days, "2026-12-03", "2026-12-02")).toBe("2026-12-03");
    expect(firstDay(days, "2026-11-03", "2026-12-02")).toBe("2026-12-02");
    expect(firstDay(days, null, null)).toBe("2026-12-01");
    expect(firstDay([], null, null)).toBeNull();
  });
});
