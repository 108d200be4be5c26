"""Preparing a user's file: sent as it is when it can be, else encoded once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av

from signaling.client.clip import Clip, ClipError, load_clip
from signaling.client.encode import VideoCodec, fitted, write_clip

_LARGEST = (1280, 720)
_RATE = 25


def prepare(source: Path, cache: Path) -> Clip:
    """The clip in `source`; encoded into `cache` first when its codecs, B-frames or key frames do not fit.

    Raises `ClipError` with the reason when the file cannot be used at all.
    """
    try:
        return load_clip(source)
    except ClipError:
        return load_clip(_encoded(source, cache))


def _encoded(source: Path, cache: Path, codec: VideoCodec = "VP8") -> Path:
    try:
        facts = source.stat()
    except OSError as error:
        raise ClipError(f"{source} cannot be read: {error.strerror}.") from error
    name = hashlib.sha256(f"{source.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{codec}".encode()).hexdigest()[:20]
    path = cache / f"{name}.mkv"
    if path.exists():
        return path
    cache.mkdir(parents=True, exist_ok=True)
    try:
        with av.open(str(source)) as pictures, av.open(str(source)) as sound:
            if not pictures.streams.video:
                raise ClipError(f"{source} has no video that could be encoded.")
            size = fitted(_size(pictures.streams.video[0]), _LARGEST)
            write_clip(path, _pictures(pictures), _sound(sound), size=size, rate=_RATE, codec=codec, bit_rate=1_200_000)
    except (OSError, av.FFmpegError) as error:
        raise ClipError(f"{source} cannot be read as media: {error}.") from error
    return path


def _size(stream: av.VideoStream) -> tuple[int, int]:
    width, height = stream.codec_context.width, stream.codec_context.height
    if not width or not height:
        raise ClipError("The video has no size.")
    return width, height


def _pictures(container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """The pictures at `_RATE`: the one on show at each instant."""
    shown: av.VideoFrame | None = None
    number = 0
    for frame in container.decode(video=0):
        while shown is not None and frame.time is not None and number / _RATE < frame.time:
            yield shown
            number += 1
        shown = frame
    if shown is not None:
        yield shown


def _sound(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    if container.streams.audio:
        yield from container.decode(audio=0)
