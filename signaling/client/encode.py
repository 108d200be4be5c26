"""Encoding a clip, once and never while sending: libvpx or libx264, and libopus, into a Matroska file."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
from av.audio.resampler import AudioResampler

VideoCodec = Literal["VP8", "H264"]
SAMPLE_RATE = 48_000
KEY_FRAME_S = 1.0
"""A receiver that joins is answered with the nearest key frame, so this bounds how far a clip jumps for it."""
ENCODERS: dict[VideoCodec, tuple[str, dict[str, str]]] = {
    "VP8": (
        "libvpx",
        {"deadline": "realtime", "cpu-used": "8", "threads": "1", "auto-alt-ref": "0", "lag-in-frames": "0"},
    ),
    "H264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "level": "31"}),
}
"""FFmpeg's encoder and its options, for pictures that go out as they come in."""


def fitted(size: tuple[int, int], largest: tuple[int, int]) -> tuple[int, int]:
    """Even width and height within `largest`, same proportions as `size`, in pixels."""
    scale = min(largest[0] / size[0], largest[1] / size[1], 1.0)
    return max(int(size[0] * scale) // 2 * 2, 2), max(int(size[1] * scale) // 2 * 2, 2)


def write_clip(
    path: Path,
    pictures: Iterable[av.VideoFrame],
    sound: Iterable[av.AudioFrame],
    *,
    size: tuple[int, int],
    rate: int,
    codec: VideoCodec = "VP8",
    bit_rate: int = 450_000,
) -> None:
    """Encode pictures (`rate` per second, any pixel format) and sound (any rate and layout) to `path`, atomically.

    `size` is width and height in pixels. The file appears when it is whole.
    """
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    try:
        with av.open(str(unfinished), "w", format="matroska") as container:
            name, options = ENCODERS[codec]
            video = container.add_stream(name, rate=rate, options=options)
            if not isinstance(video, av.VideoStream):
                raise TypeError(f"{name} is no video encoder.")
            video.width, video.height = size
            video.pix_fmt = "yuv420p"
            video.bit_rate = bit_rate
            video.gop_size = round(rate * KEY_FRAME_S)
            audio = container.add_stream("libopus", rate=SAMPLE_RATE)
            audio.layout = "stereo"
            audio.bit_rate = 40_000
            for number, picture in enumerate(pictures):
                frame = picture.reformat(width=size[0], height=size[1], format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            _write_sound(container, audio, sound)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_sound(
    container: av.container.OutputContainer, stream: av.AudioStream, sound: Iterable[av.AudioFrame]
) -> None:
    resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
    position = 0
    for given in sound:
        given.pts = None
        for frame in resampler.resample(given):
            frame.pts, frame.time_base = position, Fraction(1, SAMPLE_RATE)
            position += frame.samples
            container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def sound_frame(samples: array[int], rate: int) -> av.AudioFrame:
    """Mono 16-bit samples as one frame."""
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.sample_rate = rate
    frame.planes[0].update(samples.tobytes())
    return frame
