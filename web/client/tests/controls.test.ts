import { describe, expect, it } from "vitest";
import { readConfig, signalUrl } from "../src/room/config";
import { commandOf, type Stroke } from "../src/room/controls/shortcuts";
import { groundOf, initials } from "../src/room/ui/Avatar";

const stroke = (part: Partial<Stroke>): Stroke => ({
  code: "",
  key: "",
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  repeat: false,
  ...part,
});

describe("keys", () => {
  it("go by their place, so a Ukrainian layout works", () => {
    expect(commandOf(stroke({ code: "KeyM", key: "ь" }))).toBe("microphone");
    expect(commandOf(stroke({ code: "KeyM", key: "m" }))).toBe("microphone");
  });

  it("leave the browser's own combinations alone", () => {
    expect(commandOf(stroke({ code: "KeyC", key: "c", ctrlKey: true }))).toBeNull();
    expect(commandOf(stroke({ code: "KeyM", key: "m", repeat: true }))).toBeNull();
  });

  it("know the question mark wherever it stands", () => {
    expect(commandOf(stroke({ code: "Digit7", key: "?", shiftKey: true }))).toBe("help");
  });
});

describe("initials", () => {
  it.each([
    ["Олена Коваль", "ОК"],
    ["Київ", "К"],
    ["Івано-Франківськ", "ІФ"],
    ["  ", ""],
    ["«Зала» 2", "З2"],
  ])("of %s are %s", (name, expected) => {
    expect(initials(name)).toBe(expected);
  });

  it("stand on one ground for one name", () => {
    expect(groundOf("Київ")).toBe(groundOf("Київ"));
  });
});

describe("the page's settings", () => {
  it("have sensible defaults", () => {
    const config = readConfig('{"meeting":"demo"}');
    expect(config).toMatchObject({
      language: "uk",
      signal: "/signal",
      tokenUrl: "/api/meetings/demo/token",
      autoJoin: false,
    });
  });

  it("must name the meeting", () => {
    expect(() => readConfig("{}")).toThrow("meeting");
  });

  it("give a secure WebSocket on a secure page", () => {
    const config = readConfig('{"meeting":"demo"}');
    expect(signalUrl(config, { protocol: "https:", host: "v.ua" })).toBe("wss://v.ua/signal");
    expect(signalUrl(config, { protocol: "http:", host: "localhost:8000" })).toBe("ws://localhost:8000/signal");
  });
});
