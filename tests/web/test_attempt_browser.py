"""A test in a real browser: by keyboard alone, through a cut of the network, in two windows; read by axe-core."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from lms import demo_accounts
from lms.assessment.attempts.models import Attempt, AttemptItem, Response
from lms.assessment.attempts.states import AttemptState
from lms.directory.models import Account
from tests.support.waiting import wait_for
from tests.web.test_browser import Served, chromium, faults, open_context, served, sign_in

__all__ = ["chromium", "open_context", "served"]

pytestmark = pytest.mark.e2e
LESSON = "/courses/mobile-case/lessons/check"


def put_away(served: Served) -> None:
    """What a first try of a test left open does not count, so the second begins as the first did."""
    with served.database.writing() as session:
        left = Attempt.state.in_([AttemptState.IN_PROGRESS, AttemptState.OVERDUE])
        session.execute(update(Attempt).where(left).values(state=AttemptState.VOIDED))


def begin(served: Served, open_context: Any, width: int = 360) -> Page:
    put_away(served)
    page: Page = open_context(viewport={"width": width, "height": 740}, locale="en", bypass_csp=True).new_page()
    sign_in(page, served.url, demo_accounts.STAFF)
    page.goto(served.url + LESSON)
    page.get_by_role("button", name=re.compile("the test")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/attempts/*")
    expect(page.locator("[data-attempt-time]")).to_have_text(re.compile(r"^1\d:\d\d$"))
    return page


def answered(served: Served, code: str) -> int:
    """How many questions the server has an answer to."""
    with served.database.reading() as session:
        return (
            session.scalar(
                select(func.count(AttemptItem.id.distinct()))
                .join(Attempt, Attempt.id == AttemptItem.attempt_id)
                .join(Response, Response.attempt_item_id == AttemptItem.id)
                .where(Attempt.code == code)
            )
            or 0
        )


def answer_by_keyboard(page: Page, position: int) -> None:
    """Something to each field of a question, with nothing but the keyboard."""
    question = page.locator(f"[data-position='{position}']")
    fields = question.locator("input:not([type=hidden]), select, textarea")
    first = fields.first
    first.focus()
    kind = first.get_attribute("type") or first.evaluate("node => node.localName")
    if kind in ("radio", "checkbox"):
        page.keyboard.press("Space")
        return
    for number in range(fields.count()):
        fields.nth(number).focus()
        if fields.nth(number).evaluate("node => node.localName") == "select":
            for _ in range(number + 1 if question.locator("[data-place]").count() else 1):
                page.keyboard.press("ArrowDown")
        else:
            page.keyboard.type("1")
            page.keyboard.press("Tab")


def test_a_test_goes_on_through_a_cut_of_the_network(served: Served, open_context: Any) -> None:
    page = begin(served, open_context)
    code = page.url.rpartition("/")[2]
    assert faults(page) == []
    said = page.locator("[data-attempt-said]")
    answer_by_keyboard(page, 1)
    expect(said).to_have_text("Saved")
    page.context.set_offline(True)
    for position in (2, 3):
        answer_by_keyboard(page, position)
    expect(said).to_have_text(re.compile("No network"))
    assert answered(served, code) == 1
    page.context.set_offline(False)
    expect(said).to_have_text("Saved")
    expect(page.locator("[data-attempt-open]")).to_have_text("3 not answered yet")
    assert answered(served, code) == 3

    second = page.context.new_page()
    second.goto(page.url)
    expect(second.locator("[data-attempt-elsewhere]")).to_be_hidden()
    answer_by_keyboard(second, 4)
    expect(second.locator("[data-attempt-said]")).to_have_text("Saved")
    answer_by_keyboard(page, 5)
    expect(page.locator("[data-attempt-elsewhere]")).to_be_visible()
    assert answered(served, code) == 5, "what was given in either window is kept"
    expect(page.locator("[data-attempt-open]")).to_have_text("2 not answered yet")
    page.get_by_role("button", name="Go on here").click()
    expect(page.locator("[data-attempt-open]")).to_have_text("1 not answered yet")  # what the other gave is there, too
    expect(page.locator("[data-attempt-elsewhere]")).to_be_hidden()

    answer_by_keyboard(page, 6)
    expect(said).to_have_text("Saved")
    page.get_by_role("button", name="Hand in").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/result")
    expect(page.get_by_role("heading", name="Where you stand")).to_be_visible()
    assert faults(page) == []
    with served.database.reading() as session:
        person = select(Account.person_id).where(Account.subject == demo_accounts.STAFF).scalar_subquery()
        attempt = session.scalars(select(Attempt).where(Attempt.code == code, Attempt.person_id == person)).one()
        assert attempt.state in (AttemptState.GRADED, AttemptState.SUBMITTED)
        assert attempt.told_at is not None


def test_what_waits_in_the_browser_outlives_the_page(served: Served, open_context: Any) -> None:
    """A power cut at the learner's: the page is gone before the answer went out; opened again, it goes out."""
    page = begin(served, open_context, 1280)
    code = page.url.rpartition("/")[2]
    before = answered(served, code)
    page.route("**/answers/*", lambda route: route.abort())
    answer_by_keyboard(page, 1)
    expect(page.locator("[data-attempt-said]")).to_have_text(re.compile("No network"))
    page.close(run_before_unload=False)
    again = open_context_of(page).new_page()
    again.goto(f"{served.url}/attempts/{code}")
    # Sent by whichever is first: this page, or the worker behind all of them.
    wait_for(lambda: answered(served, code) == before + 1)
    again.get_by_role("button", name="Hand in").click()
    again.wait_for_url("**/result")


def open_context_of(page: Page) -> Any:
    """The browser profile that a closed page belonged to."""
    return page.context
