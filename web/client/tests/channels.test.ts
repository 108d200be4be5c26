import { describe, expect, it } from "vitest";
import type { Interpreting, Participant, Publication } from "../src/generated/messages";
import { chosen, gain, gainOf, heardLanguages, listening, partners, ROOM_BELOW, ROOM_OFF, signer, ways } from "../src/room/interpreting/channels";
import { languageName } from "../src/room/interpreting/names";
import { glide, steps } from "../src/room/interpreting/volume";
import { begin, type Meeting } from "../src/room/meeting/state";
import { besideSigner } from "../src/room/stage/layout";
import { translator } from "../src/i18n";
import { participant, welcome } from "./fakes";

const sound = (source: Publication["source"], muted = false): Publication => ({ id: source, source, codec: "opus", muted, muted_by_host: false });

function interpreter(id: string, source: string, into: string, part: Partial<Participant> & { air?: boolean; muted?: boolean } = {}): Participant {
  const { air = true, muted = false, ...rest } = part;
  const interprets: Interpreting = { source, into, on_air: air };
  const publications = [sound("microphone", muted), sound("camera", muted)];
  return participant(id, { role: "interpreter", permissions: ["interpret"], interprets, publications, ...rest });
}

function meeting(...others: Participant[]): Meeting {
  const told = welcome({ participants: [participant("me"), participant("kyiv"), ...others] });
  return begin({ ...told, meeting: { ...told.meeting, channels: ["en", "pl", "ukl"] } });
}

const loud = (here: Meeting, channel: string | null, of: string, source = "microphone"): number =>
  gain(here, channel, ROOM_BELOW, { participant: of, source });

describe("what is heard", () => {
  const olena = interpreter("olena", "uk", "en");

  it("is the room alone for whoever chose nothing", () => {
    const here = meeting(olena);
    expect(loud(here, null, "kyiv")).toBe(1);
    expect(loud(here, null, "olena")).toBe(0);
  });

  it("is the interpreter at full level with the room 15 dB below, films included", () => {
    const here = meeting(olena);
    expect(listening(here, "en")).toBe("speaks");
    expect(loud(here, "en", "olena")).toBe(1);
    expect(loud(here, "en", "kyiv")).toBeCloseTo(0.178, 3);
    expect(loud(here, "en", "olena", "screen_audio")).toBeCloseTo(0.178, 3);
    expect(gain(here, "en", ROOM_OFF, { participant: "kyiv", source: "microphone" })).toBe(0);
    expect([gainOf(0), gainOf(ROOM_OFF)]).toEqual([1, 0]);
  });

  it("is the room at full level while the interpreter is silent, turned round, away or gone", () => {
    for (const [one, state] of [
      [interpreter("olena", "uk", "en", { muted: true }), "silent"],
      [interpreter("olena", "uk", "en", { air: false }), "silent"],
      [interpreter("olena", "en", "uk"), "silent"],
      [interpreter("olena", "uk", "en", { away: true }), "missing"],
      [interpreter("olena", "uk", "pl"), "missing"],
    ] as const) {
      expect(listening(meeting(one), "en")).toBe(state);
      expect(loud(meeting(one), "en", "kyiv")).toBe(1);
    }
    expect(listening(meeting(olena), "en")).toBe("speaks");
  });

  it("is of two in a booth the one on the air", () => {
    const here = meeting(olena, interpreter("petro", "uk", "en", { air: false }));
    expect([loud(here, "en", "olena"), loud(here, "en", "petro")]).toEqual([1, 0]);
    expect(partners(here, { source: "en", into: "uk", on_air: true }).map(({ id }) => id)).toEqual(["olena", "petro"]);
  });

  it("is the room for an interpreter on the own channel, and may be another channel", () => {
    const here = meeting({ ...interpreter("me", "uk", "en"), id: "me" }, interpreter("maria", "uk", "pl"));
    expect(chosen(here, "en")).toBeNull();
    expect(chosen(here, "pl")).toBe("pl");
  });

  it("includes an interpreter without a channel, and whoever signs, as part of the room", () => {
    const here = meeting(participant("new", { role: "interpreter", publications: [sound("microphone")] }), interpreter("ruky", "uk", "ukl"));
    expect([loud(here, null, "new"), loud(here, null, "ruky")]).toEqual([1, 1]);
  });
});

describe("what can be chosen", () => {
  it("is what is interpreted now, the language of the room too", () => {
    const here = meeting(interpreter("olena", "uk", "en"), interpreter("ruky", "uk", "ukl"));
    expect(heardLanguages(here)).toEqual(["uk", "en"]);
    expect(chosen(here, "de")).toBeNull();
    expect(chosen(here, "ukl")).toBeNull();
    expect(ways(here)).toContainEqual({ source: "en", into: "pl" });
  });

  it("has names in the reader's language", () => {
    expect(languageName(translator("uk"), "uk", "pl")).toBe("Польська");
    expect(languageName(translator("en"), "en", "ukl")).toBe("Ukrainian Sign Language");
  });
});

describe("whoever interprets in sign language", () => {
  it("has a place of a good size in every shape of window, and leaves the larger part", () => {
    for (const space of [{ width: 1280, height: 600 }, { width: 360, height: 560 }, { width: 800, height: 360 }]) {
      const { sign, rest } = besideSigner(space, 12);
      expect(Math.min(sign.width, sign.height)).toBeGreaterThanOrEqual(160);
      expect(rest.width * rest.height).toBeGreaterThan(space.width * space.height * 0.5);
      expect(sign.left >= rest.width || sign.top >= rest.height).toBe(true);
    }
  });

  it("is seen while on the air with a camera that runs", () => {
    expect(signer(meeting(interpreter("ruky", "uk", "ukl")))?.id).toBe("ruky");
    expect(signer(meeting(interpreter("ruky", "uk", "ukl", { muted: true })))).toBeNull();
    expect(signer(meeting(interpreter("ruky", "uk", "ukl", { air: false })))).toBeNull();
    expect(signer(meeting(interpreter("olena", "uk", "en")))).toBeNull();
  });
});

describe("a loudness", () => {
  it("is reached in small steps, and is nothing where only the system may set it", () => {
    expect(steps(0, 1)).toHaveLength(8);
    expect(steps(1, 0).at(-1)).toBe(0);
    const fixed = { get volume() { return 1; }, set volume(_: number) {}, muted: false };
    glide(fixed, 1);
    expect(fixed.muted).toBe(false);
  });
});
