"""What the parameter sets of H.264 say."""

from __future__ import annotations

from typing import Final

SPS: Final = 7
PPS: Final = 8
"""Types of units (H.264, table 7-1)."""


def parameter_sets(data: bytes) -> tuple[bytes, bytes]:
    """SPS and PPS of a key frame with lengths before its units; empty if they are not in it."""
    found = {SPS: b"", PPS: b""}
    position = 0
    while position + 4 < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4] & 0x1F
        if kind in found:
            found[kind] = data[position + 4 : position + 4 + size]
        position += 4 + size
    return found[SPS], found[PPS]


class _Bits:
    """Reads bits and Exp-Golomb numbers (H.264 §9.1)."""

    def __init__(self, unit: bytes) -> None:
        self._data = unit.replace(b"\x00\x00\x03", b"\x00\x00")
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._at >> 3] if self._at >> 3 < len(self._data) else 0
            value = value << 1 | (byte >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def golomb(self) -> int:
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)


_HIGH_PROFILES: Final = (100, 110, 122, 244, 44, 83, 86, 118, 128)


def size(sps: bytes) -> tuple[int, int]:
    """Width and height that a sequence parameter set names (H.264 §7.3.2.1.1)."""
    bits = _Bits(sps[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            return 0, 0  # scaling matrices: nobody sends them here
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(255, bits.golomb())):
            bits.signed()
    bits.golomb()
    bits.take(1)
    width = (bits.golomb() + 1) * 16
    height = bits.golomb() + 1
    frames_only = bits.take(1)
    height *= 16 * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        unit_x, unit_y = (1 if chroma in (0, 3) else 2), (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    return width, height
