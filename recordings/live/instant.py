"""The stream as one recording that can be shown when the stream has ended: the large picture and the room's sound.

Each run of the composer writes a part in `<data>/recordings/instant/<stream>/`, in fragments, so that a killed one
loses the last two seconds at most. At the end a single part becomes `<stream>.mp4`; more, and captions, are put
together by `recordings.live.joining`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import structlog
from av.container import OutputContainer
from av.stream import Stream

from recordings.capture.writing import RESERVE_BYTES
from recordings.live import subtitles
from recordings.live.formats import CLOCK, Caption, Encoded, Format, Name
from recordings.live.lane import Lane
from recordings.live.muxing import Templates, packet_for
from recordings.processing.webvtt import TranscriptLine

SPARED_BYTES: Final = 2 * RESERVE_BYTES
"""What is left free: more than capture leaves, since the raw recording matters more than this."""
_NAMES: Final[tuple[Name, ...]] = ("720p", "floor")
_OPTIONS: Final = {"movflags": "hybrid_fragmented+frag_keyframe+default_base_moof"}
_log = structlog.get_logger(__name__)


def instant_root(data: Path) -> Path:
    """Where instant recordings lie."""
    return data / "recordings" / "instant"


class _File:
    """A file for libavformat, without a buffer of its own. After an error it takes nothing more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = 0
        """Bytes that make a file that can be played."""
        self._file = path.open("wb", buffering=0)
        self._broken: OSError | None = None

    def write(self, content: bytes) -> int:
        """All of it, or an error. Raises OSError."""
        if self._broken is not None:
            raise self._broken
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._broken = error
            raise
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def sync(self) -> None:
        """What is there now is whole, and survives a power cut."""
        self.whole = self._file.seek(0, os.SEEK_CUR)
        os.fdatasync(self._file.fileno())

    def end(self, keep: int | None = None) -> None:
        """Close it; `keep` cuts off what follows so many bytes."""
        with contextlib.suppress(OSError):
            if keep is not None:
                self._file.truncate(keep)
            os.fdatasync(self._file.fileno())
        self._file.close()


class _Part:
    """A part that is being written. Everything here raises OSError and av.FFmpegError."""

    def __init__(
        self, path: Path, templates: Templates, formats: dict[Name, Format], title: str, first: Encoded
    ) -> None:
        self.path = path
        self.file = _File(path)
        self.zero = first.at / CLOCK[first.name]
        """Seconds from the stream's begin to the part's."""
        self._container: OutputContainer = av.open(self.file, "w", format="mp4", options=_OPTIONS)
        self._container.metadata["title"] = title
        self._streams: dict[Name, Stream] = {
            name: templates.stream(self._container, form) for name, form in formats.items()
        }

    def take(self, packet: Encoded) -> None:
        origin = round(self.zero * CLOCK[packet.name])
        if packet.at >= origin and packet.name in self._streams:
            self._container.mux_one(packet_for(self._streams[packet.name], packet, origin))

    def finish(self) -> None:
        """A complete file; a `.part` is one that is not."""
        self._container.close()
        self.file.end()
        self.path.replace(self.path.with_suffix(".mp4"))

    def abandon(self) -> None:
        """After an error: what is whole stays."""
        with contextlib.suppress(OSError, av.FFmpegError):
            self._container.close()
        self.file.end(self.file.whole)
        if not self.file.whole:
            with contextlib.suppress(OSError):
                self.path.unlink()


