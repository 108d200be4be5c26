"""People register, wait, are offered a seat and take it; organisers decide; leads register their centre."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from io import BytesIO

import pytest
from icalendar import Calendar
from openpyxl import load_workbook
from sqlalchemy import select

from lms import demo_directory as demo
from lms.database import Database
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor as Who
from lms.notify.models import OutboxMessage
from lms.schedule import actions, policies, registering
from lms.schedule.audience_models import Registration, RegistrationMode, RegistrationState
from lms.schedule.book import expire_offers
from lms.schedule.policies import PolicyDraft
from lms.schedule.questions import AnswerKind, Question
from lms.schedule.registering import Wish
from tests.lms.facts import NOW, draft
from tests.web.conftest import Clock
from tests.web.visitor import ORGANISER, Visitor
from web import vocabulary
from web.assets import Assets
from web.config import WebConfig
from web.links import Links
from web.mail.letters import RENDERERS, Desk, Letter, load_all
from web.templating import Templates

Browser = Callable[..., Visitor]
BEGINS = datetime(2026, 12, 9, 10, 0)
ASKED = (
    Question("need", "Що вам потрібно на 100%?", "What do you need?", required=True),
    Question("meal", "Обід?", "Lunch?", AnswerKind.YES_NO),
)


def who(config: WebConfig, email: str) -> Who:
    with config.database.reading() as session:
        account = session.scalars(select(Account).where(Account.subject == email)).one()
        return visitor_of_person(session, account.person_id, NOW)


def planned(config: WebConfig, policy: PolicyDraft | None) -> str:
    """The address of a published occurrence that one registers for."""
    planner = who(config, ORGANISER)
    with config.database.writing() as session:
        slug = actions.create(session, planner, draft("Практикум", BEGINS, title_en="Workshop"), NOW).slug
        actions.publish(session, planner, slug, NOW)
        if policy is not None:
            policies.set_policy(session, planner, slug, policy, NOW)
    return f"/schedule/{slug}"


def register(config: WebConfig, address: str, email: str, **wish: object) -> int:
    with config.database.writing() as session:
        slug = address.rpartition("/")[2]
        return registering.register(session, who(config, email), slug, Wish(**wish), NOW).id  # type: ignore[arg-type]


async def signed_in(browser: Browser, email: str) -> Visitor:
    visitor = browser(address=f"192.0.2.{len(email)}")
    assert (await visitor.sign_in(email)).status_code == 303
    return visitor


def states(database: Database) -> list[RegistrationState]:
    with database.reading() as session:
        return list(session.scalars(select(Registration.state).order_by(Registration.id)))[-2:]


async def test_the_whole_way_of_a_seat(browser: Browser, config: WebConfig, clock: Clock) -> None:
    address = planned(config, PolicyDraft(capacity=1, required=True, questions=ASKED))
    first, second = await signed_in(browser, demo.LEAD), await signed_in(browser, demo.STAFF)
    page = await first.get(address)
    assert "1 seat is free." in page.text
    form = await first.get(f"{address}/register")
    assert "What do you need?" in form.text
    refused = await first.post(f"{address}/register", **{"question-meal": "yes"})
    assert refused.status_code == 422
    assert "The organiser needs an answer to this." in refused.text
    assert re.search(r'name="question-meal"[^>]*checked|checked[^>]*name="question-meal"', refused.text)
    taken = await first.post(f"{address}/register", **{"question-need": "Прикладів", "question-meal": "yes"})
    assert taken.headers["location"] == f"{address}?done=registration_confirmed#registration"
    assert "You have a seat." in (await first.get(address)).text
    late = await second.post(f"{address}/register", **{"question-need": "Теж"})
    assert late.headers["location"] == f"{address}?done=registration_waitlisted#registration"
    waits = await second.get(address, done="registration_waitlisted")
    assert "All seats are taken just now. You are on the waiting list" in waits.text
    assert "Your place in line: 1." in waits.text
    cancel = re.search(r'action="(/registrations/\d+/cancel)"', (await first.get(address)).text)
    assert cancel
    assert (await second.post(cancel.group(1))).status_code == 404, "somebody else's seat"
    assert (await first.post(cancel.group(1))).status_code == 303
    start = await second.get("/")
    assert "A seat for you" in start.text
    assert "24 hours left" in start.text
    accept = re.search(r'action="(/registrations/\d+/accept)"', start.text)
    assert accept
    await second.post(accept.group(1))
    await second.post(accept.group(1))
    assert states(config.database) == [RegistrationState.CANCELLED, RegistrationState.CONFIRMED]
    clock.now = datetime.fromisoformat("2026-12-09T07:50:00+00:00")
    await second.sign_in(demo.STAFF)  # two weeks have passed
    await first.sign_in(demo.LEAD)
    door = re.search(r'href="(/meet/[^"]+)"', (await second.get(address)).text)
    assert door
    assert (await second.get(door.group(1))).status_code == 200
    shut = await first.get(door.group(1))
    assert shut.status_code == 403
    assert "One has to register for this meeting." in shut.text
    assert f'href="{address}/register"' in shut.text


async def test_the_last_seat_from_two_browsers_at_the_same_instant(browser: Browser, config: WebConfig) -> None:
    address = planned(config, PolicyDraft(capacity=1))
    visitors = [await signed_in(browser, email) for email in (demo.LEAD, demo.STAFF, demo.EXPERT)]
    tokens = [await each.csrf() for each in visitors]
    answers = await asyncio.gather(
        *(
            each.client.post(f"{address}/register", data={"csrf": token})
            for each, token in zip(visitors, tokens, strict=True)
        )
    )
    where = sorted(answer.headers["location"].partition("=")[2].partition("#")[0] for answer in answers)
    assert where == ["registration_confirmed", "registration_waitlisted", "registration_waitlisted"]


def letter(config: WebConfig, kind: str, clock: Clock) -> str:
    """The text of the newest letter of a kind."""
    return whole_letter(config, kind, clock).text


def whole_letter(config: WebConfig, kind: str, clock: Clock) -> Letter:
    """The newest letter of a kind."""
    load_all()
    desk = Desk(
        clock.now, config.public_url, "vikno@vikno.test",
        Templates(Assets(config.static_dir), public_url=config.public_url, demo=False, vocabulary=vocabulary),
        Links(config.session_key), config.sealer,
    )  # fmt: skip
    with config.database.reading() as session:
        query = select(OutboxMessage).where(OutboxMessage.kind == f"registration.{kind}")
        message = session.scalars(query.order_by(OutboxMessage.id.desc())).first()
        assert message is not None, kind
        return RENDERERS[message.kind](session, message, desk)


async def test_an_offer_is_answered_from_the_mail(browser: Browser, config: WebConfig, clock: Clock) -> None:
    address = planned(config, PolicyDraft(capacity=1))
    number = register(config, address, demo.LEAD)
    register(config, address, demo.STAFF)
    assert "Ваш номер у черзі: 1" in letter(config, "waitlisted", clock)
    with config.database.writing() as session:
        registering.cancel(session, who(config, demo.LEAD), number, NOW)
    link = re.search(r"(/offers/\S+)", letter(config, "offered", clock))
    assert link
    stranger = browser()
    assert "Accept the seat" in (await stranger.get(link.group(1))).text
    assert states(config.database)[1] is RegistrationState.OFFERED, "opening a link decides nothing"
    assert "The seat is yours." in (await stranger.post(link.group(1), answer="accept")).text
    assert "The seat is yours." in (await stranger.post(link.group(1), answer="accept")).text
    assert states(config.database)[1] is RegistrationState.CONFIRMED
    assert (await stranger.get(link.group(1)[:-2])).status_code == 404


async def test_a_seat_comes_with_a_calendar_entry_and_takes_it_away(config: WebConfig, clock: Clock) -> None:
    address = planned(config, PolicyDraft(capacity=1))
    number = register(config, address, demo.LEAD)
    waiting = register(config, address, demo.STAFF)
    seat = whole_letter(config, "confirmed", clock)
    assert seat.method == "REQUEST"
    event = Calendar.from_ical(seat.calendar).events[0]
    assert str(event["attendee"].params["PARTSTAT"]) == "ACCEPTED"
    assert whole_letter(config, "waitlisted", clock).calendar == b"", "who waits has nothing to note yet"
    with config.database.writing() as session:
        registering.cancel(session, who(config, demo.STAFF), waiting, NOW)
    assert whole_letter(config, "freed", clock).calendar == b""
    with config.database.writing() as session:
        registering.cancel(session, who(config, ORGANISER), number, NOW, "Зміна складу")
    gone = whole_letter(config, "cancelled", clock)
    assert gone.method == "CANCEL"
    assert "Зміна складу" in gone.text
    assert Calendar.from_ical(gone.calendar).events[0]["uid"] == event["uid"]


async def test_an_offer_that_has_ended_says_so(browser: Browser, config: WebConfig, clock: Clock) -> None:
    address = planned(config, PolicyDraft(capacity=1))
    number = register(config, address, demo.LEAD)
    register(config, address, demo.STAFF)
    with config.database.writing() as session:
        registering.cancel(session, who(config, demo.LEAD), number, NOW)
    link = re.search(r"(/offers/\S+)", letter(config, "offered", clock))
    assert link
    clock.forward(hours=25)
    stranger = browser()
    assert "This offer has ended" in (await stranger.get(link.group(1))).text
    late = await stranger.post(link.group(1), answer="accept")
    assert late.status_code == 409
    assert "This offer has ended" in late.text
    with config.database.writing() as session:
        assert expire_offers(session, clock.now) == 1
    assert "перейшло наступному в черзі" in letter(config, "offer_expired", clock)


async def test_an_organiser_decides_and_exports(browser: Browser, config: WebConfig, clock: Clock) -> None:
    address = planned(config, PolicyDraft(mode=RegistrationMode.APPROVAL, capacity=5, questions=ASKED))
    numbers = [
        register(config, address, email, answers={"need": "=1+1"}, organisation_id=None)
        for email in (demo.LEAD, demo.STAFF)
    ]
    organiser = await signed_in(browser, ORGANISER)
    assert "2 wait for approval" in (await organiser.get("/")).text
    page = await organiser.get(f"{address}/registrations", state="pending")
    assert page.text.count('name="number"') == 2
    assert "What do you need?" in page.text
    assert "=1+1" in page.text
    nobody = await organiser.post(f"{address}/registrations/decide", act="approve")
    assert (nobody.status_code, "Tick somebody" in nobody.text) == (422, True)
    reasonless = await organiser.post(f"{address}/registrations/decide", act="decline", number=str(numbers[1]))
    assert reasonless.status_code == 422
    assert "Say why" in reasonless.text
    assert re.search(rf'value="{numbers[1]}" checked', reasonless.text)
    await organiser.post(f"{address}/registrations/decide", act="approve", number=str(numbers[0]))
    await organiser.post(f"{address}/registrations/decide", act="decline", number=str(numbers[1]), reason="Інша тема")
    assert states(config.database) == [RegistrationState.CONFIRMED, RegistrationState.DECLINED]
    assert "Інша тема" in letter(config, "declined", clock)
    staff = await signed_in(browser, demo.STAFF)
    assert "Інша тема" in (await staff.get(address)).text
    assert (await staff.get(f"{address}/registrations")).status_code == 403
    found = await organiser.get(f"{address}/registrations", find="Експертка")
    person = re.search(r'name="person" value="(\d+)"', found.text)
    assert person
    added = await organiser.post(f"{address}/registrations/add", person=person.group(1), seat="interactive")
    assert added.headers["location"].endswith("done=added_confirmed")
    sheet = load_workbook(BytesIO((await organiser.get(f"{address}/registrations.xlsx")).content)).active
    assert sheet is not None
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        "Керівник Демо", "Адміністраторка Демо", "Експертка Демо",
    ]  # fmt: skip
    assert sheet.cell(2, 8).value == "'=1+1", "nothing that a spreadsheet would compute"
    assert "Керівник Демо" in (await organiser.get(f"{address}/registrations.csv")).content.decode("utf-8-sig")


async def test_seats_and_questions_are_set(browser: Browser, config: WebConfig) -> None:
    address = planned(config, None)
    organiser = await signed_in(browser, ORGANISER)
    assert "Let people register" in (await organiser.get(address)).text
    fields = {"mode": "open", "capacity": "2", "required": "y", "offer_hours": "24", "questions-0-text": "Чому?"}
    fields |= {"questions-0-kind": "choice", "questions-0-options": "один"}
    wrong = await organiser.post(f"{address}/registration-policy", **(fields | {"capacity": "багато"}))
    assert (wrong.status_code, "Enter a whole number" in wrong.text, "Чому?" in wrong.text) == (422, True, True)
    few = await organiser.post(f"{address}/registration-policy", **fields)
    assert (few.status_code, "from 2 to 20 answers" in few.text) == (422, True)
    more = await organiser.post(f"{address}/registration-policy", **fields, more="questions")
    assert "questions-1-text" in more.text
    fields["questions-0-options"] = "один\nдва"
    saved = await organiser.post(f"{address}/registration-policy", **fields)
    assert saved.headers["location"] == f"{address}/registrations?done=policy_set"
    again = await organiser.get(f"{address}/registration-policy")
    assert 'value="Чому?"' in again.text
    for moment, code in (("2026-12-01T10:00", 303), ("учора", 422)):
        answer = await organiser.post(f"{address}/registration-policy", **(fields | {"closes_at": moment}))
        assert answer.status_code == code
    staff = await signed_in(browser, demo.STAFF)
    assert (await staff.post(f"{address}/registration-policy", **fields)).status_code == 403
    assert (await browser().get(f"{address}/register")).headers["location"].startswith("/sign-in")


async def test_a_lead_registers_people_and_a_room(browser: Browser, config: WebConfig) -> None:
    address = planned(config, PolicyDraft(capacity=2))
    lead = await signed_in(browser, demo.LEAD)
    page = await lead.get(f"{address}/register-people")
    people = re.findall(r'name="person" value="(\d+)"', page.text)
    assert len(people) == 3
    assert (await lead.post(f"{address}/register-people")).status_code == 422
    room = await lead.post(f"{address}/register?room=1", head_count="0", organisation="2")
    assert (room.status_code, "from 1 to 500" in room.text) == (422, True)
    form = await lead.get(f"{address}/register?room=1")
    home = re.search(r'name="organisation" value="(\d+)"', form.text)
    assert home
    await lead.post(f"{address}/register?room=1", head_count="7", organisation=home.group(1))
    done = await lead.post(f"{address}/register-people", person=people, seat="interactive")
    assert done.headers["location"].endswith("done=people_registered")
    assert "room, 7 people" in (await lead.get(address)).text
    with config.database.reading() as session:
        found = list(session.scalars(select(Registration.state).order_by(Registration.id)))[-4:]
    assert found == [RegistrationState.CONFIRMED] * 2 + [RegistrationState.WAITLISTED] * 2
    staff = await signed_in(browser, demo.STAFF)
    assert (await staff.get(f"{address}/register?room=1")).status_code == 403
    assert (await staff.get(f"{address}/register-people")).status_code == 403


async def test_whoever_has_two_organisations_is_asked_for_which(browser: Browser, config: WebConfig) -> None:
    address = planned(config, PolicyDraft(capacity=2, per_organisation=1))
    both = await signed_in(browser, demo.STAFF_TWO_PLACES)
    form = await both.get(f"{address}/register")
    choices = re.findall(r'<option[^>]* value="(\d+)"', form.text)
    assert len(choices) == 2
    missing = await both.post(f"{address}/register", organisation="")
    assert (missing.status_code, "share of seats counts" in missing.text) == (422, True)
    assert (await both.post(f"{address}/register", organisation=choices[1])).status_code == 303
    assert (await both.post(f"{address}/register", organisation=choices[1])).status_code == 303
    assert len(states(config.database)) == 2


@pytest.mark.parametrize("path", ["/offers/nonsense", "/schedule/none/register", "/series/none/register"])
async def test_addresses_that_lead_nowhere(browser: Browser, config: WebConfig, path: str) -> None:
    visitor = await signed_in(browser, demo.STAFF)
    assert (await visitor.get(path)).status_code == 404
