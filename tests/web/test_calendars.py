"""Calendars to subscribe to, what people want by mail, and personal links in a second browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from icalendar import Calendar
from sqlalchemy import select

from lms.directory.models import Person
from lms.notify.actions import enqueue
from lms.notify.models import OutboxMessage
from lms.schedule import following
from lms.schedule.models import Occurrence, Status
from signaling import tokens
from tests.lms.facts import counted, person
from tests.web.conftest import Clock
from tests.web.test_occurrences import made, meeting_of
from tests.web.test_tokens import claims
from tests.web.visitor import HOST, Visitor
from web import vocabulary
from web.assets import Assets
from web.config import WebConfig
from web.mail.letters import RENDERERS, Desk, load_all
from web.templating import Templates

Browser = Callable[..., Visitor]


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in()
    return visitor


def summaries(content: bytes) -> list[str]:
    return [str(each["SUMMARY"]) for each in Calendar.from_ical(content).walk("VEVENT")]


async def test_the_public_calendar_holds_what_is_listed_and_says_when_it_has_not_changed(
    organiser: Visitor, browser: Browser
) -> None:
    address = await made(organiser)
    hidden = await made(organiser, title="Нарада керівників", listed="")
    for each in (address, hidden):
        await organiser.post(f"{each}/publish")
    program = browser("uk")
    feed = await program.get("/schedule.ics")
    assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
    assert feed.headers["cache-control"] == "private, max-age=900", "a proxy must not hand out another visitor's"
    assert "Паспорти: нові правила" in summaries(feed.content)
    assert "Нарада керівників" not in summaries(feed.content)
    again = await program.client.get("/schedule.ics", headers={"If-None-Match": feed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await organiser.post(f"{address}/cancel", reason="Немає світла")
    changed = await program.client.get("/schedule.ics", headers={"If-None-Match": feed.headers["etag"]})
    assert changed.status_code == 200
    event = next(
        each for each in Calendar.from_ical(changed.content).walk("VEVENT") if "Паспорти: нові" in each["SUMMARY"]
    )
    assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCELLED", 1)


async def test_one_occurrence_as_a_file(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    assert (await browser().get(f"{address}.ics")).status_code == 404, "nobody learns of a draft"
    await organiser.post(f"{address}/publish")
    file = await browser().get(f"{address}.ics", lang="en")
    assert summaries(file.content) == ["Passports: new rules"]
    assert "attachment" in file.headers["content-disposition"]
    again = await browser().client.get(f"{address}.ics", headers={"If-Modified-Since": file.headers["last-modified"]})
    assert again.status_code == 304


async def test_a_person_s_calendar_is_theirs_until_the_address_is_withdrawn(
    organiser: Visitor, browser: Browser
) -> None:
    assert (await browser().get("/me/calendar")).headers["location"].startswith("/sign-in")
    shown = await organiser.post("/me/calendar")
    assert shown.status_code == 201
    found = re.search(rf"{HOST}(/calendar/[\w-]+\.ics)</code>", shown.text)
    assert found
    assert found.group(1) not in (await organiser.get("/me/calendar")).text, "the address is shown once"
    program = browser()
    feed = await program.get(found.group(1))
    assert feed.status_code == 200
    assert summaries(feed.content), "the organiser's own centre takes part in the demo's occurrences"
    assert "private" in feed.headers["cache-control"]
    number = re.search(r"/me/calendar/(\d+)/revoke", (await organiser.get("/me/calendar")).text)
    assert number
    await organiser.post(f"/me/calendar/{number.group(1)}/revoke")
    assert (await program.get(found.group(1))).status_code == 410
    assert (await program.get("/calendar/made-up.ics")).status_code == 404


async def test_a_calendar_costs_the_same_whatever_it_holds(
    organiser: Visitor, browser: Browser, config: WebConfig
) -> None:
    program = browser()
    with counted(config.database) as few:
        await program.get("/schedule.ics")
    for number in range(4):
        address = await made(organiser, title=f"Захід {number}")
        await organiser.post(f"{address}/publish")
    with counted(config.database) as many:
        await program.get("/schedule.ics")
    assert len(many) == len(few)


async def test_what_somebody_wants_by_mail_is_kept(organiser: Visitor, browser: Browser) -> None:
    assert (await browser().get("/me/notifications")).headers["location"].startswith("/sign-in")
    page = await organiser.get("/me/notifications")
    assert page.status_code == 200
    organisation = re.search(r'<option value="(\d+)">', page.text)
    assert organisation
    saved = await organiser.post(
        "/me/notifications", reminders="1", when="own", offset=["60", "10"], quiet_from="22:00", quiet_to="07:30",
        organisation=organisation.group(1),
    )  # fmt: skip
    assert saved.status_code == 303
    kept = (await organiser.get("/me/notifications")).text
    assert 'value="22:00"' in kept
    assert 'value="07:30"' in kept
    assert re.search(r'name="offset" value="60" checked', kept)
    assert re.search(rf'name="organisation" value="{organisation.group(1)}" checked', kept)
    wrong = await organiser.post("/me/notifications", quiet_from="25:00", quiet_to="07:30")
    assert wrong.status_code == 422
    assert "25:00" in wrong.text


async def test_a_letter_about_what_one_follows_can_be_stopped_by_its_link_alone(
    browser: Browser, config: WebConfig, clock: Clock
) -> None:
    load_all()
    with config.database.writing() as session:
        reader = person(session, "reader@example.org")
        ahead = select(Occurrence.id).where(Occurrence.status == Status.PUBLISHED, Occurrence.starts_at > clock())
        contents = {"occurrence": session.scalars(ahead).first()}
        enqueue(session, "k", following.ANNOUNCED, reader.identity, contents, now=clock())
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == "k")).one()
        templates = Templates(Assets(config.static_dir), public_url=HOST, demo=True, vocabulary=vocabulary)
        desk = Desk(clock(), HOST, "mail@vikno.test", templates, config.links, config.sealer)
        path = RENDERERS[message.kind](session, message, desk).unsubscribe.removeprefix(HOST)

    def wanted() -> bool:
        with config.database.reading() as session:
            return following.wishes_of(session, reader).announcements

    program = browser()
    assert (await program.get(path)).status_code == 200
    assert wanted(), "opening a link stops nothing"
    for _ in range(2):  # no cookie, no page of ours, no redirect: RFC 8058
        answer = await browser().client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert not wanted()
    assert (await program.client.post(f"{path}x", data={})).status_code == 404


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_letter_about_many_dates_says_what_became_of_each(config: WebConfig, clock: Clock, language: str) -> None:
    load_all()
    with config.database.writing() as session:
        reader = person(session, "reader@example.org")
        session.get_one(Person, reader.person_id).language = language
        ahead = select(Occurrence).where(
            Occurrence.status == Status.PUBLISHED, Occurrence.starts_at > clock(), Occurrence.listed,
            Occurrence.series_id.is_not(None),
        )  # fmt: skip
        new, moved, gone, again = session.scalars(ahead.order_by(Occurrence.starts_at).limit(4))
        gone.status, gone.cancel_reason = Status.CANCELLED, "Немає <світла>"
        again.status = Status.CANCELLED
        news = [
            {"occurrence": new.id, "what": "published", "was": ""},
            {"occurrence": moved.id, "what": "moved", "was": "2026-12-01T09:00:00"},
            {"occurrence": gone.id, "what": "cancelled", "was": ""},
            {"occurrence": again.id, "what": "moved", "was": "2026-12-01T09:00:00"},
        ]
        contents = {"occurrence": new.id, "series": new.series_id, "news": news}
        enqueue(session, "k", following.ANNOUNCED, reader.identity, contents, now=clock())
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == "k")).one()
        templates = Templates(Assets(config.static_dir), public_url=HOST, demo=True, vocabulary=vocabulary)
        desk = Desk(clock(), HOST, "mail@vikno.test", templates, config.links, config.sealer)
        letter = RENDERERS[message.kind](session, message, desk)
        slugs = [each.slug for each in (new, moved, gone, again)]
    words = {
        "uk": ("Нові дати", "В інший час", "Скасовано", "раніше: 1 грудня 2026, 09:00"),
        "en": ("New dates", "At another time", "Cancelled", "before: 1 December 2026, 09:00"),
    }[language]
    places = [letter.text.index(each) for each in words[:3]]
    assert places == sorted(places)
    assert words[3] in letter.text
    assert "Немає <світла>" in letter.text
    assert "Немає &lt;світла&gt;" in letter.html
    assert [f"{HOST}/schedule/{slug}\n" in letter.text for slug in slugs] == [True, True, True, False]
    assert letter.unsubscribe
    assert letter.subject.startswith({"uk": "Новини про дати: ", "en": "News of dates: "}[language])


async def test_a_forwarded_link_comes_as_another_device_and_waits(
    organiser: Visitor, browser: Browser, clock: Clock
) -> None:
    address = await made(organiser, access="network")
    await organiser.post(f"{address}/publish")
    meeting = await meeting_of(organiser, address)
    shown = await organiser.post(f"{address}/guests", name="Олена Експертна", organisation="ДМС", role="presenter")
    found = re.search(rf"{HOST}(/guest/[\w-]+)</code>", shown.text)
    assert found
    link = found.group(1)
    clock.now = clock.now.replace(year=2026, month=12, day=16, hour=7, minute=50)
    expert, other = browser(), browser()
    assert (await other.get(link)).status_code == 200, "looking makes nobody the guest"
    await expert.post(link)
    first = await _token(expert, meeting)
    assert (first.name, first.waits) == ("Олена Експертна", False)
    assert "used on another device" in (await other.get(link)).text
    await other.post(link)
    second = await _token(other, meeting)
    assert (second.name, second.waits) == ("Олена Експертна (інший пристрій)", True)
    assert second.identity.startswith(f"{first.identity}.")
    assert not (await _token(expert, meeting)).waits, "the first stays the first"

    await organiser.sign_in()
    page = await organiser.get(address)
    assert "was used on 1 more device" in page.text
    forget = re.search(r'action="([^"]+/new-device)"', page.text)
    assert forget
    await organiser.post(forget.group(1))
    assert not (await _token(other, meeting)).waits, "the organiser knows: it is the guest's new device"
    assert (await _token(expert, meeting)).waits


async def _token(guest: Visitor, meeting: str) -> tokens.Token:
    answer = await guest.api(f"/api/meetings/{meeting}/token?as=guest", {})
    return tokens.Token.model_validate(claims(answer))


async def test_a_guest_s_page_gives_the_calendar_entry(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    shown = await organiser.post(f"{address}/guests", name="Олена Експертна", role="presenter")
    found = re.search(rf"{HOST}(/guest/[\w-]+)</code>", shown.text)
    assert found
    file = await browser().get(f"{found.group(1)}.ics")
    (event,) = Calendar.from_ical(file.content).walk("VEVENT")
    assert str(event["URL"]) == f"{HOST}{found.group(1)}"
