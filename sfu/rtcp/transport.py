"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sfu.rtcp.compound import TRANSPORT_FEEDBACK, header
from sfu.rtcp.feedback import TRANSPORT_CC

REFERENCE_UNIT = 0.064
"""Seconds per unit of the reference time."""
DELTA_UNIT = 0.000_25
"""Seconds per unit of a delta."""
_TICKS_PER_REFERENCE = 256
_HEAD = struct.Struct(">IIHHI")
_MAX_RUN = 0x1FFF
_SYMBOLS_PER_VECTOR = 7


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Which packets of one transport arrived, and when, on the receiver's clock."""

    base_sequence: int
    count: int
    """The counter of feedback messages, modulo 256."""
    arrivals: list[float | None]
    """Seconds per packet from `base_sequence` on, on a clock of the receiver's own; None for a lost one."""


def encode_status(symbols: list[int]) -> bytes:
    """Packet status chunks: a run where at least a vector's worth of symbols agree, else a vector of seven."""
    chunks = bytearray()
    position, total = 0, len(symbols)
    while position < total:
        symbol = symbols[position]
        run = 1
        while position + run < total and run < _MAX_RUN and symbols[position + run] == symbol:
            run += 1
        if run >= _SYMBOLS_PER_VECTOR or position + run == total:
            chunks += (symbol << 13 | run).to_bytes(2, "big")
            position += run
            continue
        part = symbols[position : position + _SYMBOLS_PER_VECTOR]
        word = 0xC000
        for index, value in enumerate(part):
            word |= value << 12 - 2 * index
        chunks += word.to_bytes(2, "big")
        position += len(part)
    return bytes(chunks)


def transport_feedback(
    sender_ssrc: int, media_ssrc: int, base_sequence: int, count: int, arrivals: list[int | None]
) -> tuple[bytes, int]:
    """Feedback for packets from `base_sequence` on, and how many of `arrivals` it covers.

    `arrivals` holds arrival times in ticks of 250 µs, None for packets that are missing; the last is not None. It
    covers fewer than given where two neighbours are more than 8 s apart (a delta has 16 bits).
    """
    reference = next(arrival for arrival in arrivals if arrival is not None) // _TICKS_PER_REFERENCE
    previous = reference * _TICKS_PER_REFERENCE
    symbols: list[int] = []
    deltas = bytearray()
    for arrival in arrivals:
        if arrival is None:
            symbols.append(0)
            continue
        delta = arrival - previous
        if 0 <= delta <= 0xFF:
            symbols.append(1)
            deltas.append(delta)
        elif -0x8000 <= delta <= 0x7FFF:
            symbols.append(2)
            deltas += (delta & 0xFFFF).to_bytes(2, "big")
        else:
            break
        previous = arrival
    while symbols[-1] == 0:  # what lies beyond the break belongs to the next message
        symbols.pop()
    body = _HEAD.pack(
        sender_ssrc, media_ssrc, base_sequence & 0xFFFF, len(symbols), (reference & 0xFFFFFF) << 8 | count & 0xFF
    )
    body += encode_status(symbols) + deltas
    body += bytes(-len(body) & 3)
    return header(TRANSPORT_FEEDBACK, TRANSPORT_CC, len(body)) + body, len(symbols)


def _parse_status(body: bytes, total: int) -> tuple[list[int], int] | None:
    symbols: list[int] = []
    position = 16
    while len(symbols) < total:
        if position + 2 > len(body):
            return None
        word = body[position] << 8 | body[position + 1]
        position += 2
        if not word & 0x8000:
            symbols.extend([word >> 13] * min(word & _MAX_RUN, total - len(symbols)))
            if not word & _MAX_RUN:
                return None
        elif word & 0x4000:
            symbols.extend(word >> shift & 3 for shift in range(12, -1, -2))
        else:
            symbols.extend(word >> shift & 1 for shift in range(13, -1, -1))
    return symbols[:total], position


def parse_transport_feedback(body: bytes) -> TransportFeedback | None:
    """A feedback message's body; None if its chunks or deltas run past its end."""
    if len(body) < 16:
        return None
    _, _, base, total, word = _HEAD.unpack_from(body)
    status = _parse_status(body, total)
    if status is None:
        return None
    symbols, position = status
    reference = word >> 8
    if reference & 0x800000:
        reference -= 1 << 24
    ticks = reference * _TICKS_PER_REFERENCE
    arrivals: list[float | None] = []
    for symbol in symbols:
        if symbol == 1:
            if position >= len(body):
                return None
            ticks += body[position]
            position += 1
        elif symbol == 2:
            if position + 2 > len(body):
                return None
            ticks += int.from_bytes(body[position : position + 2], "big", signed=True)
            position += 2
        arrivals.append(ticks * DELTA_UNIT if symbol in (1, 2) else None)
    return TransportFeedback(base, word & 0xFF, arrivals)
