"""Whether a test is passed: rules of several parts, each with what was needed and what was reached. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lms.assessment.attempts.spec import Passing

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Mark:
    """What one item earned; `share` None while a person has still to read it."""

    area: str
    share: Fraction | None
    weight: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class PartVerdict:
    """One part: the whole (an empty area), or an area. `needed` None where nothing is asked of it."""

    area: str
    reached: Fraction
    needed: Fraction | None

    @property
    def met(self) -> bool:
        """Whether it is enough."""
        return self.needed is None or self.reached >= self.needed


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole first, then the areas by number. `passed` None while something has still to be read."""

    passed: bool | None
    parts: tuple[PartVerdict, ...]

    @property
    def total(self) -> Fraction:
        """Share of all points."""
        return self.parts[0].reached

    def data(self) -> list[dict[str, Any]]:
        """The parts as JSON."""
        return [
            {
                "area": each.area,
                "reached": str(each.reached),
                "needed": str(each.needed) if each.needed is not None else "",
            }
            for each in self.parts
        ]


def judge(marks: Iterable[Mark], rule: Passing) -> Verdict:
    """Whether every part of the rule holds. Marks that cost (below 0) lower the whole, which never falls below 0."""
    every = list(marks)
    areas = sorted({mark.area for mark in every if mark.area} | set(rule.areas), key=_by_number)
    parts = [PartVerdict("", reached(every), rule.total)]
    for area in areas:
        own = [mark for mark in every if mark.area == area]
        # Where every item was left out as wrong, nothing is asked any more.
        left_out = bool(own) and not any(mark.weight for mark in own)
        needed = None if left_out else rule.areas.get(area, rule.each_area)
        parts.append(PartVerdict(area, reached(own), needed))
    waiting = any(mark.share is None for mark in every)
    return Verdict(None if waiting else all(part.met for part in parts), tuple(parts))


def reached(marks: Iterable[Mark]) -> Fraction:
    """The share of the points; what has not been read yet counts as nothing."""
    every = list(marks)
    most = sum((mark.weight for mark in every), NOTHING)
    earned = sum(((mark.share or NOTHING) * mark.weight for mark in every), NOTHING)
    return max(NOTHING, earned / most) if most else NOTHING


def parts_of(data: Iterable[dict[str, Any]]) -> tuple[PartVerdict, ...]:
    """Parts from their JSON."""
    return tuple(
        PartVerdict(str(each["area"]), Fraction(each["reached"]), Fraction(each["needed"]) if each["needed"] else None)
        for each in data
    )


def _by_number(area: str) -> tuple[int, ...]:
    return tuple(int(part) for part in area.split("."))
