"""H.264 payloads (RFC 6184 §5): where key frames begin."""

from __future__ import annotations

_IDR = 5
_SPS = 7
_STAP_A = 24
_FU_A = 28
_FU_B = 29


def starts_key_frame(payload: bytes) -> bool:
    """Whether a decoder can start here: a sequence parameter set, or an IDR slice's first packet.

    Also inside the aggregates STAP-A, and at the start of a fragmented unit.
    """
    size = len(payload)
    if size < 2:
        return False
    kind = payload[0] & 0x1F
    if kind in (_IDR, _SPS):
        return True
    if kind in (_FU_A, _FU_B):
        return bool(payload[1] & 0x80) and payload[1] & 0x1F in (_IDR, _SPS)
    if kind == _STAP_A:
        position = 1
        while position + 3 <= size:
            if payload[position + 2] & 0x1F in (_IDR, _SPS):
                return True
            position += 2 + (payload[position] << 8 | payload[position + 1])
    return False
