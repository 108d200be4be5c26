"""Packets of one track in a file of the rtpdump format, which Wireshark and rtptools read too.

After a text line and a header of 16 bytes, each record is 8 bytes (its length, the length of the RTP packet or 0 for
RTCP, milliseconds since the file's start; all big-endian) and the packet. Packets bear the numbers of the
publication's own timeline: whatever the sender did, sequence numbers and timestamps of one file are continuous. The
RTCP packets are sender reports of this server's making: they tie a timestamp to this server's wall clock, so tracks of
different senders can be put in step.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

FIRST_LINE: Final = b"#!rtpplay1.0 127.0.0.1/0\n"
_HEADER: Final = struct.Struct("!IIIHH")
"""Start in seconds and microseconds since the epoch, the source's address and port, padding."""
RECORD: Final = struct.Struct("!HHI")
RTP: Final = struct.Struct("!BBHII")
_RTP_RECORD: Final = struct.Struct("!HHIBBHII")
"""The two together."""
REPORT: Final = struct.Struct("!BBHIQIII")
"""RFC 3550 §6.4.1: first byte, 200, length in words less one, SSRC, NTP, RTP timestamp, packets, octets."""
SENDER_REPORT: Final = 200
NTP_OFFSET: Final = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905 §6)."""
MAX_PACKET: Final = 4_096
PAYLOAD_TYPE: Final = 96


def file_header(started: float) -> bytes:
    """What a file begins with; `started` is UTC in seconds since the epoch."""
    seconds = int(started)
    return FIRST_LINE + _HEADER.pack(seconds, int((started - seconds) * 1e6), 0, 0, 0)


def started(header: bytes | memoryview) -> float | None:
    """What `file_header` was given; None if this is no header."""
    if len(header) < len(FIRST_LINE) + _HEADER.size or header[: len(FIRST_LINE)] != FIRST_LINE:
        return None
    seconds, microseconds, *_ = _HEADER.unpack_from(header, len(FIRST_LINE))
    return float(seconds + microseconds / 1e6)


def rtp_record(track: int, sequence: int, timestamp: int, marker: bool, payload: bytes, offset_ms: int) -> bytes:
    """A record with one packet. `sequence` and `timestamp` may be extended ones; only their low bits are kept."""
    length = RTP.size + len(payload)
    return (
        RECORD.pack(length + RECORD.size, length, max(0, offset_ms) & 0xFFFFFFFF)
        + RTP.pack(0x80, PAYLOAD_TYPE | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, track)
        + payload
    )


def anchor_record(track: int, timestamp: int, captured: float, offset_ms: int) -> bytes:
    """A record that says: media with `timestamp` was captured at `captured` (UTC, seconds since the epoch)."""
    ntp = int((captured + NTP_OFFSET) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
    report = REPORT.pack(0x80, SENDER_REPORT, REPORT.size // 4 - 1, track, ntp, timestamp & 0xFFFFFFFF, 0, 0)
    return RECORD.pack(len(report) + RECORD.size, 0, max(0, offset_ms) & 0xFFFFFFFF) + report


class Packet(NamedTuple):
    """One packet; `sequence` and `timestamp` are extended: they grow over their wraps."""

    arrived: float
    """UTC, seconds since the epoch."""
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


class Anchor(NamedTuple):
    """Media with the extended `timestamp` was captured at `captured`."""

    arrived: float
    timestamp: int
    captured: float


@dataclass(slots=True)
class Damage:
    """What was wrong with a file."""

    header: bool = False
    skipped_bytes: int = 0
    """Bytes in the middle that were no records."""
    torn_bytes: int = 0
    """Bytes at the end that a crash left of a record."""
    faults: list[str] = field(default_factory=list)


def read(path: Path, track: int, damage: Damage | None = None) -> Iterator[Packet | Anchor]:
    """Packets and anchors in the order of their arrival (so not of their numbers). What is damaged is left out.

    After damage the reader looks for the next place where a record of this very track can begin. Raises OSError.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return
        with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            damage = damage if damage is not None else Damage()
            yield from records(data, track, damage, begin(data, damage))


@dataclass(slots=True)
class Place:
    """Where a reader is in a file, and the numbers of what it has read last (-1: nothing yet)."""

    start: float
    """What the records' milliseconds are counted from: UTC, seconds since the epoch."""
    position: int
    sequence: int = -1
    timestamp: int = -1


