"""Questions from the public page: asked without an account, passed on to those who lead, shown once they are let in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from lms.database import Database
from lms.meetings.actions import apply_events
from lms.meetings.questions import shown_to_all
from lms.schedule.models import Occurrence, Streaming
from lms.schedule.protection_models import ProtectionRule
from tests.lms.facts import NOW
from tests.web.conftest import Orders
from tests.web.test_live import app, change, data, occurrence, streamed
from tests.web.visitor import Visitor
from web.questions import Board

__all__ = ["app", "data", "occurrence"]

Browser = Callable[..., Visitor]
JSON = {"Accept": "application/json"}


@pytest.fixture
def asking(database: Database, data: Path, occurrence: Occurrence) -> str:
    """A meeting that is streamed, and whose viewers may ask."""
    change(database, occurrence, public_questions=True)
    streamed(data, occurrence.meeting)
    return occurrence.meeting


def told(meeting: str, kind: str, number: int, **contents: Any) -> dict[str, Any]:
    return {
        "id": f"o9-{number}",
        "node": 0,
        "meeting": meeting,
        "opening": "o9",
        "sequence": number,
        "at": NOW.timestamp(),
        "data": {"type": kind, **contents},
    }


def question(code: str, text: str, status: str = "waiting") -> dict[str, Any]:
    return {"id": code, "at": NOW.timestamp(), "name": "Глядач", "text": text, "status": status, "votes": 0}


async def test_who_watches_asks_without_an_account(browser: Browser, asking: str, orders: Orders) -> None:
    visitor = browser()
    page = await visitor.get(f"/live/{asking}")
    assert 'action="/live/' in page.text
    done = await visitor.post(f"/live/{asking}/questions", name=" Глядач ", text="Чи буде <запис>?")
    assert done.status_code == 303
    assert "Those who lead see your question first" in (await visitor.get(done.headers["location"])).text
    assert orders.given == [("ask", f"{asking} Глядач: Чи буде <запис>?")]


async def test_what_cannot_be_taken_is_said_and_not_lost(browser: Browser, asking: str, orders: Orders) -> None:
    visitor = browser()
    long = await visitor.post(f"/live/{asking}/questions", name="Глядач", text="а" * 601)
    assert long.status_code == 422
    assert "Shorten your question" in long.text
    assert "а" * 601 in long.text
    assert (await visitor.post(f"/live/{asking}/questions", text="  ")).status_code == 422
    orders.refuses = "unknown_meeting"
    early = await visitor.post(f"/live/{asking}/questions", text="Зарано?")
    assert (early.status_code, "is not running just now" in early.text, "Зарано?" in early.text) == (409, True, True)
    orders.refuses, orders.down = "", True
    csrf = await visitor.csrf()
    away = await visitor.client.post(f"/live/{asking}/questions", data={"csrf": csrf, "text": "Чутно?"}, headers=JSON)
    assert (away.status_code, "does not answer" in away.json()["sentence"]) == (409, True)
    assert orders.given == []


async def test_programs_that_fill_in_everything_reach_nobody(browser: Browser, asking: str, orders: Orders) -> None:
    visitor = browser()
    answer = await visitor.post(f"/live/{asking}/questions", text="Купуйте", website="https://example.org")
    assert answer.status_code == 303
    assert orders.given == []
    stranger = await visitor.client.post(f"/live/{asking}/questions", data={"text": "Без нашої сторінки"})
    assert stranger.status_code == 403


async def test_one_address_does_not_flood(browser: Browser, asking: str, orders: Orders) -> None:
    visitor = browser()
    answers = [(await visitor.post(f"/live/{asking}/questions", text="Ще?")).status_code for _ in range(13)]
    assert answers == [303] * 12 + [429]
    assert len(orders.given) == 12


async def test_only_where_the_occurrence_allows_them(
    browser: Browser, asking: str, orders: Orders, database: Database, occurrence: Occurrence
) -> None:
    visitor = browser()
    change(database, occurrence, public_questions=False)
    assert "/questions" not in (await visitor.get(f"/live/{asking}")).text
    assert (await visitor.post(f"/live/{asking}/questions", text="Можна?")).status_code == 409
    change(database, occurrence, public_questions=True, streaming=Streaming.NO)
    assert (await visitor.post(f"/live/{asking}/questions", text="Можна?")).status_code == 404
    assert orders.given == []


async def test_what_is_let_in_is_seen_by_all_and_what_waits_by_nobody(
    browser: Browser, asking: str, database: Database, app: FastAPI
) -> None:
    with database.writing() as session:
        apply_events(
            session,
            [
                told(asking, "opened", 1, title="Вебінар"),
                told(asking, "asked", 2, question=question("q1", "Перше?")),
                told(asking, "asked", 3, question=question("q2", "Друге?")),
                told(asking, "asked", 4, question=question("q3", "Третє?", "open")),
                told(asking, "question_moved", 5, question="q1", status="open"),
                told(asking, "question_moved", 6, question="q1", status="answering"),
                told(asking, "question_moved", 7, question="q3", status="dismissed"),
            ],
            NOW,
        )
    seen = (await browser().get(f"/live/{asking}/questions")).json()["questions"]
    assert [(one["id"], one["name"], one["text"], one["status"]) for one in seen] == [
        ("q1", "Глядач", "Перше?", "answering")
    ]


def test_who_asked_before_a_meeting_was_protected_is_not_named_on_its_page(
    asking: str, database: Database, occurrence: Occurrence
) -> None:
    asked = [
        question("q1", "Перше?", "open"),
        question("q2", "Друге?", "open") | {"participant": "p1", "name": "Ольга"},
    ]
    with database.writing() as session:
        events = [told(asking, "asked", 2 + at, question=each) for at, each in enumerate(asked)]
        apply_events(session, [told(asking, "opened", 1, title="Вебінар"), *events], NOW)
        assert {each.name for each in shown_to_all(session, asking)} == {"Глядач", "Ольга"}
        session.add(ProtectionRule(occurrence_id=occurrence.id, hide_names=True))
        session.flush()
        assert {each.name for each in shown_to_all(session, asking)} == {"Глядач", "—"}


async def test_however_many_look_the_database_is_asked_now_and_then(database: Database) -> None:
    time = 0.0
    board = Board(database, lambda: time)
    assert await board.of("demo") == []
    with database.writing() as session:
        apply_events(
            session,
            [
                told("demo", "opened", 1, title="Demo"),
                told("demo", "asked", 2, question=question("q1", "Так?", "open")),
            ],
            NOW,
        )
    assert await board.of("demo") == []
    time = 5.0
    assert [one["text"] for one in await board.of("demo")] == ["Так?"]
