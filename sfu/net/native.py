"""Datagrams in batches: Linux's `recvmmsg` and `sendmmsg`, called through cffi without anything to compile.

All message headers, vectors and addresses are made once. Their fields are set through memoryviews of 64-bit words,
which costs a third of what setting fields of cffi structures costs.
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from typing import Any

import cffi

from sfu.drops import Drop, Drops
from sfu.net.inbox import Inbox
from sfu.net.outbox import SLOT_BITS, SLOT_SIZE, Destination, Outbox

_ffi: Any = cffi.FFI()
_ffi.cdef(
    """
    int recvmmsg(int socket, void *messages, unsigned int count, int flags, void *timeout);
    int sendmmsg(int socket, void *messages, unsigned int count, int flags);
    """
)
_libc: Any = _ffi.dlopen(None)

# `struct mmsghdr` on 64-bit Linux as 64-bit words: name, name length, vectors, vector count, control, control
# length, flags, and the length of the datagram, which the kernel fills in.
_HEADER_WORDS = 8
_HEADER_SIZE = 64
_NAME_SIZE = 32
_UDP_SEGMENT = 103
_SOL_UDP = 17
_CONTROL_SIZE = 24
_CONTROL_LENGTH = 18
_MOST_SEGMENTS = 64
"""UDP_MAX_SEGMENTS of older kernels; newer ones take 128."""
_SO_TIMESTAMPNS = 35
_STAMP_SIZE = 32
"""Bytes of the control message that carries a datagram's arrival: header and `struct timespec`."""
_OLDEST_ARRIVAL = 1.0
"""Seconds. Older than that, the wall clock has jumped between the arrival and its reading."""
_LARGEST_RUN = 65_535 - 48
"""Bytes in one segmented send: what fits an IPv6 datagram with its UDP header."""
_FULL = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)


def native_supported() -> bool:
    """Whether this system has the batched calls with the memory layout known here."""
    return sys.platform == "linux" and sys.maxsize > 1 << 32 and sys.byteorder == "little"


