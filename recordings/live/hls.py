"""The stream as files for HTTP Live Streaming, kept for as long as players may still ask for them.

    index.m3u8                        names the others
    720p.m3u8, 360p.m3u8, floor.m3u8, interpretation.m3u8, captions-uk.m3u8 ...
    <stream>-<run>/720p.mp4           what a player needs first
    <stream>-<run>/720p-000012.m4s    two seconds

A playlist is replaced whole, and only once what it names is there. A composer that was killed goes on, as a new run, in
the playlists that it finds.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import structlog

from recordings.live.cutting import Cut, Cutter
from recordings.live.formats import CLOCK, SEGMENT_S, Caption, Encoded, Format, Name
from recordings.live.lane import Lane
from recordings.live.muxing import Templates, fragment, is_picture
from recordings.live.playlist import Media, Picture, Rendition, Segment, multivariant, read
from recordings.live.tidying import tidy
from recordings.live.webvtt import NAMES, Captions
from recordings.live.wire import INDEX

WINDOW: Final = 30
"""Segments in a playlist: a minute that one may go back."""
_KEEP_S: Final = 2 * WINDOW * SEGMENT_S + 10
"""A segment stays for as long as a playlist that named it may be played (RFC 8216, 6.2.2)."""
_SWEEP: Final = 10
"""Segments after which old files are looked for."""
_NAMES: Final[tuple[Name, ...]] = ("720p", "360p", "floor", "interpretation")
_FLOOR, _INTERPRETATION = "Зала / Room", "Переклад / Interpretation"
_log = structlog.get_logger(__name__)


class Hls:
    """The output that people watch without an account."""

    def __init__(self, folder: Path, stream: str, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.stream = stream
        self.segments = 0
        """Segments of the large picture so far, those of earlier runs included."""
        self.live_at: float | None = None
        """When this run's first segment was there."""
        self.trouble = ""
        """Why the last file could not be written; empty if it could."""
        self._now = now
        self._lane = Lane("hls", self._take)
        self._templates = Templates()
        self._formats: dict[Name, Format] = {}
        self._wall = 0.0
        self._run = 0
        self._base: int | None = None
        """Media sequence number of the segment that begins at the stream's zero."""
        self._cutters: dict[Name, Cutter] = {}
        self._lists: dict[str, Media] = {}
        self._written: dict[str, Media] = {}
        self._inits: set[Name] = set()
        self._captions = Captions()
        self._index = ""

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """The first packet follows."""
        self._lane.call(lambda: self._begin(dict(formats), wall))

    def take(self, packet: Encoded) -> None:
        """One packet."""
        if packet.name in _NAMES and packet.at >= 0:
            self._lane.put(packet)

    def caption(self, caption: Caption) -> None:
        """A line of captions."""
        self._lane.call(lambda: self._note(caption))

    def close(self) -> None:
        """The stream is over: players learn that nothing more comes."""
        if not self._lane.close(self._end, 1.8):
            _log.error("the last segment could not be written in time", folder=str(self.folder))

    @property
    def languages(self) -> list[str]:
        """Languages of the captions that there are."""
        return self._captions.languages

    def _begin(self, formats: dict[Name, Format], wall: float) -> None:
        self._formats = {name: form for name, form in formats.items() if name in _NAMES}
        self._wall = wall
        self._cutters = {name: Cutter(name) for name in self._formats}
        self._inits.clear()
        self._base = None
        if not self._lists:
            self._find()
            tidy(self.folder.parent, self._now())
        else:
            self._run += 1
        self._sweep()

    def _find(self) -> None:
        """Playlists of an earlier run of this stream; those of another stream go."""
        for path in sorted(self.folder.glob("*.m3u8")):
            media = self._ours(path)
            if media is not None:
                self._lists[path.stem] = media
                self._run = max(self._run, media.segments[-1].run + 1)
                if path.stem.startswith("captions-"):
                    self._captions.expect(path.stem.removeprefix("captions-"))
        self._written = {name: Media(media.first, list(media.segments)) for name, media in self._lists.items()}
        large = self._lists.get("720p")
        self.segments = large.next if large else 0
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*.m3u8"):
                if path.stem not in self._lists and not (self._lists and path.name == INDEX):
                    path.unlink(missing_ok=True)

    def _ours(self, path: Path) -> Media | None:
        """A playlist of this stream."""
        try:
            media = read(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not media.segments or not all(one.uri.startswith(f"{self.stream}-") for one in media.segments):
            return None
        media.ended = False
        return media

    def _take(self, packet: Encoded) -> None:
        cutter = self._cutters.get(packet.name)
        for cut in cutter.feed(packet) if cutter else ():
            self._publish(cut)

    def _note(self, caption: Caption) -> None:
        if not self._captions.add(caption):
            _log.debug("a caption was left out", language=caption.language)

    def _number(self, cut: Cut) -> int:
        """Media sequence number: the same for what begins at the same time, whichever the rendition."""
        if self._base is None:
            latest = max((media.next for media in self._lists.values()), default=0)
            self._base = latest - cut.index
        return self._base + cut.index

    def _publish(self, cut: Cut) -> None:
        number = self._number(cut)
        run = f"{self.stream}-{self._run}"
        uri = f"{run}/{cut.name}-{number:06}.m4s"
        made = Segment(uri, cut.duration_s, self._wall + cut.start_s, self._run, f"{run}/{cut.name}.mp4")
        try:
            content = fragment(self._templates, self._formats[cut.name], cut.packets, cut.index + 1, cut.end)
            if cut.name not in self._inits:
                self._write(made.map, content.init)
                self._inits.add(cut.name)
            self._write(uri, content.media)
        except (OSError, av.FFmpegError) as error:
            self._fail(error)
            made = Segment(uri, made.duration, made.wall, made.run, made.map, gap=True)
        self._list(cut.name, number, made)
        if cut.name == "720p":
            self.segments = number + 1
            for language in self._captions.languages:
                self._publish_captions(language, number, cut)
            if number % _SWEEP == 0:
                self._sweep()
        self._name()

    def _publish_captions(self, language: str, number: int, cut: Cut) -> None:
        uri = f"{self.stream}-{self._run}/captions-{language}-{number:06}.vtt"
        made = Segment(uri, cut.duration_s, self._wall + cut.start_s, self._run)
        text = self._captions.segment(language, cut.start_s, cut.end / CLOCK[cut.name])
        try:
            self._write(uri, text.encode())
        except OSError as error:
            self._fail(error)
            made = Segment(uri, made.duration, made.wall, made.run, gap=True)
        self._list(f"captions-{language}", number, made)

    def _list(self, name: str, number: int, made: Segment) -> None:
        """Append to a playlist. Numbers that were left out stand in it as gaps, so that what follows has its own."""
        media = self._lists.setdefault(name, Media(first=number))
        if number < media.next:  # a clock that went backwards in mid-stream
            number = media.next
        if number - media.next >= WINDOW:
            media.segments.clear()
            media.first = number
        for missing in range(media.next, number):
            # A gap belongs to the run of what stands before it.
            before = media.segments[-1] if media.segments else made
            uri = f"{before.uri.rpartition('-')[0]}-{missing:06}.none"
            wall = made.wall - (number - missing) * SEGMENT_S
            media.add(Segment(uri, SEGMENT_S, wall, before.run, before.map, gap=True), WINDOW)
        media.add(made, WINDOW)
        self._write_list(name)

    def _write_list(self, name: str) -> None:
        media = self._lists[name]
        try:
            self._write(f"{name}.m3u8", media.text().encode())
        except OSError as error:
            self._fail(error)
        else:
            self._written[name] = Media(media.first, list(media.segments))
            if name == "720p" and self.live_at is None and media.segments and not media.segments[-1].gap:
                self.live_at = self._now()

    def _name(self) -> None:
        """Write the multivariant playlist, once there is something of every stream that it has to name."""
        if not all(name in self._written for name in self._formats):
            return
        pictures = [
            Picture(f"{name}.m3u8", form.codec, form.bit_rate, form.width, form.height)
            for name, form in self._formats.items()
            if is_picture(name)
        ]
        sounds = [
            Rendition(
                f"{name}.m3u8",
                _FLOOR if name == "floor" else _INTERPRETATION,
                codec=form.codec,
                bit_rate=form.bit_rate,
                channels=form.channels,
            )
            for name, form in sorted(self._formats.items())
            if not is_picture(name)
        ]
        captions = [
            Rendition(f"captions-{language}.m3u8", NAMES.get(language, language), language)
            for language in self._captions.languages
            if f"captions-{language}" in self._written
        ]
        text = multivariant(pictures, sounds, captions)
        if text == self._index:
            return
        try:
            self._write(INDEX, text.encode())
        except OSError as error:
            self._fail(error)
        else:
            self._index = text

    def _end(self) -> None:
        for cutter in self._cutters.values():
            rest = cutter.rest()
            if rest is not None:
                self._publish(rest)
        for name, media in self._lists.items():
            media.ended = True
            self._write_list(name)

    def _write(self, name: str, content: bytes) -> None:
        """Replace a file whole. Raises OSError."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_bytes(content)
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        if self.trouble:
            _log.info("the public stream is written again", folder=str(self.folder))
            self.trouble = ""

    def _fail(self, error: Exception) -> None:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if not self.trouble:
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            _log.error(
                "the disk is full: the public stream has gaps" if full else "the public stream cannot be written",
                reason=said,
                folder=str(self.folder),
            )
        self.trouble = said or "unknown"

    def _sweep(self) -> None:
        """Delete what no playlist names any more and nobody may still play."""
        named = {uri for media in (*self._written.values(), *self._lists.values()) for uri in media.files()}
        try:
            for run in self.folder.glob("*-*/"):
                self._sweep_run(run, named)
        except OSError as error:
            _log.warning("old segments could not be deleted", reason=error.strerror, folder=str(self.folder))

    def _sweep_run(self, run: Path, named: set[str]) -> None:
        """Segments one by one; what is needed before them stays for as long as there are any."""
        ours = run.name.startswith(f"{self.stream}-")
        needed, left = [], 0
        for path in run.iterdir():
            wanted = f"{run.name}/{path.name}" in named
            if path.suffix == ".mp4" and not wanted:
                needed.append(path)
            elif wanted or (ours and self._now() - path.stat().st_mtime <= _KEEP_S):
                left += 1
            else:
                path.unlink()
        if not left and run.name != f"{self.stream}-{self._run}":
            for path in needed:
                path.unlink()
            run.rmdir()
