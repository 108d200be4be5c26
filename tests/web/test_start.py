"""The start page: for each kind of person the next step first, in a bounded number of queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lms.database import Database
from lms.schedule.models import Occurrence, Status
from tests.lms.facts import counted
from tests.web.conftest import Clock
from tests.web.visitor import ADMINISTRATOR, ORGANISER, Visitor, links
from web.config import WebConfig

Browser = Callable[..., Visitor]


def end_what_is_live(database: Database) -> None:
    with database.writing() as session:
        session.scalars(select(Occurrence).where(Occurrence.meeting == "demo")).one().status = Status.ENDED


async def test_a_stranger_gets_into_what_is_on_with_one_press(browser: Browser) -> None:
    page = await browser().get("/")
    assert "/meet/demo" in links(page, "/meet/")
    assert "First time here?" in page.text
    assert "Waiting for you" not in page.text


async def test_without_anything_on_the_next_one_stands_first(browser: Browser, database: Database) -> None:
    stranger = browser()
    await stranger.get("/")
    end_what_is_live(database)
    page = await stranger.get("/")
    assert "What comes next" in page.text
    assert "Social services: accepting documents in practice" in page.text
    assert "On now" not in page.text


async def test_a_host_is_offered_to_start_it_when_its_time_is_near(
    browser: Browser, database: Database, clock: Clock
) -> None:
    organiser = browser()
    await organiser.sign_in(ORGANISER)
    end_what_is_live(database)
    page = await organiser.get("/")
    assert "Your next occurrence" in page.text
    assert "Start now" not in page.text
    with database.reading() as session:
        card = session.scalars(
            select(Occurrence).where(Occurrence.starts_at > clock.now).order_by(Occurrence.starts_at)
        ).first()
    assert card is not None
    clock.now = card.starts_at.replace(minute=0)
    clock.forward(minutes=-30)
    await organiser.sign_in(ORGANISER)
    page = await organiser.get("/")
    assert f'action="/schedule/{card.slug}/start"' in page.text
    assert "Go to the room" in page.text


async def test_a_draft_waits_for_its_organiser_and_for_nobody_else(browser: Browser) -> None:
    organiser = browser()
    await organiser.sign_in(ORGANISER)
    plan = {
        "kind": "webinar", "title": "Чекає на оприлюднення", "day": "2026-12-17", "time": "10:00", "duration": "60",
        "zone": "Europe/Kyiv", "access": "network", "listed": "y",
    }  # fmt: skip
    await organiser.post("/schedule/new", **plan)
    page = await organiser.get("/")
    assert "Draft, not published yet: Чекає на оприлюднення" in page.text
    assert "Чекає на оприлюднення" not in (await browser().get("/")).text


async def test_an_administrator_learns_what_is_out_of_order(browser: Browser) -> None:
    chief = browser()
    await chief.sign_in(ADMINISTRATOR)
    page = await chief.get("/")
    assert "3 endpoints have been silent for a day" in page.text
    assert "silent for a day" not in (await browser().get("/")).text


@pytest.mark.parametrize("who", [None, ORGANISER, ADMINISTRATOR])
async def test_the_page_asks_a_fixed_number_of_times(browser: Browser, config: WebConfig, who: str | None) -> None:
    visitor = browser()
    if who:
        await visitor.sign_in(who)
    numbers = []
    for title in ("Одна", "Друга"):
        await _plan(browser, title)
        with counted(config.database) as said:
            assert (await visitor.get("/")).status_code == 200
        numbers.append(len(said))
    assert numbers[0] == numbers[1]
    assert numbers[0] <= (5 if who is None else 22)


async def _plan(browser: Browser, title: str) -> None:
    organiser = browser()
    await organiser.sign_in(ORGANISER)
    plan = {
        "kind": "webinar", "title": title, "day": "2026-12-17", "time": "10:00", "duration": "60",
        "zone": "Europe/Kyiv", "access": "network", "listed": "y",
    }  # fmt: skip
    answer = await organiser.post("/schedule/new", **plan)
    await organiser.post(str(answer.headers["location"]).partition("?")[0] + "/publish")
