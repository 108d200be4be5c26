"""How somebody stands in each area, compared with the last time; and what to learn next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lms.assessment.attempts.passing import PartVerdict


@dataclass(frozen=True, slots=True)
class AreaStanding:
    """One area of a result, or the whole (its area is empty); `before`: what was reached the last time, if ever."""

    area: str
    reached: Fraction
    needed: Fraction | None
    before: Fraction | None

    @property
    def change(self) -> Fraction | None:
        """How much more than the last time."""
        return None if self.before is None else self.reached - self.before


def standing(now: Sequence[PartVerdict], before: Sequence[PartVerdict] = ()) -> list[AreaStanding]:
    """The whole of a result and each area, beside the last one."""
    known = {part.area: part.reached for part in before}
    return [AreaStanding(part.area, part.reached, part.needed, known.get(part.area)) for part in now]


def gaps(now: Sequence[PartVerdict], *, enough: Fraction = Fraction(3, 5)) -> list[str]:
    """Areas to work on, the weakest first: those that fell short of what was needed, or of what is enough anywhere."""
    weak = [part for part in now if part.area and part.reached < (part.needed if part.needed is not None else enough)]
    return [part.area for part in sorted(weak, key=lambda part: (part.reached, part.area))]


def suggested(
    weak: Sequence[str], courses: Sequence[tuple[str, Collection[str]]], *, most: int = 5
) -> list[tuple[str, list[str]]]:
    """Courses, each with the weak areas that it teaches; those that teach most of the weakest come first.

    `courses` are (name, numbers of competences).
    """
    found = []
    for name, numbers in courses:
        taught = {number.split(".")[0] for number in numbers}
        helps = [area for area in weak if area in taught]
        if helps:
            found.append((sum(len(weak) - weak.index(area) for area in helps), name, helps))
    return [(name, helps) for _, name, helps in sorted(found, key=lambda each: (-each[0], each[1]))[:most]]
