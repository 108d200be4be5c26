"""A survey of needs on a telephone: answered by keyboard alone, kept when the page is left, read by axe-core."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lms import demo_accounts, demo_needs
from lms.needs.models import NeedsSurvey
from tests.web.test_browser import Served, chromium, faults, open_context, served, sign_in

__all__ = ["chromium", "open_context", "served"]

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(served: Served) -> str:
    """Of the demo's open survey."""
    with served.database.reading() as session:
        slug = session.scalars(select(NeedsSurvey.slug).where(NeedsSurvey.title == demo_needs.OPEN)).one()
    return f"/needs/{slug}"


def on_a_phone(open_context: Any, url: str, email: str) -> Page:
    """Signed in at 360 px; axe-core is put in by the test, which the policy would not allow."""
    page: Page = open_context(viewport={"width": 360, "height": 740}, locale="en", bypass_csp=True).new_page()
    sign_in(page, url, email)
    return page


def test_a_survey_is_answered_by_keyboard_at_360_px(served: Served, open_context: Any, address: str) -> None:
    page = on_a_phone(open_context, served.url, demo_accounts.STAFF)
    page.goto(served.url)
    way = page.get_by_role("link", name=re.compile("Answer the survey"))
    expect(way).to_be_visible()
    way.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}/answer")
    assert faults(page) == []
    groups = page.get_by_role("group", name=re.compile("How (well|much) I"))
    expect(groups).to_have_count(18)
    page.get_by_role("radio").first.focus()
    for number in range(18):
        # One stop of the tabulator for each group; the arrows choose in it.
        name = page.evaluate("document.activeElement.name")
        assert re.fullmatch(r"(skill|need)-\d+", name)
        for _ in range(2 + number % 2):
            page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.checked")
        assert page.evaluate("getComputedStyle(document.activeElement.closest('label')).outlineStyle") == "solid"
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "way"
    assert faults(page) == []
    page.get_by_role("button", name="Save my answers").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}?done=needs_answered")
    expect(page.get_by_text("Thank you: every topic is rated.")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Change your answers").click()
    assert page.locator("input[type=radio]:checked").count() == 18


def test_what_was_chosen_is_kept_when_the_phone_goes_dark(served: Served, open_context: Any, address: str) -> None:
    page = on_a_phone(open_context, served.url, demo_accounts.LEAD)
    page.goto(f"{served.url}{address}/answer")
    for place in (1, 7, 10):
        page.get_by_role("radio").nth(place).check()
    with page.expect_response(lambda answer: answer.request.method == "POST") as kept:
        page.evaluate(
            "() => { Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')); }"
        )
    assert kept.value.status == 204
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    page.reload()
    assert page.locator("input[type=radio]:checked").count() == 3
    expect(page.get_by_text("1 of 9 topics are rated")).to_be_visible()


def test_the_questionnaire_works_without_scripts(served: Served, open_context: Any, address: str) -> None:
    context = open_context(viewport={"width": 360, "height": 740}, locale="uk", java_script_enabled=False)
    page = context.new_page()
    sign_in(page, served.url, demo_accounts.STAFF_TWO_PLACES)
    page.goto(f"{served.url}{address}/answer")
    page.get_by_label("ЦНАП м. Луцька").check()
    page.get_by_role("radio", name="З допомогою").first.check()
    page.get_by_role("radio", name="Дуже потрібно").first.check()
    page.get_by_role("button", name="Зберегти відповіді").click()
    expect(page.get_by_text("Збережено. Деякі теми ще не оцінено")).to_be_visible()
    expect(page.get_by_label("ЦНАП м. Луцька")).to_be_checked()
