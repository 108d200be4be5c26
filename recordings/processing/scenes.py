"""Scenes become files, each by an ffmpeg of its own: killed work is lost by the scene, and several run at once.

An ffmpeg is given a still picture of what does not move, and for each moving picture a small file with only the frames
that the scene needs, from the last key frame before it. So nothing that is not seen is decoded, no input changes its
size while ffmpeg runs, and times need no seeking.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import ffmpeg

from recordings.processing import cards, children, h264, webm
from recordings.processing.arranging import Look, Tile
from recordings.processing.children import Child, Job
from recordings.processing.errors import EncoderError, writing
from recordings.processing.layouts import Canvas
from recordings.processing.options import Options
from recordings.processing.plan import Scene
from recordings.processing.tracks import Reel

_VUI: Final = "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m"
"""What browsers send is BT.601; untagged pictures of this size would be taken for BT.709."""


class Needed(NamedTuple):
    """What a scene needs of a film."""

    numbers: range
    """Of the frames, from the last key frame before the scene."""
    before: float
    """How many seconds after the first of them the scene begins."""
    shown: float
    """How many seconds after the first of them the first to be seen is; those before it only lead there."""


@dataclass
class Film:
    """A reel that frames can be taken from."""

    reel: Reel
    path: Path
    index: webm.Index
    times: Sequence[int] = field(init=False)
    keys: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.times = self.index.times
        self.keys = self.index.keys

    @classmethod
    def of(cls, reel: Reel, folder: Path) -> Film:
        """The film of a reel whose files are in `folder`. Raises OSError."""
        return cls(reel, folder / reel.media_file, webm.Index((folder / reel.index_file).read_bytes()))

    def needed(self, scene: Scene, tile: Tile, rate: int) -> Needed:
        """The frames that show the tile during the scene."""
        start = scene.at * 1000
        end = start + scene.frames * 1000 / rate
        until = min((size.at * 1000 for size in self.reel.sizes if size.at > tile.since + 1e-6), default=end)
        last = bisect_left(self.times, min(end, until))
        first_of_size = bisect_left(self.times, tile.since * 1000 - 0.5)
        newest = max(first_of_size, bisect_right(self.times, start) - 1)
        key = max(0, bisect_right(self.keys, newest) - 1)
        first = self.keys[key] if self.keys else 0
        before = max(0.0, (start - self.times[first]) / 1000)
        shown = max(0.0, before - max(0.0, (start - self.times[newest]) / 1000))
        return Needed(range(first, max(first + 1, last)), before, shown)

    def copy(self, frames_of: Needed, scene: Scene, path: Path) -> None:
        """Write frames into a file of their own, with times since the first. Raises OSError."""
        needed, before = frames_of.numbers, frames_of.before
        with self.path.open("rb") as file, closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            first = self.index[needed.start]
            size = self.reel.sizes[0] if self.reel.sizes else None
            shape = (size.width, size.height) if size else (640, 360)
            if self.reel.codec == "H264":
                sets = h264.parameter_sets(data[first.offset : first.offset + first.size])
                kind = webm.h264(h264.size(sets[0]), *sets)
            else:
                kind = webm.vp8(shape)
            writer = webm.Writer(path, [kind])
            zero = round((scene.at - before) * 1000)
            for number in needed:
                entry = self.index[number]
                at = max(0, entry.at_ms - zero) if number > needed.start else 0
                writer.add(0, at, entry.key, data[entry.offset : entry.offset + entry.size])
            writer.close(40)


@dataclass
class Stage:
    """Where scenes are made."""

    folder: Path
    films: dict[int, Film]
    options: Options
    title: str
    stop: Callable[[], bool]

    def name(self, scene: Scene) -> str:
        """A name that is the same for the same scene of the same recording, and for no other."""
        said = json.dumps([scene, self.title, self.options.picture_fingerprint], ensure_ascii=False)
        return f"scene-{scene.first:07d}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"

    def path(self, scene: Scene) -> Path:
        return self.folder / f"{self.name(scene)}.mp4"

    def make(self, scenes: Sequence[Scene], done: Callable[[float], None]) -> None:
        """Encode the scenes that are not there yet. `done` is told the share of frames.

        Raises StoppedError and ProcessingError.
        """
        total = sum(scene.frames for scene in scenes) or 1
        missing = [scene for scene in scenes if not self.path(scene).exists()]
        ready = total - sum(scene.frames for scene in missing)
        lengths = {}
        jobs = []
        for scene in missing:
            job = self._job(scene)
            lengths[id(job)] = scene.frames
            jobs.append(job)

        def finished(job: Job) -> None:
            nonlocal ready
            ready += lengths[id(job)]
            done(ready / total)

        done(ready / total)
        children.run(jobs, self.options.jobs, self.stop, finished)

    def _job(self, scene: Scene) -> Job:
        work = self.folder / f"{self.name(scene)}.work"

        def begin() -> Child:
            with writing(self.folder):
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir(parents=True)
                return children.start(self._prepared(scene, scene.look, work), "ffmpeg", self.folder)

        def finish() -> None:
            self._take(scene, work)

        return Job(self.name(scene), begin, finish, lambda: self._without_broken(scene, work))

    def _take(self, scene: Scene, work: Path) -> None:
        """The finished file, if it is what was asked for, takes its place."""
        made = work / "scene.mp4"
        count = _frames_in(made)
        if count != scene.frames:
            raise EncoderError(
                f"ffmpeg made {count} pictures of {scene.frames} for {self.name(scene)}.",
                "Rebuild; if it fails again, choose another layout and report it.",
            )
        with writing(self.folder):
            made.replace(self.path(scene))
            shutil.rmtree(work, ignore_errors=True)

    def _without_broken(self, scene: Scene, work: Path) -> Child | None:
        """After a failure: the same scene, with initials for pictures of which nothing can be decoded."""
        tiles = []
        for number, tile in enumerate(scene.look.tiles):
            broken = tile.reel is not None and not _decodable(work / f"{number}.mkv")
            tiles.append(tile._replace(reel=None) if broken else tile)
        look = scene.look._replace(tiles=tuple(tiles))
        if look == scene.look:
            return None
        with writing(self.folder):
            return children.start(self._prepared(scene, look, work), "ffmpeg", self.folder)

    def _prepared(self, scene: Scene, look: Look, work: Path) -> list[str]:
        """Write what ffmpeg needs into `work`; the command to run. Raises OSError."""
        options = self.options
        cards.draw(look, Canvas(options.width, options.height), options.words, self.title, work / "ground.png")
        clips = []
        for number, tile in enumerate(look.tiles):
            if tile.reel is None:
                continue
            film = self.films[tile.reel]
            needed = film.needed(scene, tile, options.rate)
            clip = work / f"{number}.mkv"
            film.copy(needed, scene, clip)
            clips.append((clip, tile, needed))
        return command(work / "ground.png", clips, scene.frames, options, work / "scene.mp4")


def command(
    ground: Path, clips: Sequence[tuple[Path, Tile, Needed]], count: int, options: Options, target: Path
) -> list[str]:
    """The ffmpeg that makes a scene of `count` pictures."""
    rate = options.rate
    picture = (
        ffmpeg.input(str(ground))
        .filter("format", "yuv420p")
        .filter("loop", loop=-1, size=1)
        .filter("setpts", f"N/({rate}*TB)")
    )
    for clip, tile, needed in clips:
        box = tile.box
        moving = (
            ffmpeg.input(str(clip), threads=1)
            .filter("trim", start=max(0.0, round(needed.shown - 0.0005, 4)))
            .filter("scale", box.width, box.height, force_original_aspect_ratio="decrease", flags="bilinear")
            .filter("setsar", 1)
            .filter("format", "yuv420p")
            .filter("fps", fps=rate, start_time=round(needed.before, 3))
            .filter("setpts", "PTS-STARTPTS")
        )
        picture = ffmpeg.overlay(
            picture,
            moving,
            x=f"{box.x}+floor(({box.width}-w)/4)*2",
            y=f"{box.y}+floor(({box.height}-h)/4)*2",
            eval="init",
            eof_action="repeat",
        )
    settings: dict[str, Any] = {
        "c:v": "libx264",
        "preset": options.preset,
        "crf": options.quality,
        "pix_fmt": "yuv420p",
        "profile:v": "high",
        "g": 2 * rate,
        "bf": 2,
        "r": rate,
        "frames:v": count,
        "threads": 1 if options.jobs > 1 else 0,
        "x264-params": f"stitchable=1:{_VUI}",
        "filter_complex_threads": 1,
        "video_track_timescale": rate * 512,
        "map_metadata": -1,
    }
    built = ffmpeg.output(picture, str(target), **settings).global_args("-hide_banner", "-loglevel", "error", "-y")
    return [str(part) for part in built.compile(cmd=children.ffmpeg())]


def _frames_in(path: Path) -> int:
    try:
        with av.open(str(path)) as made:
            return int(made.streams.video[0].frames)
    except (OSError, av.FFmpegError, IndexError):
        return 0


def _decodable(path: Path) -> bool:
    try:
        with av.open(str(path)) as clip:
            return next(clip.decode(video=0), None) is not None
    except (OSError, av.FFmpegError, IndexError):
        return False
