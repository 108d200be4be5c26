import { beforeEach, describe, expect, it, vi } from "vitest";
import * as database from "../src/offline/database";
import { done, file, hear, navigation, prepare, signOut } from "../src/worker/answers";
import type { Fetches } from "../src/worker/types";

vi.mock("../src/offline/database");

const HERE = "https://vikno.test";
const LESSON = `${HERE}/courses/a/lessons/b`;
const OFFLINE = (): Promise<Response> => Promise.reject(new TypeError("no network"));

/** Caches of the browser, in memory. */
class Stores {
  held = new Map<string, Map<string, Response>>();

  keys = () => Promise.resolve([...this.held.keys()]);
  delete = (name: string) => Promise.resolve(this.held.delete(name));

  open(name: string) {
    const store = this.held.get(name) ?? new Map<string, Response>();
    this.held.set(name, store);
    const key = (one: string | Request) => new URL(typeof one === "string" ? one : one.url, HERE).href;
    return Promise.resolve({
      match: (one: string) => Promise.resolve(store.get(key(one))?.clone()),
      put: (one: string, answer: Response) => Promise.resolve(void store.set(key(one), answer)),
      delete: (one: string | Request) => Promise.resolve(store.delete(key(one))),
      keys: () => Promise.resolve([...store.keys()].map((url) => new Request(url))),
      add: async (one: string) => void store.set(key(one), await fetch(one)),
    });
  }
}

let stores: Stores;
let letters: database.Letter[];
let work: Promise<unknown>[];

beforeEach(() => {
  stores = new Stores();
  letters = [];
  work = [];
  const facts = new Map<string, string>();
  vi.stubGlobal("caches", stores);
  vi.mocked(database.get).mockImplementation((_store, name) => Promise.resolve(facts.has(name) ? ({ name, value: facts.get(name)! } as never) : undefined));
  vi.mocked(database.put).mockImplementation((store, value) => {
    if (store === "facts") facts.set((value as database.Fact).name, (value as database.Fact).value);
    else letters.push(value as database.Letter);
    return Promise.resolve(true);
  });
  vi.mocked(database.all).mockResolvedValue([]);
  vi.mocked(database.waiting).mockResolvedValue([]);
});

function page(account: string, keep = true, text = "the lesson"): Response {
  const headers = { "Vikno-Account": account, "Content-Type": "text/html", "Content-Language": "en", Date: "Thu, 26 Nov 2026 10:00:00 GMT" };
  return new Response(`<html lang="en"><p>${text}</p></html>`, { headers: keep ? { ...headers, "Vikno-Keep": "yes" } : headers });
}

async function open(url: string, network: () => Promise<Response>, keeps = true): Promise<string> {
  vi.stubGlobal("fetch", network);
  const event = { request: new Request(url), preloadResponse: Promise.resolve(undefined), waitUntil: (one: Promise<unknown>) => work.push(one) };
  const answer = await navigation(event as unknown as Fetches, keeps);
  await Promise.all(work);
  return answer.type === "error" ? "error" : await answer.text();
}

async function install(): Promise<void> {
  vi.stubGlobal("fetch", (url: string) => Promise.resolve(new Response(`<html lang="xx">calm ${url}</html>`)));
  await prepare("vikno-shell-1");
}

