"""The public page of a live stream in a real Chromium: it plays, says what is going on, and everybody can use it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from sqlalchemy import select

from lms import demo
from lms.database import Database
from lms.schedule.models import Occurrence, Streaming
from recordings.live import wire
from recordings.processing.children import ffmpeg
from tests.support.browser import launch_bare, until
from tests.web.test_browser import _wait_for, faults
from web.app import create_app
from web.config import STATIC, WebConfig
from web.main.live_library import LiveFolder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

STREAM = "00000000000000cd"
MEETING = demo.DEMO_MEETING


@dataclass
class Stage:
    """A stream whose composer is an ffmpeg, on a page that is really served."""

    url: str
    data: Path
    database: Database
    _again: tuple[str, dict[str, Any]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folder(self) -> Path:
        return wire.folder(self.data, MEETING)

    def status(self, state: Literal["starting", "live", "ended"], age_s: float = 0.0, **more: Any) -> None:
        """What its composer says; while it composes it says so again and again, unless it is silent for `age_s`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._again = (state, more) if age_s == 0.0 else None
            self._write(state, more, age_s)

    def _write(self, state: str, more: dict[str, Any], age_s: float = 0.0) -> None:
        now = time.time()
        told = {"stream": STREAM, "meeting": MEETING, "state": state, "began_at": now - 60, "at": now - age_s, **more}
        wire.write_status(self.folder / wire.STATUS, wire.Status.model_validate(told))

    def plan(self, streaming: Streaming) -> None:
        """What was decided for the occurrence."""
        with self.database.writing() as session:
            session.scalars(select(Occurrence).where(Occurrence.meeting == MEETING)).one().streaming = streaming

    @contextmanager
    def composing(self) -> Iterator[None]:
        """Segments of two seconds while it lasts: a clock and a tone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        words = (
            "-v error -re -f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000"
        )
        words += " -c:v libx264 -preset ultrafast -tune zerolatency -g 50 -pix_fmt yuv420p -c:a aac -f hls -hls_time 2"
        words += " -hls_segment_type fmp4 -hls_list_size 10 -hls_flags program_date_time+temp_file"
        words += " -hls_segment_filename seg-%06d.m4s -master_pl_name index.m3u8 720p.m3u8"
        process = subprocess.Popen([ffmpeg(), *words.split()], cwd=self.folder)
        try:
            end = time.monotonic() + 30
            while not (self.folder / "index.m3u8").exists() or not (self.folder / "seg-000002.m4s").exists():
                assert process.poll() is None
                assert time.monotonic() < end, "ffmpeg makes no segments"
                time.sleep(0.1)
            with self._telling():
                yield
        finally:
            process.terminate()
            process.wait(10)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """A machine may be slow: what was told once would soon be too old to be believed."""
        over = threading.Event()

        def tell() -> None:
            while not over.wait(1.0):
                with self._lock:
                    if self._again is not None:
                        self._write(*self._again)

        thread = threading.Thread(target=tell)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def caption(self, text: str) -> None:
        """A line that is said now."""
        (self.folder / "captions-uk-000001.vtt").write_text(f"WEBVTT\n\n00:00:01.000 --> 00:01:01.000\n{text}\n")
        begun = datetime.fromtimestamp(time.time() - 20, UTC).isoformat(timespec="milliseconds")
        lines = ("#EXTM3U", f"#EXT-X-PROGRAM-DATE-TIME:{begun}", "#EXTINF:2.0,", "captions-uk-000001.vtt")
        (self.folder / "captions-uk.m3u8").write_text("\n".join(lines))


@pytest.fixture
def stage(tmp_path: Path, demo_file: Path) -> Iterator[Stage]:
    assert (STATIC / ".vite" / "manifest.json").exists(), "Build the client first: npm run build, in web/client"
    database = Database(f"sqlite:///{shutil.copy(demo_file, tmp_path / 'vikno.sqlite3')}")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://localhost:{listening.getsockname()[1]}"
        keys = (b"s" * 32, b"t" * 32, b"e" * 32)
        config = WebConfig(database, *keys, url, b"k" * 32, demo=True, live=LiveFolder(tmp_path))
        server = uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        _wait_for(url + "/help")
        yield Stage(url, tmp_path, database)
        server.should_exit = True
        thread.join(20)
    database.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launch_bare(playwright)
    yield browser
    browser.close()


def opened(chromium: Browser, stage: Stage, width: int = 1280, **options: Any) -> Page:
    """The page, in a fresh context."""
    context = chromium.new_context(locale="uk", viewport={"width": width, "height": 800}, bypass_csp=True, **options)
    page = context.new_page()
    page.goto(f"{stage.url}/live/{MEETING}")
    return page


def plays(page: Page) -> None:
    """The picture moves."""
    moves = "before => { const v = document.querySelector('video'); return !v.paused && v.currentTime > before + 0.5; }"
    until(page, moves, 0)
    until(page, moves, page.evaluate("document.querySelector('video').currentTime"))


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_every_state_of_the_page_is_accessible_and_fits(
    chromium: Browser, stage: Stage, width: int, scheme: str
) -> None:
    wrong = {}
    page = opened(chromium, stage, width, color_scheme=scheme)
    for name, state, age in (
        ("before", None, 0.0),
        ("starting", "starting", 0.0),
        ("away", "live", 60.0),
        ("ended", "ended", 0.0),
    ):
        if state is None:
            stage.plan(Streaming.PLANNED)
        else:
            stage.status(state, age)  # type: ignore[arg-type]
        page.goto(f"{stage.url}/live/{MEETING}")
        page.wait_for_load_state("networkidle")
        wrong[name] = faults(page)
    page.context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


def test_it_waits_plays_by_itself_breaks_off_and_ends(chromium: Browser, stage: Stage) -> None:
    stage.plan(Streaming.PLANNED)
    page = opened(chromium, stage)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    expect(page.locator("[data-said]")).to_have_text("Трансляція ще не почалася.")
    with stage.composing():
        stage.status("live", live_at=time.time(), captions=["uk"])
        plays(page)
        assert page.locator("[data-stage]").get_attribute("data-by") == "hls", "this server has no media node"
        expect(page.locator("button[data-way]")).to_have_text("Із затримкою кілька секунд")
        expect(page.locator("[data-status]")).to_have_text("Із затримкою кілька секунд")
        expect(page.locator("[data-cover]")).to_be_hidden()
        expect(page.locator("[data-badge]")).to_be_visible()
        expect(page.locator("[data-viewers]")).to_have_text("Глядачів: 1")
        assert faults(page) == []
        _keys(page, stage)
        stage.status("live", age_s=60, captions=["uk"])
        expect(page.locator("[data-said]")).to_have_text("Трансляція перервалася. Зображення повернеться саме.")
        expect(page.locator("[data-cover]")).to_be_visible()
        stage.status("live", captions=["uk"])
        plays(page)
        expect(page.locator("[data-cover]")).to_be_hidden()
    stage.status("ended")
    expect(page.locator("[data-status]")).to_have_text("Трансляцію завершено.")
    assert said == []
    page.context.close()


def _keys(page: Page, stage: Stage) -> None:
    """Everything by keyboard, while the player has the focus and not otherwise."""
    video = page.locator("video")

    def sees(property_: str) -> Any:
        return video.evaluate(f"video => video.{property_}")

    page.locator("h1").evaluate("heading => { heading.tabIndex = -1; heading.focus(); }")
    page.keyboard.press("m")
    assert not sees("muted"), "keys are the player's only while it has the focus"
    page.locator("[data-stage]").focus()
    page.keyboard.press("m")
    assert sees("muted")
    expect(page.locator("[data-mute]")).to_have_attribute("aria-label", "Увімкнути звук")
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    assert sees("volume") == pytest.approx(0.9)
    page.keyboard.press(" ")
    page.wait_for_function("document.querySelector('video').paused")
    expect(page.locator("[data-play]")).to_have_attribute("aria-label", "Відтворити")
    page.keyboard.press(" ")
    page.wait_for_function("!document.querySelector('video').paused")
    stage.caption("Добрий день, колеги")
    page.keyboard.press("c")
    expect(page.locator("[data-captions]")).to_have_text("Добрий день, колеги")
    assert faults(page) == []
    page.keyboard.press("c")
    expect(page.locator("[data-captions]")).to_be_hidden()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_without_a_script_the_page_names_the_playlist(chromium: Browser, stage: Stage) -> None:
    stage.status("live")
    context = chromium.new_context(locale="uk", java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{stage.url}/live/{MEETING}")
    expect(page.get_by_role("link", name="index.m3u8")).to_have_attribute("href", f"/live/{MEETING}/index.m3u8")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    context.close()


NEEDS_A_PRESS = """
const play = HTMLMediaElement.prototype.play;
let pressed = false;
addEventListener("click", () => { pressed = true; }, true);
HTMLMediaElement.prototype.play = function () {
  return this.muted || pressed ? play.call(this) : Promise.reject(new DOMException("No press yet.", "NotAllowedError"));
};
"""
"""What browsers with a policy on autoplay do. Chromium's own cannot be had here: each look of a test at the page
counts as a press."""


def test_where_sound_needs_a_press_the_page_asks_for_one(chromium: Browser, stage: Stage) -> None:
    context = chromium.new_context(locale="uk", viewport={"width": 1280, "height": 800}, bypass_csp=True)
    context.add_init_script(NEEDS_A_PRESS)
    page = context.new_page()
    with stage.composing():
        stage.status("live", live_at=time.time())
        page.goto(f"{stage.url}/live/{MEETING}")
        plays(page)
        assert page.locator("video").evaluate("video => video.muted")
        page.get_by_role("button", name="Увімкнути звук").first.click()
        expect(page.locator("[data-unmute]")).to_be_hidden()
        assert not page.locator("video").evaluate("video => video.muted || video.paused")
    context.close()


def test_it_plays_under_the_policy_without_a_word_in_the_console(chromium: Browser, stage: Stage) -> None:
    context = chromium.new_context(locale="uk")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    with stage.composing():
        stage.status("live", live_at=time.time())
        page.goto(f"{stage.url}/live/{MEETING}")
        plays(page)
    context.close()
    assert [one for one in said if "404" not in one] == [], "WHEP is refused here, which is no fault"
