"""Clients of other makes in one meeting with Chromium: Firefox, and ffmpeg over WHIP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from playwright.sync_api import Page

from sfu.addresses import local_addresses
from tests.e2e.meetings import enter
from tests.support.browser import ANNA, received, until, wait_decoding, wait_tone
from tests.support.installation import Installation

Visit = Callable[..., Page]
HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "web" / "client"


@contextmanager
def firefox(url: str, name: str, profile: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """Firefox in a room; the call gives its next measurement."""
    profile.mkdir()
    process = subprocess.Popen(
        ["node", str(HERE / "firefox.mjs"), str(CLIENT), url, name, str(profile)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = iter(process.stdout)

    def measured() -> dict[str, Any]:
        line = next(lines, "")
        assert line, f"Firefox ended with {process.wait()}"
        found: dict[str, Any] = json.loads(line)
        return found

    try:
        yield measured
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.skipif(not local_addresses(), reason="Firefox sends nothing to loopback, and there is no other address")
def test_firefox_joins_sends_and_receives(server: Installation, meeting: str, visit: Visit, tmp_path: Path) -> None:
    anna = visit(ANNA)
    enter(anna, server, meeting, "Анна")
    with firefox(f"{server.url}/meet/{meeting}", "Фокс", tmp_path / "profile") as measured:
        for _ in range(90):
            figures = measured()
            if max(figures["decoded"], default=0) > 20 and max(figures["energy"], default=0) > 0.001:
                break
        print(figures)
        assert figures["phase"] == "in"
        assert max(figures["decoded"]) > 20
        assert max(figures["energy"]) > 0.001
        wait_decoding(anna, 1)
        until(anna, "async () => (await window.__probe.received()).audio.some(({ energy }) => energy > 0.0001)")
        assert anna.locator("[data-testid=tile][data-name='Фокс'] video").count() == 1


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
        wait_decoding(anna, 1, 30)
        wait_tone(anna, 700)
        assert {stream["codec"] for stream in received(anna)["video"]} == {"video/H264"}
        anna.locator("[data-testid=tile][data-name='Камера зали'] video").wait_for()
    finally:
        process.terminate()
        process.wait(10)
