"""Packets of a track many at a time: the columns of some ten thousand, found by numpy.

90 minutes of ten people are seven million packets; looked at one by one they take minutes. What is usual, whole records
one after the other, is read as a block; around damage `rtpdump.records` reads one by one, so that both say the same.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from recordings.raw import rtpdump
from recordings.raw.rtpdump import RECORD, RTP, Anchor, Damage, Packet, Place

LEAST: Final = 512
MOST: Final = 32_768
"""Records of a block. After damage they are few, in case there is more of it."""
ONE_BY_ONE: Final = 64
"""After damage so many are read one by one, at least."""
_HEAD: Final = RECORD.size + RTP.size
_RTP_RECORD: Final = np.dtype(
    [
        ("length", ">u2"),
        ("plain", ">u2"),
        ("offset", ">u4"),
        ("first", "u1"),
        ("second", "u1"),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("source", ">u4"),
    ]
)
_LENGTH: Final = struct.Struct("!H")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Packets in the order of their arrival, as columns, and the anchors among them."""

    content: mmap.mmap
    """The file."""
    bytes: NDArray[np.uint8]
    """The same."""
    arrived: NDArray[np.float64]
    """UTC, seconds since the epoch."""
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    """Both extended, as `Packet` has them."""
    marker: NDArray[np.bool_]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    """Where the payloads lie in the file."""
    anchors: list[Anchor]
    since: float
    until: float
    """When the first and the last record came, anchors too."""

    def __len__(self) -> int:
        return len(self.sequence)

    def packet(self, number: int) -> Packet:
        """One of them."""
        return Packet(
            float(self.arrived[number]),
            int(self.sequence[number]),
            int(self.timestamp[number]),
            bool(self.marker[number]),
            self.content[int(self.begins[number]) : int(self.ends[number])],
        )


def read(path: Path, track: int, damage: Damage | None = None) -> Iterator[Block | Packet | Anchor]:
    """What `rtpdump.read` says, in blocks where nothing is wrong. Raises OSError."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # unmapped with the last block that shows it
    if hasattr(mmap, "MADV_SEQUENTIAL"):
        data.madvise(mmap.MADV_SEQUENTIAL)
    damage = damage if damage is not None else Damage()
    place = rtpdump.begin(data, damage)
    most = MOST
    while place.position < len(data):
        at = place.position
        block, whole = _block(data, track, place, most)
        if block is not None:
            yield block
        if place.position == at or not whole:
            yield from rtpdump.records(data, track, damage, place, ONE_BY_ONE)
            most = LEAST
        else:
            most = min(MOST, 4 * most)


def _block(data: mmap.mmap, track: int, place: Place, most: int) -> tuple[Block | None, bool]:
    """The block at `place`, which is moved behind it, and whether its end is not for something wrong.

    The last record that is in order is left to the next block: what follows it shows that it is whole.
    """
    positions, end = _chain(data, place.position, most)
    if not len(positions):
        return None, False
    every = np.frombuffer(data, np.uint8)
    heads = sliding_window_view(every, _HEAD)[positions].view(_RTP_RECORD)[:, 0]
    packets = _whole(heads, positions, track, len(data))
    good = len(positions)
    for number in np.flatnonzero(~packets):
        if rtpdump.report_at(data, int(positions[number]), track) is None:
            good = int(number)
            break
    whole = good == len(positions)
    kept = good if whole and end == len(data) else good - 1
    if kept <= 0:
        return None, whole
    following = end if kept == len(positions) else int(positions[kept])
    return _columns(data, every, heads[:kept], positions[:kept], packets[:kept], place, following), whole


def _chain(data: mmap.mmap, position: int, most: int) -> tuple[NDArray[np.int64], int]:
    """Where records begin, if each is as long as it says, and where the last of them ends."""
    found: list[int] = []
    last = len(data) - _HEAD
    length = _LENGTH.unpack_from
    while position <= last and len(found) < most:
        found.append(position)
        position += length(data, position)[0] or 1
    return np.array(found, np.int64), position


def _whole(heads: NDArray[Any], positions: NDArray[np.int64], track: int, end: int) -> NDArray[np.bool_]:
    """Which records are whole RTP packets of this track."""
    length, plain = heads["length"].astype(np.int64), heads["plain"]
    good: NDArray[np.bool_] = (
        (plain == length - RECORD.size)
        & (plain >= RTP.size)
        & (length <= rtpdump.MAX_PACKET)
        & (positions + length <= end)
        & (heads["source"] == track)
        & (heads["first"] == 0x80)
        & (heads["second"] & 0x7F == rtpdump.PAYLOAD_TYPE)
    )
    return good


def _columns(
    data: mmap.mmap,
    every: NDArray[np.uint8],
    heads: NDArray[Any],
    positions: NDArray[np.int64],
    packets: NDArray[np.bool_],
    place: Place,
    following: int,
) -> Block | None:
    """The block of these records; None, and `place` stays, where the numbers need a closer look."""
    stamps = heads["timestamp"].astype(np.int64)
    anchored = np.flatnonzero(~packets)
    for number in anchored:  # a report has its timestamp elsewhere
        stamps[number] = rtpdump.anchor_at(data, int(positions[number]), 0.0, -1).timestamp
    timestamps = _extended(stamps, place.timestamp, 32)
    sequences = _extended(heads["sequence"][packets].astype(np.int64), place.sequence, 16)
    if timestamps is None or sequences is None:
        return None
    arrived = place.start + heads["offset"] / 1000
    anchors = [
        rtpdump.anchor_at(data, int(positions[number]), float(arrived[number]), int(timestamps[number]))
        for number in anchored
    ]
    begins = positions[packets]
    block = Block(
        content=data,
        bytes=every,
        arrived=arrived[packets],
        sequence=sequences,
        timestamp=timestamps[packets],
        marker=heads["second"][packets] >= 0x80,
        begins=begins + _HEAD,
        ends=begins + heads["length"][packets],
        anchors=anchors,
        since=float(arrived[0]),
        until=float(arrived[-1]),
    )
    place.position, place.timestamp = following, int(timestamps[-1])
    if len(sequences):
        place.sequence = int(sequences[-1])
    return block


def _extended(values: NDArray[np.int64], before: int, bits: int) -> NDArray[np.int64] | None:
    """The numbers with these low bits, each the nearest to the one before it; None where one would fall below 0."""
    if not len(values):
        return values
    half = 1 << bits - 1
    first = int(values[0]) if before < 0 else before
    steps = np.diff(values, prepend=first) & (1 << bits) - 1
    if (steps == half).any():
        return None
    steps[steps > half] -= 2 * half
    grown: NDArray[np.int64] = first + np.cumsum(steps)
    return None if (grown < 0).any() else grown
