import { afterEach, describe, expect, it, vi } from "vitest";
import * as database from "../src/offline/database";
import type { Letter } from "../src/offline/database";
import { deliver, fateOfAnswer, fateOfMark } from "../src/offline/delivery";
import { assetsOf, fileKey, fontsOf, handling, lessonOf, markStored, mayBeKept, ofOthers, outdated, surplus, timeLeft, type Asked } from "../src/offline/rules";
import { size } from "../src/site/offline/keep";

vi.mock("../src/offline/database");

const asked = (more: Partial<Asked>): Asked => ({
  ...{ method: "GET", path: "/", search: "", navigation: true, destination: "document", ranged: false, multipart: false },
  ...more,
});
const fetched = (path: string, more: Partial<Asked> = {}) => asked({ path, navigation: false, destination: "", ...more });

describe("what the worker answers", () => {
  it("keeps away from signaling, media and the API, however they are asked", () => {
    const paths = ["/signal", "/whip/demo", "/whep/demo", "/api/meetings/x/token", "/internal/events", "/healthz"];
    for (const path of [...paths, "/recordings/abc/files/film.mp4", "/live/demo/stream.m3u8", "/live/demo/state", "/live/demo/a/1.ts"])
      for (const method of ["GET", "POST"])
        for (const navigation of [true, false]) expect(handling(asked({ path, method, navigation })), path).toBe("pass");
  });

  it("never keeps what is posted", () => {
    expect(handling(asked({ path: "/courses/a/begin", method: "POST" }))).toBe("navigation");
    expect(handling(asked({ path: "/attempts/ab12", method: "POST" }))).toBe("navigation");
    expect(handling(fetched("/attempts/ab12/answers/1", { method: "POST" }))).toBe("pass");
    expect(handling(asked({ path: "/courses/import", method: "POST", multipart: true }))).toBe("pass");
  });

  it("lets “Done” and signing out go on without a network", () => {
    expect(handling(asked({ path: "/courses/a/lessons/b/done", method: "POST" }))).toBe("done");
    expect(handling(asked({ path: "/sign-out", method: "POST" }))).toBe("sign-out");
    expect(lessonOf("/courses/a/lessons/b/done")).toBe("/courses/a/lessons/b");
  });

  it("takes assets by their name, files of lessons by their digest, and leaves players alone", () => {
    expect(handling(fetched("/static/assets/site-1.js", { destination: "script" }))).toBe("asset");
    expect(handling(fetched("/static/.vite/manifest.json"))).toBe("pass");
    expect(handling(fetched("/logo.svg"))).toBe("shell");
    const file = "/courses/a/lessons/b/files/plan.pdf";
    expect(handling(asked({ path: file, search: "?digest=1&signed=2" }))).toBe("file");
    expect(handling(fetched(file, { destination: "video" }))).toBe("pass");
    expect(handling(fetched(file, { ranged: true }))).toBe("pass");
    expect(fileKey(new URL("https://v.test" + file + "?digest=1&signed=2"))).toBe(`https://v.test${file}?digest=1`);
  });

  it("keeps pages of an allow-list alone: none with other people's data", () => {
    for (const path of ["/courses", "/courses/a", "/courses/a/lessons/b", "/attempts/0a1b", "/offline", "/help"]) {
      expect(handling(asked({ path })), path).toBe("page");
      expect(handling(asked({ path, search: "?done=saved" })), "a moment, not the page").toBe("navigation");
      expect(handling(fetched(path)), "only a window").toBe("pass");
    }
    const others = ["/people", "/people/1", "/audit", "/mail", "/verify/VK-1", "/schedule/a/attendance", "/courses/a/people", "/courses/tasks"];
    const more = ["/", "/me", "/me/certificates", "/manage", "/courses/new", "/courses/import", "/courses/a/edit", "/courses/a/awards", "/needs/a"];
    const lessons = ["/courses/a/lessons/b/handed-in/0f", "/courses/a/edit/lessons/b", "/attempts/0a1b/result", "/attempts/0a1b/state"];
    for (const path of [...others, ...more, ...lessons]) expect(mayBeKept(path, ""), path).toBe(false);
  });
});

describe("stores", () => {
  it("are each of one account, and go when another one is signed in", () => {
    const names = ["vikno-static", "vikno-shell-1", "vikno-pages-aa", "vikno-kept-aa", "vikno-pages-bb", "vikno-kept-bb"];
    expect(ofOthers(names, "aa")).toEqual(["vikno-pages-bb", "vikno-kept-bb"]);
    expect(ofOthers(names, "-")).toEqual(names.slice(2));
    expect(outdated(names, "2")).toEqual(["vikno-shell-1"]);
    expect(surplus([1, 2, 3], 2)).toEqual([1]);
    expect(surplus([1], 2)).toEqual([]);
  });

  it("find what a page needs to be shown", () => {
    expect(assetsOf('<link href="/static/assets/a-1.css"><script src="/static/assets/b-2.js"></script><a href="/static/assets/a-1.css">')).toEqual([
      "/static/assets/a-1.css",
      "/static/assets/b-2.js",
    ]);
    expect(assetsOf("<p>nothing</p>")).toEqual([]);
    expect(fontsOf("url(./x-1.woff2) format('woff2'), url(./x-1.woff); url(y.woff2)")).toEqual(["/static/assets/x-1.woff2", "/static/assets/y.woff2"]);
  });

  it("say in a page from when it is, and nothing else", () => {
    const html = '<!doctype html>\n<html lang="uk" data-account="aa"><head></head><html ';
    expect(markStored(html, "2026-11-26T10:00:00.000Z", 5)).toContain('<html data-stored="2026-11-26T10:00:00.000Z" data-stored-here="5" lang="uk"');
    expect(markStored(html, '"><script>', 5)).not.toContain("<script");
  });

  it("name sizes as people read them", () => {
    expect(size(2_500, "en")).toBe("2.5 kB");
    expect(size(42_400_000, "en")).toBe("42 MB");
  });
});

