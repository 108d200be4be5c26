"""AV1 payloads (RTP Payload Format for AV1 v1.0, §4.4): where key frames begin."""

from __future__ import annotations

_SEQUENCE_HEADER = 1


def starts_key_frame(payload: bytes) -> bool:
    """Whether `payload` begins a coded video sequence: N set, and a sequence header among its first units."""
    return bool(payload) and bool(payload[0] & 0x08) and _SEQUENCE_HEADER in unit_types(payload)


def unit_types(payload: bytes) -> list[int]:
    """The types of the open bitstream units that begin in `payload`, as far as it is well formed."""
    if not payload:
        return []
    count, continued = payload[0] >> 4 & 3, bool(payload[0] & 0x80)
    kinds: list[int] = []
    position, size, index = 1, len(payload), 0
    while position < size:
        index += 1
        length = size - position
        if count != index:  # the last of a counted list has no length
            length, position = _leb128(payload, position)
            if length < 0 or position + length > size:
                break
        if length and not (continued and index == 1):
            kinds.append(payload[position] >> 3 & 15)
        position += length
        if count == index:
            break
    return kinds


def _leb128(payload: bytes, position: int) -> tuple[int, int]:
    """A little-endian base-128 number and where it ends; -1 if it does not end within 5 bytes."""
    value = 0
    for shift in range(0, 35, 7):
        if position >= len(payload):
            return -1, position
        byte = payload[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
    return -1, position
