"""Which packets of one source are missing, and when to ask for them (RFC 4585 §6.2.1; checklist C16)."""

from __future__ import annotations

REORDER_TOLERANCE = 0.010
"""Seconds that a packet may be late before it counts as lost."""
MAX_ATTEMPTS = 10
MAX_AGE = 1.5
"""Seconds after which a missing packet would come too late to be of use."""
MAX_MISSING = 512
"""More missing packets than this are no longer repaired one by one: a key frame is cheaper."""
MIN_SPACING = 0.020
INITIAL_RTT = 0.100


class _Missing:
    __slots__ = ("asked_at", "attempts", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.asked_at = 0.0
        self.attempts = 0


class MissingPackets:
    """The list of missing packets of one source, by extended sequence number."""

    __slots__ = ("_missing", "rtt")

    def __init__(self) -> None:
        self._missing: dict[int, _Missing] = {}
        self.rtt = INITIAL_RTT
        """Seconds to the publisher and back: measured on repairs, spacing of repeated requests."""

    def __len__(self) -> int:
        return len(self._missing)

    def lost(self, first: int, after: int, now: float) -> bool:
        """Packets `first` to `after` - 1 were skipped. False if that is more than can be repaired."""
        if after - first + len(self._missing) > MAX_MISSING:
            self._missing.clear()
            return False
        for sequence in range(first, after):
            self._missing[sequence] = _Missing(now)
        return True

    def arrived(self, sequence: int, now: float) -> None:
        """A late or repaired packet is here."""
        missing = self._missing.pop(sequence, None)
        if missing is None or not missing.attempts:
            return
        if missing.attempts == 1:
            sample = max(0.001, now - missing.asked_at)
            self.rtt += (sample - self.rtt) / 4

    def key_frame(self, sequence: int) -> None:
        """A key frame begins at `sequence`: nothing before it is needed any more."""
        if self._missing:
            self._missing = {number: missing for number, missing in self._missing.items() if number >= sequence}

    def forget(self) -> None:
        """Ask for nothing of what is missing now."""
        self._missing.clear()

    def due(self, now: float) -> list[int]:
        """The packets to ask for now, ascending; each counts as asked for."""
        if not self._missing:
            return []
        spacing = max(self.rtt * 1.2, MIN_SPACING)
        wanted, given_up = [], []
        for sequence, missing in self._missing.items():
            if now - missing.since > MAX_AGE or missing.attempts >= MAX_ATTEMPTS:
                given_up.append(sequence)
            elif now >= (missing.asked_at + spacing if missing.attempts else missing.since + REORDER_TOLERANCE):
                missing.attempts += 1
                missing.asked_at = now
                wanted.append(sequence)
        for sequence in given_up:
            del self._missing[sequence]
        wanted.sort()
        return wanted
