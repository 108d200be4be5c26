"""Reading an HLS folder as a player does, from the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recordings.live.playlist import Media, Segment, read
from tests.recordings.measuring import Film, watch


def playlist(folder: Path, name: str) -> Media:
    """A media playlist."""
    return read((folder / f"{name}.m3u8").read_text(encoding="utf-8"))


def content(folder: Path, segments: list[Segment]) -> bytes:
    """Segments of one run with what is needed before them."""
    assert len({one.map for one in segments}) == 1
    needed = (folder / segments[0].map).read_bytes() if segments[0].map else b""
    return needed + b"".join((folder / one.uri).read_bytes() for one in segments)


def show(folder: Path, name: str, run: int, to: Path) -> Film:
    """What a playlist holds of one run. Times are those of the stream."""
    segments = [one for one in playlist(folder, name).segments if one.run == run and not one.gap]
    target = to / f"{name}-{run}.mp4"
    target.write_bytes(content(folder, segments))
    return watch(target, 80)


def seen_and_heard(
    folder: Path, run: int, to: Path, sound: str = "floor", tone: float = 1_000.0
) -> tuple[list[float], list[float]]:
    """When the picture flashes and the sound beeps."""
    film, voice = show(folder, "720p", run, to), show(folder, sound, run, to)
    white = film.pictures.mean(axis=(1, 2, 3)) > 170
    begins = np.flatnonzero(white & ~np.concatenate(([False], white[:-1])))
    return [float(film.times[one]) for one in begins], voice.beeps(tone)
