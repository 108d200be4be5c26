"""What an item asks, and what is right: typed, checked, and kept as JSON. Pure.

All texts are Markdown. Shares of a point are exact fractions, numbers are exact decimals: nothing is rounded before a
result is shown. Parts that answers refer to (options, stems, blanks) have ids of their own, so that shuffling and
translating change no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from lms.errors import Invalid

MOST_TEXT = 20_000
"""Characters of one text."""
MOST_PARTS = 40
"""Options, pairs, elements, blanks."""


def wrong(code: str, said: str, value: str = "") -> PydanticCustomError:
    """A rule that is broken: a word for programs and a sentence for people, about one value maybe."""
    return PydanticCustomError(code, said, {"value": value})


def _storable(value: str) -> str:
    if "\x00" in value:
        raise wrong("nul", "a NUL character is no text")
    return value


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise wrong("number", "write numbers as text, so that they stay exact")
    # Fraction("1e999999999") would be computed.
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,30}(/\d{1,30}|\.\d{1,30})?", value):
        raise wrong("number", "write a number as 1, 1/3 or 0.25")
    return value


_String = Annotated[str, AfterValidator(_storable)]
Text = Annotated[_String, Field(max_length=MOST_TEXT)]
FullText = Annotated[_String, Field(min_length=1, max_length=MOST_TEXT)]
PartId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Ratio = Annotated[Fraction, BeforeValidator(_exact)]
Share = Annotated[Ratio, Field(ge=-1, le=1)]
"""Of the item's point."""
Number = Annotated[
    Decimal, BeforeValidator(_exact), PlainSerializer(lambda value: format(value, "f"), when_used="json")
]


class ItemKind(StrEnum):
    """What the person does."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    NUMERIC = "numeric"
    SHORT = "short"
    MATCHING = "matching"
    ORDERING = "ordering"
    CLOZE = "cloze"
    ESSAY = "essay"


class Part(BaseModel):
    """What all parts have in common: checked, closed, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Body(Part):
    text: FullText
    title: Annotated[_String, Field(max_length=300)] = ""
    feedback: Text = ""
    """Shown after the answer, whatever it was."""


class Option(Part):
    """One that can be chosen. `share` is what choosing it gives or costs."""

    id: PartId
    text: FullText
    share: Share = Fraction(0)
    feedback: Text = ""


class SingleChoice(_Body):
    """One of several.

    `sc_share`: the chosen option's share, a negative one counts as nothing. `sc_signed`: it costs, as in Moodle.
    """

    kind: Literal[ItemKind.SINGLE] = ItemKind.SINGLE
    policy: Literal["sc_share", "sc_signed"] = "sc_share"
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=MOST_PARTS)]
    shuffle: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.options)
        if max(option.share for option in self.options) != 1:
            raise wrong("none_right", "one option must be fully right")
        return self


class MultipleChoice(_Body):
    """Several of several.

    `mc_sum_clamped`: the sum of the shares, limited to 0 and 1. `mc_all_or_nothing`: the right ones exactly.
    `mc_per_decision`: every option rightly ticked or rightly left out is worth the same. A positive share is right.
    """

    kind: Literal[ItemKind.MULTIPLE] = ItemKind.MULTIPLE
    policy: Literal["mc_sum_clamped", "mc_all_or_nothing", "mc_per_decision"] = "mc_sum_clamped"
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=MOST_PARTS)]
    shuffle: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.options)
        if sum(max(option.share, Fraction(0)) for option in self.options) < 1:
            raise wrong("not_whole", "the right options together must give the whole point")
        return self


class TrueFalse(_Body):
    """Right or wrong."""

    kind: Literal[ItemKind.TRUE_FALSE] = ItemKind.TRUE_FALSE
    policy: Literal["tf_exact"] = "tf_exact"
    answer: bool
    feedback_true: Text = ""
    """For who says true."""
    feedback_false: Text = ""


