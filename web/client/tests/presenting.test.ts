import { afterEach, describe, expect, it, vi } from "vitest";
import type { PictureTaken, Publication, Source } from "../src/generated/messages";
import { readConfig } from "../src/room/config";
import { firstChoice, SecondCamera, secondCameras } from "../src/room/devices/second";
import { encodingFor, kindOf } from "../src/room/media/encodings";
import { noticeOf } from "../src/room/meeting/notices";
import { begin, reduce } from "../src/room/meeting/state";
import { inOrder } from "../src/room/panels/lines";
import { compressed, PictureRefused, sendPicture, type Still } from "../src/room/pictures/picture";
import { onStage, presented, spotlit, type StageWish } from "../src/room/stage/tiles";
import { participant, welcome } from "./fakes";

const WISH: StageWish = { pinned: null, layout: "grid", screenInGrid: false, lastSpeaker: null };
const sends = (source: Source): Publication => ({
  id: `p:${source}`,
  source,
  codec: "VP8",
  muted: false,
  muted_by_host: false,
});
const showing = (...sources: Source[]) =>
  begin(
    welcome({ participants: [participant("me"), participant("kyiv", { publications: sources.map((one) => sends(one)) })] }),
  );
const pinned = (meeting: ReturnType<typeof begin>, source: Source | null) => ({
  ...meeting,
  state: { ...meeting.state, spotlight: "kyiv", spotlight_source: source },
});

afterEach(() => vi.unstubAllGlobals());

describe("a second camera among the tiles", () => {
  it("is a tile of its own, large as a screen is", () => {
    const meeting = showing("camera", "document_camera");
    expect(presented(meeting)).toEqual([{ key: "document:kyiv", participant: "kyiv", source: "document_camera" }]);
    expect(onStage(meeting, WISH)).toBe("document:kyiv");
    expect(onStage(meeting, { ...WISH, screenInGrid: true })).toBeNull();
  });

  it("takes the stage from a screen if it came later, and the other way round", () => {
    expect(onStage(showing("screen", "document_camera"), WISH)).toBe("document:kyiv");
    expect(onStage(showing("document_camera", "screen"), WISH)).toBe("screen:kyiv");
  });

  it("is pinned for oneself by its own key, and forgotten when it ends", () => {
    const meeting = showing("screen", "document_camera");
    expect(onStage(meeting, { ...WISH, pinned: "screen:kyiv" })).toBe("screen:kyiv");
    expect(onStage(showing("screen"), { ...WISH, pinned: "document:kyiv" })).toBe("screen:kyiv");
  });

  it("is never the own one", () => {
    const own = begin(
      welcome({ participants: [participant("me", { publications: [sends("document_camera")] }), participant("kyiv")] }),
    );
    expect(onStage(own, WISH)).toBeNull();
  });
});

describe("pinned for everybody", () => {
  const all = showing("camera", "screen", "document_camera");

  it("is the one video that the host meant", () => {
    expect(spotlit(pinned(all, "camera"))).toBe("kyiv");
    expect(spotlit(pinned(all, "screen"))).toBe("screen:kyiv");
    expect(spotlit(pinned(all, "document_camera"))).toBe("document:kyiv");
  });

  it("is what they present, else their camera, if the person is meant or the video has ended", () => {
    expect(spotlit(pinned(showing("camera", "screen"), null))).toBe("screen:kyiv");
    expect(spotlit(pinned(showing("camera", "screen"), "document_camera"))).toBe("screen:kyiv");
    expect(spotlit(pinned(showing("camera"), "document_camera"))).toBe("kyiv");
    expect(spotlit(pinned(showing(), "camera"))).toBe("kyiv");
  });

  it("is nobody who has left", () => {
    expect(spotlit(reduce(pinned(all, null), { type: "left", participant: "kyiv", reason: "left" }))).toBeNull();
  });
});