def records(
    data: mmap.mmap, track: int, damage: Damage, place: Place, enough: float = float("inf")
) -> Iterator[Packet | Anchor]:
    """What `read` says, from `place` on, which is moved along. After so many as are `enough` it may end before the
    next packet, which whoever goes on from `place` reads anew: only what follows a packet shows that it is whole.
    """
    start, position, end = place.start, place.position, len(data)
    sequence, timestamp = place.sequence, place.timestamp
    unpack, size, least = _RTP_RECORD.unpack_from, RECORD.size, RECORD.size + RTP.size
    make = tuple.__new__
    waiting: Packet | None = None
    """The newest packet, until what follows it shows that it is whole: a killed writer leaves torn ones."""
    begun = position
    made = 0
    while position < end:
        if position + least <= end:
            length, plain, offset, first, second, number, stamp, source = unpack(data, position)
            whole = plain == length - size and plain >= RTP.size and source == track and first == 0x80
            if whole and length <= MAX_PACKET and position + length <= end and second & 0x7F == PAYLOAD_TYPE:
                if waiting is not None:
                    yield waiting
                made += 1
                if made > enough:
                    place.position, place.sequence, place.timestamp = position, sequence, timestamp
                    return
                step = number - sequence & 0xFFFF
                sequence = sequence + step if step < 0x8000 and sequence >= 0 else _grown(number, sequence, 16)
                step = stamp - timestamp & 0xFFFFFFFF
                timestamp = timestamp + step if step < 0x80000000 and timestamp >= 0 else _grown(stamp, timestamp, 32)
                payload = data[position + least : position + length]
                waiting = make(Packet, (start + offset / 1000, sequence, timestamp, second >= 0x80, payload))
                begun = position
                position += length
                continue
        record = report_at(data, position, track)
        if record is None:
            found = _next_record(data, begun + 1, track)
            if found is not None and found < position:  # the newest packet is torn: another begins within it
                damage.skipped_bytes += found - begun
            else:
                if waiting is not None:
                    yield waiting
                if found is None:
                    damage.torn_bytes += end - position
                    break
                damage.skipped_bytes += found - position
            waiting = None
            begun = position = found
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        begun = position
        length, offset = record
        anchor = anchor_at(data, position, start + offset / 1000, timestamp)
        timestamp = anchor.timestamp
        yield anchor
        position += length
    else:
        if waiting is not None:
            yield waiting
    place.position = end


def anchor_at(data: mmap.mmap, position: int, arrived: float, timestamp: int) -> Anchor:
    """The anchor in the record at `position`, after media with the extended `timestamp`."""
    _, _, _, _, ntp, stamp, _, _ = REPORT.unpack_from(data, position + RECORD.size)
    return Anchor(arrived, _grown(stamp, timestamp, 32), ntp / (1 << 32) - NTP_OFFSET)


def _grown(value: int, near: int, bits: int) -> int:
    return value if near < 0 else extended(value, near, bits)


def extended(value: int, near: int, bits: int) -> int:
    """The number with these low `bits` that is nearest to `near`; never below 0."""
    span = 1 << bits
    candidate = near - (near & span - 1) + value
    if candidate - near > span // 2 and candidate >= span:
        return candidate - span
    if near - candidate > span // 2:
        return candidate + span
    return candidate


def begin(data: mmap.mmap, damage: Damage) -> Place:
    """Where the first record of a file begins."""
    place = Place(0.0, len(FIRST_LINE) + _HEADER.size)
    whole = len(data) >= place.position
    if not whole or data[: len(FIRST_LINE)] != FIRST_LINE:
        damage.header = True
    if whole:
        seconds, microseconds, *_ = _HEADER.unpack_from(data, len(FIRST_LINE))
        place.start = float(seconds + microseconds / 1e6)
    return place


def report_at(data: mmap.mmap, position: int, track: int) -> tuple[int, int] | None:
    """Length and offset in ms of the sender report's record that begins here, or None if none does."""
    if position + RECORD.size + REPORT.size > len(data):
        return None
    length, plain, offset = RECORD.unpack_from(data, position)
    first, kind, _, source, *_ = REPORT.unpack_from(data, position + RECORD.size)
    good = length == RECORD.size + REPORT.size and plain == 0 and first == 0x80 and kind == SENDER_REPORT
    return (length, offset) if good and source == track else None


def _begins_record(data: mmap.mmap, position: int, track: int) -> bool:
    """Whether a record of this track begins here."""
    if report_at(data, position, track) is not None:
        return True
    if position + RECORD.size + RTP.size > len(data):
        return False
    length, plain, _, first, second, _, _, source = _RTP_RECORD.unpack_from(data, position)
    good = plain == length - RECORD.size and RTP.size <= plain and length <= MAX_PACKET and first == 0x80
    return bool(good and position + length <= len(data) and second & 0x7F == PAYLOAD_TYPE and source == track)


def _next_record(data: mmap.mmap, position: int, track: int) -> int | None:
    """Where after `position` the next record begins: the track's SSRC shows the way."""
    mark = track.to_bytes(4)
    found = data.find(mark, position)
    while found >= 0:
        for ahead in (RECORD.size + 8, RECORD.size + 4):  # in an RTP packet, in a report
            candidate = found - ahead
            if candidate >= position and _begins_record(data, candidate, track):
                return candidate
        found = data.find(mark, found + 1)
    return None
