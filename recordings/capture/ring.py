"""A ring of records in shared memory: one process writes, one reads, neither waits for the other.

It is a file that both map; a memory file system keeps it (`/dev/shm`), so what was written outlives a killed process on
either side. `head` and `tail` count bytes since the beginning and only grow; a record never wraps around the end.

The writer makes a record visible by moving `head` after all of its bytes are there, the reader frees one by moving
`tail`. Both are aligned words of 8 bytes, which processors store at once.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAGIC: Final = b"VKNRING1"
_HEADER_SIZE: Final = mmap.PAGESIZE
_WORD: Final = struct.Struct("<Q")
_REAL: Final = struct.Struct("<d")
_CAPACITY, _HEAD, _TAIL = 8, 16, 64
"""Where the words lie; head and tail in cache lines of their own."""
_WRITER_SEEN, _WRITER_OPEN, _READER_SEEN, _STATUS, _READER, _WANTED, _READER_PID = 24, 32, 72, 80, 88, 96, 104

FRAME: Final = struct.Struct("!IHHQ")
"""Before each record: length of what follows the frame, kind, number, key."""
PADDING: Final = 0
"""Kind of what fills the place up to the end of the ring."""
DEFAULT_CAPACITY: Final = 32 * 1024 * 1024


class RingError(Exception):
    """The shared file cannot be used."""


def shared_path(data: Path, node: int) -> Path:
    """Where the ring of a node lies: in memory where `/dev/shm` has room for it, else in the node's folder."""
    memory = Path("/dev/shm")  # noqa: S108 - a private file in it
    name = hashlib.sha256(str(data.absolute()).encode()).hexdigest()[:16]
    ring = memory / f"vikno-{os.getuid()}-{name}-{node}.ring"
    if ring.exists() or (memory.is_dir() and os.access(memory, os.W_OK) and _free(memory) > 2 * DEFAULT_CAPACITY):
        return ring
    return data / f"node-{node}" / "capture.ring"


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Ring:
    """The shared memory, made if it is not there. Both ends are methods of this class: use one of them only."""

    def __init__(self, path: Path, capacity: int = DEFAULT_CAPACITY) -> None:
        """Raises `RingError`."""
        self.path = path
        self.fresh = False
        """Whether it was made just now, so that nothing is known of an earlier run."""
        self._map = self._open(path, capacity)
        self.capacity: int = _WORD.unpack_from(self._map, _CAPACITY)[0]
        self.memory = memoryview(self._map)
        self._head = self._word(_HEAD)
        self._tail = self._read_to = self._word(_TAIL)

    def _open(self, path: Path, capacity: int) -> mmap.mmap:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = self._descriptor(path, capacity)
            try:
                status = os.fstat(descriptor)
                if status.st_uid != os.getuid():
                    raise RingError(f"{path} belongs to another user. Remove it.")
                if os.pread(descriptor, len(MAGIC), 0) != MAGIC:
                    self._prepare(descriptor, capacity)
                    self.fresh = True
                return mmap.mmap(descriptor, 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise RingError(f"{path} cannot be used: {error.strerror}.") from error

    def _descriptor(self, path: Path, capacity: int) -> int:
        while True:
            try:
                return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                self.fresh = self._make(path, capacity)

    @classmethod
    def _make(cls, path: Path, capacity: int) -> bool:
        """Make it under another name and let it appear whole: both ends may find none at one time, and one is first.

        Whether it is this one. No lock: whoever reads a stream holds one on its ring.
        """
        making = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(making, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            cls._prepare(descriptor, capacity)
            os.link(making, path)
        except FileExistsError:
            return False
        finally:
            os.close(descriptor)
            making.unlink()
        return True

    @staticmethod
    def _prepare(descriptor: int, capacity: int) -> None:
        """Reserve the memory now, so that it cannot run short later, and sign it last."""
        os.ftruncate(descriptor, 0)
        os.posix_fallocate(descriptor, 0, _HEADER_SIZE + capacity)
        os.pwrite(descriptor, _WORD.pack(capacity), _CAPACITY)
        os.pwrite(descriptor, MAGIC, 0)

    def remove(self) -> None:
        """Give the memory back: nothing waits in it any more."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the memory; its content stays."""
        self.memory.release()
        self._map.close()

    def _word(self, at: int) -> int:
        value: int = _WORD.unpack_from(self._map, at)[0]
        return value

    # The writer's end.

    def reserve(self, kind: int, number: int, key: int, length: int) -> int:
        """Room for a record of `length` bytes: where its content goes in `memory`, or -1 if the ring is full.

        Nothing is visible before `commit`. One reservation at a time.
        """
        need = FRAME.size + length + 7 & ~7
        head, capacity = self._head, self.capacity
        at = head % capacity
        if at + need > capacity:
            head += capacity - at
            if not self._fits(head, need):
                return -1
            if capacity - at >= FRAME.size:
                FRAME.pack_into(self.memory, _HEADER_SIZE + at, capacity - at - FRAME.size, PADDING, 0, 0)
            at = 0
        elif not self._fits(head, need):
            return -1
        place = _HEADER_SIZE + at
        FRAME.pack_into(self.memory, place, length, kind, number, key)
        self._head = head + need
        return place + FRAME.size

    def _fits(self, head: int, need: int) -> bool:
        if head + need - self._tail <= self.capacity:
            return True
        self._tail = self._word(_TAIL)  # looked up only when the last known one says full
        return head + need - self._tail <= self.capacity

    def commit(self) -> None:
        """Make everything reserved so far visible to the reader."""
        _WORD.pack_into(self._map, _HEAD, self._head)

    def write(self, kind: int, number: int, key: int, content: bytes) -> bool:
        """One whole record; False if the ring is full."""
        place = self.reserve(kind, number, key, len(content))
        if place < 0:
            return False
        self.memory[place : place + len(content)] = content
        self.commit()
        return True

    @property
    def writer_seen(self) -> float:
        """When the writer was last known to live: UTC, seconds since the epoch; 0 if never."""
        value: float = _REAL.unpack_from(self._map, _WRITER_SEEN)[0]
        return value

    @writer_seen.setter
    def writer_seen(self, value: float) -> None:
        _REAL.pack_into(self._map, _WRITER_SEEN, value)

    @property
    def writer_open(self) -> bool:
        """Whether a writer has begun and not ended in an orderly way."""
        return self._word(_WRITER_OPEN) == 1

    @writer_open.setter
    def writer_open(self, value: bool) -> None:
        _WORD.pack_into(self._map, _WRITER_OPEN, int(value))

    # The reader's end.

    def records(self, most: int = 8 * 1024 * 1024) -> Iterator[tuple[int, int, int, memoryview]]:
        """Kind, number, key and content of the records that wait, up to `most` bytes; read before `free`."""
        head, tail = self._word(_HEAD), self._tail
        capacity, memory = self.capacity, self.memory
        if not 0 <= head - tail <= capacity:
            tail = head  # nonsense: nothing in it can be trusted
        self._read_to = tail
        while tail < head and tail - self._tail < most:
            at = tail % capacity
            place = _HEADER_SIZE + at
            if capacity - at < FRAME.size:  # too little for a record of padding: both ends skip it
                tail += capacity - at
                continue
            length, kind, number, key = FRAME.unpack_from(memory, place)
            if length > capacity - at - FRAME.size:
                self._read_to = head
                return
            start = place + FRAME.size
            tail += FRAME.size + length + 7 & ~7
            self._read_to = tail
            if kind != PADDING:
                yield kind, number, key, memory[start : start + length]

    def free(self) -> None:
        """Everything that the last `records` gave is safe elsewhere: its room may be used again."""
        self._tail = self._read_to
        _WORD.pack_into(self._map, _TAIL, self._tail)

    def take_over(self) -> None:
        """A new reader begins with what is written from now on: what waited for the one before is let go.

        The writer sees that `reader` has changed.
        """
        self._tail = self._read_to = self._word(_HEAD)
        _WORD.pack_into(self._map, _TAIL, self._tail)
        _WORD.pack_into(self._map, _READER, secrets.randbits(63) | 1)

    @property
    def reader(self) -> int:
        """Names the reader that took over last; 0 if none ever did."""
        return self._word(_READER)

    @property
    def reader_pid(self) -> int:
        """The process that reads, if it has said so; 0 if not."""
        return self._word(_READER_PID)

    @reader_pid.setter
    def reader_pid(self, value: int) -> None:
        _WORD.pack_into(self._map, _READER_PID, value)

    @property
    def waiting(self) -> int:
        """Bytes that wait for the reader."""
        return self._word(_HEAD) - self._word(_TAIL)

    @property
    def reader_seen(self) -> float:
        """When the reader was last known to live: seconds of the machine's monotonic clock; 0 if never."""
        value: float = _REAL.unpack_from(self._map, _READER_SEEN)[0]
        return value

    @reader_seen.setter
    def reader_seen(self, value: float) -> None:
        _REAL.pack_into(self._map, _READER_SEEN, value)

    @property
    def wanted(self) -> int:
        """Tracks of which the reader needs a key frame: bit n stands for those whose number is n modulo 64."""
        return self._word(_WANTED)

    @wanted.setter
    def wanted(self, value: int) -> None:
        _WORD.pack_into(self._map, _WANTED, value)

    @property
    def reader_status(self) -> int:
        """What the reader says of itself; a number of `recordings.capture.status.Status`."""
        return self._word(_STATUS)

    @reader_status.setter
    def reader_status(self, value: int) -> None:
        _WORD.pack_into(self._map, _STATUS, value)
