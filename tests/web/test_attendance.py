"""The attendance page, the roll-call, confirming, approving, files: as people meet them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from io import BytesIO
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from lms import demo_attendance, demo_directory
from lms.database import Database
from lms.directory.access_models import Endpoint
from lms.directory.queries import organisation_by_code
from lms.meetings import computing
from lms.meetings.attendance_models import RosterEntry
from lms.notify.models import OutboxMessage
from lms.schedule.models import Occurrence
from lms.secret import fingerprint
from tests.web.conftest import Clock
from tests.web.visitor import ADMINISTRATOR, HOST, Visitor
from web.config import WebConfig
from web.cookies import CookieName
from web.links import Links
from web.mail.attendance import confirm
from web.mail.letters import Desk, Unwanted
from web.site import build_site

Browser = Callable[..., Visitor]


@pytest.fixture
def slug(app: object, database: Database) -> str:
    """The demo's training that was held."""
    with database.reading() as session:
        held = select(Occurrence.slug).where(Occurrence.meeting == demo_attendance.MEETING)
        return session.scalars(held).one()


async def signed_in(browser: Browser, email: str = "", language: str = "en") -> Visitor:
    visitor = browser(language)
    await (visitor.sign_in(email) if email else visitor.sign_in())
    return visitor


def recount(database: Database, clock: Clock) -> None:
    """What the worker does."""
    with database.writing() as session:
        computing.compute_stale(session, clock())


def waiting(database: Database) -> RosterEntry:
    """The entry that nobody has confirmed."""
    with database.reading() as session:
        return session.scalars(
            select(RosterEntry).where(RosterEntry.person_id.is_not(None), RosterEntry.confirmed_at.is_(None))
        ).all()[-1]


async def test_the_sheet_with_picture_table_and_files(browser: Browser, slug: str) -> None:
    organiser = await signed_in(browser)
    page = await organiser.get(f"/schedule/{slug}/attendance")
    assert page.status_code == 200
    text = html.unescape(page.text)
    for said in ("Учасниця Перша", "Counted, not approved", 'role="img"', "Viewers are not attendance", "92.94 %"):
        assert said in text
    assert " style=" not in page.text, "the policy forbids it"
    table = await organiser.get(f"/schedule/{slug}/attendance.csv")
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert "Share, %" in table.text
    book = load_workbook(BytesIO((await organiser.get(f"/schedule/{slug}/attendance.xlsx")).content))
    rows = list(book.active.values)  # type: ignore[union-attr]
    assert rows[0][1] == "Name"
    assert "Учасниця Четверта" in {row[1] for row in rows}
    ukrainian = await signed_in(browser, language="uk")
    assert "Частка, %" in (await ukrainian.get(f"/schedule/{slug}/attendance.csv")).text


