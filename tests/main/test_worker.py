"""The worker's duties on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.database import Database
from lms.demo import DEMO_MEETING, seed
from signaling.control_client import ControlError
from signaling.messages import Begin, OrderAction
from tests.support.seeding import lend_tables
from web.main.beginning import Beginner
from web.main.in_turn import InTurn
from web.main.settings import Settings
from web.main.worker import Duty, duties, perform, run


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{lend_tables(tmp_path / 'vikno.sqlite3')}")
    yield made
    made.close()


class _Node:
    """A media node's control API as the worker sees it."""

    def __init__(self, **began: float | None) -> None:
        self.began = began
        self.ended: dict[str, float] = {}
        self.silent = False

    def meetings(self) -> list[dict[str, object]]:
        if self.silent:
            raise ControlError("node_unavailable", "The media node cannot be reached.")
        return [
            {"id": meeting, "began_at": began, "ended_at": self.ended.get(meeting)}
            for meeting, began in self.began.items()
        ]

    def order(self, meeting: str, action: OrderAction) -> None:
        assert isinstance(action, Begin)
        self.began[meeting] = 1.0


def test_a_live_occurrence_begins_officially_once_somebody_is_in(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        seed(session, now)
    node, other = _Node(demo=None, private=None), _Node()
    beginner = Beginner(2, [other, node].__getitem__)
    other.silent = True
    assert DEMO_MEETING == "demo"
    assert beginner.begin_what_is_live(database, now) == 1
    assert node.began == {"demo": 1.0, "private": None}
    assert beginner.begin_what_is_live(database, now) == 0


def test_a_meeting_that_was_ended_does_not_begin_again(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        seed(session, now)
    node = _Node(demo=None)
    node.ended["demo"] = 2.0
    assert Beginner(1, [node].__getitem__).begin_what_is_live(database, now) == 0


def test_every_duty_works_on_an_empty_database(database: Database, tmp_path: Path) -> None:
    for duty in duties(Settings(data=tmp_path)):
        assert perform(duty, database, datetime.now(UTC)), duty.name


async def test_a_duty_that_fails_is_tried_again_and_the_others_go_on(database: Database) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    seen: list[str] = []

    def failing(where: Database, now: datetime) -> int:
        seen.append("failing")
        with where.writing() as session:
            session.execute(text("SELECT * FROM nowhere"))
        return 0

    def working(where: Database, now: datetime) -> int:
        seen.append("working")
        if seen.count("working") >= 3 and seen.count("failing") >= 3:
            loop.call_soon_threadsafe(stopping.set)
        return 1

    both = [Duty("failing", 0.01, failing), Duty("working", 0.01, working)]
    await asyncio.wait_for(run(both, database, stopping), 30)
    assert seen.count("failing") >= 3


async def test_a_duty_with_a_bug_is_tried_again_and_the_others_go_on(database: Database) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    seen: list[str] = []

    def failing(_where: Database, _now: datetime) -> int:
        seen.append("failing")
        raise ValueError("a bug")

    def working(_where: Database, _now: datetime) -> int:
        seen.append("working")
        if seen.count("working") >= 3 and seen.count("failing") >= 3:
            loop.call_soon_threadsafe(stopping.set)
        return 1

    both = [Duty("failing", 0.01, failing), Duty("working", 0.01, working)]
    await asyncio.wait_for(run(both, database, stopping), 30)
    assert seen.count("failing") >= 3


def test_a_row_that_fails_is_set_aside_and_the_others_are_seen_to(database: Database) -> None:
    now = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    done: list[int] = []
    broken = {1, 2}

    def find(_session: Session, _now: datetime, *, without: Collection[int]) -> list[int]:
        return [number for number in (1, 2, 3, 4) if number not in without and number not in done][:2]

    def act(_session: Session, number: int, _now: datetime) -> int:
        if number in broken:
            raise ValueError("this one cannot be done")
        done.append(number)
        return 1

    duty = InTurn("try", find, act)
    assert duty(database, now) == 0, "the two that fail stand first"
    assert duty(database, now) == 2
    assert done == [3, 4]
    assert duty(database, now) == 0
    broken.clear()
    assert duty(database, now + timedelta(seconds=59)) == 0, "they rest"
    assert duty(database, now + timedelta(seconds=61)) == 2
    assert duty.aside == {}


def test_a_database_that_does_not_answer_sets_no_row_aside(database: Database) -> None:
    def find(_session: Session, _now: datetime, *, without: Collection[int]) -> list[int]:
        return [1]

    def act(session: Session, _number: int, _now: datetime) -> int:
        session.execute(text("SELECT * FROM nowhere"))
        return 1

    duty = InTurn("try", find, act)
    assert not perform(Duty("try", 1, duty), database, datetime.now(UTC))
    assert duty.aside == {}
