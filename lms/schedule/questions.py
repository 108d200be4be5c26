"""Questions that an organiser asks of those who register, and their answers: pure data and functions.

An answer is stored with the words of its question as they were, so that a later change of the words changes no answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lms.errors import Conflict, Invalid

MOST_QUESTIONS = 10
MOST_OPTIONS = 20
LONGEST_ANSWER = 1000
YES, NO = "yes", "no"


class AnswerKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `id` stays while its words change."""

    id: str
    text: str
    text_en: str = ""
    kind: AnswerKind = AnswerKind.TEXT
    options: tuple[str, ...] = ()
    required: bool = False

    def stored(self) -> dict[str, Any]:
        """As the policy holds it."""
        return {
            "id": self.id,
            "text": self.text,
            "text_en": self.text_en,
            "kind": self.kind.value,
            "options": list(self.options),
            "required": self.required,
        }


def read(stored: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The questions of a policy."""
    return tuple(
        Question(
            id=str(each["id"]),
            text=str(each["text"]),
            text_en=str(each.get("text_en", "")),
            kind=AnswerKind(each.get("kind", "text")),
            options=tuple(each.get("options") or ()),
            required=bool(each.get("required", False)),
        )
        for each in stored
    )


def check(questions: Sequence[Question]) -> None:
    """Raises `Invalid` (question_invalid, questions_many), with `questions` as field."""
    if len(questions) > MOST_QUESTIONS:
        raise Invalid("questions_many", f"At most {MOST_QUESTIONS} questions: people answer few.", "questions")
    if len({each.id for each in questions}) != len(questions):
        raise Invalid("question_invalid", "Two questions have the same number.", "questions")
    for each in questions:
        if not each.text or len(each.text) > 300 or len(each.text_en) > 300:
            raise Invalid("question_invalid", "A question has from 1 to 300 characters.", "questions")
        if each.kind is AnswerKind.CHOICE and not 2 <= len(each.options) <= MOST_OPTIONS:
            raise Invalid("question_options", "A choice needs from 2 to 20 answers, each on its line.", "questions")
        if any(len(option) > 200 for option in each.options):
            raise Invalid("question_options", "An answer to choose has at most 200 characters.", "questions")


def check_change(old: Sequence[Question], new: Sequence[Question], given: Mapping[str, Collection[str]]) -> None:
    """Whether `old` may become `new` when `given` was answered already (values by question).

    Words may change (answers keep theirs); what was answered may not vanish, change its kind or lose a chosen answer.
    Raises `Conflict` (question_answered).
    """
    after = {each.id: each for each in new}
    for each in old:
        values = given.get(each.id)
        if not values:
            continue
        changed = after.get(each.id)
        lost = changed is None or changed.kind is not each.kind
        if not lost and changed is not None and each.kind is AnswerKind.CHOICE:
            lost = not set(values) <= set(changed.options)
        if lost:
            raise Conflict(
                "question_answered",
                f"“{each.text}” was answered already: it can be worded anew, but not removed or asked differently.",
                "questions",
            )


def answers(
    questions: Sequence[Question], said: Mapping[str, str], *, complete: bool = True, before: Mapping[str, Any] = {}
) -> dict[str, Any]:
    """Answers as they are stored: by question, its words and the value. What was answered `before` is kept.

    Raises `Invalid` (answer_needed, choice_unknown, text_long) with `question-<id>` as field. Without `complete` what
    is missing may come later: somebody else registers the person.
    """
    stored = dict(before)
    for each in questions:
        value = said.get(each.id, "").strip()
        field = f"question-{each.id}"
        if not value:
            if each.required and complete:
                raise Invalid("answer_needed", "The organiser needs an answer to this.", field)
            if complete:
                stored.pop(each.id, None)
            continue
        if len(value) > LONGEST_ANSWER:
            raise Invalid("text_long", f"At most {LONGEST_ANSWER} characters.", field)
        allowed = {AnswerKind.CHOICE: each.options, AnswerKind.YES_NO: (YES, NO)}.get(each.kind)
        if allowed is not None and value not in allowed:
            raise Invalid("choice_unknown", "Choose one of the answers.", field)
        stored[each.id] = {"question": each.text, "value": value}
    return stored


def missing(questions: Sequence[Question], stored: Mapping[str, Any]) -> bool:
    """Whether a required answer is still owed."""
    return any(each.required and each.id not in stored for each in questions)


def value_of(stored: Mapping[str, Any], number: str) -> str:
    """The answer to a question, empty if there is none."""
    found = stored.get(number)
    return str(found.get("value", "")) if isinstance(found, Mapping) else ""
