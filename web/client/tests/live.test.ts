import { describe, expect, it } from "vitest";
import { cues, pieces } from "../src/site/live/captions";
import { NOTHING, readTold } from "../src/site/live/config";
import { readAsked } from "../src/site/live/questions";
import { countdown } from "../src/site/live/countdown";
import { counted, Health, isBad, PATIENCE, type Counted } from "../src/site/live/health";
import { Ways } from "../src/site/live/ways";
import { reasonOf } from "../src/site/live/whep";

const START: Counted = { at: 0, packetsReceived: 0, packetsLost: 0, framesDecoded: 0, totalFreezesDuration: 0 };

function after(before: Counted, change: Partial<Counted> = {}): Counted {
  return {
    at: before.at + 2000,
    packetsReceived: before.packetsReceived + 400,
    packetsLost: before.packetsLost,
    framesDecoded: before.framesDecoded + 50,
    totalFreezesDuration: before.totalFreezesDuration,
    ...change,
  };
}

describe("the network's health", () => {
  it("is bad with lost packets, standing pictures, or none", () => {
    expect(isBad(START, after(START))).toBe(false);
    expect(isBad(START, after(START, { packetsLost: 20 }))).toBe(false);
    expect(isBad(START, after(START, { packetsLost: 40 }))).toBe(true);
    expect(isBad(START, after(START, { framesDecoded: 0 }))).toBe(true);
    expect(isBad(START, after(START, { totalFreezesDuration: 0.4 }))).toBe(false);
    expect(isBad(START, after(START, { totalFreezesDuration: 0.6 }))).toBe(true);
  });

  it("is given up after some bad looks, not after one", () => {
    const health = new Health();
    let now = START;
    health.look(now);
    const answers = [];
    for (let bad = 0; bad < PATIENCE; bad += 1) {
      now = after(now, { packetsLost: now.packetsLost + 100 });
      answers.push(health.look(now));
    }
    expect(answers).toEqual([false, false, true]);
  });

  it("forgives what good looks outweigh", () => {
    const health = new Health();
    let now = START;
    health.look(now);
    for (let turn = 0; turn < 30; turn += 1) {
      now = turn % 3 === 0 ? after(now, { packetsLost: now.packetsLost + 100 }) : after(now);
      expect(health.look(now)).toBe(false);
    }
  });

  it("counts good looks in a row, for a rehearsal", () => {
    const health = new Health();
    let now = START;
    health.look(now);
    for (let turn = 1; turn < 4; turn += 1) {
      now = after(now);
      health.look(now);
      expect(health.good).toBe(turn);
    }
    health.look(after(now, { packetsLost: 900 }));
    expect(health.good).toBe(0);
  });

  it("says nothing of the time in which it was not looked at", () => {
    const health = new Health();
    health.look(START);
    for (let turn = 0; turn < 10; turn += 1) {
      health.forget();
      expect(health.look({ ...START, at: turn * 60_000 })).toBe(false);
    }
  });

  it("is read from the picture's counters alone", () => {
    const report = [
      { type: "inbound-rtp", kind: "audio", packetsReceived: 7 },
      { type: "inbound-rtp", kind: "video", timestamp: 5, packetsReceived: 9, packetsLost: 1, framesDecoded: 3 },
    ];
    expect(counted(report)).toEqual({ at: 5, packetsReceived: 9, packetsLost: 1, framesDecoded: 3, totalFreezesDuration: 0 });
    expect(counted([])).toBeNull();
  });
});

function store(): Pick<Storage, "getItem" | "setItem" | "removeItem"> & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

