"""The whole way of a consultation, in real browsers with real media: planned, invited, registered, met, counted."""

from __future__ import annotations

import csv
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from lms.directory.models import RoleName
from lms.meetings.attendance_models import AttendanceSheet
from lms.meetings.computing import SETTLING
from lms.schedule.models import Occurrence
from tests.e2e import letters
from tests.e2e.meetings import Planner, in_meeting
from tests.e2e.test_flows import sign_in, violations
from tests.support.browser import ANNA, BOHDAN, wait_picture
from tests.support.installation import Installation

Visit = Callable[..., Page]
TITLE = "Реєстрація місця проживання: наскрізна перевірка"
PEOPLE = ("expert", "lead", "clerk", "colleague")


@pytest.mark.timeout(400)
def test_from_the_plan_to_the_attendance(server: Installation, planner: Planner, visit: Visit) -> None:
    outbox = server.data / "outbox"
    mark = uuid.uuid4().hex[:6]  # each try has people of its own
    expert_mail, lead_mail, clerk_mail, colleague_mail = (f"{who}.{mark}@example.org" for who in PEOPLE)
    organiser_email = planner.seed().organiser_email
    planner.person(lead_mail, "Ліда", "Керівниця", "rivne", RoleName.CENTRE_LEAD)
    planner.person(clerk_mail, "Клим", "Діловод", "rivne")
    planner.person(colleague_mail, "Кіра", "Колега", "rivne")
    organiser = visit(ANNA, viewport={"width": 1280, "height": 900})
    sign_in(organiser, server, organiser_email)

    # The organiser plans a series of five dates, each with its own topic, and releases it.
    slug = _plan(organiser, server, expert_mail)
    _invite(organiser, server, slug, clerk_mail)

    # The expert gets one mail per date of theirs: with a personal link and an event that calendars understand.
    first = letters.wait(outbox, expert_mail)[0]
    assert first.event["SUMMARY"] == TITLE
    assert first.calendar is not None
    assert str(first.calendar["METHOD"]) == "REQUEST"
    start = first.event.decoded("DTSTART")
    assert (start.hour, str(first.event["DTSTART"].params["TZID"])) == (10, "Europe/Kyiv")

    # The clerk says that she comes, from the link in the mail, without signing in.
    clerk = visit(BOHDAN, viewport={"width": 360, "height": 740})
    clerk.goto(letters.wait(outbox, clerk_mail, holding="/rsvp/")[0].link("/rsvp/"))
    clerk.locator("input[value=accepted]").check()
    clerk.locator("form.answer button").click()
    expect(clerk.locator("main")).to_contain_text("Ваша відповідь")

    # She registers, on a phone.
    organiser.goto(f"{server.url}/schedule/{slug}/registration-policy")
    organiser.locator("[name=capacity]").fill("10")
    organiser.locator("main form button.button--primary").click()
    sign_in(clerk, server, clerk_mail)
    clerk.goto(f"{server.url}/schedule/{slug}/register")
    clerk.locator("main form button.button--primary").click()
    expect(clerk.locator("#registration")).to_contain_text("Підтверджено")

    # The lead of the centre registers its room, also on a phone.
    lead = visit(ANNA, viewport={"width": 360, "height": 740})
    sign_in(lead, server, lead_mail)
    lead.goto(f"{server.url}/schedule/{slug}/register?room=1")
    lead.locator("[name=head_count]").fill("2")
    lead.locator("main form button.button--primary").click()
    expect(lead.locator("#registration")).to_contain_text("Підтверджено")

    # They meet: the organiser starts, the expert comes by the link, the clerk by one press on the start page.
    organiser.goto(f"{server.url}/schedule/{slug}")
    organiser.locator("form[action$='/start'] button").click()
    organiser.get_by_test_id("join").click()
    in_meeting(organiser)
    expert = visit(BOHDAN)
    expert.goto(first.link("/guest/"))
    expert.locator("form[action^='/guest/'] button").first.click()
    expert.get_by_test_id("join").click()
    in_meeting(expert)
    meeting = expert.url.rsplit("/", 1)[1].partition("?")[0]
    clerk.goto(server.url)
    clerk.locator(f"a[href='/meet/{meeting}']").first.click()
    clerk.get_by_test_id("join").click()
    in_meeting(clerk)
    wait_picture(organiser, BOHDAN.colour)
    wait_picture(expert, ANNA.colour)
    wait_picture(clerk, ANNA.colour)

    # The centre's endpoint comes by itself; in the room it is entered who sits behind it: a colleague, two heads.
    room = visit(ANNA)
    room.goto(f"{server.url}/endpoint")
    planner.pair(room.locator(".kiosk__code").inner_text(), "rivne")
    room.wait_for_url(f"**/meet/{meeting}*")
    in_meeting(room)
    room.get_by_test_id("who-is-here").click()
    room.get_by_role("dialog").get_by_role("checkbox", name=re.compile("Кіра")).check()
    assert violations(room) == []
    room.get_by_label("Скільки людей у залі").fill("2")
    room.get_by_test_id("rollcall-save").click()
    room.get_by_role("dialog").wait_for(state="detached")
    # The lead sees it on her phone and saves it.
    lead.goto(f"{server.url}/schedule/{slug}/roll-call")
    expect(lead.get_by_role("checkbox", name=re.compile("Кіра"))).to_be_checked()
    expect(lead.locator("[name=head_count]")).to_have_value("2")
    lead.locator("main form button.button--primary").click()
    colleague = visit(ANNA)
    sign_in(colleague, server, colleague_mail)
    colleague.goto(server.url)  # the start page asks before the letter does
    colleague.locator("form[action^='/me/attendance/'] button[value=yes]").first.click()

    organiser.goto(f"{server.url}/schedule/{slug}")
    organiser.on("dialog", lambda dialog: dialog.accept())
    organiser.locator("form[action$='/end'] button").click()
    _settled(planner, slug)

    # What is counted: everybody for the time that they were there; the colleague through the room.
    organiser.goto(f"{server.url}/schedule/{slug}/attendance")
    expect(organiser.locator("main")).to_contain_text("Клим Діловод")
    expect(organiser.locator("main svg").first).to_be_visible()
    rows = _table(organiser, f"{server.url}/schedule/{slug}/attendance.csv")
    names = {name for row in rows for name in row.values()}
    assert {"Клим Діловод", "Кіра Колега"} <= names


