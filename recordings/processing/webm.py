"""Writes WebM, and Matroska where H.264 is in it: https://www.matroska.org/technical/elements.html

A writer of its own because nothing is encoded here and there are millions of packets: a block is a header of a few
bytes before the frame, gathered in memory into clusters of up to 5 s. Each frame's place in the file is known, so that
scenes can later take frames out without a demuxer.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from recordings.processing.disk import begin_writing

CLUSTER_MS: Final = 5_000
WRITE_BYTES: Final = 8_000_000
"""After each so many bytes the disk is set to work: files of gigabytes are on it soon after they are whole."""
_SEEK_ROOM: Final = 96
_BLOCK_HEAD: Final = struct.Struct(">BIBHB")
"""Of a simple block: its name, its length in 4 bytes, the track's number, time in the cluster, flags."""
_CLUSTER_HEAD: Final = 12
"""Bytes of a cluster's name and length."""
_SEGMENT: Final = b"\x18\x53\x80\x67"
_CLUSTER: Final = b"\x1f\x43\xb6\x75"


class Entry(NamedTuple):
    """A frame's place: milliseconds on the file's clock, offset and size in bytes, key frame or not."""

    at_ms: int
    offset: int
    size: int
    key: bool


class Index:
    """Where the frames of a track lie, as four columns."""

    def __init__(self, content: bytes = b"") -> None:
        self._numbers = array("q")
        self._numbers.frombytes(content)

    def add(self, at_ms: int, offset: int, size: int, key: bool) -> None:
        self._numbers.extend((at_ms, offset, size, int(key)))

    def __len__(self) -> int:
        return len(self._numbers) // 4

    def __getitem__(self, index: int) -> Entry:
        at, offset, size, key = self._numbers[4 * index : 4 * index + 4]
        return Entry(at, offset, size, bool(key))

    @property
    def times(self) -> array[int]:
        """Milliseconds of each frame."""
        return self._numbers[0::4]

    @property
    def keys(self) -> list[int]:
        """Numbers of the key frames."""
        return [index for index, key in enumerate(self._numbers[3::4]) if key]

    def content(self) -> bytes:
        return self._numbers.tobytes()


@dataclass(frozen=True)
class Kind:
    """What a track in the file is: its codec as Matroska names it, and what a decoder must know."""

    codec: str
    private: bytes = b""
    size: tuple[int, int] = (0, 0)
    channels: int = 0

    @property
    def is_sound(self) -> bool:
        return self.channels > 0


