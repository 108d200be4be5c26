"""Group work on the pages: made and spread without scripts, opened from the room, entered by members."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx
import jwt
import pytest
from sqlalchemy import select

from lms.database import Database
from lms.demo import DEMO_MEETING
from lms.demo_accounts import LEAD, STAFF
from lms.directory.models import Account
from lms.meetings.actions import apply_events
from lms.schedule.models import Occurrence
from tests.lms.facts import NOW
from tests.lms.meetings.attending import Story
from tests.web.conftest import TOKEN_KEY, Orders
from tests.web.visitor import ORGANISER, Visitor, room_of

Come = Callable[..., Awaitable[Visitor]]


EMAILS = {"organiser": ORGANISER, "staff": STAFF, "lead": LEAD}


@pytest.fixture
def visitor(browser: Callable[..., Visitor]) -> Come:
    """Somebody who has signed in as one of the demo's people; nobody for an empty name."""

    async def come(who: str) -> Visitor:
        made = browser("uk")
        if who:
            await made.sign_in(EMAILS[who])
        return made

    return come


@pytest.fixture
def slug(database: Database) -> str:
    """The demo's consultation that is live."""
    with database.reading() as session:
        return session.scalars(select(Occurrence.slug).where(Occurrence.meeting == DEMO_MEETING)).one()


def number_of(database: Database, email: str) -> int:
    with database.reading() as session:
        return session.scalars(select(Account.person_id).where(Account.subject == email)).one()


def claims(answer: httpx.Response) -> dict[str, object]:
    said: dict[str, object] = jwt.decode(
        answer.json()["token"], TOKEN_KEY, algorithms=["HS256"], audience="vikno-node", options={"verify_exp": False}
    )
    return said


async def make(organiser: Visitor, slug: str, **more: str) -> httpx.Response:
    """Two named groups, and whoever is in them."""
    made = await organiser.post(f"/schedule/{slug}/groups", do="make", count="2")
    assert made.status_code == 303
    fields = {"size": "2", "name-1": "Обладнання", "task-1": "Скласти перелік", "name-2": "Люди", "task-2": ""}
    return await organiser.post(f"/schedule/{slug}/groups", **(fields | more))


def connect(database: Database, identity: str) -> None:
    """Somebody is in the meeting now: the page offers to put them into a group."""
    with database.writing() as session:
        apply_events(session, Story(f"o{identity.replace(':', '')}", DEMO_MEETING).joined(0, identity).told, NOW)


async def test_groups_are_made_named_and_kept(visitor: Come, slug: str, database: Database) -> None:
    organiser = await visitor("organiser")
    staff = number_of(database, STAFF)
    connect(database, f"person:{staff}")
    saved = await make(organiser, slug, **{f"in-person:{staff}": "2", "choose": "1"})
    assert saved.status_code == 303
    page = await organiser.get(f"/schedule/{slug}/groups")
    assert 'value="Обладнання"' in page.text
    assert "Скласти перелік" in page.text
    row = re.search(rf'name="in-person:{staff}".*?</select>', page.text, re.DOTALL)
    assert row
    assert re.search(r'value="2" selected', row.group(0))
    mine = await (await visitor("staff")).get(f"/schedule/{slug}")
    assert "Ваша група" in mine.text
    assert "2. Люди" in mine.text


async def test_people_are_spread_and_the_seed_is_shown(visitor: Come, slug: str) -> None:
    organiser = await visitor("organiser")
    await make(organiser, slug)
    drawn = await organiser.post(
        f"/schedule/{slug}/groups", do="mixed", size="2", seed="калина", **{"name-1": "А", "name-2": "Б"}
    )
    assert drawn.status_code == 303
    page = await organiser.get(f"/schedule/{slug}/groups")
    assert "калина" in page.text
    assert 'id="unassigned"' not in page.text
    assert 'value="А"' in page.text


async def test_what_was_typed_stays_when_something_is_wrong(visitor: Come, slug: str) -> None:
    organiser = await visitor("organiser")
    wrong = await make(organiser, slug, **{"name-2": "н" * 121, "task-2": "Дуже важливе завдання"})
    assert wrong.status_code == 422
    assert "120" in wrong.text
    assert "н" * 121 in wrong.text
    assert "Дуже важливе завдання" in wrong.text
    many = await organiser.post(f"/schedule/{slug}/groups", do="make", count="41", size="2", **{"name-1": "Лишиться"})
    assert many.status_code == 422
    assert "Лишиться" in many.text


