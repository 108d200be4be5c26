"""Packets of a track in the order of their numbers: late ones put in place, missing ones named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from recordings.raw.blocks import Block
from recordings.raw.rtpdump import Anchor, Packet

WINDOW_S: Final = 4.0
"""How long a missing packet is waited for, in time of arrival. Retransmission gives up far earlier."""
LIMIT: Final = 4_096
"""Packets that may wait for a missing one."""
WILD: Final = 3_000
"""A leap of numbers that one packet alone is not believed (RFC 3550 A.1, MAX_DROPOUT)."""
SHORT: Final = 16
"""So few packets are sooner done one by one."""


class Lost(NamedTuple):
    """So many packets before the next one never came."""

    packets: int


class Run(NamedTuple):
    """Packets of a block, from `first` to before `end`, whose numbers follow each other."""

    block: Block
    first: int
    end: int

    def contents(self) -> Iterator[tuple[int, float, bytes]]:
        """Timestamp, arrival and payload of each."""
        block, part = self.block, slice(self.first, self.end)
        columns = (block.timestamp, block.arrived, block.begins, block.ends)
        content = block.content
        for timestamp, arrived, begin, end in zip(*(column[part].tolist() for column in columns), strict=True):
            yield timestamp, arrived, content[begin:end]


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


def in_order(records: Iterable[Block | Packet | Anchor], counts: Counts) -> Iterator[Packet | Lost | Run]:
    """The packets among `records` by their numbers, where nothing is wrong in runs. Anchors are passed over."""
    queue = _Queue(counts)
    for record in records:
        if isinstance(record, Packet):
            yield from queue.take(record)
        elif isinstance(record, Block):
            yield from _of_block(record, queue)
    yield from queue.rest()


def _of_block(block: Block, queue: _Queue) -> Iterator[Packet | Lost | Run]:
    sequence = block.sequence
    ends = [*(np.flatnonzero(np.diff(sequence) != 1) + 1).tolist(), len(block)]
    """Where runs end."""
    number = 0
    for end in ends:
        while number < end:
            if end - number >= SHORT and queue.goes_on_with(int(sequence[number])):
                queue.took(int(sequence[number]), end - number)
                yield Run(block, number, end)
                number = end
            else:
                yield from queue.take(block.packet(number))
                number += 1


class _Queue:
    """Where packets wait for those before them."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.expected = -1
        self.held: dict[int, Packet] = {}
        self.waiting_since = 0.0
        self.suspect: Packet | None = None

    def goes_on_with(self, number: int) -> bool:
        """Whether the packet with this number is the next, or the first, and nothing waits."""
        return (number == self.expected or self.expected < 0) and not self.held and self.suspect is None

    def took(self, number: int, packets: int) -> None:
        """So many packets came in order, the first of them with this number."""
        self.counts.packets += packets
        self.expected = number + packets

    def take(self, packet: Packet) -> Iterator[Packet | Lost]:
        """What can go on with this packet."""
        counts, held, number = self.counts, self.held, packet.sequence
        if self.goes_on_with(number):
            self.took(number, 1)
            yield packet
            return
        ahead = number - self.expected
        if ahead > WILD or ahead < -WILD:
            if self.suspect is None or number != self.suspect.sequence + 1:
                counts.wild += self.suspect is not None
                self.suspect = packet
                return
            yield from self._leap(self.suspect)  # a second one goes on there: the track does
            self.suspect, self.expected, ahead = None, number, 0
        elif self.suspect is not None:
            counts.wild += 1
            self.suspect = None
        if ahead < 0:
            counts.doubled += 1
            return
        if ahead:
            if number in held:
                counts.doubled += 1
                return
            if not held:
                self.waiting_since = packet.arrived
            held[number] = packet
            if len(held) <= LIMIT and packet.arrived - self.waiting_since <= WINDOW_S:
                return
            first = min(held)
            yield from self._skip(first - self.expected)
            self.expected = first
            self.waiting_since = packet.arrived
        else:
            counts.late += bool(held)
            self.took(number, 1)
            yield packet
        while self.expected in held:
            counts.packets += 1
            yield held.pop(self.expected)
            self.expected += 1

    def rest(self) -> Iterator[Packet | Lost]:
        """What waited in vain."""
        self.counts.wild += self.suspect is not None
        yield from self._held()

    def _leap(self, suspect: Packet) -> Iterator[Packet | Lost]:
        yield from self._held()
        yield from self._skip(max(1, suspect.sequence - self.expected))
        self.counts.packets += 1
        yield suspect

    def _held(self) -> Iterator[Packet | Lost]:
        for number in sorted(self.held):
            yield from self._skip(number - self.expected)
            self.took(number, 1)
            yield self.held[number]
        self.held.clear()

    def _skip(self, count: int) -> Iterator[Lost]:
        if count > 0:
            self.counts.lost += count
            yield Lost(count)