def _words(size: int) -> tuple[Any, int, memoryview]:
    """Zeroed memory of `size` bytes: its owner, its address, and a view of its 64-bit words."""
    owner = _ffi.new("uint64_t[]", (size + 7) // 8)
    return owner, int(_ffi.cast("uintptr_t", owner)), memoryview(_ffi.buffer(owner)).cast("B").cast("Q")


def _address_of(buffer: bytearray) -> tuple[Any, int]:
    owner = _ffi.from_buffer(buffer)
    return owner, int(_ffi.cast("uintptr_t", owner))


class _ReceiveSlots:
    """Headers for `recvmmsg` that point into an inbox."""

    __slots__ = ("_keep", "headers", "name_length", "names", "pointer", "stamps")

    def __init__(self, inbox: Inbox, name_length: int) -> None:
        headers, header_address, self.headers = _words(inbox.slots * _HEADER_SIZE)
        vectors, vector_address, vector_words = _words(inbox.slots * 16)
        names, name_address, _ = _words(inbox.slots * _NAME_SIZE)
        stamps, stamp_address, self.stamps = _words(inbox.slots * _STAMP_SIZE)
        arena, arena_address = _address_of(inbox.buffer)
        for index in range(inbox.slots):
            vector_words[2 * index] = arena_address + (index << SLOT_BITS)
            vector_words[2 * index + 1] = SLOT_SIZE
            word = index * _HEADER_WORDS
            self.headers[word] = name_address + index * _NAME_SIZE
            self.headers[word + 1] = name_length
            self.headers[word + 2] = vector_address + 16 * index
            self.headers[word + 3] = 1
            self.headers[word + 4] = stamp_address + index * _STAMP_SIZE
            self.headers[word + 5] = _STAMP_SIZE
        self._keep = (headers, vectors, names, stamps, arena)
        self.pointer = _ffi.cast("void *", header_address)
        self.names = _ffi.buffer(names)
        self.name_length = name_length


class _SendSlots:
    """Headers, vectors and segment sizes for `sendmmsg`, filled anew for each batch."""

    __slots__ = (
        "_keep",
        "arena",
        "control",
        "controls",
        "header",
        "headers",
        "name_length",
        "plain",
        "plain_headers",
        "vector",
        "vectors",
    )

    def __init__(self, outbox: Outbox, name_length: int) -> None:
        slots = len(outbox.buffer) >> SLOT_BITS
        headers, self.header, self.headers = _words(slots * _HEADER_SIZE)
        vectors, self.vector, self.vectors = _words(slots * 16)
        controls, self.control, self.controls = _words(slots * _CONTROL_SIZE)
        keep, self.arena = _address_of(outbox.buffer)
        for index in range(slots):
            self.controls[3 * index] = _CONTROL_LENGTH
            self.controls[3 * index + 1] = _SOL_UDP | _UDP_SEGMENT << 32
        # A second set of headers, each with the one vector of the same index, for batches without any run.
        plain, self.plain, self.plain_headers = _words(slots * _HEADER_SIZE)
        for index in range(slots):
            word = index * _HEADER_WORDS
            self.plain_headers[word + 1] = name_length
            self.plain_headers[word + 2] = self.vector + 16 * index
            self.plain_headers[word + 3] = 1
        self.name_length = name_length
        self._keep = (headers, vectors, controls, keep, plain)

    def fill_plain(self, destinations: list[Destination]) -> int:
        """Write the headers of a batch in which each destination has one packet; returns how many bytes they have.

        This is the common case of one packet for many receivers. Only three words per packet change.
        """
        headers, vectors, arena = self.plain_headers, self.vectors, self.arena
        total = word = vector = 0
        for destination in destinations:
            offset, length = destination.pending
            headers[word] = destination.name_pointer
            vectors[vector] = arena + offset
            vectors[vector + 1] = length
            total += length
            word += _HEADER_WORDS
            vector += 2
        return total

    def fill(self, destinations: list[Destination], segments: int) -> int:
        """Write one header per run of packets that the kernel can cut itself (UDP GSO); returns how many headers.

        In a run all packets are as long as the first but the last, which may be shorter. `segments` is the longest
        run in packets, 1 to have a header for each packet.
        """
        headers, vectors, controls, arena = self.headers, self.vectors, self.controls, self.arena
        name_length = self.name_length
        vector = 0
        word = 0
        for destination in destinations:
            pending = destination.pending
            index, end = 0, len(pending)
            while index < end:
                first = vector
                size = length = pending[index + 1]
                most = min(segments, _LARGEST_RUN // size) if segments > 1 else 1
                while True:
                    vectors[2 * vector] = arena + pending[index]
                    vectors[2 * vector + 1] = length
                    vector += 1
                    index += 2
                    if index == end or length < size or vector - first >= most:
                        break
                    length = pending[index + 1]
                    if length > size:
                        break
                headers[word] = destination.name_pointer
                headers[word + 1] = name_length
                headers[word + 2] = self.vector + 16 * first
                headers[word + 3] = vector - first
                if vector - first > 1:
                    message = word >> 3
                    controls[3 * message + 2] = size
                    headers[word + 4] = self.control + _CONTROL_SIZE * message
                    headers[word + 5] = _CONTROL_SIZE
                else:
                    headers[word + 4] = 0
                    headers[word + 5] = 0
                word += _HEADER_WORDS
        return word >> 3


class NativeDestination(Destination):
    """A destination whose socket address lies in memory that the kernel can read."""

    __slots__ = ("_keep",)

    def __init__(self, port: NativePort, address: bytes) -> None:
        self._keep = _ffi.from_buffer(address)
        super().__init__(port, address, int(_ffi.cast("uintptr_t", self._keep)))


class NativePort:
    """A bound UDP socket driven in batches, with UDP segmentation offload where the kernel has it."""

    __slots__ = (
        "_descriptor",
        "_drops",
        "_name_length",
        "_receive_slots",
        "_send_slots",
        "_socket",
        "bytes_out",
        "dirty",
        "host",
        "number",
        "packets_out",
        "segments",
    )

    def __init__(self, bound: socket.socket, outbox: Outbox, drops: Drops) -> None:
        self._socket = bound
        self._descriptor = bound.fileno()
        self._drops = drops
        self._name_length = 28 if bound.family == socket.AF_INET6 else 16
        self._receive_slots: dict[int, _ReceiveSlots] = {}
        self._send_slots = _SendSlots(outbox, self._name_length)
        self.dirty: list[Destination] = []
        self.host, self.number = bound.getsockname()[:2]
        self.packets_out = 0
        self.bytes_out = 0
        # When the kernel got a datagram, not when we read it: a batch read late would look like a burst to the
        # senders' bandwidth estimators, and their probes would count for nothing.
        bound.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.segments = _MOST_SEGMENTS if _segmentation_supported(bound) else 1

    def fileno(self) -> int:
        return self._descriptor

    def receive(self, inbox: Inbox, now: float) -> int:
        slots = self._receive_slots.get(id(inbox))
        if slots is None:
            slots = self._receive_slots[id(inbox)] = _ReceiveSlots(inbox, self._name_length)
        count: int = _libc.recvmmsg(self._descriptor, slots.pointer, inbox.slots, socket.MSG_DONTWAIT, _ffi.NULL)
        if count <= 0:
            return 0
        headers, names, size = slots.headers, slots.names, slots.name_length
        lengths, sources, arrivals, stamps = inbox.lengths, inbox.sources, inbox.arrivals, slots.stamps
        wall = time.time()
        for index in range(count):
            word = index * _HEADER_WORDS
            lengths[index] = headers[word + 7] & 0xFFFFFFFF
            stamp = index << 2
            ago = wall - stamps[stamp + 2] - stamps[stamp + 3] * 1e-9 if headers[word + 5] == _STAMP_SIZE else 0.0
            arrivals[index] = now - ago if 0.0 < ago < _OLDEST_ARRIVAL else now
            headers[word + 5] = _STAMP_SIZE  # the kernel wrote how much of it was used
            name = index * _NAME_SIZE
            sources[index] = names[name : name + size]
        return count

    def destination(self, address: bytes) -> NativeDestination:
        return NativeDestination(self, address)

    def write(self) -> None:
        slots, dirty = self._send_slots, self.dirty
        packets = sum(map(len, (destination.pending for destination in dirty))) >> 1
        if packets == len(dirty):
            length = slots.fill_plain(dirty)
            messages, address, headers = packets, slots.plain, slots.plain_headers
        else:
            length = sum(sum(destination.pending[1::2]) for destination in dirty)
            messages, address, headers = slots.fill(dirty, self.segments), slots.header, slots.headers
        self.packets_out += packets
        self.bytes_out += length
        pointer = _ffi.cast("void *", address)
        done = 0
        while True:
            sent: int = _libc.sendmmsg(self._descriptor, pointer, messages - done, socket.MSG_DONTWAIT)
            if sent > 0:
                done += sent
            elif _ffi.errno != errno.EINTR:
                done = self._refused(_ffi.errno, headers, address, done, messages)
            if done == messages:
                return
            pointer = _ffi.cast("void *", address + done * _HEADER_SIZE)

    def _refused(self, number: int, headers: memoryview, address: int, done: int, messages: int) -> int:
        """The kernel did not take message `done`; returns the message to go on with."""
        if number in _FULL:
            for message in range(done, messages):
                self._lost(headers, message, Drop.SEND_BUFFER_FULL)
            return messages
        if headers[done * _HEADER_WORDS + 3] > 1:
            self._send_singly(headers, address, done)
        else:
            self._lost(headers, done, Drop.SEND_REFUSED)
        return done + 1

    def _send_singly(self, headers: memoryview, address: int, message: int) -> None:
        """Send the packets of a refused run one by one; if that works, runs are not tried again.

        The outgoing device may be unable to segment, or the packets may be larger than the path takes.
        """
        word = message * _HEADER_WORDS
        pointer = _ffi.cast("void *", address + message * _HEADER_SIZE)
        first, count = headers[word + 2], headers[word + 3]
        headers[word + 3] = 1
        headers[word + 4] = headers[word + 5] = 0
        for vector in range(count):
            headers[word + 2] = first + 16 * vector
            if _libc.sendmmsg(self._descriptor, pointer, 1, socket.MSG_DONTWAIT) == 1:
                self.segments = 1
            else:
                self._lost(headers, message, Drop.SEND_REFUSED)

    def _lost(self, headers: memoryview, message: int, reason: Drop) -> None:
        """Count the packets of a message as dropped instead of sent."""
        word = message * _HEADER_WORDS
        slots = self._send_slots
        first = (headers[word + 2] - slots.vector) // 16
        last = first + headers[word + 3]
        self._drops.count(reason, last - first)
        self.packets_out -= last - first
        self.bytes_out -= sum(slots.vectors[2 * first + 1 : 2 * last : 2])

    def close(self) -> None:
        self._socket.close()


def _segmentation_supported(bound: socket.socket) -> bool:
    try:
        bound.getsockopt(_SOL_UDP, _UDP_SEGMENT)
    except OSError:
        return False
    return True
