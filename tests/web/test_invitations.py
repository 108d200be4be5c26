"""Inviting, answering without an account, withdrawing; and the letters and calendar objects that go with it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

import pytest
from icalendar import Calendar
from sqlalchemy import select

from lms import demo_directory
from lms.database import Database
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from lms.notify.models import OutboxMessage
from lms.schedule import personal_links, policies, registering
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.models import Occurrence
from lms.schedule.policies import PolicyDraft
from lms.schedule.registering import Wish
from tests.lms.facts import NOW
from tests.web.conftest import Clock, Orders
from tests.web.test_occurrences import PLAN, made
from tests.web.visitor import HOST, ORGANISER, Visitor
from web import vocabulary
from web.assets import Assets
from web.config import WebConfig
from web.mail.invitations import RSVP
from web.mail.letters import RENDERERS, Desk, Letter, Unwanted, load_all
from web.templating import Templates

Browser = Callable[..., Visitor]


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in()
    return visitor


@pytest.fixture
def letters(config: WebConfig, clock: Clock) -> Iterator[Callable[[], list[tuple[str, Letter]]]]:
    """Sends what waits, as the worker would, and gives the letters of that round."""
    load_all()
    templates = Templates(Assets(config.static_dir), public_url=HOST, demo=True, vocabulary=vocabulary)

    def send() -> list[tuple[str, Letter]]:
        with config.database.writing() as session:
            personal_links.prepare_links(session, config.sealer, clock())
        desk = Desk(clock(), HOST, "mail@vikno.test", templates, config.links, config.sealer)
        done = []
        with config.database.writing() as session:
            waiting = select(OutboxMessage).where(OutboxMessage.sent_at.is_(None), OutboxMessage.dropped_at.is_(None))
            for message in session.scalars(waiting.order_by(OutboxMessage.id)):
                if message.kind not in RENDERERS or not message.kind.startswith(("invitation.", "occurrence.")):
                    continue
                try:
                    done.append((message.kind, RENDERERS[message.kind](session, message, desk)))
                    message.sent_at = clock()
                except Unwanted:
                    message.dropped_at = clock()
        return done

    return send


def link(letter: Letter, beginning: str) -> str:
    found = re.search(rf"{HOST}(/{beginning}/[\w.-]+)", letter.text)
    assert found, letter.text
    return found.group(1)


async def test_an_address_is_invited_answers_and_is_withdrawn(
    organiser: Visitor, browser: Browser, config: WebConfig, letters: Callable[[], list[tuple[str, Letter]]]
) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    letters()
    shown = await organiser.post(
        f"{address}/invitations", addresses="Олена Гостя <Olena@Example.org>", role="participant", language="uk"
    )
    assert shown.status_code == 201
    assert "1 new invitation." in shown.text
    assert "Олена Гостя &lt;" not in shown.text, "what was taken is not left in the form, to be sent again"
    ((kind, letter),) = letters()
    assert (kind, letter.to, letter.method, letter.language) == (
        "invitation.invited", "olena@example.org", "REQUEST", "uk",
    )  # fmt: skip
    assert "Паспорти: нові правила" in letter.subject
    event = Calendar.from_ical(letter.calendar).walk("VEVENT")[0]
    assert str(event["ATTENDEE"]) == "mailto:olena@example.org"
    assert str(event["ORGANIZER"]) == "mailto:mail@vikno.test"
    assert str(event["URL"]).startswith(f"{HOST}/guest/")

    guest = browser()
    rsvp = link(letter, "rsvp")
    assert (await guest.get(rsvp)).status_code == 200
    assert _status(config.database) is ParticipationStatus.NEEDS_ACTION, "opening a link answers nothing"
    assert (await guest.post(rsvp, answer="whatever")).status_code == 422
    assert (await guest.post(rsvp, answer="accepted", comment="Буду з колегою")).status_code == 303
    assert _status(config.database) is ParticipationStatus.ACCEPTED
    page = await organiser.get(f"{address}/invitations")
    assert "Will come" in page.text
    assert "Буду з колегою" in page.text
    assert "1 invited" in (await organiser.get(address)).text

    twice = await organiser.post(f"{address}/invitations", addresses="olena@example.org")
    assert "Invited already" in twice.text
    assert letters() == []

    number = re.search(rf"{address}/invitations/(\d+)/withdraw", page.text)
    assert number
    await organiser.post(f"{address}/invitations/{number.group(1)}/withdraw")
    ((kind, letter),) = letters()
    assert (kind, letter.method) == ("invitation.withdrawn", "CANCEL")
    late = await guest.post(rsvp, answer="declined")
    assert late.status_code in (403, 409)
    assert "withdrawn" in (await guest.get(rsvp)).text


def _status(database: Database) -> ParticipationStatus:
    with database.reading() as session:
        return session.scalars(select(Invitation.status).where(Invitation.address == "olena@example.org")).one()


async def test_a_link_that_nobody_signed_answers_nothing(browser: Browser) -> None:
    visitor = browser()
    assert (await visitor.get("/rsvp/made-up")).status_code == 404
    assert (await visitor.post("/rsvp/made-up", answer="accepted")).status_code == 404


async def test_wrong_addresses_are_kept_in_the_form(organiser: Visitor) -> None:
    address = await made(organiser)
    answer = await organiser.post(f"{address}/invitations", addresses="olena@example.org\nnot an address")
    assert answer.status_code == 422
    assert "not an address" in html.unescape(answer.text)
    assert "This is no e-mail address" in answer.text
    nothing = await organiser.post(f"{address}/invitations")
    assert nothing.status_code == 422
    assert "Choose at least one" in nothing.text


async def test_only_editors_see_who_is_invited(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    stranger = browser()
    assert (await stranger.get(f"{address}/invitations")).status_code in (401, 403)
    assert (await stranger.post(f"{address}/invitations", addresses="a@b.ua")).status_code == 403


async def test_withdrawing_sends_a_connected_guest_out(
    organiser: Visitor, config: WebConfig, orders: Orders, clock: Clock
) -> None:
    from lms.meetings.models import Meeting

    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    await organiser.post(f"{address}/invitations", addresses="olena@example.org")
    with config.database.writing() as session:
        row = session.scalars(select(Invitation).where(Invitation.address == "olena@example.org")).one()
        meeting = Meeting(
            occurrence_id=row.occurrence_id, name="m1", opening="o1", node=0, last_sequence=1,
            opened_at=clock(), last_heartbeat_at=clock(),
        )  # fmt: skip
        session.add(meeting)
        number, guest_link = row.id, row.guest_link_id
    await organiser.post(f"{address}/invitations/{number}/withdraw")
    told = [what for order, what in orders.given if order == "show_out"]
    assert told == [f"m1 guest:{guest_link} link_withdrawn"], "also whoever waits by it, or lost the line"


async def test_after_a_day_without_mail_people_get_what_holds_now(
    organiser: Visitor, config: WebConfig, letters: Callable[[], list[tuple[str, Letter]]]
) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    letters()
    await organiser.post(f"{address}/invitations", addresses="olena@example.org\nvira@example.org")
    form = await organiser.get(f"{address}/edit")
    version = re.search(r'name="version" type="hidden" value="(\d+)"', form.text)
    assert version
    await organiser.post(f"{address}/edit", **(PLAN | {"day": "2026-12-17", "version": version.group(1)}))
    with config.database.reading() as session:
        vira = session.scalars(select(Invitation.id).where(Invitation.address == "vira@example.org")).one()
    await organiser.post(f"{address}/invitations/{vira}/withdraw")
    ((kind, letter),) = [each for each in letters() if each[1].to.endswith("example.org")]
    assert (kind, letter.to, letter.method) == ("invitation.moved", "olena@example.org", "REQUEST")
    assert letter.subject.startswith(("Запрошення", "Invitation")), "the first that is heard of it is an invitation"
    assert "17.12.2026" in letter.subject
    event = Calendar.from_ical(letter.calendar).walk("VEVENT")[0]
    assert int(event["SEQUENCE"]) == 1
    assert letters() == []


async def test_who_declines_and_holds_a_seat_is_told_to_give_it_back(browser: Browser, config: WebConfig) -> None:
    with config.database.writing() as session:
        staff = session.scalars(select(Account).where(Account.subject == demo_directory.STAFF)).one()
        mine = select(Invitation).where(Invitation.person_id == staff.person_id, Invitation.of_speaker.is_(False))
        invited = session.scalars(mine).one()
        planner = visitor_of_person(
            session, session.scalars(select(Account).where(Account.subject == ORGANISER)).one().person_id, NOW
        )
        slug = session.get_one(Occurrence, invited.occurrence_id).slug
        policies.set_policy(session, planner, slug, PolicyDraft(capacity=5), NOW)
        me = visitor_of_person(session, staff.person_id, NOW)
        seat = registering.register(session, me, slug, Wish(), NOW)
        number, signed = seat.id, config.links.sign(RSVP, invited.id)
    visitor = browser()
    await visitor.sign_in(demo_directory.STAFF)
    told = "still hold a seat"
    assert told not in (await visitor.get(f"/schedule/{slug}")).text
    await visitor.post(f"/rsvp/{signed}", answer="declined")
    assert told in (await browser().get(f"/rsvp/{signed}")).text
    page = await visitor.get(f"/schedule/{slug}")
    assert told in page.text
    assert f'action="/registrations/{number}/cancel"' in page.text
    await visitor.post(f"/registrations/{number}/cancel")
    assert told not in (await visitor.get(f"/schedule/{slug}")).text
