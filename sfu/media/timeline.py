"""One publication's own sequence numbers and timestamps, continuous whatever its sources do (checklist A2 to A5, A10).

Numbers are extended integers; they become 16 and 32 bits wide only where a packet is written.
"""

from __future__ import annotations

from bisect import bisect_right

FIRST_SEQUENCE = 1_000
"""Leaves room below the first packet that came for those it overtook."""
REACH_BACK = 100
MAX_LEAP = 2.0
"""Seconds by which timestamps may run ahead of time before they are anchored anew."""
MAX_LAG = 3.0
"""Seconds by which timestamps may stay behind, and for how long: a stalled network catches up, a stopped clock not."""
_LEAD_DECAY = 0.0005
_MAX_SKIPS = 256


class Timeline:
    """Maps the numbers of the source at hand to the publication's."""

    __slots__ = (
        "_floor",
        "_lag_since",
        "_lead",
        "_shift",
        "_skip_shifts",
        "_skips",
        "_stamped_at",
        "_timestamp_shift",
        "anchored",
        "highest",
        "timestamp",
    )

    def __init__(self) -> None:
        self.anchored = False
        """Whether the source at hand has its place on the timeline."""
        self.highest = FIRST_SEQUENCE - 1
        """The highest sequence number given out."""
        self.timestamp = 0
        """The timestamp of the newest packet in order."""
        self._shift = 0
        self._timestamp_shift = 0
        self._floor = 0
        self._skips: list[int] = []
        self._skip_shifts: list[int] = []
        self._lead = 0.0
        self._lag_since = 0.0
        self._stamped_at = 0.0

    def release(self) -> None:
        """What comes next follows what came last without a gap: after a mute, or from another source."""
        self.anchored = False

    def anchor(self, sequence: int, timestamp: int, now: float, rate: int, hole: bool) -> bool:
        """Give the source's packet `sequence`, in order, the next place; one place further if `hole` is set.

        The timestamp keeps its place if it agrees with the time that has passed; else it moves on by that time, and
        the answer is False.
        """
        kept = True
        first = self.highest < FIRST_SEQUENCE
        self._shift = self.highest + 1 + hole - sequence
        self._floor = sequence - REACH_BACK if first else sequence
        self._skips.clear()
        self._skip_shifts.clear()
        if first:
            self._timestamp_shift = 0
            self.timestamp = timestamp
            self._lead = timestamp / rate - now
        else:
            expected = self.timestamp + max(1, round((now - self._stamped_at) * rate))
            if abs(timestamp + self._timestamp_shift - expected) > MAX_LEAP * rate:
                self._timestamp_shift = expected - timestamp
                kept = False
            self._lead = (timestamp + self._timestamp_shift) / rate - now
        self._stamped_at = now
        self.anchored = True
        return kept

    def new_source(self, sequence: int, timestamp: int, now: float, rate: int, hole: bool) -> None:
        """As `anchor`, for a source whose timestamps have nothing to do with those before."""
        if self.highest >= FIRST_SEQUENCE:
            expected = self.timestamp + max(1, round((now - self._stamped_at) * rate))
            self._timestamp_shift = expected - timestamp
        self.anchor(sequence, timestamp, now, rate, hole)

    def skip(self, sequence: int) -> None:
        """The source's packet `sequence`, the next in order, is left out: what follows moves up."""
        self._skips.append(sequence)
        self._skip_shifts.append(self._shift)
        self._shift -= 1
        if len(self._skips) > _MAX_SKIPS:
            self._floor = max(self._floor, self._skips[0] + 1)
            del self._skips[0], self._skip_shifts[0]

    def next(self, sequence: int) -> int:
        """The place of the source's packet `sequence`, which is its highest so far."""
        self.highest = sequence + self._shift
        return self.highest

    def late(self, sequence: int) -> int:
        """The place kept for the source's packet `sequence`, or -1 if there is none (checklist A9)."""
        if not self.anchored or sequence < self._floor:
            return -1
        skips = self._skips
        if not skips or sequence > skips[-1]:
            return sequence + self._shift
        index = bisect_right(skips, sequence)
        if index and skips[index - 1] == sequence:
            return -1
        return sequence + self._skip_shifts[index]

    def stamp(self, timestamp: int, now: float, rate: int) -> bool:
        """Move `self.timestamp` to the source's `timestamp` (extended), in order. False if it was anchored anew."""
        moved = timestamp + self._timestamp_shift
        if moved == self.timestamp:
            return True
        stamped_at = self._stamped_at
        self._stamped_at = now
        ahead = moved / rate - now
        lead = self._lead
        if ahead > lead + MAX_LEAP or moved < self.timestamp - MAX_LEAP * rate:
            return self._anchor_timestamp(timestamp, now - stamped_at, now, rate)
        if ahead > lead:
            self._lead = ahead
        elif ahead < lead - MAX_LAG:
            if not self._lag_since:
                self._lag_since = now
            elif now - self._lag_since > MAX_LAG:
                return self._anchor_timestamp(timestamp, lead - ahead, now, rate)
        else:
            self._lag_since = 0.0
            self._lead = lead - (lead - ahead) * _LEAD_DECAY
        self.timestamp = moved
        return True

    def late_timestamp(self, timestamp: int) -> int:
        """The place of a late packet's timestamp."""
        return timestamp + self._timestamp_shift

    def _anchor_timestamp(self, timestamp: int, elapsed: float, now: float, rate: int) -> bool:
        self.timestamp += max(1, round(elapsed * rate))
        self._timestamp_shift = self.timestamp - timestamp
        self._lead = self.timestamp / rate - now
        self._lag_since = 0.0
        return False
