"""VP9 payload descriptors (RFC 9628 §4.2): where key frames begin."""

from __future__ import annotations


def starts_key_frame(payload: bytes) -> bool:
    """Whether `payload` begins a key frame: B set, P clear, and the base spatial layer if layers are named."""
    if not payload:
        return False
    flags = payload[0]
    if not flags & 0x08 or flags & 0x40:
        return False
    position = 1
    if flags & 0x80:
        if len(payload) <= position:
            return False
        position += 2 if payload[position] & 0x80 else 1
    if flags & 0x20:
        if len(payload) <= position:
            return False
        layers = payload[position]
        return not layers >> 1 & 7
    return len(payload) > position
