"""Extended reports that let a peer which only receives learn the round-trip time (RFC 3611 §4.4, §4.5)."""

from __future__ import annotations

import struct

from sfu.rtcp.compound import EXTENDED_REPORT, header

_REFERENCE_TIME = 4
_DELAY = 5
_BLOCK = struct.Struct(">BxH")
_DELAY_ENTRY = struct.Struct(">III")


def reference_time(ssrc: int, ntp: int) -> bytes:
    """An RRTR: our clock, to be sent back to us."""
    body = ssrc.to_bytes(4, "big") + _BLOCK.pack(_REFERENCE_TIME, 2) + ntp.to_bytes(8, "big")
    return header(EXTENDED_REPORT, 0, len(body)) + body


def delay_report(ssrc: int, entries: list[tuple[int, int, int]]) -> bytes:
    """A DLRR. Entries: the SSRC that sent an RRTR, the middle 32 bits of its NTP stamp, the delay in 1/65536 s."""
    block = b"".join(_DELAY_ENTRY.pack(*entry) for entry in entries)
    body = ssrc.to_bytes(4, "big") + _BLOCK.pack(_DELAY, len(block) >> 2) + block
    return header(EXTENDED_REPORT, 0, len(body)) + body


def parse_extended(body: bytes) -> tuple[int, int | None, list[tuple[int, int, int]]] | None:
    """The sender's SSRC, the NTP stamp of its RRTR if there is one, and the entries of its DLRR blocks."""
    if len(body) < 4:
        return None
    ssrc = int.from_bytes(body[:4], "big")
    ntp: int | None = None
    entries: list[tuple[int, int, int]] = []
    position, end = 4, len(body)
    while position + 4 <= end:
        block_type, words = _BLOCK.unpack_from(body, position)
        position += 4
        after = position + (words << 2)
        if after > end:
            return None
        if block_type == _REFERENCE_TIME and words == 2:
            ntp = int.from_bytes(body[position:after], "big")
        elif block_type == _DELAY:
            if words % 3:
                return None
            entries.extend(_DELAY_ENTRY.unpack_from(body, at) for at in range(position, after, 12))
        position = after
    return ssrc, ntp, entries
