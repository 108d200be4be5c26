/** The questions in the order in which they are shown. Pure. */
import type { Question } from "../../generated/messages";

export interface Sorted {
  /** From the public page, for those who lead to let in. */
  readonly waiting: readonly Question[];
  /** What is being answered, then what most people want answered, then what was asked first. */
  readonly open: readonly Question[];
  readonly answered: readonly Question[];
}

export function sorted(questions: readonly Question[]): Sorted {
  const of = (...statuses: readonly Question["status"][]): Question[] =>
    questions.filter(({ status }) => statuses.includes(status));
  const first = (question: Question): number => (question.status === "answering" ? 0 : 1);
  return {
    waiting: of("waiting"),
    open: of("open", "answering").sort((a, b) => first(a) - first(b) || b.votes - a.votes || a.at - b.at),
    answered: of("answered").sort((a, b) => (b.moved_at ?? b.at) - (a.moved_at ?? a.at)),
  };
}

/** The questions after one of them is new or has changed. */
export function withQuestion(questions: readonly Question[], question: Question): readonly Question[] {
  const known = questions.some(({ id }) => id === question.id);
  return known ? questions.map((each) => (each.id === question.id ? question : each)) : [...questions, question];
}
