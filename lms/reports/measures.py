"""What is counted, and how two figures are compared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from lms.assessment.figures.rules import FEW, hidden_of

ENOUGH_FOR_PERCENT = 10
"""A change against fewer than this is given as a number alone: of 2 to 4 is +100 % and says nothing."""


class Measure(StrEnum):
    """A figure, by the name that it has in files. What each counts, in a sentence: `web.report_words`."""

    OCCURRENCES = "occurrences"
    MINUTES = "minutes"
    """Shown as hours."""
    PERSONS = "persons"
    ATTENDANCES = "attendances"
    CENTRES = "centres"
    VIEWS = "views"
    ENROLMENTS = "enrolments"
    COMPLETIONS = "completions"
    LEARNERS = "learners"
    TESTED = "tested"
    PASSED = "passed"
    CERTIFICATES = "certificates"
    VALID = "certificates_valid"
    REVOKED = "certificates_revoked"


ATTENDED = (Measure.PERSONS, Measure.ATTENDANCES)
TESTS = (Measure.TESTED, Measure.PASSED)
"""Anonymous figures: hidden where few were tested."""

PEOPLE: Mapping[Measure, Measure] = {
    Measure.PERSONS: Measure.PERSONS,
    Measure.ATTENDANCES: Measure.ATTENDANCES,
    Measure.ENROLMENTS: Measure.ENROLMENTS,
    Measure.COMPLETIONS: Measure.LEARNERS,
    Measure.LEARNERS: Measure.LEARNERS,
    Measure.TESTED: Measure.TESTED,
    Measure.PASSED: Measure.TESTED,
    Measure.CERTIFICATES: Measure.CERTIFICATES,
    Measure.VALID: Measure.CERTIFICATES,
    Measure.REVOKED: Measure.CERTIFICATES,
}
"""Which figure says of how many people a measure tells."""

Figures = Mapping[Measure, int | None]
"""None: not counted for such a group, or hidden."""
NOTHING: Figures = dict.fromkeys(Measure, 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two figures; `percent` is whole, None where the earlier one is too small to say anything."""

    absolute: int
    percent: int | None


def difference(now: int | None, before: int | None) -> Difference | None:
    """What changed; None where one of the two is not known."""
    if now is None or before is None:
        return None
    change = now - before
    if before < ENOUGH_FOR_PERCENT:
        return Difference(change, None)
    sign = 1 if change >= 0 else -1
    return Difference(change, sign * ((abs(change) * 200 + before) // (before * 2)))


def share(part: int | None, whole: int | None) -> int | None:
    """Whole percent, rounded down; None of nothing."""
    return part * 100 // whole if part is not None and whole else None


def middle(several: Iterable[Figures]) -> Figures:
    """The median of each measure; halves are rounded down."""
    rows = list(several)
    found: dict[Measure, int | None] = {}
    for each in Measure:
        known = [value for row in rows if (value := row.get(each)) is not None]
        found[each] = int(median(known)) if known else None
    return found


def without_small(groups: Mapping[str, Figures], measures: Iterable[Measure]) -> dict[str, Figures]:
    """The groups beside their sum, with figures of few people taken out, and as many more as keep those hidden.

    A group of nobody is no secret: it is known to be empty.
    """
    found = {key: dict(figures) for key, figures in groups.items()}
    for measure in measures:
        of = PEOPLE[measure]
        sizes = {key: size for key, figures in groups.items() if (size := figures.get(of))}
        for key in hidden_of(sizes):
            found[key][measure] = None
    return dict(found)


def hidden_alone(figures: Figures, measures: Iterable[Measure]) -> Figures:
    """The same of one line without others beside it."""
    few = {each for each in measures if 0 < (figures.get(PEOPLE[each]) or 0) < FEW}
    return {each: None if each in few else value for each, value in figures.items()}