class NumericAnswer(Part):
    """A number with its tolerance; `value` None catches everything."""

    value: Number | None
    tolerance: Annotated[Number, Field(ge=0)] = Decimal(0)
    share: Share = Fraction(1)
    feedback: Text = ""


class Unit(Part):
    """A unit and how many of it make one of the unit in which the answers are written: 100 for cm if those are m."""

    name: Annotated[_String, Field(min_length=1, max_length=32)]
    multiplier: Annotated[Number, Field(gt=0)] = Decimal(1)


class Units(Part):
    """Which units are understood, and what a wrong or missing one costs."""

    known: Annotated[tuple[Unit, ...], Field(min_length=1, max_length=20)]
    penalty: Annotated[Ratio, Field(ge=0, le=1)] = Fraction(0)
    penalty_of: Literal["response", "item"] = "response"
    """Of what the number earned, or of the item's point."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _once(unit.name.casefold() for unit in self.known)
        return self


class _Numeric(Part):
    answers: Annotated[tuple[NumericAnswer, ...], Field(min_length=1, max_length=MOST_PARTS)]
    """Tried in order: the first whose interval holds the number counts."""
    policy: Literal["num_nominal", "num_relative", "num_geometric"] = "num_nominal"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if max(answer.share for answer in self.answers) != 1:
            raise wrong("none_right", "one answer must be fully right")
        return self


class Numeric(_Numeric, _Body):
    """A number, maybe with a unit."""

    kind: Literal[ItemKind.NUMERIC] = ItemKind.NUMERIC
    units: Units | None = None


class TextAnswer(Part):
    """A pattern: `*` stands for anything, `\\*` for a star."""

    pattern: Annotated[_String, Field(min_length=1, max_length=500)]
    share: Share = Fraction(1)
    feedback: Text = ""


class _Short(Part):
    answers: Annotated[tuple[TextAnswer, ...], Field(min_length=1, max_length=MOST_PARTS)]
    """Tried in order: the first that fits counts."""
    case_sensitive: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if max(answer.share for answer in self.answers) != 1:
            raise wrong("none_right", "one answer must be fully right")
        return self


class ShortText(_Short, _Body):
    """A few words."""

    kind: Literal[ItemKind.SHORT] = ItemKind.SHORT
    policy: Literal["text_first_match"] = "text_first_match"


class Choice(Part):
    """What can be put beside a stem."""

    id: PartId
    text: FullText


class Stem(Part):
    """What something is to be put beside; `answer` is the id of the right choice."""

    id: PartId
    text: FullText
    answer: PartId


class Matching(_Body):
    """Pairs. `match_share`: right stems of all."""

    kind: Literal[ItemKind.MATCHING] = ItemKind.MATCHING
    policy: Literal["match_share"] = "match_share"
    stems: Annotated[tuple[Stem, ...], Field(min_length=2, max_length=MOST_PARTS)]
    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=MOST_PARTS)]
    shuffle: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.stems)
        known = _distinct(self.choices)
        _once(choice.text for choice in self.choices)
        strange = [stem.answer for stem in self.stems if stem.answer not in known]
        if strange:
            raise wrong("no_choice", "there is no choice {value}", strange[0])
        return self


OrderPolicy: TypeAlias = Literal[
    "order_exact",
    "order_place",
    "order_next",
    "order_next_last",
    "order_neighbours",
    "order_all",
    "order_lcs",
    "order_run",
    "order_distance",
]


class Element(Part):
    """One thing to be put in order."""

    id: PartId
    text: FullText


class Ordering(_Body):
    """Things in their right order. The policies: `lms.assessment.ordering`."""

    kind: Literal[ItemKind.ORDERING] = ItemKind.ORDERING
    policy: OrderPolicy = "order_place"
    elements: Annotated[tuple[Element, ...], Field(min_length=2, max_length=MOST_PARTS)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.elements)
        return self


class _Blank(Part):
    id: PartId
    weight: Annotated[Ratio, Field(gt=0, le=1000)] = Fraction(1)


class ChoiceBlank(_Blank):
    """A blank that is filled by choosing."""

    kind: Literal["choice"] = "choice"
    options: Annotated[tuple[Option, ...], Field(min_length=2, max_length=MOST_PARTS)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.options)
        if max(option.share for option in self.options) != 1:
            raise wrong("none_right", "one option must be fully right")
        return self


class ShortBlank(_Short, _Blank):
    """A blank for words."""

    kind: Literal["short"] = "short"


class NumericBlank(_Numeric, _Blank):
    """A blank for a number."""

    kind: Literal["numeric"] = "numeric"


Blank: TypeAlias = Annotated[ChoiceBlank | ShortBlank | NumericBlank, Field(discriminator="kind")]


def mark_of(blank_id: str) -> str:
    """How a cloze text names the place of a blank: `[[b1]]`."""
    return f"[[{blank_id}]]"


class Cloze(_Body):
    """A text with blanks, each named once in it as `[[id]]`. `cloze_weighted`: their shares, by weight."""

    kind: Literal[ItemKind.CLOZE] = ItemKind.CLOZE
    policy: Literal["cloze_weighted"] = "cloze_weighted"
    blanks: Annotated[tuple[Blank, ...], Field(min_length=1, max_length=MOST_PARTS)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.blanks)
        for blank in self.blanks:
            if self.text.count(mark_of(blank.id)) != 1:
                raise wrong("blank_once", "the text must name the blank {value} once", mark_of(blank.id))
        return self


class Grade(Part):
    """What a criterion can be worth."""

    points: Annotated[int, Field(ge=0, le=100)]
    text: FullText


class Criterion(Part):
    """One thing that is looked at."""

    id: PartId
    text: FullText
    grades: Annotated[tuple[Grade, ...], Field(min_length=2, max_length=10)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _once(str(grade.points) for grade in self.grades)
        if max(grade.points for grade in self.grades) == 0:
            raise wrong("worthless", "a criterion must be worth something")
        return self


class Essay(_Body):
    """A text that a person reads. `essay_rubric`: points of all criteria; without criteria the reader gives a share."""

    kind: Literal[ItemKind.ESSAY] = ItemKind.ESSAY
    policy: Literal["essay_rubric"] = "essay_rubric"
    criteria: Annotated[tuple[Criterion, ...], Field(max_length=20)] = ()
    most_words: Annotated[int, Field(ge=0, le=10_000)] = 0
    """0 for no limit but that of characters."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _distinct(self.criteria)
        return self


