"""Items and answers in the words of xAPI: interaction types, responses, patterns of what is right. Pure.

xAPI 1.0.3, part two, “Interaction activities”: lists are divided by `[,]`, pairs by `[.]`, ends of a range by `[:]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from lms.assessment import numbers
from lms.assessment.content import (
    Blank,
    Body,
    ChoiceBlank,
    Cloze,
    Essay,
    ItemKind,
    Matching,
    MultipleChoice,
    Numeric,
    NumericBlank,
    Option,
    Ordering,
    ShortBlank,
    ShortText,
    SingleChoice,
    TextAnswer,
    TrueFalse,
)
from lms.assessment.scoring import is_empty

INTERACTION: Final = "http://adlnet.gov/expapi/activities/cmi.interaction"
TYPES: Final = {
    ItemKind.SINGLE: "choice",
    ItemKind.MULTIPLE: "choice",
    ItemKind.TRUE_FALSE: "true-false",
    ItemKind.NUMERIC: "numeric",
    ItemKind.SHORT: "fill-in",
    ItemKind.MATCHING: "matching",
    ItemKind.ORDERING: "sequencing",
    ItemKind.CLOZE: "fill-in",
    ItemKind.ESSAY: "long-fill-in",
}
"""`interactionType` of each kind."""


def definition(body: Body, language: str, *, right: bool) -> dict[str, Any]:
    """What was asked: `definition` of the activity. `right`: with the patterns of right answers, if there are any."""
    told: dict[str, Any] = {
        "type": INTERACTION,
        "interactionType": TYPES[body.kind],
        "description": {language: body.text},
    }
    match body:
        case SingleChoice() | MultipleChoice():
            told["choices"] = _named(((each.id, each.text) for each in body.options), language)
        case Ordering():
            # In the order of their names: that of the item is the right one.
            told["choices"] = _named(sorted((each.id, each.text) for each in body.elements), language)
        case Matching():
            told["source"] = _named(((each.id, each.text) for each in body.stems), language)
            told["target"] = _named(((each.id, each.text) for each in body.choices), language)
        case _:
            pass
    patterns = right_of(body) if right else []
    return told | ({"correctResponsesPattern": patterns} if patterns else {})


def response(body: Body, answer: Any) -> str:
    """An answer as text; empty for none. `answer` is one that was taken as such for this item."""
    if is_empty(answer):
        return ""
    match body:
        case MultipleChoice() | Ordering():
            return "[,]".join(answer)
        case TrueFalse():
            return str(answer).lower()
        case Matching():
            return "[,]".join(f"{stem.id}[.]{answer[stem.id]}" for stem in body.stems if answer.get(stem.id))
        case Cloze():
            return "[,]".join(_filled(each, answer.get(each.id) or "") for each in body.blanks)
        case _:
            return str(answer)


def right_of(body: Body) -> list[str]:
    """The answers that earn everything; none where words of any kind may, or a reader decides."""
    match body:
        case SingleChoice():
            return _best(body.options)
        case MultipleChoice():
            return ["[,]".join(each.id for each in body.options if each.share > 0)]
        case TrueFalse():
            return [str(body.answer).lower()]
        case Numeric():
            whole = [each for each in body.answers if each.value is not None and each.share == 1]
            return [
                _range(*numbers.interval(each.value, each.tolerance, body.policy))
                for each in whole
                if each.value is not None
            ]
        case ShortText():
            return _patterns(body.answers)
        case Matching():
            return ["[,]".join(f"{each.id}[.]{each.answer}" for each in body.stems)]
        case Ordering():
            return ["[,]".join(each.id for each in body.elements)]
        case Cloze():
            filled = [_fills(each) for each in body.blanks]
            return ["[,]".join(each[0] for each in filled)] if all(filled) else []
        case Essay():
            return []


def _named(parts: Iterable[tuple[str, str]], language: str) -> list[dict[str, Any]]:
    return [{"id": key, "description": {language: text}} for key, text in parts]


def _best(options: Sequence[Option]) -> list[str]:
    return [each.id for each in options if each.share == 1]


def _patterns(answers: Sequence[TextAnswer]) -> list[str]:
    """A pattern with stars is no text."""
    return [each.pattern for each in answers if each.share == 1 and "*" not in each.pattern]


def _fills(blank: Blank) -> list[str]:
    """What earns the whole of a blank, as a person would have given it."""
    match blank:
        case ChoiceBlank():
            return [each.text for each in blank.options if each.share == 1]
        case ShortBlank():
            return _patterns(blank.answers)
        case NumericBlank():
            return [
                _plain(Fraction(each.value)) for each in blank.answers if each.value is not None and each.share == 1
            ]


def _filled(blank: Blank, answer: str) -> str:
    """What stands in a blank: the words of an option, not its name."""
    if isinstance(blank, ChoiceBlank):
        texts: Mapping[str, str] = {each.id: each.text for each in blank.options}
        return texts.get(answer, answer)
    return answer


def _range(low: Fraction, high: Fraction) -> str:
    return f"{_plain(low)}[:]{_plain(high)}"


def _plain(number: Fraction) -> str:
    """A decimal number, at most 17 digits."""
    return str(int(number)) if number.denominator == 1 else repr(float(number))
