"""Preallocated slots in which packets are written, protected in place, and sent in batches."""

from __future__ import annotations

from typing import Protocol

from sfu.drops import Drop, Drops

SLOT_BITS = 11
SLOT_SIZE = 1 << SLOT_BITS
"""Bytes per slot: a power of two, so that a slot's number is its offset shifted."""
USABLE_SIZE = 1_700
"""Bytes of plaintext that a slot holds at least; the rest is room for SRTP's trailer."""


class BatchPort(Protocol):
    """A socket that sends what was queued for its destinations."""

    @property
    def dirty(self) -> list[Destination]:
        """The destinations with something pending."""

    def write(self) -> None:
        """Send everything pending, in order per destination; drop and count what the kernel does not take."""


class Destination:
    """One remote address as seen from one local socket, and what is queued for it."""

    __slots__ = ("address", "dirty", "name_pointer", "pending")

    def __init__(self, port: BatchPort, address: bytes, name_pointer: int = 0) -> None:
        self.dirty = port.dirty
        self.address = address
        """The raw socket address: what the port reported as the source of datagrams from there."""
        self.name_pointer = name_pointer
        """Where the kernel can read the address, for ports that need it."""
        self.pending: list[int] = []
        """Offset and length of each queued packet, flat: offset, length, offset, length ...

        Who adds to an empty list also adds the destination to `dirty`. `Outbox.send` does both; so does the
        transport's `send_rtp`, which is called too often to call it.
        """


class Outbox:
    """Slots for packets on their way out, shared by all peers of a node and used by one thread.

    `take` opens a slot; exactly one of `send` and `give_back` closes it. When all slots are used the batch is sent
    by itself, so nothing here grows and nothing waits.
    """

    __slots__ = ("_end", "_next", "_ports", "arena", "buffer", "drops")

    def __init__(self, drops: Drops, slots: int = 512) -> None:
        self.drops = drops
        self.buffer = bytearray(slots << SLOT_BITS)
        self.arena = memoryview(self.buffer)
        """All slots, writable."""
        self._next = 0
        self._end = len(self.buffer)
        self._ports: list[BatchPort] = []

    def attach(self, port: BatchPort) -> None:
        """From now on flush to `port` too."""
        self._ports.append(port)

    def take(self) -> int:
        """The byte offset of a free slot with at least `USABLE_SIZE` usable bytes."""
        offset = self._next
        if offset == self._end:
            self.flush()
            offset = 0
        self._next = offset + SLOT_SIZE
        return offset

    def give_back(self) -> None:
        """Close the slot taken last without sending it."""
        self._next -= SLOT_SIZE

    def send(self, offset: int, length: int, destination: Destination) -> None:
        """Queue the `length` bytes at `offset`, the slot taken last, to `destination`."""
        pending = destination.pending
        if not pending:
            destination.dirty.append(destination)
        pending.append(offset)
        pending.append(length)

    def send_bytes(self, data: bytes, destination: Destination) -> None:
        """Queue a copy of `data` to `destination`; more than a slot holds is a counted drop."""
        length = len(data)
        if length > SLOT_SIZE:
            self.drops.count(Drop.SEND_TOO_LONG)
            return
        offset = self.take()
        self.buffer[offset : offset + length] = data
        self.send(offset, length, destination)

    def flush(self) -> None:
        """Hand everything queued to the sockets and free all slots."""
        for port in self._ports:
            if port.dirty:
                port.write()
                for destination in port.dirty:
                    destination.pending.clear()
                port.dirty.clear()
        self._next = 0
