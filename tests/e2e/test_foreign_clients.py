"""Clients of other makes in one meeting with Chromium: Firefox, and ffmpeg over WHIP."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from playwright.sync_api import Page

from tests.e2e.meetings import enter
from tests.support.browser import ANNA, BOHDAN, received, until, wait_decoding, wait_tone
from tests.support.installation import Installation
from tests.support.namespace import Namespace

Visit = Callable[..., Page]
HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "web" / "client"


@dataclass(frozen=True)
class Firefox:
    """A Firefox at the far end. `name` is who it is in the room."""

    name: str
    process: subprocess.Popen[str]

    def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """The first of its measurements, two a second, for which something holds."""
        assert self.process.stdout is not None
        ends = time.monotonic() + seconds
        while True:
            line = self.process.stdout.readline()
            assert line, f"Firefox ended with {self.process.wait()}"
            figures: dict[str, Any] = json.loads(line)
            if holds(figures):
                return figures
            assert time.monotonic() < ends, f"not within {seconds:g} s: {figures}"


@pytest.fixture
def firefox(server: Installation, meeting: str, elsewhere: Namespace, tmp_path: Path) -> Iterator[Firefox]:
    """In the meeting's room. It sends no media to loopback; from the namespace it reaches the server as people do."""
    profile = tmp_path / "profile"
    profile.mkdir()
    url = f"http://{elsewhere.server}:{server.http_port}/meet/{meeting}"
    words = elsewhere.command("node", str(HERE / "firefox.mjs"), str(CLIENT), url, "Фокс", str(profile))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        yield Firefox("Фокс", process)
    finally:
        process.terminate()
        process.wait(20)


def test_firefox_joins_sends_and_receives(server: Installation, meeting: str, visit: Visit, firefox: Firefox) -> None:
    anna = visit(ANNA)
    enter(anna, server, meeting, "Анна")
    figures = firefox.until(lambda now: max(now["decoded"], default=0) > 20 and max(now["energy"], default=0) > 0.001)
    print(figures)
    assert figures["phase"] == "in"
    wait_decoding(anna, 1)
    until(anna, "async () => (await window.__probe.received()).audio.some(({ energy }) => energy > 0.0001)")
    assert anna.locator(f"[data-testid=tile][data-name='{firefox.name}'] video").count() == 1


def test_a_firefox_without_h264_shows_a_named_tile(
    server: Installation, meeting: str, visit: Visit, publisher: Callable[..., None], firefox: Firefox
) -> None:
    """Debian's Firefox has H.264 only as a plug-in that it would fetch from Cisco; in the namespace it cannot."""
    publisher(meeting, "Львів", "--codec", "H264", "--name", "lviv")
    seeing = visit(BOHDAN)
    enter(seeing, server, meeting, "З H.264")
    figures = firefox.until(
        lambda now: any(tile["undecodable"] for tile in now["tiles"]) and max(now["decoded"], default=0) > 20
    )
    print(figures)
    assert "video/H264" not in figures["codecs"]
    (tile,) = (tile for tile in figures["tiles"] if tile["name"] == "Львів")
    assert tile["undecodable"]
    assert not tile["video"]
    assert "Львів" in tile["text"]
    assert len(figures["undecodable"]) == 1
    wait_decoding(seeing, 2)
    assert "video/H264" in {stream["codec"] for stream in received(seeing)["video"]}


def test_ffmpeg_publishes_by_whip_and_is_seen(server: Installation, meeting: str, visit: Visit) -> None:
    anna = visit(ANNA)
    enter(anna, server, meeting, "Анна")
    token = server.token(meeting=meeting, role="presenter", name="Камера зали")
    process = subprocess.Popen(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            *["-hide_banner", "-loglevel", "warning", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15"],
            *["-f", "lavfi", "-i", "sine=frequency=700:beep_factor=2:sample_rate=48000", "-pix_fmt", "yuv420p"],
            *[
                "-c:v",
                "libx264",
                "-profile:v",
                "baseline",
                "-preset",
                "ultrafast",
                "-tune",
                "zerolatency",
                "-g",
                "15",
                "-bf",
                "0",
            ],
            *["-c:a", "libopus", "-ac", "2", "-f", "whip", "-authorization"],
            token,
            f"{server.url}/whip/{meeting}",
        ],
        stdin=subprocess.DEVNULL,
    )
    try:
        wait_decoding(anna, 1)
        wait_tone(anna, 700)
        assert {stream["codec"] for stream in received(anna)["video"]} == {"video/H264"}
        anna.locator("[data-testid=tile][data-name='Камера зали'] video").wait_for()
    finally:
        process.terminate()
        process.wait(10)
