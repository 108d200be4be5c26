"""H.265 payloads (RFC 7798 §4.4): where key frames begin."""

from __future__ import annotations

_IRAP = range(16, 24)
_PARAMETER_SETS = range(32, 35)
_AGGREGATE = 48
_FRAGMENT = 49


def _starts(kind: int) -> bool:
    return kind in _IRAP or kind in _PARAMETER_SETS


def starts_key_frame(payload: bytes) -> bool:
    """Whether a decoder can start here: VPS, SPS, PPS or an intra random access picture's first packet."""
    size = len(payload)
    if size < 3:
        return False
    kind = payload[0] >> 1 & 0x3F
    if kind == _FRAGMENT:
        return bool(payload[2] & 0x80) and _starts(payload[2] & 0x3F)
    if kind == _AGGREGATE:
        position = 2
        while position + 4 <= size:
            if _starts(payload[position + 2] >> 1 & 0x3F):
                return True
            position += 2 + (payload[position] << 8 | payload[position + 1])
        return False
    return _starts(kind)
