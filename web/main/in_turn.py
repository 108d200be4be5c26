"""A duty over rows, each in a transaction of its own: a row that fails is set aside for a while, the others go on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from lms.database import Database

_log = structlog.get_logger("vikno.worker")

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


class Finder(Protocol):
    """Finds the numbers of rows to see to, a bounded count of them, none of `without`."""

    def __call__(self, session: Session, now: datetime, /, *, without: Collection[int]) -> Sequence[int]:
        """Only reads."""


@dataclass(slots=True)
class _Aside:
    failures: int
    until: datetime


@dataclass(slots=True)
class InTurn:
    """Find, then see to each by itself. What failed is tried again with growing pauses, and each failure is logged."""

    name: str
    find: Finder
    act: Callable[[Session, int, datetime], int]
    """For one row; how many things it changed."""
    aside: dict[int, _Aside] = field(default_factory=dict)

    def __call__(self, database: Database, now: datetime) -> int:
        """See to what there is; how many things were changed. Raises only when the database itself does not answer."""
        resting = {number for number, each in self.aside.items() if each.until > now}
        with database.reading() as session:
            numbers = list(self.find(session, now, without=resting))
        return sum(self._see_to(database, number, now) for number in numbers)

    def _see_to(self, database: Database, number: int, now: datetime) -> int:
        try:
            with database.writing() as session:
                changed = self.act(session, number, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            failures = self.aside[number].failures + 1 if number in self.aside else 1
            pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
            self.aside[number] = _Aside(failures, now + pause)
            _log.exception("a row was set aside", duty=self.name, row=number, failures=failures, until=now + pause)
            return 0
        self.aside.pop(number, None)
        return changed
