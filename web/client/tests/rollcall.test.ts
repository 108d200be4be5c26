import { describe, expect, it } from "vitest";
import { readConfig } from "../src/room/config";
import { keyOf, listed, orderOf, type RollCall } from "../src/room/rollcall/rollcall";

const call: RollCall = {
  organisation_name: "ЦНАП",
  head_count: 2,
  people: [
    { person: 1, entry: 11, name: "Олена", listed: true, state: "waiting" },
    { person: 2, entry: 0, name: "Петро", listed: false, state: "" },
    { person: 0, entry: 13, name: "Гостя", listed: true, state: "vouched" },
  ],
};

describe("the roll-call", () => {
  it("opens with those ticked who are listed", () => {
    expect([...listed(call)]).toEqual(["p1", "e13"]);
    expect(call.people.map(keyOf)).toEqual(["p1", "p2", "e13"]);
  });

  it("sends nothing about whom nobody touched", () => {
    expect(orderOf(call, listed(call), "", "")).toEqual({ here: [], gone: [], names: [], head_count: null });
  });

  it("sends who came, who went, names and heads", () => {
    const order = orderOf(call, new Set(["p2", "e13"]), " Іван Перший,\n\nМарія ; ", " 5 ");
    expect(order).toEqual({ here: [2], gone: [11], names: ["Іван Перший", "Марія"], head_count: 5 });
  });

  it.each(["", "п’ять", "-3", "1.5", "123456"])("takes %j for no head-count", (typed) => {
    expect(orderOf(call, new Set(), "", typed).head_count).toBeNull();
  });

  it("bounds names", () => {
    const names = Array.from({ length: 80 }, (_, number) => `${number} ${"н".repeat(200)}`).join("\n");
    const order = orderOf(call, listed(call), names, "");
    expect(order.names.length).toBe(50);
    expect(Math.max(...order.names.map((name) => name.length))).toBe(120);
  });
});

describe("the room's settings", () => {
  it("say where the roll-call is, if this visitor fills in one", () => {
    expect(readConfig('{"meeting":"m"}').rollCallUrl).toBe("");
    expect(readConfig('{"meeting":"m","rollCallUrl":"/api/x"}').rollCallUrl).toBe("/api/x");
  });
});
