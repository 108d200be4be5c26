import { describe, expect, it } from "vitest";
import type { Caption, Question } from "../src/generated/messages";
import { noticeOf } from "../src/room/meeting/notices";
import { begin, reduce } from "../src/room/meeting/state";
import { broken, languageShown, readingSeconds, shown, withCaption } from "../src/room/words/captions";
import { sorted } from "../src/room/words/questions";
import { participant, welcome } from "./fakes";

function caption(part: Partial<Caption> = {}): Caption {
  return { at: 10, since: 8, participant: "kyiv", name: "kyiv", alias: "", language: "uk", text: "Добрий день", final: true, ...part };
}

function question(id: string, part: Partial<Question> = {}): Question {
  return {
    id,
    at: 1,
    name: "kyiv",
    alias: "",
    text: "Коли?",
    participant: "kyiv",
    status: "open",
    votes: 0,
    moved_at: null,
    ...part,
  };
}

describe("captions", () => {
  it("are seen until they can be read", () => {
    expect(readingSeconds("Так")).toBe(1.5);
    expect(readingSeconds("а".repeat(60))).toBe(4);
    expect(readingSeconds("а".repeat(600))).toBe(7);
    const line = caption({ text: "а".repeat(60) });
    expect(shown([line], new Map(), "uk", 13.9)).toEqual({ rows: [line], until: 14 });
    expect(shown([line], new Map(), "uk", 14).rows).toEqual([]);
  });

  it("show the last two rows, drafts below what is finished", () => {
    const lines = [caption({ since: 1 }), caption({ since: 2, text: "Другий" }), caption({ since: 3, text: "Третій" })];
    const drafts = withCaption(new Map(), caption({ since: 4, text: "Чет", final: false }));
    expect(shown(lines, drafts, "uk", 10).rows.map(({ text }) => text)).toEqual(["Третій", "Чет"]);
  });

  it("forget a draft that nobody goes on with", () => {
    const drafts = withCaption(new Map(), caption({ text: "Чет", final: false }));
    expect(shown([], drafts, "uk", 24).rows).toHaveLength(1);
    expect(shown([], drafts, "uk", 26).rows).toHaveLength(0);
  });

  it("replace a writer's draft by the next one, and by the line", () => {
    const first = withCaption(new Map(), caption({ text: "До", final: false }));
    const second = withCaption(first, caption({ text: "Добрий", final: false }));
    expect([...second.values()].map(({ text }) => text)).toEqual(["Добрий"]);
    expect(withCaption(second, caption({ participant: "lviv", final: false })).size).toBe(2);
    expect(withCaption(second, caption()).size).toBe(0);
    expect(withCaption(second, caption({ text: "", final: false })).size).toBe(0);
  });

  it("come in the other language where nobody writes in the wanted one", () => {
    expect(languageShown("en", [caption()], new Map())).toBe("uk");
    expect(languageShown("en", [caption(), caption({ language: "en" })], new Map())).toBe("en");
    expect(languageShown("en", [], new Map())).toBe("en");
  });

  it("break at a space where a line grows too long", () => {
    const words = "слово ".repeat(15).trim();
    const cut = broken(words);
    expect(cut?.line.length).toBeLessThanOrEqual(84);
    expect(`${cut?.line} ${cut?.rest}`).toBe(words);
    expect(broken("коротко")).toBeNull();
    expect(broken("а".repeat(90))).toEqual({ line: "а".repeat(84), rest: "а".repeat(6) });
  });

  it("become part of the meeting; who leaves takes a draft along", () => {
    const meeting = begin(welcome({ captions: [caption({ since: 1 })] }));
    const draft = reduce(meeting, { type: "caption", caption: caption({ final: false }) });
    expect([draft.captions.length, draft.drafts.size]).toEqual([1, 1]);
    expect(reduce(draft, { type: "left", participant: "kyiv", reason: "left" }).drafts.size).toBe(0);
    const line = reduce(draft, { type: "caption", caption: caption() });
    expect([line.captions.length, line.drafts.size]).toEqual([2, 0]);
  });
});

describe("questions", () => {
  it("stand in the order in which they are wanted, the one being answered first", () => {
    const { waiting, open, answered } = sorted([
      question("late", { at: 5 }),
      question("early", { at: 2 }),
      question("wanted", { votes: 3, at: 9 }),
      question("now", { status: "answering", at: 8 }),
      question("public", { status: "waiting", participant: null }),
      question("done", { status: "answered" }),
    ]);
    expect(open.map(({ id }) => id)).toEqual(["now", "wanted", "early", "late"]);
    expect(waiting.map(({ id }) => id)).toEqual(["public"]);
    expect(answered.map(({ id }) => id)).toEqual(["done"]);
  });

  it("change in place, and go when they are dismissed", () => {
    const meeting = begin(welcome({ questions: [question("q1"), question("q2")], voted: ["q2"] }));
    const moved = reduce(meeting, { type: "question", question: question("q1", { votes: 2 }) });
    expect(moved.questions.map(({ id, votes }) => [id, votes])).toEqual([
      ["q1", 2],
      ["q2", 0],
    ]);
    expect(reduce(moved, { type: "question_gone", question: "q1" }).questions.map(({ id }) => id)).toEqual(["q2"]);
    expect(meeting.voted.has("q2")).toBe(true);
  });

  it("are news for those who lead, and for who asked when it is answered", () => {
    const notice = (before: ReturnType<typeof begin>, put: Question) => {
      const message = { type: "question", question: put } as const;
      return noticeOf(before, reduce(before, message), message)?.key;
    };
    const host = participant("me", { permissions: ["moderate", "ask"] });
    const leading = begin(welcome({ participants: [host, participant("kyiv")] }));
    expect(notice(leading, question("q1"))).toBe("notice.question");
    expect(notice(begin(welcome()), question("q1"))).toBeUndefined();
    const own = begin(welcome({ questions: [question("q1", { participant: "me" })] }));
    expect(notice(own, question("q1", { participant: "me", status: "answering" }))).toBe("notice.yourQuestion");
  });
});

describe("consent", () => {
  it("is for one recording: the next one asks again", () => {
    const recorded = { ...welcome().meeting, recording: true };
    const meeting = begin(welcome({ meeting: recorded, consented: true }));
    const paused = reduce(meeting, { type: "meeting", meeting: { ...recorded, recording_paused: true } });
    expect(paused.consented).toBe(true);
    const ended = reduce(paused, { type: "meeting", meeting: { ...recorded, recording: false } });
    expect(reduce(ended, { type: "meeting", meeting: recorded }).consented).toBe(false);
  });
});