async def test_a_host_opens_members_enter_and_the_host_closes(
    visitor: Come, slug: str, database: Database, orders: Orders
) -> None:
    organiser, staff, lead = await visitor("organiser"), await visitor("staff"), await visitor("lead")
    member, other = number_of(database, STAFF), number_of(database, LEAD)
    connect(database, f"person:{member}")
    connect(database, f"person:{other}")
    url, token = f"/api/meetings/{DEMO_MEETING}/groups", f"/api/meetings/{DEMO_MEETING}.g2/token"
    assert (await organiser.api(url, {"do": "open"})).status_code == 422
    await make(organiser, slug, **{f"in-person:{member}": "2", f"in-person:{other}": "1"})
    assert (await staff.api(token, {})).json()["code"] == "groups_closed"
    assert (await staff.api(url, {"do": "open"})).status_code == 403
    opened = await organiser.api(url, {"do": "open"})
    assert opened.json()["opened"] is True
    assert ("open_groups", DEMO_MEETING) in orders.given
    assert [(one.number, one.meeting, one.identities) for one in orders.rooms] == [
        (1, f"{DEMO_MEETING}.g1", (f"person:{other}",)),
        (2, f"{DEMO_MEETING}.g2", (f"person:{member}",)),
    ]
    said = claims(await staff.api(token, {}))
    assert (said["meeting"], said["main"], said["identity"]) == (f"{DEMO_MEETING}.g2", DEMO_MEETING, f"person:{member}")
    assert (await lead.api(token, {})).json()["code"] == "group_foreign"
    assert claims(await organiser.api(token, {}))["role"] == "host"
    assert (await staff.api(f"/api/meetings/{DEMO_MEETING}.g9/token", {})).json()["code"] == "group_unknown"
    closed = await organiser.api(url, {"do": "close"})
    assert closed.status_code == 200
    assert orders.given[-1] == ("close_groups", f"{DEMO_MEETING} 60")
    assert (await staff.api(token, {})).status_code == 200
    assert (await organiser.api(url, {"do": "close_now"})).json()["opened"] is False
    assert orders.given[-1] == ("close_groups", f"{DEMO_MEETING} 0")
    assert (await staff.api(token, {})).json()["code"] == "groups_closed"


async def test_a_node_that_does_not_answer_is_told_of_and_asked_again(visitor: Come, slug: str, orders: Orders) -> None:
    organiser = await visitor("organiser")
    await make(organiser, slug)
    url = f"/api/meetings/{DEMO_MEETING}/groups"
    orders.down = True
    failed = await organiser.api(url, {"do": "open"})
    assert failed.status_code == 503
    assert failed.json()["code"] == "node_unavailable"
    orders.down = False
    assert (await organiser.api(url, {"do": "open"})).status_code == 200
    assert orders.given[-1][0] == "open_groups"


async def test_what_is_saved_while_rooms_are_open_is_told_at_once(
    visitor: Come, slug: str, orders: Orders, database: Database
) -> None:
    organiser = await visitor("organiser")
    member = number_of(database, STAFF)
    connect(database, f"person:{member}")
    await make(organiser, slug)
    await organiser.api(f"/api/meetings/{DEMO_MEETING}/groups", {"do": "open"})
    await make(organiser, slug, **{f"in-person:{member}": "1"})
    assert orders.rooms[0].identities == (f"person:{member}",)


async def test_whoever_chooses_a_group_keeps_it(visitor: Come, slug: str, database: Database) -> None:
    organiser, staff = await visitor("organiser"), await visitor("staff")
    await make(organiser, slug, choose="1")
    await organiser.api(f"/api/meetings/{DEMO_MEETING}/groups", {"do": "open"})
    assert (await staff.api(f"/api/meetings/{DEMO_MEETING}.g2/token", {})).status_code == 200
    assert (await staff.api(f"/api/meetings/{DEMO_MEETING}.g1/token", {})).json()["code"] == "group_foreign"
    nameless = await visitor("")
    assert (await nameless.api(f"/api/meetings/{DEMO_MEETING}.g1/token", {"name": "Гість"})).status_code == 200


async def test_a_group_has_no_page_of_its_own(visitor: Come, slug: str) -> None:
    staff = await visitor("staff")
    answer = await staff.get(f"/meet/{DEMO_MEETING}.g2")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/meet/{DEMO_MEETING}")
    room = room_of(await staff.get(f"/meet/{DEMO_MEETING}"))
    assert (room["groupsUrl"], room["groupsPage"]) == ("", "")
    room = room_of(await (await visitor("organiser")).get(f"/meet/{DEMO_MEETING}"))
    assert room["groupsUrl"] == f"/api/meetings/{DEMO_MEETING}/groups"
    assert room["groupsPage"] == f"/schedule/{slug}/groups"
