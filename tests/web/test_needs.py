"""Surveys of needs on pages, in letters and files: made, answered, closed, and a series planned for a need."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import openpyxl
import pytest
from sqlalchemy import select

from lms import demo_accounts, demo_needs
from lms.database import Database
from lms.needs import asking
from lms.needs.models import NeedsResponse, NeedsSurvey
from lms.notify.mailer import Hopeless, Mail
from lms.notify.models import OutboxMessage
from tests.lms.facts import NOW
from tests.web.conftest import Clock
from tests.web.visitor import ORGANISER, Visitor, links
from web import vocabulary
from web.assets import Assets
from web.config import WebConfig
from web.mail.addresses import Sender
from web.mail.composing import LetterWriter
from web.mail.letters import Desk, load_all
from web.templating import Templates

Browser = Callable[..., Visitor]


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    made = browser()
    await made.sign_in(ORGANISER)
    return made


@pytest.fixture
async def staff(browser: Browser) -> Visitor:
    made = browser()
    await made.sign_in(demo_accounts.STAFF)
    return made


@pytest.fixture
def slugs(database: Database) -> dict[str, str]:
    """The demo's two surveys."""
    with database.reading() as session:
        found = {each.title: each.slug for each in session.scalars(select(NeedsSurvey))}
    return {"open": found[demo_needs.OPEN], "closed": found[demo_needs.CLOSED]}


def marks(page: str, skill: int = 1, need: int = 3) -> dict[str, str]:
    """The same marks for every topic of a questionnaire."""
    numbers = sorted(set(re.findall(r'name="skill-(\d+)"', page)))
    return {f"skill-{number}": str(skill) for number in numbers} | {f"need-{number}": str(need) for number in numbers}


async def test_somebody_answers_in_two_steps(staff: Visitor, slugs: dict[str, str]) -> None:
    start = html.unescape((await staff.get("/")).text)
    assert "A survey waits for you: 2 minutes" in start
    address = f"/needs/{slugs['open']}/answer"
    assert address in start
    given = marks((await staff.get(address)).text)
    half = dict(list(given.items())[:1]) | {name: "3" for name in list(given) if name.startswith("need-")}
    kept = await staff.post(address, **half, more="Жестова мова")
    assert kept.headers["location"] == f"{address}?done=needs_kept"
    page = html.unescape((await staff.get(address)).text)
    assert "1 of 9 topics are rated" in page
    assert page.count(" checked") == 10
    assert "Жестова мова" in page
    assert "Carry on" in (await staff.get("/")).text
    done = await staff.post(address, **given)
    assert done.headers["location"] == f"/needs/{slugs['open']}?done=needs_answered"
    assert "A survey waits for you" not in (await staff.get("/")).text
    page = (await staff.get(f"/needs/{slugs['open']}")).text
    assert "Change your answers" in page
    assert "What people need is shown when the survey is closed" in page


async def test_a_page_that_is_left_is_kept_quietly(staff: Visitor, slugs: dict[str, str], database: Database) -> None:
    address = f"/needs/{slugs['open']}/answer"
    given = marks((await staff.get(address)).text)
    assert (await staff.post(address, **given, quiet="1")).status_code == 204
    with database.reading() as session:
        assert session.scalar(select(NeedsResponse.rated).where(NeedsResponse.changed_at == NOW)) == 9


async def test_an_answer_after_the_close_is_shown_and_not_kept(
    staff: Visitor, organiser: Visitor, slugs: dict[str, str], database: Database
) -> None:
    address = f"/needs/{slugs['open']}/answer"
    given = marks((await staff.get(address)).text)
    assert (await organiser.post(f"/needs/{slugs['open']}/close")).status_code == 303
    late = await staff.post(address, **given)
    assert late.status_code == 409
    assert "The survey is closed, so answers cannot be changed any more." in late.text
    assert late.text.count(" checked") == 18
    with database.reading() as session:
        assert session.scalar(select(NeedsResponse.id).where(NeedsResponse.changed_at == NOW)) is None


async def test_who_works_at_two_places_chooses_one(browser: Browser, slugs: dict[str, str]) -> None:
    visitor = browser()
    await visitor.sign_in(demo_accounts.STAFF_TWO_PLACES)
    address = f"/needs/{slugs['open']}/answer"
    page = (await visitor.get(address)).text
    given = marks(page)
    homes = re.findall(r'name="organisation" value="(\d+)"', page)
    assert len(homes) == 2
    refused = await visitor.post(address, **given)
    assert refused.status_code == 422
    assert "Choose for which of your organisations you answer." in refused.text
    assert refused.text.count(" checked") == 18
    assert (await visitor.post(address, **given, organisation=homes[1])).status_code == 303


