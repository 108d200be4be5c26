"""What an engine would give: small pictures that flash, and tones that beep, at each whole second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import av
import numpy as np

from recordings.live.encoding import PictureEncoder, SoundEncoder
from recordings.live.formats import CLOCK, RATE, SEGMENT_S, SOUND_RATE, Encoded, Format, Name, Output
from tests.recordings.making import BEEP_S, FLASH_S

STREAM = "00c0ffee00c0ffee"
WALL = 1_800_000_000.25
"""UTC of the streams' zero."""
LARGE, SMALL = (160, 90), (80, 46)
FLOOR_TONE, INTERPRETER_TONE = 1_000.0, 1_600.0
EXTRA_KEY = 30
"""A picture that is a key frame though no segment begins with it."""


@lru_cache
def _picture(size: tuple[int, int], white: bool, number: int) -> av.VideoFrame:
    whole = np.full((size[1], size[0], 3), 255 if white else 40, np.uint8)
    if not white:
        whole[:, number * 4 : number * 4 + 16] = (30, 90, 160)
    return av.VideoFrame.from_ndarray(whole, format="rgb24").reformat(format="yuv420p")


def _pictures(name: Name, size: tuple[int, int], seconds: float) -> Iterator[Encoded]:
    encoder = PictureEncoder(name, *size, 200_000, "ultrafast")
    for number in range(round(seconds * RATE)):
        key = number % (SEGMENT_S * RATE) == 0 or number == EXTRA_KEY
        picture = _picture(size, number / RATE % 1 < FLASH_S, number % RATE)
        yield from encoder.encode(picture, number, key=key)


def _sounds(name: Name, tone: float, seconds: float) -> Iterator[Encoded]:
    encoder = SoundEncoder(name, 64_000)
    block = SOUND_RATE // RATE
    for number in range(round(seconds * RATE)):
        times = np.arange(number * block, (number + 1) * block) / SOUND_RATE
        wave = np.where(times % 1.0 < BEEP_S, np.sin(times * 2 * np.pi * tone), 0.0) * 0.4
        yield from encoder.encode(np.stack((wave, wave)).astype(np.float32))


@lru_cache
def formats() -> dict[Name, Format]:
    """Of all streams."""
    encoders = [
        PictureEncoder("720p", *LARGE, 200_000, "ultrafast"),
        PictureEncoder("360p", *SMALL, 90_000, "ultrafast"),
    ]
    made = {each.name: each.format(_picture((each.width, each.height), False, 0)) for each in encoders}
    names: tuple[Name, ...] = ("floor", "interpretation", "opus")
    return made | {name: SoundEncoder(name, 64_000).format for name in names}


@lru_cache
def encoded(seconds: float = 14.0) -> Sequence[Encoded]:
    """Everything, in the order of its times."""
    streams = [
        *_pictures("720p", LARGE, seconds),
        *_pictures("360p", SMALL, seconds),
        *_sounds("floor", FLOOR_TONE, seconds),
        *_sounds("interpretation", INTERPRETER_TONE, seconds),
    ]
    return sorted(streams, key=when)


def when(packet: Encoded) -> float:
    """Seconds since the stream's zero."""
    return packet.at / CLOCK[packet.name]


def feed(
    output: Output,
    until: float = 14.0,
    *,
    since: float = 0.0,
    keep: Callable[[Encoded], bool] = lambda packet: True,
) -> None:
    """Give an output what is encoded in [since, until), faster than it lasts."""
    for packet in encoded():
        if since <= when(packet) < until and keep(packet):
            output.take(packet)
