import { describe, expect, it } from "vitest";
import { readChoice } from "../src/room/devices/choice";
import { loudness } from "../src/room/devices/meter";
import { problemOf } from "../src/room/devices/problems";
import { ORIGINAL_SOUND, SPEECH, withOpus, withStartRate } from "../src/room/media/descriptions";
import { LineWatch, score } from "../src/room/media/quality";
import { Abandoned, Turns } from "../src/room/media/turns";

const SDP = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:1",
  "a=rtpmap:96 VP8/90000",
  "m=audio 9 UDP/TLS/RTP/SAVPF 100",
  "a=mid:2",
  "a=rtpmap:100 opus/48000/2",
  "",
].join("\r\n");

describe("The bit rate to begin with", () => {
  const H264 = "m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n";

  it("is added to the parameters of each video codec, once, and to nothing else", () => {
    const tuned = withStartRate(SDP + H264);
    expect(tuned).toContain("a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1000\r\n");
    expect(tuned).toContain("a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1000\r\n");
    expect(tuned.match(/x-google/g)?.length).toBe(2);
  });
});

describe("Opus parameters", () => {
  const tuned = withOpus(SDP, (mid) => (mid === "0" ? SPEECH : mid === "2" ? ORIGINAL_SOUND : null));

  it("keep what was there and add what is wished", () => {
    expect(tuned).toContain(
      "a=fmtp:111 minptime=10;useinbandfec=1;stereo=0;sprop-stereo=0;maxaveragebitrate=40000;usedtx=1\r\n",
    );
  });

  it("are added where there were none", () => {
    expect(tuned).toContain("a=rtpmap:100 opus/48000/2\r\na=fmtp:100 useinbandfec=1;stereo=1");
  });

  it("leave all else as it was", () => {
    expect(withOpus(SDP, () => null)).toBe(SDP);
    expect(tuned.match(/\r\n/g)?.length).toBe((SDP.match(/\r\n/g)?.length ?? 0) + 1);
  });
});

describe("device problems", () => {
  it.each([
    ["NotAllowedError", "refused"],
    ["NotFoundError", "missing"],
    ["NotReadableError", "busy"],
    ["OverconstrainedError", "missing"],
    ["SomethingNew", "unknown"],
  ])("%s is %s", (name, expected) => {
    const devices = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: {} }, configurable: true });
    expect(problemOf(new DOMException("", name))).toBe(expected);
    if (devices) Object.defineProperty(globalThis, "navigator", devices);
  });

  it("are explained by an insecure page where there are no devices at all", () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
    expect(problemOf(new TypeError("undefined"))).toBe("insecure");
    if (before) Object.defineProperty(globalThis, "navigator", before);
  });
});

describe("the remembered choice", () => {
  it("takes only what has the right type", () => {
    const choice = readChoice('{"camera":"c1","cameraOn":"yes","other":1}');
    expect(choice.camera).toBe("c1");
    expect(choice.cameraOn).toBe(true);
    expect("other" in choice).toBe(false);
  });

  it("survives damage", () => {
    expect(readChoice("{").microphoneOn).toBe(true);
    expect(readChoice("null").name).toBe("");
  });
});

describe("the meter", () => {
  it("is empty in silence and full when loud", () => {
    expect(loudness(new Float32Array(64))).toBe(0);
    expect(loudness(new Float32Array(64).fill(0.5))).toBe(1);
    const speech = loudness(new Float32Array(64).fill(0.05));
    expect(speech).toBeGreaterThan(0.5);
    expect(speech).toBeLessThan(0.9);
  });
});

describe("the own line's quality", () => {
  const report = (received: number, lost: number, seconds: number): RTCStatsReport =>
    new Map<string, object>([
      ["a", { type: "inbound-rtp", packetsReceived: received, packetsLost: lost }],
      ["b", { type: "candidate-pair", nominated: true, currentRoundTripTime: seconds }],
    ]) as unknown as RTCStatsReport;

  it("is judged by the last interval, not by the whole call", () => {
    const watch = new LineWatch();
    watch.sample(null, report(1000, 500, 0.02));
    expect(watch.sample(null, report(1100, 500, 0.02)).loss).toBe(0);
    expect(watch.sample(null, report(1190, 510, 0.02)).loss).toBeCloseTo(0.1);
  });

  it("falls with loss and with delay", () => {
    expect(score({ loss: 0, roundTrip: 20 })).toBe(3);
    expect(score({ loss: 0.04, roundTrip: 20 })).toBe(2);
    expect(score({ loss: 0, roundTrip: 400 })).toBe(2);
    expect(score({ loss: 0.2, roundTrip: null })).toBe(1);
  });
});

describe("turns", () => {
  it("come one after the other, also after a failure", async () => {
    const turns = new Turns();
    const done: number[] = [];
    const failing = turns.run(async () => {
      await Promise.resolve();
      done.push(1);
      throw new Error("first");
    });
    const second = turns.run(() => Promise.resolve(done.push(2)));
    await expect(failing).rejects.toThrow("first");
    await second;
    expect(done).toEqual([1, 2]);
  });

  it("that had not begun when they were abandoned never begin", async () => {
    const turns = new Turns();
    const done: number[] = [];
    let end = (): void => undefined;
    const first = turns.run(() => new Promise<void>((resolve) => (end = resolve)));
    const second = turns.run(() => Promise.resolve(done.push(2)));
    await Promise.resolve();
    turns.abandon();
    end();
    await first;
    await expect(second).rejects.toThrow(Abandoned);
    expect(done).toEqual([]);
  });
});