def _settled(planner: Planner, slug: str) -> None:
    """Wait until the sheet is computed; the minutes in which late events may still come are taken as passed."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        with planner.database.reading() as session:
            found = session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one()
            sheet = session.get(AttendanceSheet, found.id)
            if sheet is not None and sheet.computed_at is not None and not sheet.stale:
                return
        with planner.database.writing() as session:
            session.execute(
                update(Occurrence)
                .where(Occurrence.slug == slug, Occurrence.ended_at.is_not(None))
                .values(ended_at=datetime.now(UTC) - SETTLING)
            )
        time.sleep(0.5)
    raise AssertionError("the sheet was not computed")


def _table(page: Page, url: str) -> list[dict[str, str]]:
    answer = page.request.get(url)
    assert answer.ok
    return list(csv.DictReader(StringIO(answer.body().decode("utf-8-sig"))))


def _plan(organiser: Page, server: Installation, expert_mail: str) -> str:
    refused: list[str] = []
    organiser.on("response", lambda answer: refused.append(answer.url) if answer.status == 409 else None)
    organiser.goto(f"{server.url}/series/new")
    organiser.locator("[name=title]").fill("Консультації наскрізної перевірки")
    organiser.locator("[name=day]").fill((date.today() + timedelta(days=3)).isoformat())
    organiser.locator("[name=time]").fill("10:00")
    organiser.locator("[name=count]").fill("5")
    organiser.locator("details:has([name=participants]) > summary").click()
    organiser.get_by_role("checkbox", name="ЦНАП м. Рівного").check()
    organiser.locator(
        "main form p.actions button.button--primary, main form button.button--primary.button--large"
    ).first.click()
    organiser.wait_for_url(re.compile(r"/series/(?!new)"))
    rows = organiser.locator("[data-row]")
    expect(rows).to_have_count(5)
    first = rows.first
    first.locator("[name=title]").fill(TITLE)
    first.locator("[name=body]").first.select_option(label="Державна міграційна служба України")
    first.locator("[name=expert]").fill("Фахівець Служби")
    first.locator("[name=email]").fill(expert_mail)
    first.locator("[data-row-save]").click()
    expect(organiser.locator("[data-planner-says]")).to_contain_text("Збережено")
    # What is pressed while a line is still being saved waits for it, and nothing is saved twice: no 409.
    organiser.locator("form[action$='/release'] button.button--primary").click()
    expect(organiser.locator(".badge--success")).to_have_count(5)
    assert refused == []
    href = organiser.locator(".planner__when a").first.get_attribute("href")
    assert href
    return href.rsplit("/", 1)[1]


def _invite(organiser: Page, server: Installation, slug: str, clerk_mail: str) -> None:
    organiser.goto(f"{server.url}/schedule/{slug}/invitations")
    organiser.locator("[name=addresses]").fill(f"Клим Діловод <{clerk_mail}>")
    organiser.locator("#proposed button.button--primary").click()
    expect(organiser.locator(".notice--success")).to_contain_text("1")
