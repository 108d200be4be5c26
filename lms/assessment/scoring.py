"""What an answer is worth: exact, pure, and never broken by what somebody sends.

Every function gives a `Score` or refuses by `Invalid` (answer_invalid): what came is no answer to this item. No answer
at all (None, nothing typed, nothing chosen) is worth 0. The rules follow Moodle's question types; where ours differ,
`docs/assessment.md` says so.

Answers by kind, as JSON: single: an option's id; multiple: ids; true_false: a boolean; numeric and short: text;
matching: stem's id → choice's id; ordering: all ids; cloze: blank's id → text or option's id; essay: text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lms.assessment import content, numbers, ordering, words
from lms.errors import Invalid

MOST_TYPED = 2_000
"""Characters of a short answer."""
MOST_ESSAY = 50_000
NOTHING = Fraction(0)
WHOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer earned."""

    share: Fraction | None
    """Of the item's point, 0 to 1 (down to −1 by `sc_signed`); None while a person has still to read it."""
    feedback: tuple[str, ...] = ()
    """Markdown, for this answer."""
    parts: Mapping[str, Fraction] = field(default_factory=dict)
    """Of each stem, blank or criterion, by id."""


def score(body: content.Body, answer: Any) -> Score:
    """What this answer to this item is worth. Raises `Invalid` (answer_invalid)."""
    if is_empty(answer):
        parts = {blank.id: NOTHING for blank in body.blanks} if isinstance(body, content.Cloze) else {}
        return Score(NOTHING, parts=parts)
    match body:
        case content.SingleChoice():
            return _single(body, answer)
        case content.MultipleChoice():
            return _multiple(body, answer)
        case content.TrueFalse():
            return _true_false(body, answer)
        case content.Numeric():
            return _numeric(body, _text(answer, MOST_TYPED))
        case content.ShortText():
            return _short(body, _text(answer, MOST_TYPED))
        case content.Matching():
            return _matching(body, answer)
        case content.Ordering():
            return _ordering(body, answer)
        case content.Cloze():
            return _cloze(body, answer)
        case content.Essay():
            return _essay(body, answer)


def is_empty(answer: Any) -> bool:
    """Whether nothing was answered."""
    return answer is None or (isinstance(answer, str) and not answer.strip()) or answer in ([], {})


def clamped(share: Fraction) -> Fraction:
    """Limited to 0 … 1."""
    return min(max(share, NOTHING), WHOLE)


def even_shares(right: Sequence[bool]) -> tuple[Fraction, ...]:
    """The usual shares of several choices: +1/right for a right one, −1/wrong for a wrong one.

    Who ticks everything earns exactly nothing.
    """
    count = sum(right)
    if not count:
        raise ValueError("None of them is right.")
    return tuple(Fraction(1, count) if each else Fraction(-1, len(right) - count) for each in right)


def wrong(detail: str) -> Invalid:
    """The refusal of something that is no answer."""
    return Invalid("answer_invalid", detail, "answer")


def _text(answer: Any, most: int) -> str:
    if not isinstance(answer, str):
        raise wrong("The answer is a text.")
    if len(answer) > most:
        raise wrong(f"An answer has at most {most} characters.")
    return answer


def _of(known: Mapping[str, Any], key: Any) -> Any:
    if not isinstance(key, str) or key not in known:
        raise wrong("The answer names something that is not in the item.")
    return known[key]


def _single(body: content.SingleChoice, answer: Any) -> Score:
    option: content.Option = _of({each.id: each for each in body.options}, answer)
    share = option.share if body.policy == "sc_signed" else clamped(option.share)
    return Score(share, _said(option.feedback))


def _multiple(body: content.MultipleChoice, answer: Any) -> Score:
    if not isinstance(answer, list) or len(answer) > len(body.options):
        raise wrong("The answer is a list of options.")
    known = {each.id: each for each in body.options}
    ticked = {_of(known, each).id for each in answer}
    if len(ticked) < len(answer):
        raise wrong("The answer names an option twice.")
    chosen = [each for each in body.options if each.id in ticked]
    decisions = [(each.share > 0) == (each.id in ticked) for each in body.options]
    match body.policy:
        case "mc_sum_clamped":
            share = clamped(sum((each.share for each in chosen), NOTHING))
        case "mc_all_or_nothing":
            share = Fraction(int(all(decisions)))
        case "mc_per_decision":
            share = Fraction(sum(decisions), len(decisions))
    return Score(share, _said(*(each.feedback for each in chosen)))


def _true_false(body: content.TrueFalse, answer: Any) -> Score:
    if not isinstance(answer, bool):
        raise wrong("The answer is true or false.")
    return Score(Fraction(int(answer is body.answer)), _said(body.feedback_true if answer else body.feedback_false))


def _numeric(body: content.Numeric, answer: str) -> Score:
    told = numbers.typed(answer)
    if told is None:
        return _caught(body.answers)
    number, unit = told
    if body.units is None:
        if unit:
            return _caught(body.answers)
        known = True
    else:
        number, known = numbers.in_units(number, unit, body.units)
    found = numbers.first_fitting(number, body.answers, body.policy)
    if found is None:
        return Score(NOTHING)
    share = clamped(found.share)
    if body.units is not None and not known:
        share = numbers.less_for_the_unit(share, body.units)
    return Score(share, _said(found.feedback))


