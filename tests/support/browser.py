"""Real browsers with known pictures and tones: media files for their fake devices, and what a page receives."""

from __future__ import annotations

import math
import time
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    # Pages that are not in front must go on playing: several share one browser.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)
FAKE_DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

PATIENCE_S = 45.0
"""What takes a second here may take twenty beside other tests; whoever waits for it loses nothing."""

Colour = tuple[int, int, int]

expect.set_options(timeout=1000 * PATIENCE_S)


@dataclass(frozen=True)
class Look:
    """What somebody's fake camera and microphone bring."""

    name: str
    colour: Colour
    tone_hz: int
    size: tuple[int, int] = (320, 180)
    rate: int = 15
    detail: bool = False
    """Fill the picture with moving noise, so that it needs a high bit rate."""


ANNA = Look("anna", (30, 60, 200), 600)
BOHDAN = Look("bohdan", (190, 40, 40), 1000)
HD = Look("hd", (40, 120, 60), 800, size=(1280, 720), rate=25, detail=True)


def media_files(look: Look, folder: Path) -> tuple[Path, Path]:
    """The Y4M and WAV files of a look, made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    video, audio = folder / f"{look.name}.y4m", folder / f"{look.name}.wav"
    if not video.exists():
        _write_y4m(video, look)
    if not audio.exists():
        _write_wav(audio, look.tone_hz)
    return video, audio


def _write_y4m(path: Path, look: Look) -> None:
    """A plain colour with a white bar that crosses it every second."""
    width, height = look.size
    red, green, blue = look.colour
    luma = 16 + (65.5 * red + 128.6 * green + 25.0 * blue) / 256
    chroma_u = 128 + (-37.8 * red - 74.2 * green + 112.0 * blue) / 256
    chroma_v = 128 + (112.0 * red - 93.8 * green - 18.2 * blue) / 256
    noise = np.random.default_rng(1).integers(-7, 8, (height, 2 * width)) if look.detail else None
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{look.rate}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(look.rate):
            plane = np.full((height, width), luma)
            if noise is not None:
                plane += np.roll(noise, 37 * number, axis=1)[:, :width]
            left = number * width // look.rate
            plane[:, left : left + width // 10] = 235
            file.write(b"FRAME\n" + plane.clip(16, 235).astype(np.uint8).tobytes())
            for value in (chroma_u, chroma_v):
                file.write(np.full((height // 2, width // 2), round(value), np.uint8).tobytes())


def _write_wav(path: Path, tone_hz: int, seconds: int = 6, rate: int = 48_000) -> None:
    """Beeps, a quarter of a second long: noise suppression takes a steady tone for noise and removes it."""
    samples = array("h")
    for number in range(seconds * rate):
        at = number / rate % 0.6
        envelope = min(at / 0.01, (0.25 - at) / 0.01, 1.0) if at < 0.25 else 0.0
        samples.append(int(16_000 * envelope * math.sin(math.tau * tone_hz * number / rate)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def launch(playwright: Playwright, look: Look, folder: Path, *more: str, program: str = CHROMIUM) -> Browser:
    """A Chromium whose camera and microphone show a look."""
    video, audio = media_files(look, folder)
    files = (f"--use-file-for-fake-video-capture={video}", f"--use-file-for-fake-audio-capture={audio}")
    return launch_bare(playwright, *FAKE_DEVICES, *files, *more, program=program)


def launch_bare(playwright: Playwright, *flags: str, program: str = CHROMIUM) -> Browser:
    """A Chromium with the given flags and a profile of its own."""
    return playwright.chromium.launch(
        executable_path=program, args=[*FLAGS, *flags], ignore_default_args=["--mute-audio"], chromium_sandbox=False
    )


PROBE = (Path(__file__).parent / "probe.js").read_text()


def context(browser: Browser, **options: Any) -> BrowserContext:
    """A fresh context whose pages can be measured. Nothing moves there but pictures: to draw costs half a processor."""
    usual = {"locale": "uk-UA", "viewport": {"width": 960, "height": 640}, "reduced_motion": "reduce"}
    made = browser.new_context(**(usual | options))
    made.add_init_script(PROBE)
    made.set_default_timeout(1000 * PATIENCE_S)
    return made


def received(page: Page) -> dict[str, Any]:
    """What the page receives: `video` and `audio`, each a list of one entry per live inbound stream.

    Video: mid, decoded (frames), width, height, codec, packetsLost, repaired. Audio: mid, energy, samples, concealed.
    """
    found: dict[str, Any] = page.evaluate("window.__probe.received()")
    return found


def sent(page: Page) -> list[dict[str, Any]]:
    """What the page sends, one entry per outbound stream: kind, bytes, frames, repeated, width, height, codec."""
    found: list[dict[str, Any]] = page.evaluate("window.__probe.sent()")
    return found


def until(page: Page, condition: str, argument: Any = None, timeout_s: float = PATIENCE_S) -> Any:
    """Wait until a JavaScript function gives something true; gives it. Works under the page's strict CSP."""
    deadline = time.monotonic() + timeout_s
    while not (value := page.evaluate(condition, argument)):
        if time.monotonic() > deadline:
            state = page.evaluate("JSON.stringify([window.__vikno?.phase, window.__vikno?.connections])")
            raise AssertionError(f"not within {timeout_s:.0f} s: {condition} with {argument}; the room is {state}")
        page.wait_for_timeout(50)
    return value


def wait_decoding(page: Page, streams: int, timeout_s: float = PATIENCE_S) -> None:
    """Wait until so many videos each decode ten more frames than now."""
    page.evaluate("() => window.__probe.mark()")
    until(page, "async n => (await window.__probe.growing(10)) >= n", streams, timeout_s)


def wait_tone(page: Page, hertz: int, timeout_s: float = PATIENCE_S) -> None:
    """Wait until a tone is heard in what the page receives."""
    until(page, "hz => window.__probe.hears(hz)", hertz, timeout_s)


def wait_picture(page: Page, colour: Colour, timeout_s: float = PATIENCE_S, count: int = 1) -> None:
    """Wait until so many videos on the page show the colour and a bar that moves."""
    until(page, "([colour, count]) => window.__probe.showing(colour) >= count", [list(colour), count], timeout_s)