describe("the way of taking the stream", () => {
  it("is WHEP, and falls over to HLS when there is no room", () => {
    const ways = new Ways(true, () => 0, store());
    expect(ways.chosen).toEqual({ way: "whep", reason: "" });
    expect(ways.fall("full")).toEqual({ way: "hls", reason: "full" });
    expect(ways.begin().way).toBe("whep");
  });

  it("stays HLS where the network could not carry it, until somebody asks", () => {
    let now = 1000;
    const kept = store();
    const ways = new Ways(true, () => now, kept);
    ways.fall("network");
    expect(ways.begin()).toEqual({ way: "hls", reason: "network" });
    expect(new Ways(true, () => now, kept).chosen.way).toBe("hls");
    expect(ways.mayTry).toBe(true);
    expect(ways.again().way).toBe("whep");
    expect(new Ways(true, () => now, kept).chosen.way).toBe("whep");
    ways.fall("network");
    now += 11 * 60_000;
    expect(new Ways(true, () => now, kept).chosen.way).toBe("whep");
  });

  it("is HLS where the browser has no WebRTC", () => {
    const ways = new Ways(false, () => 0, store());
    expect(ways.chosen.way).toBe("hls");
    expect(ways.mayTry).toBe(false);
    expect(ways.again().way).toBe("hls");
  });

  it("comes back by itself, each time later, and begins to count anew after a good while", () => {
    let now = 0;
    const ways = new Ways(true, () => now, store(), () => 0.5);
    const pause = (): number => {
      const from = now;
      while (!ways.ripe) now += 1000;
      return (now - from) / 1000;
    };
    ways.fall("full");
    expect(pause()).toBe(20);
    ways.notNow("full");
    expect(ways.chosen).toEqual({ way: "hls", reason: "full" });
    expect(pause()).toBe(40);
    ways.notNow(null);
    expect(pause()).toBe(80);
    expect(ways.returned().way).toBe("whep");
    expect(ways.ripe).toBe(false);
    now += 20_000;
    ways.fall("network");
    expect(pause()).toBe(480);
    ways.returned();
    now += 20_000;
    ways.fall("network");
    expect(pause()).toBe(600);
    ways.returned();
    now += 6 * 60_000;
    ways.fall("network");
    expect(pause()).toBe(60);
  });

  it("does not bring back everybody at once, nor anybody who was refused for good", () => {
    const due = [0, 1].map((chance) => {
      let now = 0;
      const ways = new Ways(true, () => now, store(), () => chance);
      ways.fall("full");
      while (!ways.ripe) now += 1000;
      return now / 1000;
    });
    expect(due).toEqual([15, 25]);
    const ways = new Ways(true, () => 1e12, store());
    ways.fall("refused");
    expect(ways.ripe).toBe(false);
  });

  it("stays as the viewer has chosen, in the next stream and on the next page too", () => {
    let now = 0;
    const kept = store();
    const ways = new Ways(true, () => now, kept);
    ways.steady();
    now += 24 * 3600_000;
    expect(ways.ripe).toBe(false);
    expect(ways.begin()).toEqual({ way: "hls", reason: "chosen" });
    expect(ways.notNow("network").reason).toBe("chosen");
    expect(new Ways(true, () => now, kept).chosen).toEqual({ way: "hls", reason: "chosen" });
    expect(ways.again().way).toBe("whep");
    expect(new Ways(true, () => now, kept).chosen.way).toBe("whep");
  });

  it("knows no room from a refusal", () => {
    expect(reasonOf(503, "full")).toBe("full");
    expect(reasonOf(404, "not_streaming")).toBe("refused");
    expect(reasonOf(401, "token_expired")).toBe("refused");
  });
});

describe("captions", () => {
  const playlist = [
    "#EXTM3U",
    "#EXT-X-MEDIA-SEQUENCE:3",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-25T07:00:06.000Z",
    "#EXTINF:2.00000,",
    "ab-0/captions-uk-000003.vtt",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-25T07:00:08.000Z",
    "#EXT-X-GAP",
    "#EXTINF:2.00000,",
    "ab-0/captions-uk-000004.none",
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-25T07:00:10.000Z",
    "#EXTINF:2.00000,",
    "ab-0/captions-uk-000005.vtt",
  ].join("\n");

  it("are found in their playlist, gaps left out", () => {
    expect(pieces(playlist)).toEqual([
      { uri: "ab-0/captions-uk-000003.vtt", wall: Date.UTC(2026, 10, 25, 7, 0, 6) },
      { uri: "ab-0/captions-uk-000005.vtt", wall: Date.UTC(2026, 10, 25, 7, 0, 10) },
    ]);
    expect(pieces("")).toEqual([]);
  });

  it("are read as text, never as markup", () => {
    const text =
      "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n00:00:06.500 --> 00:00:08.000\nДобрий день\nусім\n\n" +
      "01:00:00.000 --> 01:00:01.000 line:0\n<b>1 &lt; 2</b> &amp;lt;i&amp;gt;\n\n00:00.000 --> nonsense\nx\n";
    expect(cues(text)).toEqual([
      { at: 6.5, until: 8, text: "Добрий день\nусім" },
      { at: 3600, until: 3601, text: "1 < 2 &lt;i&gt;" },
    ]);
    expect(cues("WEBVTT\n")).toEqual([]);
  });
});

describe("what the server says", () => {
  it("is read with care", () => {
    expect(readTold(null)).toEqual(NOTHING);
    expect(readTold({ state: "flying", viewers: "many", captions: ["uk", 7] })).toEqual({
      ...NOTHING,
      captions: ["uk"],
      sounds: [],
    });
    expect(readTold({ state: "live", stream: "ab", viewers: 3, captions: [], sounds: ["floor"] })).toEqual({
      state: "live",
      stream: "ab",
      viewers: 3,
      captions: [],
      sounds: ["floor"],
    });
  });
});

it("counts down in days, hours, minutes", () => {
  expect(countdown(59_001, "uk")).toBe("1:00");
  expect(countdown(245_000, "uk")).toBe("4:05");
  expect(countdown(3_723_000, "en")).toBe("1:02:03");
  expect(countdown(2 * 86_400_000 + 3 * 3_600_000, "en")).toBe("2 days 3 hours");
  expect(countdown(2 * 86_400_000, "uk")).toBe("2 дні");
  expect(countdown(-5, "uk")).toBe("0:00");
});

describe("questions of others", () => {
  it("are taken as they come, and nothing else is", () => {
    const one = { id: "q1", name: "Олена", text: "<b>Коли?</b>", status: "open" };
    expect(readAsked({ questions: [one, { id: 1 }, null, "x"] })).toEqual([one]);
    expect(readAsked({ questions: "x" })).toEqual([]);
    expect(readAsked(null)).toEqual([]);
  });
});