def _caught(answers: Sequence[content.NumericAnswer]) -> Score:
    """What is no number: the answer that catches everything takes it."""
    every = next((each for each in answers if each.value is None), None)
    return Score(clamped(every.share), _said(every.feedback)) if every else Score(NOTHING)


def _short(body: content.ShortText, answer: str) -> Score:
    for each in body.answers:
        if words.fits(each.pattern, answer, case_sensitive=body.case_sensitive):
            return Score(clamped(each.share), _said(each.feedback))
    return Score(NOTHING)


def _matching(body: content.Matching, answer: Any) -> Score:
    given = _mapping(answer, {stem.id: stem for stem in body.stems})
    choices = {choice.id: choice for choice in body.choices}
    for each in given.values():
        if not is_empty(each):
            _of(choices, each)
    parts = {stem.id: Fraction(int(given.get(stem.id) == stem.answer)) for stem in body.stems}
    return Score(sum(parts.values(), NOTHING) / len(parts), parts=parts)


def _mapping(answer: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise wrong("The answer is one thing for each part.")
    for key in answer:
        _of(known, key)
    return answer


def _ordering(body: content.Ordering, answer: Any) -> Score:
    rank = {element.id: index for index, element in enumerate(body.elements)}
    if not isinstance(answer, list) or len(answer) != len(rank):
        raise wrong("The answer is every element once.")
    order = [_of(rank, each) for each in answer]
    if len(set(order)) < len(order):
        raise wrong("The answer is every element once.")
    return Score(ordering.POLICIES[body.policy](order))


def _cloze(body: content.Cloze, answer: Any) -> Score:
    given = _mapping(answer, {blank.id: blank for blank in body.blanks})
    told: list[str] = []
    parts: dict[str, Fraction] = {}
    for blank in body.blanks:
        one = _blank(blank, given.get(blank.id))
        parts[blank.id] = one.share or NOTHING
        told += one.feedback
    weights = sum((blank.weight for blank in body.blanks), NOTHING)
    earned = sum((parts[blank.id] * blank.weight for blank in body.blanks), NOTHING)
    return Score(earned / weights, tuple(told), parts)


def _blank(blank: content.ChoiceBlank | content.ShortBlank | content.NumericBlank, answer: Any) -> Score:
    if is_empty(answer):
        return Score(NOTHING)
    match blank:
        case content.ChoiceBlank():
            option: content.Option = _of({each.id: each for each in blank.options}, answer)
            return Score(clamped(option.share), _said(option.feedback))
        case content.ShortBlank():
            told = _text(answer, MOST_TYPED)
            for each in blank.answers:
                if words.fits(each.pattern, told, case_sensitive=blank.case_sensitive):
                    return Score(clamped(each.share), _said(each.feedback))
            return Score(NOTHING)
        case content.NumericBlank():
            number = numbers.typed(_text(answer, MOST_TYPED))
            if number is None or number[1]:
                return _caught(blank.answers)
            found = numbers.first_fitting(number[0], blank.answers, blank.policy)
            return Score(clamped(found.share), _said(found.feedback)) if found else Score(NOTHING)


def _essay(body: content.Essay, answer: Any) -> Score:
    text = _text(answer, MOST_ESSAY)
    if body.most_words and len(text.split()) > body.most_words:
        raise wrong(f"At most {body.most_words} words.")
    return Score(None)


def rate(body: content.Essay, ratings: Mapping[str, int]) -> Score:
    """What a reader's points for each criterion come to. Raises `Invalid` (rating_invalid)."""
    if not body.criteria:
        raise Invalid("rating_invalid", "This essay has no criteria: give a share.", "ratings")
    if set(ratings) != {criterion.id for criterion in body.criteria}:
        raise Invalid("rating_invalid", "Give points for each criterion.", "ratings")
    parts: dict[str, Fraction] = {}
    earned = most = 0
    for criterion in body.criteria:
        points = ratings[criterion.id]
        if points not in {grade.points for grade in criterion.grades}:
            raise Invalid("rating_invalid", f"{points} is none of the grades of {criterion.id}.", "ratings")
        highest = max(grade.points for grade in criterion.grades)
        parts[criterion.id] = Fraction(points, highest)
        earned, most = earned + points, most + highest
    return Score(Fraction(earned, most), parts=parts)


def after_tries(body: content.Matching, tries: Sequence[Any], penalty: Fraction) -> Score:
    """Several tries at a matching item: per stem 1 − penalty × the tries up to the last wrong one, not below 0.

    A stem that is wrong at the end is worth nothing.
    """
    results = [_matching(body, answer).parts if not is_empty(answer) else {} for answer in tries]
    parts: dict[str, Fraction] = {}
    for stem in body.stems:
        right = [result.get(stem.id, NOTHING) == WHOLE for result in results]
        if not right or not right[-1]:
            parts[stem.id] = NOTHING
            continue
        last_wrong = max((number for number, each in enumerate(right, start=1) if not each), default=0)
        parts[stem.id] = max(NOTHING, 1 - penalty * last_wrong)
    return Score(sum(parts.values(), NOTHING) / len(parts), parts=parts)


def _said(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)