def opus(channels: int) -> Kind:
    """Opus with an identification header (RFC 7845 §5.1) that skips nothing: the stream was joined on its way."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 0, 48_000, 0, 0)
    return Kind("A_OPUS", head, channels=channels)


def vp8(size: tuple[int, int]) -> Kind:
    return Kind("V_VP8", size=size)


def h264(size: tuple[int, int], sps: bytes, pps: bytes) -> Kind:
    """With the decoder configuration record of ISO/IEC 14496-15 §5.3.3.1."""
    record = bytes([1]) + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps
    return Kind("V_MPEG4/ISO/AVC", record + b"\x01" + len(pps).to_bytes(2, "big") + pps, size)


class Writer:
    """One file. `add` takes frames in the order of their times; `close` makes it seekable."""

    def __init__(self, path: Path, kinds: Sequence[Kind], *, title: str = "") -> None:
        self._kinds = tuple(kinds)
        self.indexes = tuple(Index() for _ in kinds)
        self._pictured = next((number for number, kind in enumerate(kinds) if not kind.is_sound), 0)
        self._cues: list[tuple[int, int]] = []
        self._parts: list[bytes] = []
        self._length = 0
        self._start = self._last = 0
        self._open = False
        document = b"webm" if all(kind.codec in ("A_OPUS", "V_VP8") for kind in kinds) else b"matroska"
        self._file = path.open("wb")
        self._file.write(_header(document) + _SEGMENT + b"\x01" + b"\x00" * 7)
        self._body = self._file.tell()
        self._file.write(_void(_SEEK_ROOM))  # room for the seek head
        self._info = self._file.tell()
        self._title = title
        self._file.write(_info(0.0, title))
        self._tracks = self._file.tell()
        self._file.write(_element(b"\x16\x54\xae\x6b", b"".join(_track(n, kind) for n, kind in enumerate(kinds, 1))))
        self._at = self._begun = self._file.tell()

    def add(self, track: int, at_ms: int, key: bool, data: bytes) -> None:
        """A frame of the track with number `track` from 0. Raises OSError."""
        since = at_ms - self._start
        if not self._open or since >= CLUSTER_MS or (key and track == self._pictured and since > 500):
            self._flush()
            self._open, self._start, since = True, at_ms, 0
            self._parts.append(b"\xe7\x88" + at_ms.to_bytes(8, "big"))
            self._length = 10
            if track == self._pictured and key:
                self._cues.append((at_ms, self._at))
        size = len(data)
        self._parts += (_BLOCK_HEAD.pack(0xA3, 0x1000_0004 + size, 0x81 + track, since, 0x80 if key else 0), data)
        self.indexes[track].add(at_ms, self._at + _CLUSTER_HEAD + self._length + _BLOCK_HEAD.size, size, key)
        self._length += _BLOCK_HEAD.size + size
        self._last = at_ms

    def _flush(self) -> None:
        if not self._open:
            return
        head = _CLUSTER + (0x0100_0000_0000_0000 | self._length).to_bytes(8, "big")
        self._file.write(b"".join((head, *self._parts)))
        self._at += len(head) + self._length
        self._parts.clear()
        if self._at - self._begun > WRITE_BYTES:
            self._begun = self._at
            begin_writing(self._file.fileno())

    def close(self, lasting_ms: int = 0) -> None:
        """Write what is left and what makes the file whole; its last frame lasts `lasting_ms`. Raises OSError."""
        self._flush()
        cues = b"".join(
            _element(
                b"\xbb",
                _element(b"\xb3", _number(at))
                + _element(
                    b"\xb7",
                    _element(b"\xf7", _number(self._pictured + 1)) + _element(b"\xf1", _number(position - self._body)),
                ),
            )
            for at, position in self._cues
        )
        if cues:
            self._file.write(_element(b"\x1c\x53\xbb\x6b", cues))
        end = self._file.tell()
        self._file.seek(self._body - 8)
        self._file.write((0x0100_0000_0000_0000 | end - self._body).to_bytes(8, "big"))
        places = [(b"\x15\x49\xa9\x66", self._info), (b"\x16\x54\xae\x6b", self._tracks)]
        if cues:
            places.append((b"\x1c\x53\xbb\x6b", self._at))
        seek = _seek_head([(name, place - self._body) for name, place in places])
        self._file.write(seek + _void(_SEEK_ROOM - len(seek)))
        self._file.write(_info(float(self._last + lasting_ms), self._title))
        self._file.close()

    def abandon(self) -> None:
        """Close without making it whole."""
        self._file.close()


def _size(count: int) -> bytes:
    """A length in as few bytes as it needs (RFC 8794 §4)."""
    for width in range(1, 9):
        if count < (1 << 7 * width) - 1:
            return (1 << 7 * width | count).to_bytes(width, "big")
    raise ValueError(count)


def _element(name: bytes, content: bytes) -> bytes:
    return name + _size(len(content)) + content


def _number(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def _void(room: int) -> bytes:
    """An empty element of `room` bytes in all, at least 9 (or none)."""
    return b"" if room < 9 else b"\xec" + (0x0100_0000_0000_0000 | room - 9).to_bytes(8, "big") + b"\x00" * (room - 9)


def _header(document: bytes) -> bytes:
    return _element(
        b"\x1a\x45\xdf\xa3",
        _element(b"\x42\x86", b"\x01")
        + _element(b"\x42\xf7", b"\x01")
        + _element(b"\x42\xf2", b"\x04")
        + _element(b"\x42\xf3", b"\x08")
        + _element(b"\x42\x82", document)
        + _element(b"\x42\x87", b"\x04")
        + _element(b"\x42\x85", b"\x02"),
    )


def _info(duration_ms: float, title: str) -> bytes:
    return _element(
        b"\x15\x49\xa9\x66",
        _element(b"\x2a\xd7\xb1", _number(1_000_000))
        + _element(b"\x44\x89", struct.pack(">d", duration_ms))
        + (_element(b"\x7b\xa9", title.encode()) if title else b"")
        + _element(b"\x4d\x80", b"Vikno")
        + _element(b"\x57\x41", b"Vikno"),
    )


def _track(number: int, kind: Kind) -> bytes:
    content = (
        _element(b"\xd7", _number(number))
        + _element(b"\x73\xc5", _number(number))
        + _element(b"\x83", b"\x02" if kind.is_sound else b"\x01")
        + _element(b"\x9c", b"\x00")
        + _element(b"\x86", kind.codec.encode())
    )
    if kind.private:
        content += _element(b"\x63\xa2", kind.private)
    if kind.is_sound:
        content += _element(b"\x56\xbb", _number(80_000_000))  # Opus converges in 80 ms
        sound = _element(b"\xb5", struct.pack(">d", 48_000.0)) + _element(b"\x9f", _number(kind.channels))
        return _element(b"\xae", content + _element(b"\xe1", sound))
    width, height = kind.size
    picture = _element(b"\xb0", _number(max(2, width))) + _element(b"\xba", _number(max(2, height)))
    return _element(b"\xae", content + _element(b"\xe0", picture))


def _seek_head(places: Sequence[tuple[bytes, int]]) -> bytes:
    return _element(
        b"\x11\x4d\x9b\x74",
        b"".join(
            _element(b"\x4d\xbb", _element(b"\x53\xab", name) + _element(b"\x53\xac", _number(place)))
            for name, place in places
        ),
    )
