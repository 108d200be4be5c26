"""The attendance page, the roll-call, confirming, approving, files: as people meet them."""

from __future__ import annotations

import html
from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from lms import demo_attendance
from lms.database import Database
from lms.schedule.models import Occurrence
from tests.web.visitor import Visitor

Browser = Callable[..., Visitor]


@pytest.fixture
def slug(app: object, database: Database) -> str:
    with database.reading() as session:
        held = select(Occurrence.slug).where(Occurrence.meeting == demo_attendance.MEETING)
        return session.scalars(held).one()


async def signed_in(browser: Browser, email: str = "", language: str = "en") -> Visitor:
    visitor = browser(language)
    await (visitor.sign_in(email) if email else visitor.sign_in())
    return visitor


async def test_the_sheet_with_picture_table_and_files(browser: Browser, slug: str) -> None:
    organiser = await signed_in(browser)
    page = await organiser.get(f"/schedule/{slug}/attendance")
    assert page.status_code == 200
    text = html.unescape(page.text)
    assert "Учасниця Перша" in text
    assert "Counted, not approved" in text
    assert 'role="img"' in text
    assert " style=" not in text
    table = await organiser.get(f"/schedule/{slug}/attendance.csv")
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert "Share, %" in table.text
    book = load_workbook(BytesIO((await organiser.get(f"/schedule/{slug}/attendance.xlsx")).content))
    rows = list(book.active.values)  # type: ignore[union-attr]
    assert rows[0][1] == "Name"
    assert "Учасниця Четверта" in {row[1] for row in rows}
    picture = await organiser.get(f"/schedule/{slug}/attendance.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg xmlns=")
