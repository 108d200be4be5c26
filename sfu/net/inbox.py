"""Preallocated slots into which datagrams are received, a batch at a time."""

from __future__ import annotations

from sfu.net.outbox import SLOT_BITS, SLOT_SIZE


class Inbox:
    """Slots for one batch of received datagrams, shared by all ports of a node.

    After `port.receive(inbox, now)` returned n, the datagrams are in the first n slots: datagram i begins at byte
    `i * SLOT_SIZE` of `buffer`, is `lengths[i]` bytes long, came from `sources[i]` and reached this machine at
    `arrivals[i]`, monotonic seconds, at most `now`. The next call overwrites them.
    """

    __slots__ = ("arrivals", "buffer", "lengths", "slots", "sources", "view")

    def __init__(self, slots: int = 64) -> None:
        self.slots = slots
        self.buffer = bytearray(slots << SLOT_BITS)
        self.view = memoryview(self.buffer)
        self.lengths: list[int] = [0] * slots
        self.sources: list[bytes] = [b""] * slots
        self.arrivals: list[float] = [0.0] * slots

    def datagram(self, index: int) -> bytes:
        """A copy of datagram `index` of the present batch."""
        start = index << SLOT_BITS
        return bytes(self.view[start : start + self.lengths[index]])


LONGEST_DATAGRAM = SLOT_SIZE - 1
"""A datagram that fills its slot was cut by the kernel and is dropped as oversize."""
