"""Still pictures: kept from the room, shown on the occurrence's page, worded, hidden and removed by its editors."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.models import Account, RoleName
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Grant
from lms.schedule import guests
from lms.schedule.models import Access, Occurrence
from lms.schedule.plan_models import Material
from tests.lms.facts import NOW
from tests.web.conftest import Orders
from tests.web.visitor import Visitor, room_of

Browser = Callable[..., Visitor]
ADDRESS = "/api/meetings/demo/pictures"
FACTS = {"by": "p1", "participant": "p2", "source": "document_camera", "caption": "Сканер паспортів, вид згори"}


def picture(kind: str = "JPEG", size: tuple[int, int] = (1280, 720), **more: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (20, 120, 60)).save(written, kind, **more)
    return written.getvalue()


def bomb() -> bytes:
    """A picture of a few bytes that claims 60,000 pixels a side."""
    jpeg = bytearray(picture(size=(16, 16)))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    return bytes(jpeg)


async def send(visitor: Visitor, contents: bytes, address: str = ADDRESS, **facts: str) -> httpx.Response:
    headers = {"X-CSRF-Token": await visitor.csrf()}
    file = {"picture": ("picture.jpg", contents, "image/jpeg")}
    return await visitor.client.post(address, data=FACTS | facts, files=file, headers=headers)


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    made = browser()
    await made.sign_in()
    return made


def slug_of(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(Occurrence.slug).where(Occurrence.meeting == "demo")).one()


def log_of(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action.like("picture.%")).order_by(AuditEntry.id))
        return [(row.action, row.actor) for row in rows]


async def test_a_picture_from_the_room_appears_on_the_occurrences_page(
    organiser: Visitor, browser: Browser, database: Database, orders: Orders
) -> None:
    assert room_of(await organiser.get("/meet/demo"))["picturesUrl"] == ADDRESS
    exif = Image.Exif()
    exif[0x010F] = "СекретнаКамера"
    answer = await send(organiser, picture(exif=exif, comment=b"hidden words"))
    assert answer.status_code == 201, answer.text
    (told,) = [what for order, what in orders.given if order == "keep_picture"]
    assert re.fullmatch(r"demo person:\d+ p2 document_camera", told)

    stranger = browser()
    page = await stranger.get(f"/schedule/{slug_of(database)}")
    shown = re.search(r'<img src="([^"]+)/small" alt="([^"]+)" width="(\d+)" height="(\d+)" loading="lazy"', page.text)
    assert shown
    assert shown.groups() == (answer.json()["url"], FACTS["caption"], "480", "270")
    assert "Олена, second camera" in page.text
    assert "taken by Дмитро" in page.text
    whole = await stranger.get(answer.json()["url"])
    assert (whole.headers["content-type"], whole.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    kept = Image.open(io.BytesIO(whole.content))
    assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", (1280, 720), {})
    assert b"hidden words" not in whole.content
    small = Image.open(io.BytesIO((await stranger.get(answer.json()["url"] + "/small")).content))
    assert small.size == (480, 270)
    assert [action for action, _actor in log_of(database)] == ["picture.take"]


async def test_webp_is_taken_and_becomes_jpeg(organiser: Visitor) -> None:
    answer = await send(organiser, picture("WEBP"), source="screen")
    assert answer.status_code == 201
    assert (await organiser.get(answer.json()["url"])).content[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("contents", "facts", "status", "code"),
    [
        (b"", {}, 422, "picture_empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, 422, "picture_kind"),
        (picture()[:2000], {}, 422, "picture_kind"),
        (picture("PNG", (16, 16)), {}, 422, "picture_kind"),
        (bomb(), {}, 422, "picture_pixels"),
        (picture(size=(4097, 16)), {}, 422, "picture_pixels"),
        (b"\xff\xd8\xff" + bytes(8 * 1024 * 1024), {}, 422, "picture_large"),
        (picture(), {"caption": " \n "}, 422, "caption_needed"),
        (picture(), {"caption": "x" * 301}, 422, "caption_long"),
        (picture(), {"source": "microphone"}, 422, "invalid_request"),
        (picture(), {"participant": "../p"}, 422, "invalid_request"),
    ],
    ids=["empty", "svg", "torn", "png", "bomb", "wide", "large", "no caption", "long caption", "a sound", "odd id"],
)
async def test_what_is_no_picture_is_refused_and_nobody_is_told(
    organiser: Visitor,
    database: Database,
    orders: Orders,
    contents: bytes,
    facts: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = await send(organiser, contents, **facts)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [given for given in orders.given if given[0] == "keep_picture"] == []
    assert log_of(database) == []


async def test_a_body_that_is_far_too_large_is_not_read(organiser: Visitor) -> None:
    assert (await send(organiser, bytes(10 * 1024 * 1024))).status_code == 413


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        ("not_allowed", 403, "picture_not_yours"),
        ("unknown_participant", 409, "picture_left"),
        ("pictures_forbidden", 409, "picture_forbidden"),
        ("unknown_meeting", 409, "picture_no_meeting"),
    ],
)
async def test_the_media_node_decides_who_takes_pictures(
    organiser: Visitor, database: Database, orders: Orders, refusal: str, status: int, code: str
) -> None:
    orders.refuses = refusal
    answer = await send(organiser, picture())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    with database.reading() as session:
        assert session.scalars(select(Material).where(Material.media_type == "image/jpeg")).all() == []


async def test_where_the_room_cannot_be_told_nothing_is_kept(
    organiser: Visitor, database: Database, orders: Orders
) -> None:
    orders.down = True
    answer = await send(organiser, picture())
    assert (answer.status_code, answer.json()["code"]) == (503, "picture_untold")
    assert "could not be told" in answer.json()["detail"]
    assert log_of(database) == []


async def test_no_picture_without_the_door(browser: Browser, organiser: Visitor, database: Database) -> None:
    assert (await send(organiser, picture(), "/api/meetings/nothing-here/pictures")).status_code == 404
    without = await organiser.client.post(ADDRESS, data=FACTS, files={"picture": ("p.jpg", picture())})
    assert (without.status_code, without.json()["code"]) == (403, "csrf")
    with database.writing() as session:
        found = session.scalars(select(Occurrence).where(Occurrence.meeting == "demo")).one()
        found.access = Access.NETWORK
    assert (await send(browser(), picture())).status_code == 401


async def test_an_expert_with_a_personal_link_takes_pictures_as_the_guest(
    browser: Browser, database: Database, orders: Orders
) -> None:
    with database.writing() as session:
        planner = visitor_of_person(session, session.scalars(select(Account.person_id).limit(1)).one(), NOW)
        administrator = replace(planner, grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
        token = guests.invite_guest(session, administrator, slug_of(database), name="Олена", now=NOW).token
    expert = browser()
    room = await expert.get((await expert.post(f"/guest/{token}")).headers["location"])
    address = room_of(room)["picturesUrl"]
    assert address == f"{ADDRESS}?as=guest"
    answer = await send(expert, picture(), address)
    assert answer.status_code == 201, answer.text
    (told,) = [what for order, what in orders.given if order == "keep_picture"]
    assert re.fullmatch(r"demo guest:\d+ p2 document_camera", told)
    assert [actor.partition(":")[0] for _action, actor in log_of(database)] == ["guest"]


async def test_editors_word_hide_and_remove(organiser: Visitor, browser: Browser, database: Database) -> None:
    where = (await send(organiser, picture())).json()["url"]
    gallery, stranger = where.rpartition("/")[0], browser()
    assert "Save the caption" in (await organiser.get(gallery)).text
    assert "Save the caption" not in (await stranger.get(gallery)).text
    assert (await organiser.post(f"{where}/caption", caption="Робоча станція")).status_code == 303
    assert 'alt="Робоча станція"' in (await stranger.get(gallery)).text
    wrong = await organiser.post(f"{where}/caption", caption="  ")
    assert wrong.status_code == 422
    assert "Say in a few words" in wrong.text

    assert (await organiser.post(f"{where}/hide")).status_code == 303
    assert "Робоча станція" not in (await stranger.get(gallery)).text
    assert (await stranger.get(where)).status_code == 404
    assert (await stranger.get(f"{where}/small")).status_code == 404
    assert (await organiser.get(where)).status_code == 200
    assert "Hidden" in (await organiser.get(gallery)).text
    assert (await organiser.post(f"{where}/show")).status_code == 303
    assert (await stranger.get(where)).status_code == 200

    assert (await organiser.post(f"{where}/remove")).status_code == 303
    assert (await organiser.get(where)).status_code == 404
    assert (await organiser.post(f"{where}/hide")).status_code == 404
    actions = ["take", "caption", "hide", "show", "remove"]
    assert [action for action, _actor in log_of(database)] == [f"picture.{each}" for each in actions]


async def test_a_picture_is_no_file_among_the_materials(organiser: Visitor, database: Database) -> None:
    where = (await send(organiser, picture())).json()["url"]
    slug, number = slug_of(database), where.rpartition("/")[2]
    assert FACTS["caption"] not in (await organiser.get(f"/schedule/{slug}/materials")).text
    assert (await organiser.get(f"/schedule/{slug}/materials/{number}")).status_code == 404
