"""Feedback messages: NACK and PLI (RFC 4585), FIR (RFC 5104), REMB (draft-alvestrand-rmcat-remb)."""

from __future__ import annotations

import struct

from sfu.rtcp.compound import PAYLOAD_FEEDBACK, TRANSPORT_FEEDBACK, header

NACK = 1
TRANSPORT_CC = 15
PLI = 1
FIR = 4
APPLICATION_LAYER = 15

_SSRCS = struct.Struct(">II")
_PAIR = struct.Struct(">HH")
_FIR_ENTRY = struct.Struct(">IB3x")
MAX_NACK_PAIRS = 250
"""Keeps a NACK inside one datagram."""


def parse_media_ssrc(body: bytes) -> int | None:
    """The media source that a feedback message is about."""
    return int.from_bytes(body[4:8], "big") if len(body) >= 8 else None


def parse_nack(body: bytes) -> list[int] | None:
    """The lost sequence numbers (16 bits), in the order given (RFC 4585 §6.2.1)."""
    if len(body) < 12 or len(body) & 3:
        return None
    lost = []
    for position in range(8, len(body), 4):
        first, mask = _PAIR.unpack_from(body, position)
        lost.append(first)
        while mask:
            low = mask & -mask
            lost.append(first + low.bit_length() & 0xFFFF)
            mask ^= low
    return lost


def nack(sender_ssrc: int, media_ssrc: int, lost: list[int]) -> bytes:
    """A generic NACK for ascending (extended or plain) sequence numbers `lost`."""
    pairs: list[tuple[int, int]] = []
    first, mask = None, 0
    for sequence in lost:
        if first is not None and 0 < sequence - first <= 16:
            mask |= 1 << sequence - first - 1
            continue
        if first is not None:
            pairs.append((first, mask))
        first, mask = sequence, 0
    if first is not None:
        pairs.append((first, mask))
    body = _SSRCS.pack(sender_ssrc, media_ssrc)
    body += b"".join(_PAIR.pack(first & 0xFFFF, mask) for first, mask in pairs[:MAX_NACK_PAIRS])
    return header(TRANSPORT_FEEDBACK, NACK, len(body)) + body


def pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    """A picture loss indication (RFC 4585 §6.3.1)."""
    return header(PAYLOAD_FEEDBACK, PLI, 8) + _SSRCS.pack(sender_ssrc, media_ssrc)


def fir(sender_ssrc: int, media_ssrc: int, command: int) -> bytes:
    """A full intra request; `command` counts our requests, modulo 256 (RFC 5104 §4.3.1)."""
    body = _SSRCS.pack(sender_ssrc, 0) + _FIR_ENTRY.pack(media_ssrc, command & 0xFF)
    return header(PAYLOAD_FEEDBACK, FIR, len(body)) + body


def parse_fir(body: bytes) -> list[tuple[int, int]] | None:
    """Pairs of media SSRC and command number."""
    if len(body) < 16 or len(body) & 7:
        return None
    return [_FIR_ENTRY.unpack_from(body, position) for position in range(8, len(body), 8)]


def remb(sender_ssrc: int, bitrate: int, ssrcs: list[int]) -> bytes:
    """A receiver estimated maximum bitrate of `bitrate` bit/s for the sum of `ssrcs` (at most 255)."""
    exponent = max(0, bitrate.bit_length() - 18)
    mantissa = bitrate >> exponent
    named = ssrcs[:255]
    body = _SSRCS.pack(sender_ssrc, 0) + b"REMB"
    body += (len(named) << 24 | exponent << 18 | mantissa).to_bytes(4, "big")
    body += b"".join(ssrc.to_bytes(4, "big") for ssrc in named)
    return header(PAYLOAD_FEEDBACK, APPLICATION_LAYER, len(body)) + body


def parse_remb(body: bytes) -> tuple[int, list[int]] | None:
    """Bit/s and the SSRCs it is for; None if malformed or another application's message."""
    if len(body) < 16 or body[8:12] != b"REMB":
        return None
    word = int.from_bytes(body[12:16], "big")
    count = word >> 24
    if len(body) < 16 + 4 * count:
        return None
    bitrate = (word & 0x3FFFF) << (word >> 18 & 0x3F)
    return bitrate, [int.from_bytes(body[i : i + 4], "big") for i in range(16, 16 + 4 * count, 4)]
