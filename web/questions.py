"""The questions that everybody sees on public pages: looked up now and then, for however many ask."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from lms.database import Database
from lms.meetings.questions import shown_to_all

FRESH_S = 5.0
"""So long a list is good."""
MOST_KEPT = 200
Told = list[dict[str, str]]


class Board:
    """Lists that were looked up lately, by meeting. All of it may be lost."""

    def __init__(self, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._now = now
        self._lists: OrderedDict[str, tuple[float, Told]] = OrderedDict()

    async def of(self, meeting: str) -> Told:
        """The questions of a meeting, latest first."""
        known = self._lists.get(meeting)
        if known is None or known[0] <= self._now():
            known = self._now() + FRESH_S, await run_in_threadpool(self._look_up, meeting)
            self._lists[meeting] = known
            self._lists.move_to_end(meeting)
            while len(self._lists) > MOST_KEPT:
                self._lists.popitem(last=False)
        return known[1]

    def _look_up(self, meeting: str) -> Told:
        with self._database.reading() as session:
            found = shown_to_all(session, meeting)
        return [{"id": one.code, "name": one.name, "text": one.text, "status": one.status} for one in found]
