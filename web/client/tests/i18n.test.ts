import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogues, translator, type Key, type Sentence } from "../src/i18n";

const keys = Object.keys(catalogues.uk) as Key[];
const placeholders = (sentence: Sentence): string[] => {
  const text = typeof sentence === "string" ? sentence : sentence.other;
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
};

describe("the catalogues", () => {
  it("have the same keys", () => {
    expect(Object.keys(catalogues.en).sort()).toEqual([...keys].sort());
  });

  it.each(keys)("agree about %s", (key) => {
    const { uk, en } = { uk: catalogues.uk[key], en: catalogues.en[key] };
    expect(placeholders(uk)).toEqual(placeholders(en));
    expect(typeof uk).toBe(typeof en);
    if (typeof uk !== "string") expect(Object.keys(uk).sort()).toEqual(["few", "many", "one", "other"]);
  });

  it("hold no sentence that nothing says", () => {
    const code = files(join(import.meta.dirname, "../src/room")).join("\n");
    const families = [
      "problem.",
      "over.",
      "device.camera.",
      "device.microphone.",
      "device.screen.",
      "quality.",
      "role.",
      "help.",
      "check.",
      "captions.size.",
      "stream.problem.",
      "stream.target.",
      "stream.trouble.",
    ];
    const unused = keys.filter(
      (key) => !code.includes(`"${key}"`) && !families.some((family) => key.startsWith(family)),
    );
    expect(unused).toEqual([]);
  });
});

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

describe("Ukrainian plurals", () => {
  const t = translator("uk");
  it.each([
    [1, "1 учасник"],
    [2, "2 учасники"],
    [5, "5 учасників"],
    [11, "11 учасників"],
    [21, "21 учасник"],
    [23, "23 учасники"],
    [112, "112 учасників"],
  ])("%i", (count, expected) => {
    expect(t("people.title", { count })).toBe(expected);
  });
});

describe("a sentence", () => {
  it("takes its values as they are", () => {
    expect(translator("en")("tile.you", { name: "<b>{name}</b>" })).toBe("<b>{name}</b> (you)");
  });
});

// Who steers by voice says what stands on the button (WCAG 2.2, 2.5.3).
describe.each(["uk", "en"] as const)("the control bar in %s", (language) => {
  const t = translator(language);
  const labels = {
    "bar.microphone": ["bar.microphoneTurnOn", "bar.microphoneTurnOff", "bar.microphoneByHost"],
    "bar.camera": ["bar.cameraTurnOn", "bar.cameraTurnOff"],
    "bar.screen": ["bar.screenShow", "bar.screenStop"],
    "bar.hand": ["bar.handUp", "bar.handDown"],
    "bar.chat": ["bar.chatUnread"],
    "bar.questions": ["bar.questionsNew"],
    "bar.peopleShort": ["bar.people"],
  } as const;
  it.each(Object.entries(labels))("names the controls of %s by their caption first", (caption, keys) => {
    for (const key of keys) expect(t(key, { count: 3 }).startsWith(t(caption as keyof typeof labels))).toBe(true);
  });
});
