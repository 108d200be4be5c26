"""People in real browsers see and hear each other: proven by the pictures and tones that arrive."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.e2e.meetings import enter
from tests.support.browser import (
    ANNA,
    BOHDAN,
    HD,
    received,
    sent,
    until,
    wait_decoding,
    wait_picture,
    wait_tone,
)
from tests.support.installation import Installation

Visit = Callable[..., Page]


def test_two_people_see_and_hear_each_other(
    server: Installation, meeting: str, visit: Visit, stopwatch: Callable[[], float]
) -> None:
    anna, bohdan = visit(ANNA), visit(BOHDAN)
    enter(anna, server, meeting, "Анна")
    began = stopwatch()
    enter(bohdan, server, meeting, "Богдан")
    wait_decoding(bohdan, 1)
    print(f"first pictures after {stopwatch() - began:.2f} s from opening the page")
    wait_picture(anna, BOHDAN.colour)
    wait_picture(bohdan, ANNA.colour)
    wait_tone(anna, BOHDAN.tone_hz)
    wait_tone(bohdan, ANNA.tone_hz)
    names = bohdan.get_by_test_id("tile").evaluate_all("tiles => tiles.map(tile => tile.dataset.name)")
    assert sorted(names) == ["Анна", "Богдан"]


def test_five_people_see_and_hear_each_other(server: Installation, meeting: str, visit: Visit) -> None:
    looks = [ANNA, BOHDAN, ANNA, BOHDAN, ANNA]
    pages = [visit(look) for look in looks]
    for number, page in enumerate(pages):
        enter(page, server, meeting, f"Учасник {number + 1}")
    for page, look in zip(pages, looks, strict=True):
        wait_decoding(page, 4)
        wait_picture(page, ANNA.colour, count=looks.count(ANNA) - (look is ANNA))
        wait_picture(page, BOHDAN.colour, count=looks.count(BOHDAN) - (look is BOHDAN))
        wait_tone(page, ANNA.tone_hz)
        wait_tone(page, BOHDAN.tone_hz)
        assert len([stream for stream in received(page)["audio"] if stream["energy"] > 0]) == 4


def test_a_shared_screen_is_seen(server: Installation, meeting: str, visit: Visit) -> None:
    anna, bohdan = visit(ANNA, *_SCREEN), visit(BOHDAN)
    enter(anna, server, meeting, "Анна")
    enter(bohdan, server, meeting, "Богдан")
    wait_decoding(bohdan, 1)
    anna.get_by_test_id("share-screen").click()
    screen = bohdan.locator("[data-testid=tile][data-source=screen] video")
    screen.wait_for(state="visible")
    wait_decoding(bohdan, 2)
    assert {stream["width"] > 0 for stream in received(bohdan)["video"]} == {True}
    anna.get_by_test_id("share-screen").click()
    screen.wait_for(state="detached")


_SCREEN = ("--use-fake-device-for-media-stream=display-media-type=monitor",)


def test_a_720p_publisher_reaches_a_good_rate(
    server: Installation, meeting: str, visit: Visit, stopwatch: Callable[[], float]
) -> None:
    speaker, listener = visit(HD), visit(ANNA)
    enter(listener, server, meeting, "Анна")
    enter(speaker, server, meeting, "Доповідач")
    wait_decoding(listener, 1)
    began = stopwatch()
    rates: list[float] = []
    before, at = _video_bytes(speaker), stopwatch()
    while stopwatch() - began < 30 and (not rates or rates[-1] < 1_500_000):
        speaker.wait_for_timeout(1000)  # the rate is a second's bytes: time is what is measured here
        after, now = _video_bytes(speaker), stopwatch()
        rates.append((after - before) * 8 / (now - at))
        before, at = after, now
    print("bit/s each second:", [round(rate) for rate in rates])
    assert rates[-1] >= 1_500_000
    until(
        listener,
        "async () => (await window.__probe.received()).video.some(({ height }) => height === 720)",
    )


def _video_bytes(page: Page) -> int:
    return int(sum(stream["bytes"] for stream in sent(page) if stream["kind"] == "video"))
