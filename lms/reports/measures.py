"""What is counted, and how two figures are compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
    ENROLLED = "enrolled"
    COMPLETIONS = "completions"
    LEARNERS = "learners"
    TESTED = "tested"
    PASSED = "passed"
    CERTIFICATES = "certificates"
    CERTIFIED = "certified"
    VALID = "certificates_valid"
    REVOKED = "certificates_revoked"


TESTS = (Measure.TESTED, Measure.PASSED)
"""Anonymous figures: hidden where few were tested."""

Figures = Mapping[Measure, int | None]
"""None: not counted for such a group, or hidden."""
NOTHING: Figures = dict.fromkeys(Measure, 0)
Size = Callable[[Figures], int]
"""How many people a figure of such a line tells of."""


def persons(measure: Measure) -> Size:
    """As many as this measure, which counts distinct persons, says."""
    return lambda figures: figures.get(measure) or 0


def _there(figures: Figures) -> int:
    """Who attended. Names without an entry may be of one who is counted already, so of several names is one sure."""
    return figures.get(Measure.PERSONS) or min(1, figures.get(Measure.ATTENDANCES) or 0)


def _failed(figures: Figures) -> int:
    return (figures.get(Measure.TESTED) or 0) - (figures.get(Measure.PASSED) or 0)


_tested = persons(Measure.TESTED)
Sizes = Mapping[Measure, tuple[Size, ...]]
"""Of which people each measure tells; each of these crowds has to be large enough."""
TESTED: Sizes = dict.fromkeys(TESTS, (_tested,))
"""For people who may see who attended: results alone are anonymous."""
OPEN: Sizes = {
    Measure.PERSONS: (_there,),
    Measure.ATTENDANCES: (_there,),
    Measure.CENTRES: (_there,),
    Measure.ENROLMENTS: (persons(Measure.ENROLLED),),
    Measure.ENROLLED: (persons(Measure.ENROLLED),),
    Measure.COMPLETIONS: (persons(Measure.LEARNERS),),
    Measure.LEARNERS: (persons(Measure.LEARNERS),),
    Measure.TESTED: (_tested,),
    Measure.PASSED: (_tested, persons(Measure.PASSED), _failed),
    Measure.CERTIFICATES: (persons(Measure.CERTIFIED),),
    Measure.CERTIFIED: (persons(Measure.CERTIFIED),),
}
"""For anybody. However often they did it: four people who attended a hundred times are four people."""
OPEN_PLACES: Sizes = {**OPEN, Measure.OCCURRENCES: (_there,), Measure.MINUTES: (_there,)}
"""The same of places, whose occurrences are those that somebody from there attended."""


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


def without_small(groups: Mapping[str, Figures], sizes: Sizes, whole: Figures | None = None) -> dict[str, Figures]:
    """The groups beside their sum, with figures of few people taken out, and as many more as keep those hidden.

    A group of nobody is no secret: it is known to be empty. With `whole`, the line of the sum, hidden groups are taken
    for people as far as they can be sure to be different ones: who came every month is one person, not twelve.
    """
    found = {key: dict(figures) for key, figures in groups.items()}
    for measure, crowds in sizes.items():
        for crowd in crowds:
            people = {key: size for key, figures in groups.items() if (size := crowd(figures))}
            repeated = max(0, sum(people.values()) - crowd(whole)) if whole is not None else 0
            for key in hidden_of(people, repeated):
                found[key][measure] = None
    return dict(found)


def hidden_alone(figures: Figures, sizes: Sizes) -> Figures:
    """The same of one line without others beside it."""
    few = {measure for measure, crowds in sizes.items() if any(0 < crowd(figures) < FEW for crowd in crowds)}
    return {each: None if each in few else value for each, value in figures.items()}