async def test_an_organiser_makes_opens_changes_and_copies_a_survey(organiser: Visitor, clock: Clock) -> None:
    form = (await organiser.get("/needs/new")).text
    owner = re.search(r'<select[^>]*name="owner"><option[^>]*value="(\d+)"', form)
    topic = re.search(r'name="topics" value="(\d+)"', form)
    assert owner
    assert topic
    fields = {
        "title": "Потреби на 2027 рік",
        "owner": owner.group(1),
        "first_day": "2026-11-25",
        "last_day": "2026-12-05",
        "reminder_days": "3",
        "kinds": "asc",
        "topics": topic.group(1),
        "free_topics": "Керування командою | Leading a team\nРозмова у конфлікті",
    }
    wrong = await organiser.post("/needs/new", **(fields | {"last_day": "2026-11-01"}))
    assert wrong.status_code == 422
    assert "The last day lies before the first one." in wrong.text
    assert "Leading a team" in wrong.text
    made = await organiser.post("/needs/new", **fields)
    address = str(made.headers["location"]).partition("?")[0]
    page = (await organiser.get(address)).text
    assert "4 people" not in page
    assert re.search(r"3 people, 1 organisation|3 people, 2 organisations", page), page
    preview = (await organiser.get(f"{address}/answer")).text
    assert "You are not asked yourself" in preview
    assert "Leading a team" in preview
    assert (await organiser.post(f"{address}/open")).status_code == 303
    again = await organiser.post(f"{address}/open")
    assert (again.status_code, "It was opened already." in again.text) == (409, True)
    edit = (await organiser.get(f"{address}/edit")).text
    assert 'name="topics"' not in edit
    version = re.search(r'name="version"[^>]*value="(\d+)"', edit)
    assert version
    changed = {"title": "Потреби", "last_day": "2026-12-07", "reminder_days": "0", "version": version.group(1)}
    assert (await organiser.post(f"{address}/edit", **changed)).status_code == 303
    stale = await organiser.post(f"{address}/edit", **changed)
    assert stale.status_code == 409
    copy = (await organiser.get("/needs/new", copied=address.rpartition("/")[2])).text
    assert 'value="2027-11-25"' in copy
    assert 'value="2027-12-07"' in copy
    assert "Leading a team" in copy
    assert (await organiser.get("/needs")).text.count("plan-list__one") == 3


async def test_the_result_shows_who_sees_it_what_is_theirs(
    organiser: Visitor, staff: Visitor, browser: Browser, slugs: dict[str, str]
) -> None:
    address = f"/needs/{slugs['closed']}"
    page = html.unescape((await organiser.get(address)).text)
    assert "<svg" in page
    assert "Link a series that is planned already" in page
    matrix = html.unescape((await organiser.get(f"{address}/groups")).text)
    assert matrix.count("Too few answers to show") == 2 * 6
    kinds = html.unescape((await organiser.get(f"{address}/groups", by="kind")).text)
    assert "Administrative Service Centres" in kinds
    oblasts = html.unescape((await organiser.get(f"{address}/groups", by="oblast")).text)
    assert "Lviv oblast" in oblasts
    assert oblasts.count("Too few answers to show") == 2 * 6
    assert (await organiser.get(f"{address}/groups", by="person")).status_code == 422
    lead = browser("uk")
    await lead.sign_in(demo_accounts.LEAD)
    own = html.unescape((await lead.get(address)).text)
    assert "ЦНАП м. Львова: розрив" in own
    assert "ваш центр" in own
    plain = (await staff.get(address)).text
    assert "Lviv ASC: gap" not in plain
    assert "By organisation, oblast and kind" not in plain
    assert "What else people want to learn" not in plain
    start = html.unescape((await lead.get("/")).text)
    assert "Що потрібно вашим працівникам" in start
    assert "Відповіли 0 із 3" in start


