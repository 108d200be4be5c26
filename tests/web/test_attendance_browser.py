"""Attendance in a real Chromium: accessible in both languages, fits a phone, from roll-call to result by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lms import demo_attendance, demo_directory
from lms.meetings import computing
from lms.schedule.models import Occurrence
from tests.web.test_browser import Served, chromium, faults, open_context, served
from tests.web.visitor import ORGANISER, PASSWORD
from web.config import utc_now

__all__ = ["chromium", "open_context", "served"]

pytestmark = pytest.mark.e2e


def sign_in(page: Page, url: str, email: str) -> None:
    page.goto(url + "/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/*")


def held(served: Served) -> str:
    with served.database.reading() as session:
        return session.scalars(select(Occurrence.slug).where(Occurrence.meeting == demo_attendance.MEETING)).one()


@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "light", "uk"), (1280, "dark", "en")])
def test_the_pages_are_accessible_and_fit(
    served: Served, open_context: Any, width: int, scheme: str, language: str
) -> None:
    context = open_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language, bypass_csp=True
    )
    page = context.new_page()
    sign_in(page, served.url, ORGANISER)
    base = f"/schedule/{held(served)}"
    paths = [f"{base}/attendance?fold={part}" for part in ("correct", "breaks", "rule", "metrics")]
    paths += [f"{base}/roll-call", f"{base}/roll-call?organisation=1", "/attendance-rules", "/me/attendance", base]
    wrong = {}
    for path in paths:
        assert (page.goto(served.url + path) or pytest.fail(path)).status == 200
        wrong[path] = faults(page)
    assert {path: found for path, found in wrong.items() if found} == {}


def test_from_the_roll_call_to_the_result_by_keyboard(served: Served, open_context: Any) -> None:
    """A lead adds a name; after the count it stands in the sheet, with its bar in the picture."""
    page = open_context(locale="en").new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    sign_in(page, served.url, demo_directory.LEAD)
    page.goto(f"{served.url}/schedule/{held(served)}/roll-call")
    page.get_by_label("Others, by name").focus()
    page.keyboard.type("Гостя Клавіатурна")
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="The roll-call is saved")).to_be_visible()
    expect(page.get_by_label("Гостя Клавіатурна")).to_be_checked()
    with served.database.writing() as session:
        computing.compute_stale(session, utc_now())
    page.goto(f"{served.url}/schedule/{held(served)}/attendance")
    expect(page.get_by_role("row", name="Гостя Клавіатурна")).to_contain_text("vouched for")
    picture = page.get_by_role("img", name="Who was there, and when")
    expect(picture.locator("text", has_text="Гостя Клавіатурна")).to_be_visible()
    assert said == []
