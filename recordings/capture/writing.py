"""The capture process's work: records out of the ring, appended to files, synced each second.

A record is freed only when its bytes are in the file. So a killed process writes the last few again: readers drop
packets and lines that they have seen. A full disk is waited out, with the ring as the buffer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from recordings.capture.feed import CONTENT
from recordings.capture.ring import Ring
from recordings.capture.status import Status
from recordings.raw import timeline

Place = tuple[int, int]
"""Key of the recording and number of the track; 0 is the timeline."""
LOW_BYTES: Final = 4 * 1024**3
RESERVE_BYTES: Final = 256 * 1024**2
"""What is left to others: a database that finds no room is worse than a gap in a recording."""
_PIECES: Final = 512
"""Pieces for one system call, below the IOV_MAX of every system."""
_IDLE_S: Final = 60.0
_log = structlog.get_logger(__name__)


def folder_of(root: Path, key: int) -> Path:
    """The raw folder of a recording."""
    return root / f"{key:016x}"


@dataclass(slots=True)
class _File:
    descriptor: int
    size: int
    used_at: float
    dirty: bool = False


class Writing:
    """Appends what the ring holds to the files under `root`."""

    def __init__(
        self, ring: Ring, root: Path, *, low_bytes: int = LOW_BYTES, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        self.ring = ring
        self.root = root
        self.status = Status.WELL
        self._failing = False
        self._low, self._reserve = low_bytes, reserve_bytes
        self._files: dict[Place, _File] = {}
        self._pending: dict[Place, list[memoryview]] = {}

    def pump(self, now: float) -> int:
        """Take what waits and write it; the number of bytes written. Nothing is taken while the disk is full."""
        if not self._pending:
            if self.status is Status.DISK_FULL:
                return 0
            for kind, number, key, content in self.ring.records():
                self._pending.setdefault((key, number if kind == CONTENT else 0), []).append(content)
        written = 0
        for place in list(self._pending):
            try:
                written += self._append(place, self._pending[place], now)
            except OSError as error:
                self._fail(error)
                return written
            for piece in self._pending.pop(place):
                piece.release()
        self._failing = False
        self.ring.free()
        self._tidy(now)
        return written

    def _append(self, place: Place, pieces: Sequence[memoryview], now: float) -> int:
        file = self._files.get(place) or self._open(place, now)
        file.used_at = now
        before = file.size
        try:
            for start in range(0, len(pieces), _PIECES):
                self._write_all(file, pieces[start : start + _PIECES])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(file.descriptor, before)
            file.size = before
            raise
        file.dirty = True
        return file.size - before

    @staticmethod
    def _write_all(file: _File, pieces: Sequence[memoryview]) -> None:
        length = sum(len(piece) for piece in pieces)
        done = os.writev(file.descriptor, pieces)
        file.size += done
        if done < length:  # a nearly full disk takes a part: say so by trying the rest
            rest = b"".join(pieces)[done:]
            while rest:
                more = os.write(file.descriptor, rest)
                file.size += more
                rest = rest[more:]

    def _open(self, place: Place, now: float) -> _File:
        key, number = place
        folder = folder_of(self.root, key)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / (timeline.track_file(number) if number else timeline.NAME)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = os.fstat(descriptor).st_size
        if not number and size and os.pread(descriptor, 1, size - 1) != b"\n":
            size += os.write(descriptor, b"\n")  # a killed process left half a line
        opened = self._files[place] = _File(descriptor, size, now)
        return opened

    def _fail(self, error: OSError) -> None:
        if not self._failing:
            _log.error("capture cannot write; it tries again", reason=error.strerror, folder=str(self.root))
        self._failing = True
        self._tell(Status.DISK_FULL)

    def _tell(self, status: Status) -> None:
        self.status = status
        self.ring.reader_status = status

    def look_at_disk(self) -> None:
        """To be called about each second: warn early, stop before others are hurt, go on when there is room."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            free = shutil.disk_usage(self.root).free
        except OSError as error:
            self._fail(error)
            return
        if free < self._reserve:
            if self.status is not Status.DISK_FULL:
                _log.error("the disk is full: recordings are held in memory", free_bytes=free)
            self._tell(Status.DISK_FULL)
        elif free < self._low and not self._failing:
            if self.status is Status.WELL:
                _log.warning("there is little room left for recordings", free_bytes=free)
            self._tell(Status.DISK_LOW)
        elif not self._failing:
            self._tell(Status.WELL)

    def sync(self) -> None:
        """Make what was written survive a power cut. Another thread than `pump`'s may call it."""
        for file in list(self._files.values()):
            if file.dirty:
                file.dirty = False
                os.fdatasync(file.descriptor)

    def close(self) -> None:
        """Write what still waits if that can be, and close the files."""
        self.pump(0.0)
        self.sync()
        for file in self._files.values():
            os.close(file.descriptor)
        self._files.clear()

    def _tidy(self, now: float) -> None:
        for place in [place for place, file in self._files.items() if now - file.used_at > _IDLE_S and not file.dirty]:
            os.close(self._files.pop(place).descriptor)
