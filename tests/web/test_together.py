"""Work of many visits in one transaction: what one of them does wrong is its own affair."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.errors import Conflict
from lms.schedule.plan_models import Topic
from tests.support.postgres import database_url
from web.problems import Problem
from web.together import Together

__all__ = ["database_url"]  # on both databases


def topic(code: str, refused: Exception | None = None) -> Callable[[Session], int]:
    """Adds a row and says in which transaction; or adds it and fails."""

    def work(session: Session) -> int:
        if isinstance(refused, Conflict):
            raise refused
        session.add(Topic(code=code, name_uk=code, name_en=""))
        session.flush()
        if refused is not None:
            raise refused
        return id(session)

    return work


async def gathered(together: Together, several: dict[str, Callable[[Session], int]]) -> list[int | BaseException]:
    """Ask for all of them while the thread is busy with something else, so that they become one group."""
    free, busy = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(_session: Session) -> None:
        loop.call_soon_threadsafe(busy.set)
        free.wait(30)

    first = asyncio.create_task(together.do("", hold))
    await busy.wait()
    rest = [asyncio.create_task(together.do(key, work)) for key, work in several.items()]
    await asyncio.sleep(0)  # each of them is in the queue now
    free.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


def codes(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Topic.code).where(Topic.code.in_(["a", "b", "c"])).order_by(Topic.id)))


async def test_what_waits_is_one_transaction_in_the_order_of_its_keys(database: Database) -> None:
    together = Together(database.writing, "test")
    no = Conflict("no", "No.")
    told = await gathered(together, {"c": topic("c"), "b": topic("b", no), "a": topic("a")})
    assert told[1] is no
    assert told[0] == told[2], "one transaction"
    assert codes(database) == ["a", "c"]


async def test_what_fails_unexpectedly_costs_nobody_else(database: Database) -> None:
    together = Together(database.writing, "test")
    told = await gathered(together, {"a": topic("a"), "b": topic("b", ValueError("a bug")), "c": topic("c")})
    assert isinstance(told[1], ValueError)
    assert isinstance(told[0], int)
    assert codes(database) == ["a", "c"], "each once"
    assert isinstance(await together.do("d", topic("d")), int)


async def test_nobody_is_told_yes_before_it_is_committed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Together(database.writing, "test")

    def broken(_session: Session) -> None:
        raise OSError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", broken)
        patched.setattr("sqlalchemy.orm.SessionTransaction.commit", broken)
        with pytest.raises(OSError, match="full"):
            await together.do("a", topic("a"))
    assert codes(database) == []


async def test_what_waits_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.together.MOST_WAITING", 2)
    together = Together(database.writing, "test")
    told = await gathered(together, {code: topic(code) for code in "abc"})
    assert isinstance(told[2], Problem)
    assert told[2].status == 503
    assert codes(database) == ["a", "b"]