async def test_the_picture_is_a_file_of_its_own(browser: Browser, slug: str) -> None:
    picture = await (await signed_in(browser)).get(f"/schedule/{slug}/attendance.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    tree = ElementTree.fromstring(picture.text)
    space = "{http://www.w3.org/2000/svg}"
    assert [tree.find(f"{space}{name}") is not None for name in ("title", "desc")] == [True, True]
    fills = {each.get("fill") for each in tree.iter(f"{space}rect")}
    assert {"#1d4c9e", "url(#timeline-stripes)", "url(#timeline-break)"} <= fills


@pytest.mark.parametrize(
    ("who", "page", "roll_call", "breaks"),
    [
        (None, 303, 303, 403),
        (demo_directory.STAFF, 403, 403, 403),
        (demo_directory.LEAD, 200, 200, 403),
        (ADMINISTRATOR, 200, 200, 303),
    ],
)
async def test_who_may_do_what(
    browser: Browser, slug: str, who: str | None, page: int, roll_call: int, breaks: int
) -> None:
    visitor = browser() if who is None else await signed_in(browser, who)
    if who is None:
        assert (await visitor.get(f"/schedule/{slug}/attendance")).status_code in (303, 404)
        assert (await visitor.get(f"/schedule/{slug}/roll-call")).status_code == roll_call
        assert (await visitor.post(f"/schedule/{slug}/attendance/breaks")).status_code in (403, 404)
        return
    for end in ("", ".csv", ".xlsx", ".svg"):
        assert (await visitor.get(f"/schedule/{slug}/attendance{end}")).status_code == page, end
    assert (await visitor.get(f"/schedule/{slug}/roll-call")).status_code == roll_call
    assert (await visitor.post(f"/schedule/{slug}/attendance/breaks")).status_code == breaks


async def test_a_lead_sees_only_the_own_centre(browser: Browser, slug: str) -> None:
    text = html.unescape(
        (await (await signed_in(browser, demo_directory.LEAD)).get(f"/schedule/{slug}/attendance")).text
    )
    assert "Адміністраторка Демо" in text
    assert "Учасниця Перша" not in text
    assert "Approve the sheet" not in text


async def test_a_correction_is_approved_by_somebody_else(
    browser: Browser, slug: str, database: Database, clock: Clock
) -> None:
    organiser = await signed_in(browser)
    address = f"/schedule/{slug}/attendance"
    page = await organiser.get(address, correct="", fold="correct")
    subject = re.search(r'<option value="(named:\d+)">Учасниця Четверта', page.text)
    assert subject
    wrong = await organiser.post(
        f"{address}/corrections", subject=subject[1], verdict="attended", minutes="9000", reason="Бачила на записі"
    )
    assert wrong.status_code == 422
    assert "longer than it lasted" in wrong.text
    assert "Бачила на записі" in wrong.text, "nothing typed is lost"
    right = await organiser.post(
        f"{address}/corrections", subject=subject[1], verdict="attended", minutes="", reason="Бачила на записі"
    )
    assert right.status_code == 303
    recount(database, clock)
    text = (await organiser.get(address)).text
    assert "corrected" in text
    generation = re.search(r'name="generation" value="(\d+)"', text)
    assert generation
    own = await organiser.post(f"{address}/approve", generation=generation[1])
    assert own.status_code == 403
    assert "somebody else has to approve it" in own.text
    chief = await signed_in(browser, ADMINISTRATOR)
    assert (await chief.post(f"{address}/approve", generation="77")).status_code == 409
    assert (await chief.post(f"{address}/approve", generation=generation[1])).status_code == 303
    approved = html.unescape((await chief.get(address)).text)
    assert "Approved" in approved
    assert "Correct a result" not in approved
    assert (await chief.post(f"{address}/breaks", **{"from-0": "10:30", "to-0": "10:35"})).status_code == 409
    assert (await chief.post(f"{address}/reopen", reason="")).status_code == 422
    assert (await chief.post(f"{address}/reopen", reason="Помилка")).status_code == 303


async def test_breaks_are_typed_as_clock_times(browser: Browser, slug: str, database: Database, clock: Clock) -> None:
    organiser = await signed_in(browser)
    address = f"/schedule/{slug}/attendance"
    for fields, said in (
        ({"from-0": "пів на 11", "to-0": "11:00"}, "hours and minutes"),
        ({"from-0": "10:30", "to-0": ""}, "both its beginning and its end"),
        ({"from-0": "11:00", "to-0": "10:30"}, "before the beginning"),
    ):
        refused = await organiser.post(f"{address}/breaks", **fields)
        assert refused.status_code == 422
        assert said in refused.text
        assert fields["from-0"] in refused.text
    saved = await organiser.post(f"{address}/breaks", **{"from-0": "10:30", "to-0": "10:45"})
    assert saved.status_code == 303
    recount(database, clock)
    assert "75" in re.findall(r"<td[^>]*>(\d+)</td>", (await organiser.get(address)).text)


async def test_a_lead_fills_in_the_roll_call(browser: Browser, slug: str, database: Database) -> None:
    lead = await signed_in(browser, demo_directory.LEAD)
    page = await lead.get(f"/schedule/{slug}/roll-call")
    ticked = dict(re.findall(r'name="(was-[pe]\d+)" value="(\d+)"', page.text))
    assert len(ticked) == 3
    here = {name.replace("was-", "here-"): "yes" for name in list(ticked)[:2]}
    home = re.search(r"roll-call\?organisation=(\d+)\"", page.text)
    assert home
    address = f"/schedule/{slug}/roll-call?organisation={home[1]}"
    wrong = await lead.post(address, **ticked, **here, names="Гостя Нова", head_count="багато")
    assert wrong.status_code == 422
    assert "Гостя Нова" in wrong.text
    saved = await lead.post(address, **ticked, **here, names="Гостя Нова\n\n Гість Новий ", head_count="5")
    assert saved.status_code == 303
    with database.reading() as session:
        rows = session.scalars(select(RosterEntry).where(RosterEntry.organisation_id == int(home[1]))).all()
        assert sum(each.removed_at is not None for each in rows) == 1
        assert {each.name for each in rows if each.confirmed_by and each.name} == {"Гостя Нова", "Гість Новий"}
    assert (await lead.get(f"/schedule/{slug}/roll-call?organisation=1")).status_code == 403


async def test_confirming_by_the_link_of_the_mail(
    browser: Browser, slug: str, database: Database, config: WebConfig
) -> None:
    entry = waiting(database)
    stranger = browser()
    address = f"/presence/{Links(config.session_key).sign('presence', entry.id)}"
    for _ in range(2):
        assert (await stranger.get(address)).status_code == 200
    assert waiting(database).id == entry.id, "opening the link decides nothing"
    said = await stranger.post(address, here="yes")
    assert said.status_code == 303
    with database.reading() as session:
        assert session.get_one(RosterEntry, entry.id).confirmed_by == f"person:{entry.person_id}"
    assert "it is noted that you were there" in (await stranger.get(said.headers["location"])).text
    assert (await stranger.get(f"/presence/{Links(config.session_key).sign('other', entry.id)}")).status_code == 404


async def test_confirming_on_ones_own_page(browser: Browser, slug: str, database: Database) -> None:
    entry = waiting(database)
    colleague = await signed_in(browser, demo_directory.STAFF_TWO_PLACES)
    assert "Confirm that you were there" in (await colleague.get("/")).text
    assert "Were you there?" in (await colleague.get("/me/attendance")).text
    other = await signed_in(browser, demo_directory.STAFF)
    assert (await other.post(f"/me/attendance/{entry.id}", here="yes")).status_code == 404
    said = await colleague.post(f"/me/attendance/{entry.id}", here="no", next="https://evil.example")
    assert said.headers["location"].startswith("/")
    assert "evil" not in said.headers["location"]
    assert "Confirm that you were there" not in (await colleague.get("/")).text
    assert "79 of 85" in (await other.get("/me/attendance")).text
    assert "You attended 79 of 85 minutes" in (await other.get(f"/schedule/{slug}")).text
    assert (await browser().get("/me/attendance")).status_code == 303


async def test_the_letter_asks_and_is_dropped_once_it_is_answered(
    config: WebConfig, database: Database, slug: str, clock: Clock
) -> None:
    entry = waiting(database)
    templates = build_site(config).templates
    desk = Desk(clock(), HOST, "vikno@example.org", templates, config.links, config.sealer)
    with database.reading() as session:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == f"presence:{entry.id}")).one()
        letter = confirm(session, message, desk)
    assert letter.to == demo_directory.STAFF_TWO_PLACES
    assert f"{HOST}/presence/{config.links.sign('presence', entry.id)}" in letter.text
    with database.writing() as session:
        session.get_one(RosterEntry, entry.id).removed_at = clock()
    with database.reading() as session, pytest.raises(Unwanted):
        confirm(session, message, desk)


