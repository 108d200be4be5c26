"""VP8 payload descriptors (RFC 7741 §4.2): where key frames begin, and the numbers that must stay continuous.

Inside the SFU a descriptor that has a picture id always has it in the 15-bit form, so that the width stays stable
for a receiver whatever publisher it is shown (checklist A7). Then the id lies at bytes 2 and 3 of the payload and
TL0PICIDX, if there is one, at byte 4.
"""

from __future__ import annotations

from typing import Final

PICTURE_ID_MASK: Final = 0x7FFF


def starts_key_frame(payload: bytes) -> bool:
    """Whether `payload` is the first packet of a key frame: S set, partition 0, P clear, start code in place."""
    size = len(payload)
    if not size or payload[0] & 0x17 != 0x10:  # S=1, PID=0
        return False
    position = descriptor_size(payload)
    if position < 0 or position + 6 >= size:
        return False
    # RFC 6386 §9.1: bit 0 clear in a key frame, whose 3-byte tag is followed by the start code
    return not payload[position] & 1 and payload[position + 3 : position + 6] == b"\x9d\x01\x2a"


def descriptor_size(payload: bytes) -> int:
    """Bytes of the descriptor, or -1 if the payload ends inside it or nothing follows it."""
    size = len(payload)
    if not size:
        return -1
    position = 1
    if payload[0] & 0x80:
        if size < 2:
            return -1
        flags = payload[1]
        position = 2
        if flags & 0x80:
            if size < 3:
                return -1
            position += 2 if payload[2] & 0x80 else 1
        if flags & 0x40:
            position += 1
        if flags & 0x30:
            position += 1
    return position if position < size else -1


class Numbering:
    """Makes one publication's picture ids and TL0PICIDX continuous across its sources, in the 15-bit form."""

    __slots__ = ("_id", "_id_shift", "_raw", "_tl0", "_tl0_shift", "anchored")

    def __init__(self) -> None:
        self.anchored = False
        self._raw = 0
        """The newest picture id of the source, extended beyond its wire width."""
        self._id = -1
        """The newest id given out."""
        self._id_shift = 0
        self._tl0 = -1
        self._tl0_shift = 0

    def restart(self) -> None:
        """The next payload comes from another source, or after a pause: go on with the next number."""
        self.anchored = False

    @property
    def newest(self) -> tuple[int, int]:
        """The newest picture id (15 bits) and TL0PICIDX given out, -1 where there was none."""
        return (self._id & PICTURE_ID_MASK if self._id >= 0 else -1), self._tl0

    def normalise(self, payload: bytes) -> bytes:
        """`payload` with continuous numbers; the same bytes if nothing had to change."""
        if len(payload) < 4 or not payload[0] & 0x80 or not payload[1] & 0x80:
            return payload
        flags = payload[1]
        wide = payload[2] & 0x80
        if wide:
            picture = (payload[2] & 0x7F) << 8 | payload[3]
            after = 4
        else:
            picture = payload[2]
            after = 3
        if flags & 0x40 and after >= len(payload):
            return payload
        if not self.anchored:
            self._anchor(picture, payload[after] if flags & 0x40 else None)
        half = 0x4000 if wide else 0x40
        raw = self._raw + ((picture - self._raw + half) & 2 * half - 1) - half
        if raw > self._raw:
            self._raw = raw
        picture = raw + self._id_shift
        if picture > self._id:
            self._id = picture
        tl0_changes = False
        if flags & 0x40:
            tl0 = payload[after] + self._tl0_shift & 0xFF
            if (tl0 - self._tl0) & 0xFF < 0x80 or self._tl0 < 0:
                self._tl0 = tl0
            tl0_changes = tl0 != payload[after]
        if wide and not self._id_shift & PICTURE_ID_MASK and not tl0_changes:
            return payload
        changed = bytearray(payload[:2])
        changed.append(0x80 | picture >> 8 & 0x7F)
        changed.append(picture & 0xFF)
        if flags & 0x40:
            changed.append(tl0)
            after += 1
        changed += payload[after:]
        return bytes(changed)

    def _anchor(self, picture: int, tl0: int | None) -> None:
        self.anchored = True
        self._raw = picture
        self._id_shift = self._id + 1 - picture if self._id >= 0 else 0
        self._id = picture + self._id_shift - 1
        if tl0 is not None:
            self._tl0_shift = (self._tl0 + 1 - tl0) & 0xFF if self._tl0 >= 0 else 0


def picture_id(payload: bytes) -> int:
    """The 15-bit picture id of a normalised payload, or -1."""
    if len(payload) < 5 or not payload[0] & 0x80 or not payload[1] & 0x80 or not payload[2] & 0x80:
        return -1
    return (payload[2] & 0x7F) << 8 | payload[3]


def tl0_index(payload: bytes) -> int:
    """TL0PICIDX of a normalised payload, or -1."""
    return payload[4] if picture_id(payload) >= 0 and payload[1] & 0x40 else -1


def shift_numbers(packet: bytearray | memoryview, position: int, end: int, id_shift: int, tl0_shift: int) -> None:
    """Add to picture id and TL0PICIDX of the normalised payload at `position`, in place."""
    if end - position < 5 or not packet[position] & 0x80:
        return
    flags = packet[position + 1]
    if flags & 0x80 and packet[position + 2] & 0x80:
        picture = (packet[position + 2] & 0x7F) << 8 | packet[position + 3]
        picture = picture + id_shift & PICTURE_ID_MASK
        packet[position + 2] = 0x80 | picture >> 8
        packet[position + 3] = picture & 0xFF
        if flags & 0x40:
            packet[position + 4] = packet[position + 4] + tl0_shift & 0xFF
