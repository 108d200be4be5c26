"""Taking a compound or reduced-size RTCP datagram apart (RFC 3550 §6.1, RFC 5506)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
BYE = 203
APPLICATION = 204
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206
EXTENDED_REPORT = 207

_HEAD = struct.Struct(">BBH")
MAX_PACKETS = 64
"""More packets in one datagram than any honest peer sends; the rest is ignored."""


@dataclass(frozen=True, slots=True)
class RtcpPacket:
    """One packet of a compound: its type, the five count or format bits, and the bytes after the common header."""

    packet_type: int
    count: int
    body: bytes


def header(packet_type: int, count: int, body_length: int) -> bytes:
    """The common header for a body of `body_length` bytes, which must be a multiple of four."""
    return _HEAD.pack(0x80 | count, packet_type, body_length >> 2)


def split(datagram: bytes | bytearray | memoryview) -> tuple[list[RtcpPacket], bool]:
    """The packets of `datagram` in order, and whether all of it was well formed.

    A packet whose length runs past the end of the datagram ends the reading; the packets before it count.
    """
    data = bytes(datagram)
    packets: list[RtcpPacket] = []
    position, end = 0, len(data)
    while position + 4 <= end and len(packets) < MAX_PACKETS:
        first, packet_type, words = _HEAD.unpack_from(data, position)
        after = position + 4 + (words << 2)
        if first >> 6 != 2 or after > end:
            return packets, False
        body_end = after
        if first & 0x20:
            padding = data[after - 1]
            if padding == 0 or padding > after - position - 4:
                return packets, False
            body_end -= padding
        packets.append(RtcpPacket(packet_type, first & 0x1F, data[position + 4 : body_end]))
        position = after
    return packets, position == end and bool(packets)
