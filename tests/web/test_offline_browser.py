"""Without a network, in a real browser: a course that was kept, a test in a window opened anew, and nothing of one
person left to the next one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, TimeoutError, expect
from sqlalchemy import select

from lms import demo_accounts
from lms.assessment.attempts.models import Attempt
from lms.courses.models import Enrolment, Progress
from lms.directory.models import Account
from tests.support.browser import PATIENCE_S
from tests.support.waiting import wait_for
from tests.web.test_attempt_browser import LESSON, answer_by_keyboard, answered, put_away
from tests.web.test_browser import Served, chromium, faults, open_context, served, sign_in

__all__ = ["chromium", "open_context", "served"]

pytestmark = pytest.mark.e2e
COURSE = "/courses/digital-literacy"
STORES = "async () => (await caches.keys()).filter(name => /^vikno-(pages|kept)-/.test(name)).length"
LETTERS = """() => new Promise(resolve => {
  indexedDB.open("vikno", 1).onsuccess = event => {
    const asked = event.target.result.transaction("letters").objectStore("letters").getAll();
    asked.onsuccess = () => resolve(asked.result.map(one => [one.kind, one.sent]));
  };
})"""


def learner(served: Served, open_context: Any, width: int = 360) -> Page:
    """Somebody whose pages the service worker answers for."""
    page: Page = open_context(viewport={"width": width, "height": 740}, locale="en", bypass_csp=True).new_page()
    sign_in(page, served.url, demo_accounts.STAFF)
    for _ in range(5):  # an installation that failed under load is tried again by the next page
        try:
            page.wait_for_function("navigator.serviceWorker.controller !== null", polling=50, timeout=10_000)
        except TimeoutError:
            page.reload()
        else:
            return page
    raise AssertionError("No service worker answers for the pages.")


def progress(served: Served, key: str) -> Progress | None:
    with served.database.reading() as session:
        person = select(Account.person_id).where(Account.subject == demo_accounts.STAFF).scalar_subquery()
        query = select(Progress).join(Enrolment, Enrolment.id == Progress.enrolment_id)
        return session.scalar(query.where(Enrolment.person_id == person, Progress.key == key))


def wake_worker(context: BrowserContext, page: Page, url: str) -> None:
    """The browser has a network again and tells the worker so, as it does by itself after a while."""
    devtools = context.new_cdp_session(page)
    found: list[str] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(registrations(told)))
    devtools.send("ServiceWorker.enable")
    page.wait_for_timeout(0)
    wait_for(lambda: page.evaluate("1") and found)
    told = {"origin": url, "registrationId": found[-1], "tag": "vikno-deliver", "lastChance": False}
    devtools.send("ServiceWorker.dispatchSyncEvent", told)


def handed_in(served: Served, code: str) -> bool:
    with served.database.reading() as session:
        return session.scalars(select(Attempt).where(Attempt.code == code)).one().finished_at is not None


def registrations(told: dict[str, Any]) -> list[str]:
    return [one["registrationId"] for one in told["registrations"] if not one["isDeleted"]]


def test_a_course_is_kept_read_and_gone_at_sign_out(served: Served, open_context: Any) -> None:
    page = learner(served, open_context)
    context = page.context
    devtools = context.new_cdp_session(page)
    lacking = [one["errorId"] for one in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert lacking == ["in-incognito"], "nothing but what every profile of these tests is"
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/app.webmanifest?language=en")

    page.goto(served.url + COURSE)
    page.get_by_role("link", name="Begin the first lesson").click()
    page.wait_for_url("**/lessons/*")
    page.goto(served.url + COURSE)
    page.get_by_role("button", name="Keep for offline").click()
    expect(page.locator("[data-kept]")).to_contain_text("Kept in this browser")
    assert faults(page) == []
    page.goto(served.url + "/offline")
    expect(page.locator("[data-kept-courses] li").first).to_be_visible()
    assert faults(page) == []
    lesson = page.locator("[data-kept-courses] li a").nth(1)
    path, title = lesson.get_attribute("href") or "", lesson.text_content() or ""
    page.close()

    context.set_offline(True)
    page = context.new_page()
    page.goto(served.url + "/schedule")
    expect(page.get_by_role("heading", name="No network")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Commissioner'), "it is styled"
    assert faults(page) == []
    page.locator("[data-kept-courses]").get_by_role("link", name=title, exact=True).press("Enter")
    expect(page).to_have_url(served.url + path)
    expect(page.locator("[data-stored-notice]")).to_contain_text("stored copy")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    before = progress(served, path.rpartition("/")[2])
    assert before is None or before.completed_at is None
    page.get_by_role("button", name="Done, go on").click()
    expect(page.get_by_text("Done: kept in this browser")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Done: kept in this browser")).to_be_visible()
    assert faults(page) == []

    context.set_offline(False)
    expect(page.locator("[data-toast]")).to_contain_text("has been sent")
    after = progress(served, path.rpartition("/")[2])
    assert after is not None
    assert after.completed_at is not None

    assert page.evaluate(STORES) == 2
    page.goto(served.url + "/help")
    page.locator("header form[action='/sign-out']").first.evaluate("form => form.requestSubmit()")
    page.wait_for_url("**/?done=signed_out")
    assert page.evaluate(STORES) == 0, "nothing of this person is left"
    context.set_offline(True)
    page.goto(served.url + path)
    expect(page.get_by_text("Nothing is kept in this browser yet")).to_be_visible()


def test_a_test_goes_on_in_a_window_that_is_opened_without_a_network(served: Served, open_context: Any) -> None:
    put_away(served)
    page = learner(served, open_context, 1280)
    context = page.context
    page.goto(served.url + LESSON)
    page.get_by_role("button", name=re.compile("the test")).click()
    page.wait_for_url("**/attempts/*")
    url, code = page.url, page.url.rpartition("/")[2]
    said = page.locator("[data-attempt-said]")
    answer_by_keyboard(page, 1)
    expect(said).to_have_text("Saved")
    context.set_offline(True)
    answer_by_keyboard(page, 2)
    expect(said).to_have_text(re.compile("No network"))
    page.close(run_before_unload=False)

    again = context.new_page()
    again.goto(url)
    expect(again.locator("[data-stored-notice]")).to_contain_text("as this browser last had it")
    expect(again.locator("[data-attempt-time]")).to_have_text(re.compile(r"^≈ 1\d:\d\d$"))
    expect(again.locator("[data-attempt-open]")).to_have_text("4 not answered yet")
    answer_by_keyboard(again, 3)
    expect(again.locator("[data-attempt-said]")).to_have_text(re.compile("No network"))
    again.get_by_role("button", name="Hand in").click()
    expect(again.locator("[data-attempt-said]")).to_have_text(re.compile("It is remembered that you hand in"))
    assert faults(again) == []
    assert answered(served, code) == 1
    again.close(run_before_unload=False)

    # A clock that is wrong by hours: by it the time is over. Nothing is closed; what is given goes on being kept.
    wrong = context.new_page()
    wrong.add_init_script("{ const now = Date.now; Date.now = () => now() + 5 * 3600_000; }")
    wrong.goto(url)
    expect(wrong.locator("[data-attempt-said]")).to_have_text(re.compile("The server's clock decides"))
    answer_by_keyboard(wrong, 4)
    expect(wrong.locator("[data-attempt-open]")).to_have_text("2 not answered yet")
    expect(wrong.locator("[data-attempt-said]")).to_have_text(re.compile("there is no network"))
    assert answered(served, code) == 1
    wrong.close(run_before_unload=False)

    elsewhere = context.new_page()
    elsewhere.goto("about:blank")
    context.set_offline(False)
    wake_worker(context, elsewhere, served.url)
    wait_for(lambda: elsewhere.evaluate("1") and answered(served, code) == 4, PATIENCE_S)
    assert not handed_in(served, code), "an answer was given after the press: it is to be pressed again"

    last = context.new_page()
    last.goto(url)
    expect(last.locator("[data-stored-notice]")).to_be_hidden()
    expect(last.locator("[data-attempt-time]")).to_have_text(re.compile(r"^1\d:\d\d$"))
    expect(last.locator("[data-attempt-open]")).to_have_text("2 not answered yet")
    context.set_offline(True)
    last.get_by_role("button", name="Hand in").click()
    expect(last.locator("[data-attempt-said]")).to_have_text(re.compile("It is remembered that you hand in"))
    last.close(run_before_unload=False)
    context.set_offline(False)
    wake_worker(context, elsewhere, served.url)
    wait_for(lambda: elsewhere.evaluate("1") and handed_in(served, code), PATIENCE_S)
    last = context.new_page()
    last.goto(url)
    last.wait_for_url("**/result")
    wait_for(lambda: last.evaluate(LETTERS) == [], PATIENCE_S)  # nothing of it stays in the browser
