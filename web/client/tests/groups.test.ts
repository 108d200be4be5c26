import { describe, expect, it, vi } from "vitest";
import type { GroupSeen, GroupsSeen } from "../src/generated/messages";
import { groupTitle, leadsHome, offerOf, secondsLeft } from "../src/room/meeting/groups";
import { noticeOf } from "../src/room/meeting/notices";
import { Subscriber } from "../src/room/media/subscriber";
import { begin, reduce } from "../src/room/meeting/state";
import { Connection } from "../src/room/signal/connection";
import { readConfig, roomUrl } from "../src/room/config";
import { FakeWire, participant, welcome } from "./fakes";

function group(number: number, part: Partial<GroupSeen> = {}): GroupSeen {
  return { number, meeting: `demo.g${number}`, name: "Обладнання", task: "", present: 0, people: [], ...part };
}

function groups(part: Partial<GroupsSeen> = {}): GroupsSeen {
  return {
    main: "demo",
    title: "Demo",
    here: null,
    mine: 2,
    open: true,
    closes_at: null,
    choose: false,
    rooms: [group(2)],
    present: 1,
    people: [],
    ...part,
  };
}

describe("the offer to go to one's group", () => {
  it("is made to a member in the main room while the groups are open", () => {
    expect(offerOf(groups())?.mine?.number).toBe(2);
  });

  it.each([
    ["closed", groups({ open: false })],
    ["about to close", groups({ closes_at: 100 })],
    ["in a group already", groups({ here: 2 })],
    ["without a group where none may be chosen", groups({ mine: null })],
    ["without any group", null],
  ])("is not made: %s", (_why, seen) => {
    expect(offerOf(seen)).toBeNull();
  });

  it("lets choose who has none", () => {
    expect(offerOf(groups({ mine: null, choose: true, rooms: [group(1), group(2)] }))).toEqual({
      key: "choose",
      mine: null,
    });
  });
});

describe("a group", () => {
  it("is called by number and name", () => {
    expect(groupTitle(group(3))).toBe("3. Обладнання");
    expect(groupTitle(group(3, { name: "" }))).toBe("3");
  });

  it("closes in whole seconds", () => {
    expect(secondsLeft(groups({ closes_at: 100 }), 40_200)).toBe(60);
    expect(secondsLeft(groups({ closes_at: 100 }), 140_000)).toBe(0);
    expect(secondsLeft(groups(), 0)).toBeNull();
  });

  it.each([
    ["group_over", true],
    ["groups_closed", true],
    ["not_allowed", true],
    ["ended", false],
    ["removed", false],
    ["seat_cancelled", false],
    ["endpoint_disconnected", false],
  ])("is left by %s: back to the main room is %s", (code, home) => {
    expect(leadsHome({ code, title: "", detail: "", retry: false })).toBe(home);
  });

  it("is left for good by who leaves the meeting", () => {
    expect(leadsHome(null)).toBe(false);
  });
});

describe("the meeting", () => {
  it("knows its groups from the welcome and from each change", () => {
    const before = begin(welcome({ groups: groups() }));
    expect(before.groups?.mine).toBe(2);
    const after = reduce(before, { type: "groups", groups: groups({ open: false }) });
    expect(after.groups?.open).toBe(false);
  });

  it("does not report everybody who goes to a group", () => {
    const before = begin(welcome({ groups: groups() }));
    const message = { type: "left", participant: "kyiv", reason: "left" } as const;
    expect(noticeOf(before, reduce(before, message), message)).toBeNull();
    const back = { type: "participant", participant: participant("lviv") } as const;
    expect(noticeOf(before, reduce(before, back), back)).toBeNull();
  });
});

describe("the token of a room", () => {
  const config = readConfig(
    JSON.stringify({ meeting: "demo", tokenUrl: "/api/meetings/demo/token?as=guest", title: "Demo" }),
  );

  it("is asked for in the same capacity", () => {
    expect(roomUrl(config, config.tokenUrl, "demo")).toBe("/api/meetings/demo/token?as=guest");
    expect(roomUrl(config, config.tokenUrl, "demo.g2")).toBe("/api/meetings/demo.g2/token?as=guest");
  });
});

describe("moving", () => {
  it("says goodbye here and hello there, as somebody new", async () => {
    const wires: FakeWire[] = [];
    const connection = new Connection(
      {
        open: () => {
          wires.push(new FakeWire());
          return wires.at(-1)!;
        },
        token: () => Promise.resolve("fresh"),
        random: () => 0,
      },
      { welcome: () => undefined, waiting: () => undefined, announced: () => undefined },
    );
    connection.join("first");
    await Promise.resolve();
    wires[0]?.open();
    wires[0]?.say(welcome());
    connection.move("second");
    expect(wires[0]?.last("leave")).toBeDefined();
    await Promise.resolve();
    wires[1]?.open();
    expect(wires[1]?.last("hello")).toMatchObject({ token: "second", resume: null });
    expect(wires[0]?.closed).toBe(true);
    connection.leave();
  });
});

describe("the receiving connection", () => {
  it("takes the next room's offers though the last one of the room before never came to an end", async () => {
    const described: string[] = [];
    class Connection {
      connectionState = "new";
      onconnectionstatechange: (() => void) | null = null;
      close(): void {
        this.connectionState = "closed";
      }
      setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
        described.push(sdp);
        // What a browser does once the connection is closed meanwhile: neither yes nor no.
        return sdp === "first room" ? new Promise(() => undefined) : Promise.resolve();
      }
      createAnswer(): Promise<{ sdp: string }> {
        return Promise.resolve({ sdp: "answer" });
      }
      setLocalDescription(): Promise<void> {
        return Promise.resolve();
      }
      getTransceivers(): [] {
        return [];
      }
    }
    vi.stubGlobal("RTCPeerConnection", Connection);
    const answered: number[] = [];
    const subscriber = new Subscriber(
      ((request: { revision: number }) => {
        answered.push(request.revision);
        return Promise.resolve({ type: "ok", id: 1 });
      }) as never,
      () => undefined,
    );
    const offer = { type: "offer", sections: {}, rebuild: false } as const;
    void subscriber.take({ ...offer, revision: 4, sdp: "first room" });
    await vi.waitFor(() => expect(described).toEqual(["first room"]));
    subscriber.close();
    subscriber.reset([]);
    await subscriber.take({ ...offer, revision: 1, sdp: "second room" });
    expect(answered).toEqual([1]);
    vi.unstubAllGlobals();
  });
});
