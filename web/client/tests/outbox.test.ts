import { describe, expect, it } from "vitest";
import { Countdown, MemoryShelf, Outbox, clock, type Outcome, type Said, type Waiting } from "../src/site/outbox";

const KEPT: Outcome = { kind: "kept", remaining: 60, lateness: "", writer: "me" };

function outbox(...outcomes: Outcome[]) {
  const sent: Waiting[] = [];
  const said: Said["kind"][] = [];
  const shelf = new MemoryShelf();
  const send = (one: Waiting) => {
    sent.push(one);
    return Promise.resolve(outcomes.shift() ?? KEPT);
  };
  return { box: new Outbox(shelf, send, (one) => said.push(one.kind)), sent, said, shelf };
}

describe("answers on their way", () => {
  it("get numbers that grow from what the server has", async () => {
    const { box, sent } = outbox();
    box.known(1, 4);
    await box.give(1, [["a-1", "x"]]);
    await box.give(1, [["a-1", "y"]]);
    await box.give(2, [["a-2", "z"]]);
    expect(sent.map((one) => [one.position, one.sequence])).toEqual([[1, 5], [1, 6], [2, 1]]);
    expect(await box.empty()).toBe(true);
  });

  it("of a window that has taken over get numbers above those of every window before it", async () => {
    const { box, sent } = outbox();
    box.known(1, 4);
    box.above(2000);
    await box.give(1, [["a-1", "x"]]);
    box.above(0);
    box.known(2, 2300);
    await box.give(2, [["a-2", "y"]]);
    await box.give(3, [["a-3", "z"]]);
    expect(sent.map((one) => [one.position, one.sequence])).toEqual([[1, 2001], [2, 2301], [3, 2001]]);
  });

  it("wait while there is no network, the last one of each question, and go out when it is back", async () => {
    const { box, sent, said } = outbox({ kind: "lost" }, { kind: "lost" }, { kind: "lost" });
    await box.give(1, [["a-1", "first"]]);
    await box.give(1, [["a-1", "second"]]);
    await box.give(2, [["a-2", "other"]]);
    expect(said.at(-1)).toBe("offline");
    expect(await box.empty()).toBe(false);
    sent.length = 0;
    await box.flush();
    expect(sent.map((one) => one.fields[0]![1])).toEqual(["second", "other"]);
    expect(await box.empty()).toBe(true);
    expect(said.at(-1)).toBe("saved");
  });

  it("wait for their owner when somebody else is signed in, and are known here also when they were sent", async () => {
    const { box, said, shelf } = outbox(KEPT, { kind: "held" });
    await box.give(1, [["a-1", "sent"]]);
    await box.give(2, [["a-2", "held"]]);
    expect(said.at(-1)).toBe("held");
    expect((await shelf.all()).map((one) => one.position)).toEqual([2]);
    expect((await shelf.given()).map((one) => [one.position, one.sequence])).toEqual([[1, 1], [2, 1]]);
  });

  it("are not sent again when the server refuses them", async () => {
    const { box, said } = outbox({ kind: "refused", sentence: "The attempt is over." });
    await box.give(1, [["a-1", "x"]]);
    expect(said.at(-1)).toBe("refused");
    expect(await box.empty()).toBe(true);
  });

  it("that were given while an older one was on its way are sent after it", async () => {
    const shelf = new MemoryShelf();
    const sent: string[] = [];
    const release: (() => void)[] = [];
    const box = new Outbox(
      shelf,
      (one) => {
        sent.push(one.fields[0]![1]);
        return new Promise((resolve) => release.push(() => resolve(KEPT)));
      },
      () => undefined,
    );
    const first = box.give(1, [["a-1", "old"]]);
    await new Promise((resolve) => setTimeout(resolve));
    const second = box.give(1, [["a-1", "new"]]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(sent).toEqual(["old"]);
    release.shift()!();
    await new Promise((resolve) => setTimeout(resolve));
    release.shift()!();
    await Promise.all([first, second]);
    expect(sent).toEqual(["old", "new"]);
    expect(await box.empty()).toBe(true);
  });

  it("left from before a reload keep their numbers, and later ones are higher", async () => {
    const { box, sent, shelf } = outbox();
    await shelf.put({ position: 3, sequence: 7, fields: [["a-3", "kept"]] });
    await box.flush();
    await box.give(3, [["a-3", "later"]]);
    expect(sent.map((one) => one.sequence)).toEqual([7, 8]);
  });
});

describe("the time that is left", () => {
  it("is counted from what the server says, whatever the browser's clock shows", () => {
    let now = 5_000;
    const time = new Countdown(90, () => now);
    now += 30_400;
    expect(time.left).toBe(60);
    time.set(600);
    expect(time.left).toBe(600);
    now += 700_000;
    expect(time.left).toBe(0);
  });

  it("is written as a clock", () => {
    expect([clock(5), clock(65), clock(3723)]).toEqual(["0:05", "1:05", "1:02:03"]);
  });
});
