"""How far a road map has come, and what has changed: pure functions over plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lms.roadmaps.models import StepState

WEEK_BEFORE = timedelta(days=7)
OPEN = (StepState.PLANNED, StepState.UNDER_WAY)


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What figures need to know of a step."""

    state: StepState
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come. Dropped steps count for nothing."""

    planned: int = 0
    under_way: int = 0
    done: int = 0
    dropped: int = 0
    overdue: int = 0

    @property
    def counted(self) -> int:
        """Steps that are to be done, or are."""
        return self.planned + self.under_way + self.done

    @property
    def share(self) -> int:
        """Percent done, rounded down: all is done only when all is. Nothing to do is nothing done."""
        return self.done * 100 // self.counted if self.counted else 0

    def __add__(self, other: Progress) -> Progress:
        return Progress(
            self.planned + other.planned,
            self.under_way + other.under_way,
            self.done + other.done,
            self.dropped + other.dropped,
            self.overdue + other.overdue,
        )


def is_overdue(state: StepState, due_on: date | None, today: date) -> bool:
    """Whether it should have been done: the day itself is still in time."""
    return state in OPEN and due_on is not None and due_on < today


def progress(steps: Iterable[StepFacts], today: date) -> Progress:
    """The figures of some steps."""
    counts = dict.fromkeys(StepState, 0)
    late = 0
    for step in steps:
        counts[step.state] += 1
        late += is_overdue(step.state, step.due_on, today)
    return Progress(
        counts[StepState.PLANNED],
        counts[StepState.UNDER_WAY],
        counts[StepState.DONE],
        counts[StepState.DROPPED],
        late,
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is not the same, as it was and as it is."""
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}


def follow_up_days(follow_up_on: date) -> Sequence[tuple[str, date]]:
    """When its people are written to: a week before, and on the day."""
    return (("week", follow_up_on - WEEK_BEFORE), ("day", follow_up_on))


def due_notice(follow_up_on: date | None, today: date) -> str:
    """Which letter is due: `week`, `day`, or none. Who was not told in time is told what is due now, once."""
    if follow_up_on is None or today < follow_up_on - WEEK_BEFORE or today > follow_up_on + WEEK_BEFORE:
        return ""
    return "day" if today >= follow_up_on else "week"
