"""Group rooms in real browsers with real media: opened, entered, visited, closed; and nobody's time is lost."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lms.directory.models import Account
from lms.meetings import computing
from lms.meetings.attendance_models import Attendance
from lms.meetings.models import Connection, Meeting
from lms.meetings.presence import length, within
from lms.meetings.rules import time_present
from lms.schedule.models import Occurrence
from tests.e2e.meetings import Planner, in_meeting
from tests.e2e.test_flows import sign_in, violations
from tests.support.browser import ANNA, BOHDAN, Look, until, wait_picture
from tests.support.installation import Installation

Visit = Callable[..., Page]
HOST = Look("host", (60, 120, 70), 800)
COLOURS = {"olena": ANNA, "ivan": BOHDAN, "petro": BOHDAN}


def in_room(page: Page, room: str, count: int) -> None:
    """Wait until somebody is in the room, with so many people."""
    until(
        page,
        "([room, count]) => window.__vikno?.phase === 'in' && window.__vikno.room === room"
        " && window.__vikno.participants.length === count",
        [room, count],
        90,
    )


def group_rooms(host: Page) -> None:
    """Open the host's dialog of group rooms."""
    host.locator("button[aria-haspopup=menu].control--more").click()
    host.get_by_role("menuitem", name="Групові кімнати").click()
    host.get_by_role("dialog").wait_for()


@pytest.mark.timeout(400)  # four browsers and a server share two cores
def test_groups_are_opened_visited_and_closed_without_a_gap(
    server: Installation, planner: Planner, visit: Visit
) -> None:
    organiser_email = planner.seed().organiser_email
    mark = uuid.uuid4().hex[:6]
    mails = {name: f"{name}.{mark}@example.org" for name in COLOURS}
    for name, home in (("olena", "rivne"), ("ivan", "rivne"), ("petro", "lviv")):
        planner.person(mails[name], name.capitalize(), "Групова", home)
    meeting = planner.open_meeting("Робота в групах")
    host = visit(HOST, viewport={"width": 1280, "height": 800})
    sign_in(host, server, organiser_email)
    pages: dict[str, Page] = {}
    for name, look in COLOURS.items():
        pages[name] = visit(look)
        sign_in(pages[name], server, mails[name])
    for page in (host, *pages.values()):
        page.goto(f"{server.url}/meet/{meeting}")
        page.get_by_test_id("join").click()
        in_meeting(page)
    in_room(host, meeting, 4)
    microphone = pages["olena"].get_by_test_id("microphone")
    expect(microphone).to_have_attribute("aria-label", "Мікрофон: вимкнути")
    microphone.click()  # muted before, muted afterwards
    expect(microphone).to_have_attribute("aria-label", "Мікрофон: увімкнути")

    # Whoever is in the meeting can be put into a group: two into the first, one into the second.
    with planner.database.reading() as session:
        slug = session.scalars(select(Occurrence.slug).where(Occurrence.meeting == meeting)).one()
        numbers = {
            name: session.scalars(select(Account.person_id).where(Account.subject == mail)).one()
            for name, mail in mails.items()
        }
    connected = {f"person:{number}" for number in numbers.values()}
    while not connected <= planner.connected(slug):  # the page knows them as soon as the node has told
        host.wait_for_timeout(100)
    desk = host.context.new_page()
    desk.goto(f"{server.url}/schedule/{slug}/groups")
    desk.locator("[name=count]").fill("2")
    desk.get_by_role("button", name="Створити групи").click()
    desk.locator("[name=name-1]").fill("Перелік обладнання")
    desk.locator("[name=task-1]").fill("Скласти перелік і визначити відповідального")
    desk.locator("[name=name-2]").fill("Люди")
    for name, group in (("olena", "1"), ("ivan", "1"), ("petro", "2")):
        desk.locator(f"[name='in-person:{numbers[name]}']").select_option(group)
    desk.get_by_role("button", name="Зберегти групи").last.click()
    expect(desk.locator("main")).to_contain_text("Групи збережено")
    desk.close()

    group_rooms(host)
    expect(host.get_by_role("dialog")).to_contain_text("1. Перелік обладнання")
    assert violations(host) == []
    host.get_by_test_id("groups-open").click()
    expect(host.get_by_role("dialog")).to_contain_text("Головна кімната")
    assert violations(host) == []
    host.keyboard.press("Escape")

    # Everybody is asked, and goes by one press; there is no second door, and only the group's people are there.
    expect(pages["olena"].get_by_role("dialog")).to_contain_text("Ваша група: 1. Перелік обладнання")
    assert violations(pages["olena"]) == []
    for page in pages.values():
        page.get_by_test_id("group-go").click()
    for name in ("olena", "ivan"):
        in_room(pages[name], f"{meeting}.g1", 2)
    in_room(pages["petro"], f"{meeting}.g2", 1)
    in_room(host, meeting, 1)
    wait_picture(pages["olena"], BOHDAN.colour)
    wait_picture(pages["ivan"], ANNA.colour)
    strip = pages["olena"].get_by_test_id("group-strip")
    expect(strip).to_contain_text("Скласти перелік і визначити відповідального")
    expect(microphone).to_have_attribute("aria-label", "Мікрофон: увімкнути")
    assert violations(pages["olena"]) == []

    # The host sees who is where, and looks in.
    group_rooms(host)
    expect(host.get_by_role("dialog")).to_contain_text("Ivan")
    host.get_by_role("button", name=re.compile("Зайти.*2. Люди")).click()
    in_room(host, f"{meeting}.g2", 2)
    wait_picture(pages["petro"], HOST.colour)
    wait_picture(host, BOHDAN.colour)

    # A word reaches all; then all come back by themselves, first with a countdown.
    group_rooms(host)
    host.get_by_label("Сказати всім групам").fill("Ще дві хвилини")
    host.get_by_role("button", name="Надіслати").click()
    for page in pages.values():
        expect(page.locator("body")).to_contain_text("Ще дві хвилини")
    host.get_by_test_id("groups-close").click()
    pages["ivan"].get_by_test_id("group-countdown").wait_for()
    host.get_by_role("button", name="Повернути всіх зараз").click()
    for page in (host, *pages.values()):
        in_room(page, meeting, 4)
    wait_picture(host, ANNA.colour)
    wait_picture(host, BOHDAN.colour, count=2)
    wait_picture(pages["petro"], HOST.colour)
    _everybodys_time_counts(planner, meeting, host, numbers)


