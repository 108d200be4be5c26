"""Going live, from the button in the room to the public page: by WHEP, over to HLS, and to the end."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.meetings import Planner, in_meeting
from tests.e2e.test_flows import sign_in, violations
from tests.support.browser import ANNA, BOHDAN, until
from tests.support.installation import Installation

Visit = Callable[..., Page]
CLOCK = (Path(__file__).parents[1] / "support" / "clock_camera.js").read_text()
COLOURS = 12
_WATCH = """
async (seconds) => {
  // The colour in the middle of the left half, where the large picture is: when it turns to the next one.
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  canvas.width = canvas.height = 1;
  const hue = () => {
    context.drawImage(video, video.videoWidth * 0.35, video.videoHeight * 0.5, 8, 8, 0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
    if (most - least < 80) return null;
    const way = most - least;
    const turn = most === r ? ((g - b) / way + 6) % 6 : most === g ? (b - r) / way + 2 : (r - g) / way + 4;
    return Math.round((turn * 60) / 30) % 12;
  };
  const seen = [];
  let before = null;
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    await new Promise((next) => setTimeout(next, 10));
    const now = hue();
    if (now !== null && before !== null && now === (before + 1) % 12) seen.push([now, Date.now()]);
    before = now;
  }
  return seen;
}
"""


def delays(page: Page, seconds: float) -> list[float]:
    """Glass to glass, in seconds: how old a second's first picture is when the page shows it. The clock is one."""
    found = []
    for colour, at in page.evaluate(_WATCH, seconds):
        second = at // 1000
        back = next(back for back in range(COLOURS) if (second - back) % COLOURS == colour)
        found.append((at - (second - back) * 1000) / 1000)
    return found


def measured(page: Page, way: str) -> float:
    """The median, and all of it printed."""
    found = delays(page, 7)
    for _ in range(5):  # a busy machine shows some seconds too late to tell them apart
        if len(found) < 3:
            found += delays(page, 7)
    assert len(found) >= 3, f"by {way}, the clock was not to be read: {found}"
    middle = statistics.median(found)
    print(f"\nglass to glass by {way}: median {middle:.2f} s of {[round(each, 2) for each in found]}")
    return middle


def stage_of(page: Page) -> dict[str, str]:
    """What the player says of itself."""
    told: dict[str, str] = page.evaluate("({ ...document.querySelector('[data-stage]').dataset })")
    return told


def moving(page: Page, way: str, seconds: float = 60) -> None:
    """It plays, this way."""
    until(
        page,
        """way => { const s = document.querySelector('[data-stage]').dataset, v = document.querySelector('video');
          return s.by === way && s.playing === 'playing' && v.currentTime > 1 && v.videoWidth > 0; }""",
        way,
        seconds,
    )


def open_host_controls(host: Page) -> None:
    """Among the people."""
    host.get_by_test_id("people").click()
    host.locator("details.host summary").click()


def go_live(host: Page) -> None:
    """By the button, after reading who will see it."""
    open_host_controls(host)
    host.get_by_test_id("go-live").click()
    expect(host.get_by_role("dialog")).to_contain_text("кожен, хто має адресу")
    assert violations(host) == []
    host.get_by_test_id("go-live-now").click()
    expect(host.locator(".chip--live")).to_be_visible()


@pytest.mark.timeout(420)
def test_from_the_button_to_the_public_page(server: Installation, planner: Planner, meeting: str, visit: Visit) -> None:
    host, guest = visit(ANNA, viewport={"width": 1280, "height": 800}), visit(BOHDAN)
    for page in (host, guest):
        page.add_init_script(CLOCK)
    sign_in(host, server, planner.seed().organiser_email)
    host.goto(f"{server.url}/meet/{meeting}")
    host.get_by_test_id("join").click()
    in_meeting(host)
    guest.goto(f"{server.url}/meet/{meeting}")
    guest.get_by_test_id("name").fill("Гість")
    guest.get_by_test_id("join").click()
    in_meeting(guest)

    # Whoever opened the page too early sees it begin by itself.
    viewer = visit(None, bypass_csp=True)
    viewer.goto(f"{server.url}/live/{meeting}")
    expect(viewer.locator("[data-said]")).to_have_text("Зараз трансляції немає.")
    go_live(host)
    expect(guest.get_by_role("dialog")).to_contain_text("у прямому ефірі")
    guest.get_by_test_id("consent-understood").click()
    moving(viewer, "whep")
    expect(viewer.locator("button[data-way]")).to_have_text("Наживо")
    by_whep = measured(viewer, "WHEP")
    assert violations(viewer) == []
    expect(guest.locator(".chip--live")).to_contain_text("1")

    # No room for the viewer: over to HLS by itself, with what was said as captions.
    def full(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps({"code": "full"}))

    viewer.route("**/whep/**", full)
    viewer.evaluate("sessionStorage.clear()")  # on a slow machine it may have given up on the network before
    viewer.reload()
    moving(viewer, "hls")
    expect(viewer.locator("button[data-way]")).to_have_text("Із затримкою кілька секунд")
    assert viewer.locator("button[data-way]").get_attribute("data-reason") == "full"
    by_hls = measured(viewer, "HLS")
    assert by_whep < by_hls
    _caption(host, viewer)

    # There is room again: back by itself, after a rehearsal beside what is playing. What the viewer chooses holds.
    viewer.unroute("**/whep/**", full)
    moving(viewer, "whep", 170)
    expect(viewer.locator("button[data-way]")).to_have_text("Наживо")
    viewer.locator("button[data-way]").click()
    moving(viewer, "hls")
    assert viewer.locator("button[data-way]").get_attribute("data-reason") == "chosen"

    open_host_controls(host)
    host.get_by_test_id("end-live").click()
    expect(viewer.locator("[data-status]")).to_have_text("Трансляцію завершено.", timeout=90_000)
    expect(guest.locator(".chip--live")).to_be_hidden()
    until(viewer, _REPLAY, meeting, 60)
    viewer.goto(f"{server.url}/live/{meeting}")
    viewer.locator("[data-cover] a[href^='/recordings/']").click()
    expect(viewer.locator(".recording")).to_contain_text("зроблено під час трансляції")
    until(viewer, "() => document.querySelector('video').duration > 5")
    assert [line for line in server.tail(2000).splitlines() if "Traceback" in line] == []


_REPLAY = """async meeting => (await (await fetch(`/live/${meeting}`)).text()).includes("/recordings/")"""


def _caption(host: Page, viewer: Page) -> None:
    """A line that the host writes is read on the public page."""
    host.get_by_role("button", name="Ще", exact=True).click()
    host.get_by_text("Субтитри текстом, розмір і мова").click()
    host.get_by_test_id("caption-input").fill("Добрий день, колеги")
    host.get_by_test_id("caption-input").press("Enter")
    viewer.locator("[data-languages] select").select_option("uk")
    # A line stands there for as long as it takes to read it, and no longer: what stood there is kept.
    viewer.evaluate(
        """() => {
          const place = document.querySelector("[data-captions]");
          window.__read = "";
          new MutationObserver(() => (window.__read += place.textContent))
            .observe(place, { childList: true, characterData: true, subtree: true });
        }"""
    )
    host.get_by_test_id("caption-input").fill("Починаємо")
    host.get_by_test_id("caption-input").press("Enter")
    until(viewer, "line => window.__read.includes(line)", "Починаємо")