async def test_the_room_says_who_is_here(browser: Browser, config: WebConfig, database: Database, slug: str) -> None:
    """A device for its own centre, by its key; in the demo's live meeting."""
    device = browser()
    with database.writing() as session:
        home = organisation_by_code(session, "kyiv").id
        endpoint = session.scalars(select(Endpoint).where(Endpoint.organisation_id == home)).first()
        assert endpoint is not None
        endpoint.key_hash = fingerprint("key")
    name = f"__Host-{CookieName.DEVICE.value}" if config.secure else CookieName.DEVICE.value
    device.client.cookies.set(name, "key")
    address = "/api/meetings/demo/roll-call?as=endpoint"
    shown = await device.get(address)
    assert shown.status_code == 200, shown.text
    assert shown.json()["organisation"] == home
    saved = await device.api(address, {"here": [], "gone": [], "names": ["Гостя Перша"], "head_count": 4})
    assert saved.status_code == 200
    assert saved.json()["head_count"] == 4
    assert [(each["name"], each["state"]) for each in saved.json()["people"] if each["listed"]] == [
        ("Гостя Перша", "waiting")
    ]
    again = await device.api(address, {"names": ["Гостя Перша"], "head_count": 4})
    assert len([each for each in again.json()["people"] if each["listed"]]) == 1
    assert (await device.api(address, {"names": ["н" * 121]})).status_code == 422
    forged = await device.client.post(address, json={"names": ["Хтось"]})
    assert forged.status_code == 403, "without the token of our own page"
    stranger = browser()
    assert (await stranger.get("/api/meetings/demo/roll-call")).status_code == 403
    staff = await signed_in(browser, demo_directory.STAFF)
    assert (await staff.api("/api/meetings/demo/roll-call", {"names": ["Хтось"]})).status_code == 403