Body: TypeAlias = Annotated[
    SingleChoice | MultipleChoice | TrueFalse | Numeric | ShortText | Matching | Ordering | Cloze | Essay,
    Field(discriminator="kind"),
]
_BODY: TypeAdapter[Body] = TypeAdapter(Body)


def parse(data: Any) -> Body:
    """A body from its JSON form. Raises `Invalid` (item_body) with where and why."""
    try:
        return check_body(data)
    except ValidationError as error:
        raise Invalid("item_body", sentence(error), "body") from None


def check_body(data: Any) -> Body:
    """The same, with everything that is wrong. Raises `ValidationError`."""
    return _BODY.validate_python(data)


def sentence(error: ValidationError) -> str:
    """What is wrong first, and where."""
    first = error.errors(include_url=False, include_context=False)[0]
    place, said = ".".join(str(part) for part in first["loc"][1:]), first["msg"]
    return f"{place}: {said}." if place else f"{said[:1].upper()}{said[1:]}."


def dump(body: Body) -> dict[str, Any]:
    """Its JSON form: fractions and decimals as text."""
    return body.model_dump(mode="json")


def texts_of(body: Body) -> list[str]:
    """Every text of it that is Markdown."""
    return [text for _, text in _texts(dump(body), "")]


_MARKDOWN = {"text", "feedback", "feedback_true", "feedback_false"}


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, name)
    elif name in _MARKDOWN and value:
        yield name, value


def _distinct(parts: Iterable[Any]) -> set[str]:
    return _once(part.id for part in parts)


def _once(values: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise wrong("twice", "{value} stands twice", value)
        seen.add(value)
    return seen