describe("choosing a second camera", () => {
  const cameras = ["a", "b", "c"].map((id) => ({ id, label: id }));

  it("leaves out the one that shows the person", () => {
    expect(secondCameras(cameras, "a").map(({ id }) => id)).toEqual(["b", "c"]);
    expect(secondCameras(cameras, "")).toHaveLength(3);
  });

  it("begins with the one of last time, else the last that was plugged in", () => {
    expect(firstChoice(cameras, "b")).toBe("b");
    expect(firstChoice(cameras, "gone")).toBe("c");
    expect(firstChoice([], "b")).toBe("");
  });

  it("is sent with at least the bits of a camera", () => {
    expect(kindOf("document_camera")).toBe("video");
    const of = (source: Source): number => encodingFor(source).maxBitrate ?? 0;
    expect(of("document_camera")).toBeGreaterThanOrEqual(of("camera"));
  });

  it("asks for sharpness, and notices when the device goes away", async () => {
    const track = fakeTrack();
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: async () => ({ getVideoTracks: () => [track] }) } });
    const second = new SecondCamera();
    const lost = vi.fn();
    second.lost = lost;
    const opened = await second.open("b");
    expect(opened.contentHint).toBe("detail");
    expect(second.track.value).toBeNull();
    second.show(opened);
    expect(second.track.value).toBe(opened);
    track.onended?.();
    expect(second.track.value).toBeNull();
    expect(lost).toHaveBeenCalledOnce();
  });

  it("lets the device go when it is stopped, or another one is shown", () => {
    const second = new SecondCamera();
    const [one, other] = [fakeTrack(), fakeTrack()];
    second.show(one as unknown as MediaStreamTrack);
    second.show(other as unknown as MediaStreamTrack);
    expect(one.stop).toHaveBeenCalledOnce();
    second.stop();
    expect(other.stop).toHaveBeenCalledOnce();
    expect(other.onended).toBeNull();
  });
});

function fakeTrack() {
  return {
    contentHint: "",
    onended: null as (() => void) | null,
    stop: vi.fn(),
    getSettings: () => ({ deviceId: "b" }),
  };
}

describe("a picture that was taken", () => {
  const meeting = begin(welcome());
  const taken = (part: Partial<PictureTaken> = {}): PictureTaken => ({
    type: "picture",
    at: 5,
    by: "kyiv",
    by_name: "Київ",
    participant: "me",
    source: "document_camera",
    ...part,
  });
  const notice = (message: PictureTaken) => noticeOf(meeting, reduce(meeting, message), message);

  it("is told to whoever is seen in it at once, to others calmly, not to whoever took it", () => {
    expect(notice(taken())).toMatchObject({ key: "notice.pictureOfYou", name: "Київ", urgent: true });
    expect(notice(taken({ participant: "kyiv" }))).toMatchObject({ key: "notice.picture", of: "kyiv", urgent: false });
    expect(notice(taken({ by: "me" }))).toBeNull();
  });

  it("stays among the lines of the chat, at its time", () => {
    const said = (id: string, at: number) => ({ id, at, participant: "kyiv", name: "kyiv", alias: "", text: "так", to: null });
    const chat = [said("a", 1), said("b", 4), said("c", 6)];
    const { pictures } = reduce(meeting, taken());
    const entries = inOrder({ chat, pictures });
    expect(entries.map(({ line }) => line?.id ?? "picture")).toEqual(["a", "b", "picture", "c"]);
    expect(entries.map((entry) => entry.line && entry.follows)).toEqual([false, true, undefined, false]);
    expect(inOrder({ chat: [], pictures }).map(({ picture }) => picture?.by)).toEqual(["kyiv"]);
  });
});

describe("a picture on its way to the server", () => {
  const config = readConfig('{"meeting":"m","csrf":"c","picturesUrl":"/api/meetings/m/pictures"}');
  const still: Still = { canvas: {} as HTMLCanvasElement, participant: "kyiv", source: "document_camera", caption: "" };
  const blob = (size: number): Blob => ({ size }) as Blob;

  it("loses quality before it is too large, and is refused when that is not enough", async () => {
    const sizes = new Map([
      [0.92, 20_000_000],
      [0.8, 9_000_000],
      [0.6, 4_000_000],
    ]);
    expect((await compressed(async (quality) => blob(sizes.get(quality) ?? 0))).size).toBe(4_000_000);
    await expect(compressed(async () => blob(10_000_000))).rejects.toBeInstanceOf(PictureRefused);
    await expect(compressed(async () => null)).rejects.toBeInstanceOf(PictureRefused);
  });

  it("says who took it, of whom and what it shows", async () => {
    const asked = vi.fn(async (_url: string, _request: RequestInit) => new Response("{}", { status: 201 }));
    vi.stubGlobal("fetch", asked);
    await sendPicture(config, "me", still, new Blob(["x"]), "  Сканер ");
    const [url, request] = asked.mock.calls[0] ?? [];
    const form = request?.body as FormData;
    expect(url).toBe("/api/meetings/m/pictures");
    expect(request?.headers).toMatchObject({ "X-CSRF-Token": "c" });
    expect(["by", "participant", "source", "caption"].map((name) => form.get(name))).toEqual([
      "me",
      "kyiv",
      "document_camera",
      "Сканер",
    ]);
    expect(form.get("picture")).toBeInstanceOf(Blob);
  });

  it("is refused in the server's words", async () => {
    vi.stubGlobal("fetch", async () => new Response('{"detail":"Забагато"}', { status: 409 }));
    await expect(sendPicture(config, "me", still, new Blob(["x"]), "а")).rejects.toThrow("Забагато");
  });
});