async def test_rules_are_added_and_retired(browser: Browser) -> None:
    organiser = await signed_in(browser)
    assert "85 % of the time" in (await organiser.get("/attendance-rules")).text
    wrong = await organiser.post("/attendance-rules", code="default", name_uk="Нове", min_share="185")
    assert wrong.status_code == 422
    assert "between 0.01 and 100 percent" in wrong.text
    assert 'value="Нове"' in html.unescape(wrong.text)
    added = await organiser.post(
        "/attendance-rules", code="default", name_uk="Нове", min_share="66,5", min_minutes="30"
    )
    assert added.status_code == 303
    assert "66.50 % of the time" in (await organiser.get("/attendance-rules")).text
    assert (await (await signed_in(browser, demo_directory.STAFF)).get("/attendance-rules")).status_code == 403
    assert (await browser().get("/attendance-rules")).status_code == 303


async def test_viewers_stand_in_a_box_of_their_own(browser: Browser, database: Database) -> None:
    with database.reading() as session:
        webinar = select(Occurrence.slug).where(Occurrence.starts_local == demo_attendance.WEBINAR)
        slug = session.scalars(webinar).one()
    organiser = await signed_in(browser)
    address = f"/schedule/{slug}/attendance"
    text = html.unescape((await organiser.get(address)).text)
    assert "1250" in text
    assert "Viewers are not attendance" in text
    added = await organiser.post(
        f"{address}/metrics",
        day="2020-04-29",
        time="12:30",
        source="YouTube",
        concurrent="1 100",
        total="",
        evidence="",
    )
    assert added.status_code == 303
    wrong = await organiser.post(f"{address}/metrics", day="2020-04-31", time="12:30", source="YouTube", total="3")
    assert wrong.status_code == 422


async def test_an_organiser_is_told_what_waits_for_approval(browser: Browser, slug: str) -> None:
    text = html.unescape((await (await signed_in(browser)).get("/")).text)
    assert "1 sheet to approve" in text
    assert f"/schedule/{slug}/attendance" in text
