"""Which of several answers to one item counts, whatever order they arrive in. Pure.

Each save of an item has a number that its browser counts up. Two browsers, or one that sends twice, may use a number
twice. Everything is kept; the highest number counts, and of the same number what arrived first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lms.assessment.attempts.timing import Lateness

MOST_SEQUENCE = 1_000_000
MOST_SAVES = 2_000
"""Of one item: nobody types so much; beyond it saves are refused."""
MOST_DATA = 60_000
"""Characters of one answer as JSON."""


@dataclass(frozen=True, slots=True)
class Saved:
    """An answer that was kept."""

    sequence: int
    writer: str
    """Which browser."""
    data: Any
    at: datetime
    lateness: Lateness = Lateness.IN_TIME
    id: int = 0
    """In the order of arrival."""


def is_known(saves: Iterable[Saved], sequence: int, writer: str) -> bool:
    """Whether this very save has arrived before."""
    return any(each.sequence == sequence and each.writer == writer for each in saves)


def current(saves: Iterable[Saved], *, late_too: bool = False) -> Saved | None:
    """The one that counts. What came after grace counts when somebody has decided so."""
    counting = [each for each in saves if late_too or each.lateness is not Lateness.LATE]
    return min(counting, key=lambda each: (-each.sequence, each.at, each.id), default=None)


def last_number(saves: Iterable[Saved]) -> int:
    """The number from which a browser goes on; 0 for none."""
    return max((each.sequence for each in saves), default=0)