async def test_files_hide_what_the_page_hides(organiser: Visitor, browser: Browser, slugs: dict[str, str]) -> None:
    address = f"/needs/{slugs['closed']}/result"
    text = (await organiser.get(f"{address}.csv")).content.decode("utf-8-sig")
    sumy = [line.split(",") for line in text.splitlines() if "Sumy ASC" in line]
    assert len(sumy) == 6
    assert all(line[3:6] == ["3", "2", "Too few answers to show"] for line in sumy)
    assert all(set(line[6:]) == {""} for line in sumy)
    assert "Демо" not in text
    assert "@" not in text
    book = openpyxl.load_workbook(io.BytesIO((await organiser.get(f"{address}.xlsx")).content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][:4] == ("Group", "Name of the group", "Topic", "Asked")
    assert len(rows) - 1 == len(text.splitlines()) - 1
    uk = browser("uk")
    await uk.sign_in(ORGANISER)
    said = (await uk.get(f"{address}.csv")).content.decode("utf-8-sig")
    assert "Замало відповідей, щоб показати" in said
    assert "Розрив, від 0 до 3" in said


async def test_a_series_is_planned_for_a_need(
    organiser: Visitor, staff: Visitor, slugs: dict[str, str], database: Database
) -> None:
    address = f"/needs/{slugs['closed']}"
    way = links(await organiser.get(address), "/series/new?need=")[2]
    form = (await organiser.get(way)).text
    assert "Planned for a need" in html.unescape(form)
    title = re.search(r'name="title"[^>]*value="([^"]+)"', form)
    owner = re.search(r'name="owner"><option[^>]*value="(\d+)"', form)
    assert title
    assert owner
    fields = {
        "title": html.unescape(title.group(1)), "owner": owner.group(1), "kind": "training", "access": "network",
        "listed": "y", "way": "rule", "frequency": "WEEKLY", "interval": "1", "position": "1", "ends": "count",
        "count": "2", "day": "2026-12-04", "time": "15:00", "zone": "Europe/Kyiv", "duration": "60",
        "need": way.rpartition("=")[2],
    }  # fmt: skip
    made = await organiser.post("/series/new", **fields)
    assert made.status_code == 303, made.text
    series = str(made.headers["location"]).partition("?")[0]
    page = html.unescape((await organiser.get(series)).text)
    assert "Planned because of a need" in page
    assert re.search(r"\d+ % of 27 people named it as needed", page)
    assert series in (await organiser.get(address)).text
    assert series not in (await staff.get(address)).text, "drafts are named to their editors only"
    assert (await organiser.post(f"{series}/release")).status_code == 303
    occurrence = next(each for each in links(await staff.get(series), "/schedule/2026-12-"))
    assert "people named it as needed" in html.unescape((await staff.get(occurrence)).text)
    start = html.unescape((await staff.get("/")).text)
    assert "Because you need:" in start
    plan = re.search(rf"{address}/plans/\d+/remove", (await organiser.get(address)).text)
    assert plan
    assert (await organiser.post(plan.group(0))).status_code == 303
    linked = {"question": way.rpartition("=")[2], "series": series.rpartition("/")[2]}
    assert (await organiser.post(f"{address}/plans", **linked)).status_code in (303, 409)
    twice = await organiser.post(f"{address}/plans", **linked)
    assert (twice.status_code, "linked to this need already" in twice.text) == (409, True)


async def test_a_need_of_somebody_else_plans_nothing(browser: Browser, staff: Visitor) -> None:
    assert (await staff.get("/series/new", need="1")).status_code == 403
    organiser = browser()
    await organiser.sign_in(ORGANISER)
    assert (await organiser.get("/series/new", need="999")).status_code == 404


def writer(config: WebConfig) -> LetterWriter:
    """Writes letters as the worker does."""
    load_all()
    templates = Templates(Assets(config.static_dir), public_url=config.public_url, demo=False, vocabulary=vocabulary)
    sender = Sender("vikno@vikno.test", "Vikno")
    desk = partial(Desk, public_url=config.public_url, sender=sender.address, templates=templates)
    return LetterWriter(sender, lambda now: desk(now, links=config.links, sealer=config.sealer))


async def test_a_letter_that_has_lost_its_point_is_dropped(
    config: WebConfig, database: Database, staff: Visitor, slugs: dict[str, str]
) -> None:
    write = writer(config)
    with database.writing() as session:
        messages = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == asking.INVITED)).all()
        assert len(messages) == 3
        for each in messages:
            each.message_id = f"<{each.id}@vikno.test>"
        survey = session.scalars(select(NeedsSurvey).where(NeedsSurvey.title == demo_needs.OPEN)).one()
        late = survey.closes_at - timedelta(hours=2)
        assert asking.see_to(session, survey.id, late) == 3
        reminders = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == asking.REMINDER)).all()
        for each in reminders:
            each.message_id = f"<{each.id}@vikno.test>"
        numbers = [each.id for each in messages], [each.id for each in reminders]
    address = f"/needs/{slugs['open']}/answer"
    await staff.post(address, **marks((await staff.get(address)).text))
    with database.reading() as session:
        written = [[write(session, session.get_one(OutboxMessage, each), NOW) for each in kind] for kind in numbers]
        over = write(session, session.get_one(OutboxMessage, numbers[0][0]), NOW + timedelta(days=60))
    for kind in written:
        assert sorted(type(each).__name__ for each in kind) == ["Hopeless", "Mail", "Mail"]
    mail = next(each for each in written[0] if isinstance(each, Mail))
    assert "2 хвилини" in mail.subject
    assert isinstance(over, Hopeless)
