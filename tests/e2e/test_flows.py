"""What people do from end to end: plan and start an occurrence, pair an endpoint; and no page bars anybody's way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from lms.demo import DEMO_MEETING
from lms.schedule.protection import Protection
from lms.schedule.protection_models import Keeping
from tests.e2e.meetings import PASSWORD, Planner, enter, in_meeting
from tests.support.browser import ANNA, BOHDAN, until, wait_decoding, wait_picture
from tests.support.installation import Installation

Visit = Callable[..., Page]
AXE = Path(__file__).parents[2] / "web" / "client" / "node_modules" / "axe-core" / "axe.min.js"


def sign_in(page: Page, server: Installation, email: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(re.compile(r"/(?!sign-in)"))


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ["violations"],
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }))
          .violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.slice(0, 3).map((node) => node.html) }))"""
    )
    return [f"{one['id']}: {one['help']}: {one['nodes']}" for one in found]


def test_an_organiser_plans_sends_the_link_and_starts(server: Installation, planner: Planner, visit: Visit) -> None:
    organiser = visit(ANNA)
    sign_in(organiser, server, planner.seed().organiser_email)
    organiser.goto(f"{server.url}/schedule/new")
    organiser.locator("[name=title]").fill("Консультація для всіх")
    organiser.locator("[name=day]").fill((date.today() + timedelta(days=1)).isoformat())
    organiser.locator("[name=time]").fill("10:00")
    organiser.locator("[name=access]").select_option("open")
    organiser.locator("main form button.button--primary").click()
    organiser.wait_for_url(re.compile(r"/schedule/(?!new)"))
    organiser.locator("form[action$='/publish'] button").click()
    link = organiser.locator("[data-copy]").first.get_attribute("data-copy")
    assert link
    organiser.locator("form[action$='/start'] button").click()
    guest = visit(BOHDAN)
    guest.goto(link)
    guest.locator("a[href^='/meet/']").first.click()
    guest.get_by_test_id("name").fill("Гість")
    guest.get_by_test_id("join").click()
    in_meeting(guest)
    meeting = guest.url.rsplit("/", 1)[1]
    organiser.goto(f"{server.url}/meet/{meeting}")
    organiser.get_by_test_id("join").click()
    in_meeting(organiser)
    wait_picture(organiser, BOHDAN.colour)
    wait_picture(guest, ANNA.colour)


def test_a_paired_endpoint_joins_by_itself(server: Installation, planner: Planner, visit: Visit) -> None:
    device, administrator = visit(ANNA), visit(BOHDAN)
    device.goto(f"{server.url}/endpoint")
    code = device.locator(".kiosk__code").inner_text()
    sign_in(administrator, server, planner.seed().administrator_email)
    administrator.goto(f"{server.url}/endpoints")
    administrator.locator("[name=code]").fill(code)
    administrator.locator("[name=organisation]").select_option(index=1)
    administrator.locator("[name=label]").fill("Зала")
    administrator.locator("form[action='/endpoints'] button").click()
    device.wait_for_url(re.compile(r"/meet/"))  # the demo's consultation is on, for every endpoint
    in_meeting(device)
    other = visit(BOHDAN)
    enter(other, server, DEMO_MEETING, "Богдан")
    wait_picture(other, ANNA.colour)


@pytest.mark.parametrize(("language", "width", "hidden"), [("uk", 960, True), ("en", 360, False)])
def test_axe_finds_nothing_in_the_room(
    server: Installation, planner: Planner, meeting: str, visit: Visit, language: str, width: int, hidden: bool
) -> None:
    """Each panel and dialog, from the preview to the ending page, wide in one language and narrow in the other.

    In one of them the names are hidden: what is told before coming in, and that no name is seen, is looked at as well.
    """
    planner.protect(meeting, Protection(hide_names=hidden, keeping=Keeping.VOICES if hidden else Keeping.ALLOWED))
    anna, bohdan = visit(ANNA, viewport={"width": width, "height": 740}), visit(BOHDAN)
    found: dict[str, list[str]] = {}

    def look(where: str) -> None:
        if seen := violations(anna):
            found[where] = seen

    anna.goto(f"{server.url}/language/{language}")
    anna.goto(f"{server.url}/meet/{meeting}")
    anna.get_by_test_id("join").wait_for()
    assert anna.locator("html").get_attribute("lang") == language
    look("preview")
    assert ("не бачать імен" in anna.inner_text("body")) is hidden
    enter(bohdan, server, meeting, "Богдан")
    enter(anna, server, meeting, "Анна")
    wait_decoding(anna, 1)
    look("room")
    for panel in ("chat", "people"):
        anna.get_by_test_id(panel).click()
        look(panel)
        assert ("Богдан" not in anna.content()) is hidden
        assert (anna.get_by_text(re.compile(r"Учасник \d+")).count() > 0) is hidden
        anna.keyboard.press("Escape")
    for place_from_end in (2, 1):  # settings and help are the last of the menu
        anna.locator("button[aria-haspopup=menu].control--more").click()
        look("menu")
        anna.get_by_role("menuitem").nth(-place_from_end).click()
        anna.get_by_role("dialog").wait_for()
        look(f"dialog {place_from_end}")
        anna.keyboard.press("Escape")
        anna.get_by_role("dialog").wait_for(state="detached")
    anna.get_by_test_id("leave").click()
    anna.get_by_test_id("leave-now").wait_for()
    look("leave")
    anna.get_by_test_id("leave-now").click()
    anna.locator("[data-ending=left]").wait_for()
    look("ending")
    assert found == {}
    until(bohdan, "() => window.__vikno.participants.length === 1")