class Instant:
    """The output that keeps the stream."""

    def __init__(
        self,
        data: Path,
        stream: str,
        title: str = "",
        *,
        spared_bytes: int = SPARED_BYTES,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self.trouble = ""
        """Why nothing is kept just now; empty if all is well."""
        self._data, self._stream, self._title = data, stream, title
        self._folder = instant_root(data) / stream
        self._spared, self._free = spared_bytes, free
        self._lane = Lane("instant", self._take)
        self._dropped = 0
        self._templates = Templates()
        self._formats: dict[Name, Format] = {}
        self._part: _Part | None = None

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """The first packet follows."""
        chosen = {name: form for name, form in formats.items() if name in _NAMES}
        self._lane.call(lambda: self._begin(chosen))

    def take(self, packet: Encoded) -> None:
        """One packet."""
        if packet.name in _NAMES and packet.at >= 0:
            self._lane.put(packet)

    def caption(self, caption: Caption) -> None:
        """A line of captions: it is kept beside the part to which it belongs."""
        self._lane.call(lambda: self._note(caption))

    def close(self) -> None:
        """The stream is over. One part is the recording; more wait for `finish`."""
        if not self._lane.close(self._end, 1.8):
            _log.error("the instant recording was not finished in time", stream=self._stream)

    def _begin(self, formats: dict[Name, Format]) -> None:
        self._finish_part()
        self._formats = formats

    def _take(self, packet: Encoded) -> None:
        if self._dropped != self._lane.dropped:  # what is missing must not become a standing picture
            self._dropped = self._lane.dropped
            self._finish_part()
        key = packet.name == "720p" and packet.key
        try:
            if key and not self._room():
                self._finish_part()
                return
            if self._part is None:
                if not key:
                    return
                self._part = self._open(packet)
            self._part.take(packet)
            if key:
                self._part.file.sync()
        except (OSError, av.FFmpegError) as error:
            self._fail(str(error))
            if self._part is not None:
                self._part.abandon()
                self._part = None

    def _note(self, caption: Caption) -> None:
        part = self._part
        if part is None or caption.until <= part.zero:
            return
        at = max(0.0, caption.at - part.zero)
        line = TranscriptLine(
            at=at, until=caption.until - part.zero, language=caption.language, name="", text=caption.text
        )
        try:
            subtitles.append(part.path, line)
        except OSError as error:
            self._fail(str(error))

    def _room(self) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._free(self._folder) < self._spared:
            self._fail("the disk is full")
            return False
        if self.trouble:
            _log.info("the instant recording goes on", stream=self._stream)
            self.trouble = ""
        return True

    def _fail(self, reason: str) -> None:
        if not self.trouble:
            _log.error("the instant recording stops until there is room", reason=reason, stream=self._stream)
        self.trouble = reason

    def _open(self, first: Encoded) -> _Part:
        """The next part. A recording that was thought to be complete is its first."""
        whole = final(self._data, self._stream)
        parts = parts_in(self._folder)
        if whole.exists() and not parts:
            whole.replace(self._folder / "0001.mp4")
            with contextlib.suppress(FileNotFoundError):
                subtitles.beside(whole).replace(subtitles.beside(self._folder / "0001.mp4"))
            parts = parts_in(self._folder)
        number = int(parts[-1].stem) + 1 if parts else 1
        path = self._folder / f"{number:04}.part"
        return _Part(path, self._templates, self._formats, self._title, first)

    def _finish_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        try:
            part.finish()
        except (OSError, av.FFmpegError) as error:
            self._fail(str(error))
            part.abandon()

    def _end(self) -> None:
        self._finish_part()
        parts = parts_in(self._folder)
        alone = len(parts) == 1 and parts[0].suffix == ".mp4"
        if alone and not subtitles.beside(parts[0]).exists():  # else `finish` has something to put together
            try:
                parts[0].replace(final(self._data, self._stream))
                self._folder.rmdir()
            except OSError as error:
                self._fail(str(error))


def final(data: Path, stream: str, number: int = 1) -> Path:
    """Where a recording is once it is complete."""
    return instant_root(data) / (f"{stream}.mp4" if number == 1 else f"{stream}-{number}.mp4")


def parts_in(folder: Path) -> list[Path]:
    """Parts by their number; `.part` is one that was not finished in order."""
    found = [path for path in folder.glob("[0-9]*") if path.suffix in (".mp4", ".part") and path.stem.isdigit()]
    return sorted(found, key=lambda path: int(path.stem))
