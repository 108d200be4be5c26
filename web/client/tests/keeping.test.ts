import { describe, expect, it, vi } from "vitest";
import { Keeper, type Outcome } from "../src/site/keeping";

function keeper(...outcomes: Outcome[]): { keeper: Keeper; send: ReturnType<typeof vi.fn>; told: Outcome[] } {
  const told: Outcome[] = [];
  const send = vi.fn(() => Promise.resolve(outcomes.shift() ?? "kept"));
  return { keeper: new Keeper(send, (outcome) => told.push(outcome)), send, told };
}

describe("keeping a form when its page is left", () => {
  it("sends nothing when nothing was changed", async () => {
    const { keeper: one, send } = keeper();
    await one.leave();
    expect(send).not.toHaveBeenCalled();
  });

  it("sends a change once", async () => {
    const { keeper: one, send, told } = keeper();
    one.change();
    one.change();
    await one.leave();
    await one.leave();
    expect(send).toHaveBeenCalledTimes(1);
    expect(told).toEqual(["kept"]);
  });

  it("leaves it to the form once that is sent", async () => {
    const { keeper: one, send } = keeper();
    one.change();
    one.submit();
    await one.leave();
    expect(send).not.toHaveBeenCalled();
  });

  it.each(["lost", "refused"] as const)("tries again what was %s, when the page is left again", async (first) => {
    const { keeper: one, send, told } = keeper(first, "kept");
    one.change();
    await one.leave();
    await one.leave();
    expect(send).toHaveBeenCalledTimes(2);
    expect(told).toEqual([first, "kept"]);
  });

  it("keeps what is changed while it is being sent", async () => {
    const { keeper: one, send } = keeper();
    one.change();
    const under_way = one.leave();
    one.change();
    await under_way;
    await one.leave();
    expect(send).toHaveBeenCalledTimes(2);
  });
});
