"""Datagrams by one system call each: for systems without `recvmmsg` and `sendmmsg`."""

from __future__ import annotations

import socket

from sfu.drops import Drop, Drops
from sfu.net.address import address_family, pack_address, scope_id, unpack_address
from sfu.net.inbox import Inbox
from sfu.net.outbox import SLOT_BITS, SLOT_SIZE, Destination, Outbox


class PortableDestination(Destination):
    """A destination that knows its address as Python's socket module wants it."""

    __slots__ = ("target",)

    def __init__(self, port: PortablePort, address: bytes) -> None:
        super().__init__(port, address)
        host, number = unpack_address(address)
        self.target = (
            (host, number) if address_family(address) == socket.AF_INET else (host, number, 0, scope_id(address))
        )


class PortablePort:
    """A bound UDP socket driven with `recvfrom_into` and `sendto`."""

    __slots__ = ("_arena", "_drops", "_socket", "bytes_out", "dirty", "host", "number", "packets_out")

    def __init__(self, bound: socket.socket, outbox: Outbox, drops: Drops) -> None:
        self._socket = bound
        self._arena = outbox.arena
        self._drops = drops
        self.host, self.number = bound.getsockname()[:2]
        self.dirty: list[Destination] = []
        self.packets_out = 0
        self.bytes_out = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self, inbox: Inbox, now: float) -> int:
        for index in range(inbox.slots):
            start = index << SLOT_BITS
            try:
                length, source = self._socket.recvfrom_into(inbox.view[start : start + SLOT_SIZE])
            except OSError:
                # Nothing more to read, or an ICMP error of an earlier send, which is no news about what came in.
                return index
            inbox.lengths[index] = length
            inbox.arrivals[index] = now
            inbox.sources[index] = pack_address(source[0].partition("%")[0], source[1], source[3] if source[3:] else 0)
        return inbox.slots

    def destination(self, address: bytes) -> PortableDestination:
        return PortableDestination(self, address)

    def write(self) -> None:
        for destination in self.dirty:
            assert isinstance(destination, PortableDestination)
            pending = iter(destination.pending)
            for offset, length in zip(pending, pending, strict=True):
                try:
                    self._socket.sendto(self._arena[offset : offset + length], destination.target)
                except (BlockingIOError, InterruptedError):
                    self._drops.count(Drop.SEND_BUFFER_FULL)
                except OSError:
                    self._drops.count(Drop.SEND_REFUSED)
                else:
                    self.packets_out += 1
                    self.bytes_out += length

    def close(self) -> None:
        self._socket.close()