describe("time while there is no network", () => {
  it("goes on from what was known, whatever the clock does", () => {
    expect(timeLeft(600, 1_000, 61_000)).toBe(540);
    expect(timeLeft(600, 1_000, 1_000 + 5 * 3_600_000), "a clock that jumped ahead").toBe(0);
    expect(timeLeft(600, 5 * 3_600_000, 1_000), "a clock that was set back gives nothing back").toBe(600);
  });
});

describe("what becomes of a letter", () => {
  it("an answer is given up only when the server will never take it", () => {
    expect(fateOfAnswer(200, { stored: 1 })).toBe("arrived");
    expect(fateOfAnswer(409, { refused: "attempt_over" })).toBe("refused");
    expect(fateOfAnswer(403, null), "a page of words: not our sign-in").toBe("held");
    expect(fateOfAnswer(404, null)).toBe("lost");
    expect(fateOfAnswer(200, null), "the sign-in page of a hotel").toBe("lost");
    expect(fateOfAnswer(503, null)).toBe("lost");
  });

  it("a lesson that was done leads on, or is not open any more", () => {
    expect(fateOfMark("opaqueredirect", 0)).toBe("arrived");
    expect(fateOfMark("basic", 409)).toBe("refused");
    expect(fateOfMark("basic", 502)).toBe("lost");
    expect(fateOfMark("basic", 401)).toBe("held");
  });
});

describe("delivery", () => {
  afterEach(() => vi.unstubAllGlobals());

  const letter = (path: string, account: string): Letter => ({
    ...{ path, account, place: "/attempts/a", kind: "answer", position: 1, sequence: 3, writer: "w" },
    ...{ fields: [["a-1", "x"]], at: 1, sent: false },
  });

  function browser(signedIn: string, status: number): string[] {
    const posted: string[] = [];
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("BroadcastChannel", undefined);
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
      if (path === "/offline/account") return Promise.resolve(Response.json({ account: signedIn, csrf: "token" }));
      posted.push(`${path} ${String(init.body)}`);
      return Promise.resolve(Response.json({ stored: 3 }, { status }));
    });
    return posted;
  }

  it("asks nobody when nothing waits", async () => {
    vi.mocked(database.waiting).mockResolvedValue([]);
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("fetch", () => Promise.reject(new Error("asked")));
    expect(await deliver()).toEqual({ sent: 0, refused: 0, left: 0 });
  });

  it("sends what is this person's, and leaves alone what is another's", async () => {
    vi.mocked(database.waiting).mockResolvedValue([letter("/attempts/a/answers/1", "aa"), letter("/attempts/b/answers/1", "bb")]);
    const posted = browser("aa", 200);
    expect(await deliver()).toEqual({ sent: 1, refused: 0, left: 0 });
    expect(posted).toEqual(["/attempts/a/answers/1 csrf=token&sequence=3&writer=w&a-1=x"]);
    expect(vi.mocked(database.arrived).mock.calls.map(([one]) => one.path)).toEqual(["/attempts/a/answers/1"]);
  });

  it("hands a test in after its answers, and not while one of them waits", async () => {
    const handed: Letter = { ...letter("/attempts/a", "aa"), kind: "handed", fields: [["do", "submit"]], at: 0 };
    vi.mocked(database.waiting).mockResolvedValue([handed, letter("/attempts/a/answers/1", "aa")]);
    const posted = browser("aa", 200);
    expect(await deliver()).toEqual({ sent: 2, refused: 0, left: 0 });
    expect(posted.map((one) => one.split(" ")[0])).toEqual(["/attempts/a/answers/1", "/attempts/a"]);
    vi.mocked(database.arrived).mockClear();
    const stuck = browser("aa", 503);
    expect(await deliver()).toEqual({ sent: 0, refused: 0, left: 2 });
    expect(stuck.map((one) => one.split(" ")[0])).toEqual(["/attempts/a/answers/1"]);
  });

  it("keeps everything while the server is away", async () => {
    vi.mocked(database.arrived).mockClear();
    vi.mocked(database.waiting).mockResolvedValue([letter("/attempts/a/answers/1", "aa")]);
    browser("aa", 503);
    expect(await deliver()).toEqual({ sent: 0, refused: 0, left: 1 });
    expect(vi.mocked(database.arrived)).not.toHaveBeenCalled();
  });
});