describe("a page", () => {
  it("is read again without a network, and says from when it is", async () => {
    await open(LESSON, () => Promise.resolve(page("aa")));
    const copy = await open(LESSON, OFFLINE);
    expect(copy).toContain("the lesson");
    expect(copy).toContain('<html data-stored="2026-11-26T10:00:00.000Z"');
  });

  it("is never kept unless the server lets it be, nor while nobody is signed in", async () => {
    await install();
    await open(LESSON, () => Promise.resolve(page("aa", false)));
    expect(await open(LESSON, OFFLINE)).toContain("calm /offline/en");
    await open(LESSON, () => Promise.resolve(page("-")));
    expect(await open(LESSON, OFFLINE)).toContain("calm");
    await open(`${HERE}/people`, () => Promise.resolve(page("aa")), false);
    expect([...stores.held.keys()].filter((name) => name.startsWith("vikno-pages")).flatMap((name) => [...stores.held.get(name)!.keys()])).toEqual([]);
  });

  it("is the copy while the server is away, and gone when it is not open any more", async () => {
    await install();
    await open(LESSON, () => Promise.resolve(page("aa")));
    expect(await open(LESSON, () => Promise.resolve(new Response("gateway", { status: 502 })))).toContain("the lesson");
    expect(await open(LESSON, () => Promise.resolve(new Response("broken", { status: 500 })))).toBe("broken");
    expect(await open(LESSON, OFFLINE), "an error of the moment takes nothing away").toContain("the lesson");
    await open(LESSON, () => Promise.resolve(new Response("not yours", { status: 404 })));
    expect(await open(LESSON, OFFLINE)).toContain("calm");
  });

  it("of one person is never shown to another", async () => {
    await install();
    await open(LESSON, () => Promise.resolve(page("aa")));
    await open(`${HERE}/help`, () => Promise.resolve(page("bb")));
    expect(await open(LESSON, OFFLINE)).toContain("calm");
    expect(await stores.keys()).not.toContain("vikno-pages-aa");
    await open(`${HERE}/help`, () => Promise.resolve(page("aa")));
    expect(await open(LESSON, OFFLINE), "nor brought back").toContain("calm");
  });

  it("that was slow does not come back after its person has left", async () => {
    await install();
    await open(`${HERE}/help`, () => Promise.resolve(page("aa")));
    let arrive: ((answer: Response) => void) | null = null;
    const slow = open(LESSON, () => new Promise((resolve) => (arrive = resolve)));
    await vi.waitFor(() => expect(arrive).not.toBeNull());
    await open(`${HERE}/schedule`, () => Promise.resolve(page("-")), false);
    arrive!(page("aa"));
    await slow;
    expect(await open(LESSON, OFFLINE)).toContain("calm");
  });
});

describe("without a network", () => {
  it("signing out takes everything away at once, and is owed to the server", async () => {
    await install();
    await open(LESSON, () => Promise.resolve(page("aa")));
    vi.stubGlobal("fetch", OFFLINE);
    const answer = await signOut(new Request(`${HERE}/sign-out`, { method: "POST" }));
    expect(await answer.text()).toContain("data-posted");
    expect((await database.get("facts", "leaving"))?.value).toBe("aa");
    expect(await open(LESSON, OFFLINE)).toContain("calm");
  });

  it("a lesson that is done waits under its person's name", async () => {
    await hear("aa");
    vi.stubGlobal("fetch", OFFLINE);
    vi.spyOn(Response, "redirect").mockImplementation((url, status) => new Response(String(url), { status: status ?? 302, headers: { Location: String(url) } }));
    const answer = await done(new Request(`${LESSON}/done`, { method: "POST" }), new URL(`${LESSON}/done`), {} as ServiceWorkerRegistration);
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/courses/a/lessons/b"]);
    expect(letters.map((one) => [one.path, one.account, one.kind, one.sent])).toEqual([["/courses/a/lessons/b/done", "aa", "done", false]]);
  });

  it("a file is what was kept with its course, under whatever link", async () => {
    await hear("aa");
    const url = `${LESSON}/files/plan.pdf?digest=1&signed=`;
    await (await stores.open("vikno-kept-aa")).put(`${LESSON}/files/plan.pdf?digest=1`, new Response("the plan"));
    vi.stubGlobal("fetch", OFFLINE);
    expect(await (await file(new Request(url + "2"), new URL(url + "2"))).text()).toBe("the plan");
    await hear("bb");
    await expect(file(new Request(url + "3"), new URL(url + "3"))).rejects.toThrow("no network");
  });
});
