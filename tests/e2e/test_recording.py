"""A recording from the button to the page: recorded in a real meeting, made, and watched in a real browser."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.meetings import Planner, enter, in_meeting
from tests.e2e.test_flows import sign_in, violations
from tests.support.browser import ANNA, BOHDAN, until, wait_picture
from tests.support.installation import Installation

Visit = Callable[..., Page]
MADE_S = 150.0
UNDER_WAY = ("capturing", "queued", "processing")


def open_people(page: Page) -> None:
    page.get_by_test_id("people").click()
    page.locator("details.host summary").click()


def press(page: Page, words: str) -> None:
    page.locator("details.host").get_by_role("button", name=words, exact=True).click()


def made(server: Installation, meeting: str) -> dict[str, Any]:
    """The meeting's recording once it is made, as the command line tells of it."""
    ends = time.monotonic() + MADE_S
    query = "SELECT state FROM recording WHERE meeting = ?"  # a command costs seconds: to wait it is too dear
    with closing(sqlite3.connect(server.data / "vikno.sqlite3")) as database:
        while not (found := database.execute(query, (meeting,)).fetchall()) or found[0][0] in UNDER_WAY:
            assert time.monotonic() < ends, found
            time.sleep(0.5)
    return next(each for each in json.loads(server.vikno("recordings", "list", "--json")) if each["meeting"] == meeting)


@pytest.mark.timeout(300)
def test_from_the_button_to_the_page(server: Installation, planner: Planner, meeting: str, visit: Visit) -> None:
    host, guest = visit(ANNA, viewport={"width": 1280, "height": 800}), visit(BOHDAN)
    email = planner.seed().organiser_email
    sign_in(host, server, email)
    host.goto(f"{server.url}/meet/{meeting}")
    host.get_by_test_id("join").click()
    in_meeting(host)
    enter(guest, server, meeting, "Гість")
    wait_picture(host, BOHDAN.colour)
    wait_picture(guest, ANNA.colour)

    # Everybody is told, those who come later too.
    open_people(host)
    began = time.monotonic()
    press(host, "Почати запис")
    expect(guest.locator("body")).to_contain_text("Ведеться запис")
    expect(guest.locator(".chip--recording")).to_be_visible()
    late = visit(BOHDAN)
    enter(late, server, meeting, "Хтось пізніше")
    expect(late.locator("body")).to_contain_text("Ведеться запис")
    late.close()
    time.sleep(8)  # what is said and shown meanwhile is the recording
    press(host, "Призупинити запис")
    expect(guest.locator("body")).to_contain_text("Запис призупинено")
    press(host, "Продовжити запис")
    expect(guest.locator("body")).to_contain_text("Запис триває далі")
    time.sleep(3)
    assert violations(host) == []
    press(host, "Завершити запис")
    expect(host.get_by_role("button", name="Почати запис", exact=True)).to_be_focused()
    expect(guest.locator(".chip--recording")).to_have_count(0)

    recording = made(server, meeting)
    assert recording["state"] == "ready", recording
    files = {each["name"]: each for each in recording["files"]}
    with av.open(files["video.mp4"]["path"]) as film:
        assert film.duration is not None
        seconds = film.duration / av.time_base
        assert 9 < seconds < time.monotonic() - began
        assert {stream.type for stream in film.streams} == {"audio", "video"}
    assert Path(recording["raw"]).is_dir()

    # It is watched on its page, and a link leads to a moment of it.
    host.goto(f"{server.url}/recordings/{recording['id']}#t=4")
    expect(host.locator("h1")).to_be_visible()
    until(host, "() => document.querySelector('video').readyState >= 2")
    until(host, "() => document.querySelector('video').currentTime >= 4")
    host.evaluate("() => { const film = document.querySelector('video'); film.muted = true; return film.play(); }")
    until(host, "() => document.querySelector('video').currentTime >= 5.5")
    assert host.evaluate(
        "() => [document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]"
    ) == [
        1280,
        720,
    ]
    assert violations(host) == []

    # The occurrence's page leads to it; a guest does not see it, for the meeting was open, but not listed for all.
    host.locator(".crumb a").click()
    expect(host.get_by_role("link", name="Переглянути запис")).to_be_visible()
