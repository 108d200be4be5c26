"""When a survey takes answers, what its ratings mean, how large a gap is, and whose figures stay hidden. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import add
from typing import Generic, TypeVar

from lms.needs.models import ResponseState, SurveyState

K = TypeVar("K", bound=Hashable)

MARKS = range(4)
"""Both scales. How well I manage now: 0 not yet, 1 with help, 2 on my own, 3 I could teach it.
How much I need it: 0 not at all, 1 a little, 2 I need it, 3 very much."""
NAMED = 2
"""From this mark on somebody names a topic as needed."""
LEAST = 3
"""Figures of fewer answers than this could show who answered what."""
SETTLED = timedelta(days=1)
"""Nobody is reminded of what they were told of less than this ago."""


class Phase(StrEnum):
    """What can be done with a survey now."""

    DRAFT = "draft"
    WAITING = "waiting"
    """It was opened, and takes answers from a later day on."""
    OPEN = "open"
    CLOSED = "closed"


def phase(state: SurveyState, opens_at: datetime, closes_at: datetime, now: datetime) -> Phase:
    """The clock decides as well: nothing waits for the worker that writes the close down."""
    if state is SurveyState.DRAFT:
        return Phase.DRAFT
    if state is SurveyState.CLOSED or now >= closes_at:
        return Phase.CLOSED
    return Phase.OPEN if now >= opens_at else Phase.WAITING


def reminds_from(opens_at: datetime, closes_at: datetime, days: int) -> datetime | None:
    """From when on the one reminder is due; None without one."""
    return max(opens_at, closes_at - timedelta(days=days)) if days > 0 else None


def progress(rated: int, asked: int) -> ResponseState:
    """How far somebody has come who rated so many of the topics."""
    if rated <= 0:
        return ResponseState.ASKED
    return ResponseState.COMPLETE if rated >= asked else ResponseState.BEGUN


@dataclass(frozen=True, slots=True)
class Figure:
    """What those say who gave a topic both ratings, as sums, so that figures of groups add up."""

    rated: int = 0
    needed: int = 0
    """How many named it as needed."""
    gaps: int = 0
    """The gaps of all, added up."""
    skill: tuple[int, ...] = (0, 0, 0, 0)
    """How many chose each mark."""
    need: tuple[int, ...] = (0, 0, 0, 0)

    def __add__(self, other: Figure) -> Figure:
        return Figure(
            self.rated + other.rated,
            self.needed + other.needed,
            self.gaps + other.gaps,
            tuple(map(add, self.skill, other.skill)),
            tuple(map(add, self.need, other.need)),
        )

    @property
    def gap(self) -> int:
        """Average of the single gaps, in hundredths of a step, from 0 to 300; halves are rounded up."""
        return (200 * self.gaps + self.rated) // (2 * self.rated) if self.rated else 0

    @property
    def share(self) -> int:
        """Percent who named it as needed; halves are rounded up."""
        return percent(self.needed, self.rated)


def gap_of(skill: int, need: int) -> int:
    """One person's gap: by how many steps the need is above the skill; 0 if it is not.

    The two scales have the same number of steps, so that they can be taken from one another: whoever needs something
    very much (3) and manages with help (1) lacks two steps; whoever manages more than is needed lacks nothing, and does
    not make up for others.
    """
    return max(0, need - skill)


def percent(part: int, whole: int) -> int:
    """A share in whole percent; halves are rounded up; 0 of nothing is 0."""
    return (200 * part + whole) // (2 * whole) if whole else 0


def figure_of(ratings: Iterable[tuple[int, int]]) -> Figure:
    """The figure of pairs of skill and need."""
    total = Figure()
    for skill, need in ratings:
        total += Figure(1, int(need >= NAMED), gap_of(skill, need), _one(skill), _one(need))
    return total


def ranked(figures: Mapping[K, Figure | None]) -> list[K]:
    """The largest gap first; then what more name as needed; then in the order given. What is hidden stands last."""

    def place(key: K) -> tuple[bool, int, int]:
        figure = figures[key]
        return (False, -figure.gap, -figure.share) if figure else (True, 0, 0)

    return sorted(figures, key=place)


@dataclass(frozen=True, slots=True)
class Sum(Generic[K]):
    """Groups that add up to another one, whose figures are shown unless it is hidden itself. None: to everybody."""

    total: K | None
    parts: tuple[K, ...]


def hidden(counts: Mapping[K, int], sums: Iterable[Sum[K]] = ()) -> frozenset[K]:
    """Groups whose figures must not be shown: those of fewer than `LEAST` answers, and those that would betray them.

    Where a sum is shown, what is hidden in it can be found together by taking the rest away. So the hidden ones of a
    sum must be at least two, with at least `LEAST` answers; else the smallest of the others is hidden as well, and
    where there is no other, the sum. Groups without any answer have nothing to hide.
    """
    found = {key for key, count in counts.items() if 0 < count < LEAST}
    todo, changed = list(sums), True
    while changed:
        changed = False
        for one in todo:
            given = [key for key in one.parts if counts.get(key, 0) > 0]
            concealed = [key for key in given if key in found]
            safe = len(concealed) > 1 and sum(counts[key] for key in concealed) >= LEAST
            if not concealed or safe or one.total in found:
                continue
            others = [key for key in given if key not in found]
            if others:
                found.add(min(others, key=lambda key: counts[key]))
            elif one.total is not None:
                found.add(one.total)
            else:
                continue
            changed = True
    return frozenset(found)


def _one(mark: int) -> tuple[int, ...]:
    return tuple(int(mark == each) for each in MARKS)
