"""Arrival times of one publisher's packets, reported back by transport-wide feedback (checklist E28, E29)."""

from __future__ import annotations

from sfu.rtcp.transport import DELTA_UNIT, transport_feedback

INTERVAL = 0.050
"""Seconds between two feedback messages while packets come."""
MAX_SPAN = 2_000
"""Packets that one report may span; a larger hole in the numbers starts afresh."""
_TICKS = 1 / DELTA_UNIT


class Arrivals:
    """Collects transport-wide sequence numbers, gives feedback messages."""

    __slots__ = ("_count", "_last", "_next", "_pending", "sent_at")

    def __init__(self) -> None:
        self._pending: dict[int, int] = {}
        self._last = -1
        """The highest number seen, extended."""
        self._next = -1
        """Where the next report begins if nothing older comes in."""
        self._count = 0
        self.sent_at = 0.0

    def __len__(self) -> int:
        return len(self._pending)

    def record(self, sequence: int, now: float) -> None:
        """A packet with the 16-bit transport-wide `sequence` came at `now`."""
        last = self._last
        if last < 0:
            last = self._last = 0x10000 + sequence
            self._next = last
            extended = last
        else:
            extended = last + ((sequence - last + 0x8000) & 0xFFFF) - 0x8000
            if extended > last:
                self._last = extended
        pending = self._pending
        if len(pending) >= MAX_SPAN:  # nobody took reports: no source of this peer was accepted
            pending.clear()
        if extended not in pending:
            pending[extended] = int(now * _TICKS)

    def due(self, now: float) -> bool:
        """Whether a report should be sent: something came, and the last report is `INTERVAL` ago."""
        return bool(self._pending) and now - self.sent_at >= INTERVAL

    def reports(self, sender_ssrc: int, media_ssrc: int, now: float) -> list[bytes]:
        """The feedback for everything that came since the last report, missing numbers included."""
        pending = self._pending
        if not pending:
            return []
        self.sent_at = now
        last = max(pending)
        first = min(self._next, min(pending))
        if last - first >= MAX_SPAN:
            first = min(number for number in pending if last - number < MAX_SPAN)
        arrivals = [pending.get(number) for number in range(first, last + 1)]
        self._pending = {}
        self._next = last + 1
        messages = []
        position = 0
        while position < len(arrivals):
            message, covered = transport_feedback(
                sender_ssrc, media_ssrc, first + position, self._count, arrivals[position:]
            )
            messages.append(message)
            self._count += 1
            position += covered
        return messages
