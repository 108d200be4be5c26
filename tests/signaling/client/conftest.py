"""A short clip in both codecs, made once: a light square that moves, and a tone that comes and goes."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw

from signaling.client.clip import Clip, load_clip
from signaling.client.encode import VideoCodec, sound_frame, write_clip

SIZE = (320, 180)
RATE = 20
SECONDS = 3


def _pictures() -> Iterator[av.VideoFrame]:
    for number in range(SECONDS * RATE):
        picture = Image.new("RGB", SIZE, (20, 40, 80))
        left = 4 * number
        ImageDraw.Draw(picture).rectangle((left, 60, left + 50, 110), fill=(240, 220, 120))
        yield av.VideoFrame.from_image(picture)


def _sound() -> Iterator[av.AudioFrame]:
    tone = array("h", (int(8000 * math.sin(math.tau * 440 * n / 48_000)) for n in range(48_000)))
    yield sound_frame(tone, 48_000)
    yield sound_frame(array("h", bytes(2 * 48_000)), 48_000)
    yield sound_frame(tone, 48_000)


def _make(folder: Path, codec: VideoCodec) -> Path:
    path = folder / f"{codec}.mkv"
    write_clip(path, _pictures(), _sound(), size=SIZE, rate=RATE, codec=codec, bit_rate=300_000)
    return path


@pytest.fixture(scope="session")
def clip_paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {"VP8": _make(folder, "VP8"), "H264": _make(folder, "H264")}


@pytest.fixture(params=["VP8", "H264"])
def clip(request: pytest.FixtureRequest, clip_paths: dict[str, Path]) -> Clip:
    return load_clip(clip_paths[request.param])


@pytest.fixture
def vp8_clip(clip_paths: dict[str, Path]) -> Clip:
    return load_clip(clip_paths["VP8"])
