"""Parts of an instant recording become one file, without transcoding, that can be played while it is fetched; their
captions become text tracks beside it.

Parts whose encoding differs cannot be one: then there is a second file, `<stream>-2.mp4`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from recordings.live import subtitles
from recordings.live.instant import final, instant_root, parts_in


def finish(data: Path, stream: str, *, wait: bool = True) -> list[Path]:
    """Make a recording of what the runs of a stream that has ended left behind; its files, usually one, none if nothing
    was kept. May be repeated, also after it was killed. Takes as long as copying.

    Raises OSError and av.FFmpegError; BlockingIOError where another process is at it and is not to be waited for.
    """
    folder = instant_root(data) / stream
    with _alone(folder, wait) as there:
        parts = [path for path in parts_in(folder) if _readable(path)] if there else []
        if parts:
            _make(data, stream, parts)
        if there:
            shutil.rmtree(folder)
    made = (final(data, stream), *sorted(instant_root(data).glob(f"{stream}-*.mp4")))
    return [path for path in made if path.exists()]


@contextmanager
def _alone(folder: Path, wait: bool) -> Iterator[bool]:
    """Whether there is something to be done, once nobody else does it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder.exists()
    finally:
        os.close(descriptor)


def _make(data: Path, stream: str, parts: list[Path]) -> None:
    targets = []
    try:
        for number, group in enumerate(_alike(parts), 1):
            targets.append(final(data, stream, number))
            begins = _join(group, targets[-1].with_suffix(".joining"))
            subtitles.join(targets[-1], zip(group, begins, strict=True))
        for target in targets:
            target.with_suffix(".joining").replace(target)
    finally:
        for target in targets:
            target.with_suffix(".joining").unlink(missing_ok=True)


def _readable(path: Path) -> bool:
    try:
        with av.open(str(path)) as file:
            return bool(file.streams.video) and next(file.demux(video=0)).size > 0
    except (av.InvalidDataError, av.EOFError, StopIteration):  # killed before its first fragment was whole
        return False


def _config(path: Path) -> tuple[bytes | None, ...]:
    with av.open(str(path)) as file:
        return tuple(stream.codec_context.extradata for stream in (*file.streams.video, *file.streams.audio))


def _alike(parts: list[Path]) -> Iterator[list[Path]]:
    """Neighbours that have the same encoding: a file has one description of it."""
    group: list[Path] = []
    config: tuple[bytes | None, ...] | None = None
    for path in parts:
        this = _config(path)
        if group and this != config:
            yield group
            group = []
        group.append(path)
        config = this
    yield group


def _join(parts: list[Path], target: Path) -> list[float]:
    """One after the other, without the time between them. Where each begins, in seconds."""
    begins: list[float] = []
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as made:
        streams: list[Any] = []
        shift = 0.0
        for path in parts:
            begins.append(shift)
            with av.open(str(path)) as source:
                sources = [*source.streams.video, *source.streams.audio]
                if not streams:
                    made.metadata.update(source.metadata)
                    streams = [made.add_stream_from_template(stream) for stream in sources]
                places = {stream.index: place for place, stream in enumerate(sources)}
                end = shift
                for packet in source.demux(*sources):
                    if packet.dts is None or packet.time_base is None or packet.pts is None:
                        continue
                    moved = round(shift / packet.time_base)
                    packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                    packet.stream = streams[places[packet.stream_index]]
                    made.mux_one(packet)
                shift = end
    return begins
