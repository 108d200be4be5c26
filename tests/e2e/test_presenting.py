"""A training on a workstation: a second camera shows it, and a still picture of it goes into the occurrence's file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.meetings import Planner, enter, in_meeting
from tests.e2e.test_flows import sign_in, violations
from tests.support.browser import ANNA, BOHDAN, until, wait_decoding
from tests.support.installation import Installation

Visit = Callable[..., Page]
CAMERAS = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=3,fps=10")
"""Chromium's second fake camera gives 16 bits of grey, which its encoders do not take; the third is a common one.
Ten frames a second: two cameras of 1080p are much for a machine without a graphics processor."""
SECOND = "[data-testid=tile][data-source=document_camera]"


def choose(page: Page, item: str) -> None:
    """An item of the bar's menu, by its words."""
    page.locator("button[aria-haspopup=menu].control--more").click()
    page.get_by_role("menuitem", name=item).click()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {selector}")


def show_second_camera(page: Page) -> None:
    choose(page, "Показати другу камеру")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("select option")).to_have_count(2)  # the own camera is none to choose
    dialog.locator("video.video--playing").wait_for()
    assert violations(page) == []
    page.get_by_test_id("second-show").click()
    dialog.wait_for(state="detached")


@pytest.mark.timeout(300)
def test_a_second_camera_is_seen_and_a_picture_of_it_is_kept(
    server: Installation, planner: Planner, visit: Visit
) -> None:
    meeting = planner.open_meeting("Тренінг із біометрії")
    trainer, host = visit(None, *CAMERAS), visit(ANNA)
    enter(trainer, server, meeting, "Олена")
    sign_in(host, server, planner.seed().organiser_email)
    host.goto(f"{server.url}/meet/{meeting}")
    host.get_by_test_id("join").click()
    in_meeting(host)
    wait_decoding(host, 1)

    # The workstation is seen large beside the trainer's face, and both move.
    show_second_camera(trainer)
    host.locator(f"{SECOND}.tile--large video.video--playing").wait_for()
    expect(host.locator(SECOND)).to_contain_text("Олена: друга камера")
    wait_decoding(host, 2)
    expect(trainer.locator(f"{SECOND} video")).not_to_have_class("video--mirrored")

    # The host takes the picture with the keyboard alone.
    host.locator("body").press("Tab")
    tab_to(host, f"{SECOND} button[aria-haspopup=menu]")
    host.keyboard.press("Enter")
    expect(host.get_by_role("menuitem", name="Зробити знімок")).to_be_focused()
    assert violations(host) == []
    host.keyboard.press("Enter")
    expect(host.get_by_test_id("picture-caption")).to_be_focused()
    assert violations(host) == []
    size = host.get_by_test_id("picture-preview").locator("canvas").evaluate("canvas => [canvas.width, canvas.height]")
    assert size[0] >= 640, "the received resolution, not that of the tile"
    host.keyboard.type("Сканер паспортів, вид згори")
    host.keyboard.press("Enter")
    host.get_by_role("dialog").wait_for(state="detached")
    expect(host.get_by_role("status").filter(has_text="Знімок збережено")).to_be_visible()
    expect(trainer.get_by_role("alert")).to_contain_text("зроблено знімок вашого зображення")

    back = host.locator("#room-config").evaluate("element => JSON.parse(element.textContent).backUrl")
    host.goto(server.url + back)
    picture = host.get_by_role("img", name="Сканер паспортів, вид згори")
    picture.scroll_into_view_if_needed()
    until(host, "() => document.querySelector('.gallery img')?.naturalWidth > 0")
    assert violations(host) == []
    host.goto(f"{server.url}{back}/pictures")
    assert violations(host) == []

    # It stands in the chat, too; and the trainer ends what they show.
    trainer.get_by_test_id("chat").click()
    expect(trainer.get_by_test_id("chat-messages")).to_contain_text("зроблено знімок")
    trainer.get_by_test_id("second-stop").click()
    trainer.locator(SECOND).wait_for(state="detached")
    expect(trainer.get_by_test_id("second-stop")).to_have_count(0)


@pytest.mark.timeout(300)
def test_a_second_camera_is_pinned_outlives_its_node_and_stops_when_it_is_unplugged(
    server: Installation, planner: Planner, visit: Visit
) -> None:
    meeting = planner.open_meeting()
    trainer, host = visit(None, *CAMERAS), visit(BOHDAN)
    enter(trainer, server, meeting, "Олена")
    sign_in(host, server, planner.seed().organiser_email)
    host.goto(f"{server.url}/meet/{meeting}")
    host.get_by_test_id("join").click()
    in_meeting(host)
    show_second_camera(trainer)
    tile = host.locator(SECOND)
    tile.wait_for()

    # Pinned for everybody, it is large even for who shows it.
    expect(trainer.locator(SECOND)).not_to_have_class("tile--large")
    tile.locator("button[aria-haspopup=menu]").click()
    host.get_by_role("menuitem", name="Закріпити для всіх").click()
    trainer.locator(f"{SECOND}.tile--large").wait_for()

    # The media node dies: what was shown is published again, and is still pinned.
    wait_decoding(host, 2)
    server.kill("media")
    until(host, "() => window.__vikno.connections.signal !== 'open'")
    until(host, "() => window.__vikno.connections.signal === 'open'", timeout_s=90)
    wait_decoding(host, 2, 60)
    trainer.locator(f"{SECOND}.tile--large").wait_for()

    # Unplugged: it stops by itself, and says so.
    trainer.evaluate(
        """() => window.__vikno.publishConnection.getSenders()
          .find(({ track }) => track?.contentHint === "detail").track.dispatchEvent(new Event("ended"))"""
    )
    expect(trainer.get_by_role("alert")).to_contain_text("Другу камеру від’єднано")  # it stands there for seconds
    tile.wait_for(state="detached")


def test_who_has_one_camera_is_told_kindly(server: Installation, meeting: str, visit: Visit) -> None:
    anna = visit(ANNA)
    enter(anna, server, meeting, "Анна")
    choose(anna, "Показати другу камеру")
    expect(anna.get_by_test_id("second-none")).to_contain_text("Другої камери немає")
    assert violations(anna) == []
    anna.keyboard.press("Escape")
    anna.get_by_role("dialog").wait_for(state="detached")
