import { describe, expect, it } from "vitest";
import { readConfig } from "../src/room/config";
import { written } from "../src/room/ui/names";
import { rulesOf } from "../src/room/ui/Rules";

describe("what shields the people of a meeting", () => {
  it("is told in the order in which it matters, and nothing where nothing holds", () => {
    expect(rulesOf({ hide_names: false, recording: "allowed", held: false })).toEqual([]);
    expect(rulesOf({ hide_names: true, recording: "voices", held: true })).toEqual([
      "rules.names",
      "rules.voices",
      "rules.held",
    ]);
    expect(rulesOf({ hide_names: false, recording: "never", held: true })).toEqual(["rules.never"]);
  });

  it("comes with the page; a page that says nothing of it protects nothing", () => {
    const said = { hide_names: true, recording: "never", held: false };
    expect(readConfig(JSON.stringify({ meeting: "m", protection: said, hidden: true, alias: "Зірка" }))).toMatchObject({
      protection: said,
      hidden: true,
      alias: "Зірка",
    });
    expect(readConfig('{"meeting":"m","protection":{"recording":"odd"}}').protection.recording).toBe("allowed");
    expect(readConfig('{"meeting":"m"}').hidden).toBe(false);
  });

  it("lets those who know both names see both", () => {
    expect(written({ name: "Олена", alias: "Учасник 82" })).toBe("Олена (Учасник 82)");
    expect(written({ name: "Учасник 82", alias: "" })).toBe("Учасник 82");
  });
});
