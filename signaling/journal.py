"""The journal of one meeting: an append-only file of facts, so that a meeting survives the death of its node.

One line per fact: CRC-32 of the rest in hexadecimal, the record's number, the fact as JSON. A record is handed to the
kernel before its fact is acknowledged, which survives `kill -9`; `Syncer` brings it to the disk each second, which
survives a power cut but for that second. A torn or damaged line ends the journal: it and what follows are cut off.
A number of zero or below marks a fact restated when the journal was shortened: it has been told before; its absolute
value is the last number that was given.
"""

from __future__ import annotations

import contextlib
import os
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import ValidationError

from signaling.meeting.facts import FACT, Fact, Opened
from signaling.problems import RefusedError

MAX_UNWRITTEN = 10_000
SUFFIX = ".journal"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A fact in the journal. `end` is the offset of the byte behind it."""

    number: int
    fact: Fact
    end: int


def encode(number: int, fact: Fact) -> bytes:
    """The journal line of a fact."""
    payload = b"%d %s" % (number, fact.model_dump_json().encode())
    return b"%08x %s\n" % (zlib.crc32(payload), payload)


def decode(line: bytes) -> tuple[int, Fact] | None:
    """Number and fact of a whole line, or None if it is damaged."""
    checksum, _, payload = line.removesuffix(b"\n").partition(b" ")
    try:
        if not line.endswith(b"\n") or int(checksum, 16) != zlib.crc32(payload):
            return None
        number, _, fact = payload.partition(b" ")
        return int(number), FACT.validate_json(fact)
    except (ValueError, ValidationError):
        return None


def records(data: bytes, start: int = 0) -> Iterator[Record]:
    """The records of a journal's bytes that begin at offset `start`; stops before the first damaged line."""
    position = 0
    for line in data.splitlines(keepends=True):
        decoded = decode(line)
        if decoded is None:
            return
        position += len(line)
        yield Record(decoded[0], decoded[1], start + position)


class Journal:
    """An open journal. Not thread-safe but for `sync` and `close`, which the syncing thread calls."""

    def __init__(self, path: Path, *, size: int = 0, next_number: int = 1) -> None:
        self.path = path
        self.size = size
        """Bytes written."""
        self._next_number = next_number
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._unwritten: deque[bytes] = deque(maxlen=MAX_UNWRITTEN)
        self._lock = threading.Lock()
        self._dirty = False
        self._full = False
        self._open = True

    @classmethod
    def create(cls, directory: Path, opened: Opened) -> Journal:
        """A new journal that begins with `opened`. Raises `RefusedError` (`storage_full`)."""
        try:
            journal = cls(directory / f"{opened.meeting}.{opened.opening}{SUFFIX}")
        except OSError as error:
            raise RefusedError("storage_full", error.strerror or "") from error
        try:
            journal.append([opened])
        except RefusedError:
            journal.close()
            journal.path.unlink(missing_ok=True)
            raise
        return journal

    @classmethod
    def restore(cls, path: Path) -> tuple[Journal, list[Fact]]:
        """A journal left by an earlier run, and its facts. Cuts off a torn or damaged end."""
        data = path.read_bytes()
        kept = list(records(data))
        size = kept[-1].end if kept else 0
        if size < len(data):
            _log.warning("journal_cut", path=path.name, kept=size, dropped=len(data) - size)
            os.truncate(path, size)
        last = max((abs(record.number) for record in kept), default=0)
        return cls(path, size=size, next_number=last + 1), [record.fact for record in kept]

    def append(self, facts: Sequence[Fact]) -> None:
        """Write facts, all or none. Raises `RefusedError` (`storage_full`) and leaves the journal as it was."""
        lines = [encode(self._next_number + index, fact) for index, fact in enumerate(facts)]
        self._flush_unwritten()
        self._write(b"".join(lines))
        self._next_number += len(lines)

    def append_later(self, facts: Sequence[Fact]) -> None:
        """Write facts that nobody can refuse, such as a lost connection: if the disk is full, as soon as it is not."""
        for fact in facts:
            self._unwritten.append(encode(self._next_number, fact))
            self._next_number += 1
        with contextlib.suppress(RefusedError):
            self._flush_unwritten()

    @property
    def all_written(self) -> bool:
        """Whether nothing waits for room on the disk."""
        return not self._unwritten

    def _flush_unwritten(self) -> None:
        if self._unwritten:
            self._write(b"".join(self._unwritten))
            self._unwritten.clear()

    def _write(self, data: bytes) -> None:
        try:
            written = os.pwrite(self._file, data, self.size)
            if written < len(data):
                written += os.pwrite(self._file, data[written:], self.size + written)
            if written < len(data):
                raise OSError(28, "No space left on device")
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
            self._complain(error)
            raise RefusedError("storage_full", error.strerror or "") from error
        self.size += len(data)
        self._dirty = True
        self._full = False

    def _complain(self, error: OSError) -> None:
        """Say once that the disk is full; where the log goes may be full as well."""
        if not self._full:
            self._full = True
            with contextlib.suppress(OSError):
                _log.error("journal_not_written", path=self.path.name, error=error.strerror)

    def read(self, offset: int, length: int = 262_144) -> list[Record]:
        """Records from an offset on, as many as fit into `length` bytes but at least one if there is any."""
        data = os.pread(self._file, min(length, self.size - offset), offset)
        found = list(records(data, offset))
        if not found and len(data) < self.size - offset:
            return self.read(offset, length * 4)
        return found

    def shorten(self, facts: Sequence[Fact]) -> None:
        """Replace everything by facts that restate it. Raises `RefusedError` and stays as it was on a full disk."""
        self._flush_unwritten()
        data = b"".join(encode(1 - self._next_number, fact) for fact in facts)
        fresh = self.path.with_suffix(".new")
        try:
            fresh.write_bytes(data)
            fresh.chmod(0o600)
            file = os.open(fresh, os.O_RDWR | os.O_CLOEXEC)
            os.fsync(file)
            fresh.rename(self.path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise RefusedError("storage_full", error.strerror or "") from error
        with self._lock:
            os.close(self._file)
            self._file = file
        self.size = len(data)

    def sync(self) -> None:
        """Bring what was written to the disk. For the syncing thread."""
        with self._lock:
            if self._dirty and self._open:
                self._dirty = False
                os.fsync(self._file)

    def close(self) -> None:
        """Sync and close; waits for a sync under way."""
        self.sync()
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._file)


class Syncer:
    """The thread that syncs all journals of a node once a second, so that the node's loop never waits for a disk."""

    def __init__(self, period_s: float = 1.0) -> None:
        self._period_s = period_s
        self._journals: set[Journal] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, journal: Journal) -> None:
        with self._lock:
            self._journals.add(journal)

    def discard(self, journal: Journal) -> None:
        with self._lock:
            self._journals.discard(journal)

    def stop(self) -> None:
        """Sync everything a last time and end the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            self._sync_all()
        self._sync_all()

    def _sync_all(self) -> None:
        with self._lock:
            journals = list(self._journals)
        for journal in journals:
            try:
                journal.sync()
            except OSError as error:
                _log.error("journal_not_synced", path=journal.path.name, error=error.strerror)
