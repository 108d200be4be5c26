"""The newest packets of one publication: one shared copy for the retransmissions of all its receivers."""

from __future__ import annotations

Entry = tuple[int, int, int, bytes, tuple[tuple[int, bytes], ...], float]
"""Sequence number and timestamp on the publication's timeline (extended), the marker bit as 0 or 0x80, the payload,
the forwarded header extensions as pairs of number and value, and the time of arrival."""


class PacketRing:
    """Packets by sequence number, as many as fit the time (seconds), the bytes and the slots (checklist C19)."""

    __slots__ = ("_mask", "_oldest", "_slots", "floor", "max_age", "max_bytes", "newest", "size")

    def __init__(self, slots: int, max_age: float, max_bytes: int) -> None:
        """`slots` must be a power of two."""
        self._slots: list[Entry | None] = [None] * slots
        self._mask = slots - 1
        self._oldest = 0
        self.floor = 0
        """What is numbered below was let go of: whether it ever came is no longer known."""
        self.newest = -1
        """The highest sequence number stored, -1 before the first."""
        self.max_age = max_age
        self.max_bytes = max_bytes
        self.size = 0
        """Bytes of payload held."""

    def get(self, sequence: int) -> Entry | None:
        """The packet with that extended sequence number, if it is still held."""
        entry = self._slots[sequence & self._mask]
        return entry if entry is not None and entry[0] == sequence else None

    def store(self, entry: Entry) -> None:
        """Keep `entry`, which the caller knows is no duplicate, and let go of what is too old or too much."""
        sequence = entry[0]
        if self.newest < 0:
            self._oldest = sequence
        slots, mask = self._slots, self._mask
        if sequence > self.newest:
            if sequence - self.newest > mask and self.newest >= 0:
                self.clear()
                self._oldest = self.floor = sequence
            self.newest = sequence
        elif sequence < self._oldest:
            if self.newest - sequence > mask:
                return
            self._oldest = sequence
        index = sequence & mask
        replaced = slots[index]
        if replaced is not None:
            self.size -= len(replaced[3])
        slots[index] = entry
        self.size += len(entry[3])
        oldest = self._oldest
        if sequence - oldest > mask:
            oldest = self.floor = sequence - mask
        limit = entry[5] - self.max_age
        while oldest < sequence:
            held = slots[oldest & mask]
            if held is not None and held[0] == oldest:
                if held[5] >= limit and self.size <= self.max_bytes:
                    break
                slots[oldest & mask] = None
                self.size -= len(held[3])
            oldest += 1
            self.floor = oldest
        self._oldest = oldest

    def clear(self) -> None:
        """Let go of everything."""
        self._slots = [None] * (self._mask + 1)
        self.size = 0
        self.newest = -1
