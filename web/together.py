"""Small pieces of work of many visits, done in one transaction and one thread.

While one group is at work, or waits for the disk, the next one gathers; nobody waits for a group to become large. A
commit that would be synced to the disk for each is synced for all, and on SQLite a process stands in the queue for the
write lock once. An answer is given only when the group has been committed
(docs/decisions/0031-saves-go-together.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.errors import Refusal
from web.i18n import mark as _
from web.problems import Problem

T = TypeVar("T")
Opening = Callable[[], AbstractContextManager[Session]]

MOST_AT_ONCE = 50
"""A group holds the write lock for all of it, and others want a turn too."""
MOST_WAITING = 2_000
"""More than a hall; what comes beyond it is sent away, and pages send it again."""


@dataclass(slots=True)
class _Piece:
    key: str
    work: Callable[[Session], Any]
    future: asyncio.Future[Any]


class Together:
    """Groups of one kind. `opening` gives the transaction: `Database.writing` or `Database.reading`."""

    def __init__(self, opening: Opening, name: str) -> None:
        self._opening = opening
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[_Piece] = []
        self._running: asyncio.Task[None] | None = None

    async def do(self, key: str, work: Callable[[Session], T]) -> T:
        """What `work` gives, once it is committed; raises what it raises, and `Problem` 503 where too many wait.

        It must not write before it refuses (`Refusal`, `Problem`): the others of its group are committed. Groups are
        worked through in the order of `key`, so that two processes that lock the same rows do not wait for each other.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Problem(503, "crowded", _("Too many people are saving at this moment. It is tried again."), 5)
        loop = asyncio.get_running_loop()
        piece = _Piece(key, work, loop.create_future())
        self._waiting.append(piece)
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._run())
        done: T = await piece.future
        return done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            group.sort(key=lambda piece: piece.key)
            outcomes = await loop.run_in_executor(self._thread, self._together, [piece.work for piece in group])
            for piece, outcome in zip(group, outcomes, strict=True):
                if piece.future.done():
                    continue  # whoever asked has gone
                if isinstance(outcome, Exception):
                    piece.future.set_exception(outcome)
                else:
                    piece.future.set_result(outcome)

    def _together(self, group: list[Callable[[Session], Any]]) -> list[Any]:
        """What each gives or raises. When one fails unexpectedly, each gets a transaction of its own.

        Not where the database itself is away: then it is away for all of them.
        """
        begun = False
        try:
            with self._opening() as session:
                session.connection()
                begun = True
                return [_outcome(work, session) for work in group]
        except Exception as error:
            away = not begun or (isinstance(error, DBAPIError) and error.connection_invalidated)
            if len(group) == 1 or away:
                return [error] * len(group)
        return [outcome for work in group for outcome in self._together([work])]


def _outcome(work: Callable[[Session], Any], session: Session) -> Any:
    try:
        return work(session)
    except (Refusal, Problem) as refused:
        return refused
