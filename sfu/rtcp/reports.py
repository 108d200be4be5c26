"""Sender and receiver reports, source descriptions, and BYE (RFC 3550 §6.4 to §6.6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sfu.rtcp.compound import BYE, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION, header

_BLOCK = struct.Struct(">IIIIII")
_SENDER = struct.Struct(">IQIII")
_CNAME = 1
MAX_BLOCKS = 31


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one source."""

    ssrc: int
    fraction_lost: int
    """In 1/256 since the last report."""
    lost: int
    """Cumulative; negative when duplicates outnumber losses (24 bits, signed)."""
    highest_sequence: int
    """Extended: 16 bits of cycles, 16 bits of sequence number."""
    jitter: int
    """RTP ticks."""
    last_sender_report: int
    """The middle 32 bits of the NTP stamp of the last sender report; 0 if there was none."""
    delay_since: int
    """1/65536 seconds since that report came in."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender says of its clock and its counts."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: list[ReportBlock]


def parse_blocks(body: bytes, position: int, count: int) -> list[ReportBlock] | None:
    """`count` report blocks at `position`; None if the packet is shorter than that."""
    if position + 24 * count > len(body):
        return None
    blocks = []
    for _ in range(count):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, position)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:
            lost -= 1 << 24
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last, delay))
        position += 24
    return blocks


def parse_sender_report(body: bytes, count: int) -> SenderReport | None:
    """A sender report's body; extensions after the blocks are ignored."""
    if len(body) < 24:
        return None
    blocks = parse_blocks(body, 24, count)
    if blocks is None:
        return None
    ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
    return SenderReport(ssrc, ntp, timestamp, packets, octets, blocks)


def parse_receiver_report(body: bytes, count: int) -> list[ReportBlock] | None:
    """The blocks of a receiver report."""
    return parse_blocks(body, 4, count) if len(body) >= 4 else None


def _pack_blocks(blocks: list[ReportBlock]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            block.ssrc,
            (block.fraction_lost & 0xFF) << 24 | max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF,
            block.highest_sequence & 0xFFFFFFFF,
            min(block.jitter, 0xFFFFFFFF),
            block.last_sender_report,
            min(block.delay_since, 0xFFFFFFFF),
        )
        for block in blocks
    )


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """A sender report without blocks; `timestamp` belongs to the instant `ntp`. Everything is cut to its width."""
    body = _SENDER.pack(ssrc, ntp & (1 << 64) - 1, timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return header(SENDER_REPORT, 0, len(body)) + body


def receiver_report(ssrc: int, blocks: list[ReportBlock]) -> bytes:
    """Receiver reports about `blocks`, as many packets as they need (31 blocks each)."""
    packets = []
    for start in range(0, len(blocks) or 1, MAX_BLOCKS):
        part = blocks[start : start + MAX_BLOCKS]
        body = ssrc.to_bytes(4, "big") + _pack_blocks(part)
        packets.append(header(RECEIVER_REPORT, len(part), len(body)) + body)
    return b"".join(packets)


def source_description(ssrc: int, cname: str) -> bytes:
    """An SDES packet with the one item every source must send."""
    name = cname.encode()[:255]
    body = ssrc.to_bytes(4, "big") + bytes((_CNAME, len(name))) + name + b"\0"
    body += bytes(-len(body) & 3)
    return header(SOURCE_DESCRIPTION, 1, len(body)) + body


def parse_source_description(body: bytes, count: int) -> dict[int, str] | None:
    """SSRC → CNAME."""
    names: dict[int, str] = {}
    position, end = 0, len(body)
    for _ in range(count):
        if position + 4 > end:
            return None
        ssrc = int.from_bytes(body[position : position + 4], "big")
        position += 4
        while position < end and body[position]:
            if position + 2 > end or position + 2 + body[position + 1] > end:
                return None
            length = body[position + 1]
            if body[position] == _CNAME:
                names[ssrc] = body[position + 2 : position + 2 + length].decode("utf-8", "replace")
            position += 2 + length
        position = (position + 4) & ~3  # the null item, padded to a word
    return names


def bye(ssrcs: list[int]) -> bytes:
    """A BYE for up to 31 sources."""
    body = b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs[:MAX_BLOCKS])
    return header(BYE, len(body) >> 2, len(body)) + body


def parse_bye(body: bytes, count: int) -> list[int] | None:
    """The sources that leave."""
    if len(body) < 4 * count:
        return None
    return [int.from_bytes(body[i : i + 4], "big") for i in range(0, 4 * count, 4)]
