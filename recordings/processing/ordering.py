"""Packets of a track in the order of their numbers: late ones put in place, missing ones named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from recordings.raw.rtpdump import Anchor, Packet

WINDOW_S: Final = 4.0
"""How long a missing packet is waited for, in time of arrival. Retransmission gives up far earlier."""
LIMIT: Final = 4_096
"""Packets that may wait for a missing one."""
WILD: Final = 3_000
"""A leap of numbers that one packet alone is not believed (RFC 3550 A.1, MAX_DROPOUT)."""


class Lost(NamedTuple):
    """So many packets before the next one never came."""

    packets: int


@dataclass(slots=True)
class Counts:
    """What was seen of a track."""

    packets: int = 0
    lost: int = 0
    late: int = 0
    """Came after a later one, and were put in place."""
    doubled: int = 0
    """Came twice, or after they had been given up."""
    wild: int = 0
    """Left out: their numbers do not fit to those of any neighbour."""


def in_order(records: Iterable[Packet | Anchor], counts: Counts) -> Iterator[Packet | Lost]:
    """The packets among `records` by their numbers. Anchors are passed over."""
    expected = -1
    held: dict[int, Packet] = {}
    waiting_since = 0.0
    suspect: Packet | None = None
    for packet in records:
        if packet.__class__ is not Packet:
            continue
        number = packet.sequence
        if number == expected and not held and suspect is None:
            counts.packets += 1
            expected += 1
            yield packet
            continue
        if expected < 0:
            expected = number
        ahead = number - expected
        if ahead > WILD or ahead < -WILD:
            if suspect is None or number != suspect.sequence + 1:
                counts.wild += suspect is not None
                suspect = packet
                continue
            for waiting in sorted(held):  # a second one goes on there: the track does
                yield from _skip(waiting - expected, counts)
                expected = waiting + 1
                counts.packets += 1
                yield held[waiting]
            held.clear()
            yield from _skip(max(1, suspect.sequence - expected), counts)
            counts.packets += 1
            yield suspect
            suspect, expected, ahead = None, number, 0
        elif suspect is not None:
            counts.wild += 1
            suspect = None
        if ahead < 0:
            counts.doubled += 1
            continue
        if ahead:
            if number in held:
                counts.doubled += 1
                continue
            if not held:
                waiting_since = packet.arrived
            held[number] = packet
            if len(held) <= LIMIT and packet.arrived - waiting_since <= WINDOW_S:
                continue
            first = min(held)
            yield from _skip(first - expected, counts)
            expected = first
            waiting_since = packet.arrived
        else:
            counts.late += bool(held)
            counts.packets += 1
            expected += 1
            yield packet
        while expected in held:
            counts.packets += 1
            yield held.pop(expected)
            expected += 1
    counts.wild += suspect is not None
    for number in sorted(held):
        yield from _skip(number - expected, counts)
        expected = number + 1
        counts.packets += 1
        yield held[number]


def _skip(count: int, counts: Counts) -> Iterator[Lost]:
    if count > 0:
        counts.lost += count
        yield Lost(count)
