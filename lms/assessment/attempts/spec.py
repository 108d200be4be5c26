"""What a test asks and when it is passed: the content of a test's version. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from lms.assessment.content import ItemKind, Part, Ratio, sentence
from lms.errors import Invalid
from lms.frameworks.rules import covers

Portion = Annotated[Ratio, Field(ge=0, le=1)]
Area = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
Level = Annotated[int, Field(ge=1, le=8)]


class Line(Part):
    """So many items of an area or of some competences, at these levels, for this audience."""

    area: Area | None = None
    competences: Annotated[tuple[Area, ...], Field(max_length=50)] = ()
    levels: tuple[Level, Level] = (1, 8)
    audience: Annotated[str, Field(max_length=64)] = ""
    count: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.levels[0] > self.levels[1]:
            raise ValueError("the first level is above the last")
        return self

    def asks(self, number: str) -> bool:
        """Whether a competence is one of those it asks."""
        wanted = (*self.competences, *([self.area] if self.area else []))
        return not wanted or any(covers(each, number) for each in wanted)


class Passing(Part):
    """Every part must hold: the whole, each area alike, and single areas of their own."""

    total: Portion
    each_area: Portion | None = None
    areas: dict[Area, Portion] = {}


class Shown(StrEnum):
    """What a person may see of a finished attempt."""

    SCORE = "score"
    AREAS = "areas"
    MARKS = "marks"
    """What each answer earned."""
    FEEDBACK = "feedback"
    RIGHT = "right"
    """The right answers."""


class Review(Part):
    """What is shown when: in the first minutes, while the test is open, after it has closed (or when it never does)."""

    right_after: frozenset[Shown] = frozenset({Shown.SCORE, Shown.AREAS, Shown.FEEDBACK})
    while_open: frozenset[Shown] = frozenset({Shown.SCORE, Shown.AREAS})
    after_closing: frozenset[Shown] = frozenset(Shown)


class TestSpec(Part):
    """What a test asks."""

    __test__ = False  # no test of pytest

    framework: Annotated[str, Field(max_length=32)] = "digcomp22"
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]
    kinds: tuple[ItemKind, ...] = ()
    """Kinds of items; empty: all."""
    time_limit_minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    wait_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    """Between the end of one attempt and the beginning of the next."""
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    two_readers: Portion | None = None
    """Essays are read by two; where their shares differ by more than this, a third decides. None: one reader."""
    passing: Passing
    review: Review = Review()
    format: Literal["vikno-test/1"] = "vikno-test/1"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            raise ValueError("the test closes before it opens")
        return self

    @property
    def count(self) -> int:
        """How many items are drawn."""
        return sum(line.count for line in self.lines)


def parse(data: Any) -> TestSpec:
    """A test from its JSON form. Raises `Invalid` (test_spec) with where and why."""
    try:
        return TestSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid("test_spec", f"{place}: {first['msg']}." if place else sentence(error), "test") from None


def dump(spec: TestSpec) -> dict[str, Any]:
    """Its JSON form, in an order that stays."""
    data: dict[str, Any] = spec.model_dump(mode="json")
    if spec.two_readers is None:
        del data["two_readers"]  # as it was before there were two: what is published stays the same
    data["review"] = {moment: sorted(each) for moment, each in data["review"].items()}
    return data


def digest_of(spec: TestSpec) -> str:
    """SHA-256: whether anything has changed."""
    return hashlib.sha256(json.dumps(dump(spec), sort_keys=True).encode()).hexdigest()


def shown(review: Review, *, finished_at: datetime, closes_at: datetime | None, now: datetime) -> frozenset[Shown]:
    """What may be seen now. The first ten minutes count as right after; a test without an end never closes."""
    if closes_at is not None and now >= closes_at:
        return review.after_closing
    if (now - finished_at).total_seconds() < RIGHT_AFTER_S:
        return review.right_after | review.while_open
    return review.while_open if closes_at is not None else review.after_closing


RIGHT_AFTER_S = 600
WHOLE = Fraction(1)