def _everybodys_time_counts(planner: Planner, meeting: str, host: Page, numbers: dict[str, int]) -> None:
    """What is counted is the time in all rooms together; between two rooms there is nothing but the way."""
    host.get_by_test_id("leave").click()
    host.get_by_role("button", name="Завершити для всіх").click()
    host.locator("[data-ending=ended]").wait_for()

    def closed() -> bool:
        with planner.database.reading() as session:
            rows = session.scalars(select(Meeting).where(Meeting.name.startswith(meeting))).all()
            return len({row.name for row in rows}) == 3 and all(row.closed_at is not None for row in rows)

    while not closed():
        host.wait_for_timeout(100)
    with planner.database.writing() as session:
        number = session.scalars(select(Occurrence.id).where(Occurrence.meeting == meeting)).one()
        sheet = computing.compute(session, number, datetime.now(UTC))
        # Who leaves with everybody at the end stays a moment longer than the official time, and it does not count.
        official = [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in sheet.windows]
        for person in numbers.values():
            stays = session.execute(
                select(Connection, Meeting.name)
                .join(Meeting, Meeting.id == Connection.meeting_id)
                .where(Meeting.occurrence_id == number, Connection.identity == f"person:{person}")
                .order_by(Connection.joined_at)
            ).all()
            # Whose media does not get through on a busy machine comes in once more, to the same room.
            rooms = [room for room, _ in groupby(name for _, name in stays)]
            assert len(rooms) == 3, rooms
            assert rooms[0] == rooms[2] == meeting, "the main room, the group, the main room again"
            rows = [row for row, _ in stays]
            assert all(row.left_at for row in rows)
            until_then = accumulate((row.left_at for row in rows if row.left_at), max)
            gaps = [max(row.joined_at - left, timedelta()) for left, row in zip(until_then, rows[1:], strict=False)]
            attended = session.scalars(
                select(Attendance).where(
                    Attendance.occurrence_id == number,
                    Attendance.generation == sheet.generation,
                    Attendance.subject == f"person:{person}",
                )
            ).one()
            present = [(row.joined_at, row.left_at) for row in rows if row.left_at is not None]
            there = time_present(present)
            whole = (rows[-1].left_at or rows[-1].joined_at) - rows[0].joined_at
            assert attended.seconds == int(length(within(present, official)).total_seconds())
            assert attended.seconds > there.total_seconds() / 2, "most of it lies in the official time"
            assert abs((whole - there).total_seconds() - sum(gap.total_seconds() for gap in gaps)) <= 1
