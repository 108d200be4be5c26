"""Clocks: from a publisher's reports to this server's time, and from there to RTP ticks (checklist A4, D22, D23)."""

from __future__ import annotations

NTP_SECOND = 1 << 32
_JUMP = 5.0
"""Seconds by which a publisher's clock may differ from what was known before it counts as set anew."""
_FOLLOW = 0.02
"""Share of a later arrival that is followed per report: slow clocks drift, queues come and go."""


class PublisherClock:
    """One publisher's wall clock against this server's monotonic time; all its sources share it."""

    __slots__ = ("offset",)

    def __init__(self) -> None:
        self.offset: float | None = None
        """Add to the publisher's NTP seconds to get monotonic seconds here; None before the first sender report."""

    def report(self, ntp: int, now: float) -> None:
        """A sender report stamped `ntp` (64 bits) came in at `now`."""
        candidate = now - ntp / NTP_SECOND
        offset = self.offset
        if offset is None or candidate < offset or candidate - offset > _JUMP:
            self.offset = candidate
        else:
            self.offset = offset + (candidate - offset) * _FOLLOW


class SourceClock:
    """When the media of one source was captured, in monotonic seconds of this server."""

    __slots__ = ("_ntp", "_publisher", "_timestamp", "rate")

    def __init__(self, publisher: PublisherClock, rate: int) -> None:
        self._publisher = publisher
        self._ntp: float | None = None
        self._timestamp = 0
        self.rate = rate
        """RTP ticks per second."""

    @property
    def known(self) -> bool:
        """Whether a sender report has tied timestamps to time."""
        return self._ntp is not None

    def report(self, ntp: int, timestamp: int) -> None:
        """`timestamp` (extended, on the publication's timeline) belongs to the publisher's instant `ntp`."""
        self._ntp = ntp / NTP_SECOND
        self._timestamp = timestamp

    def forget(self) -> None:
        """The timeline was anchored anew: the last report no longer fits it."""
        self._ntp = None

    def captured(self, timestamp: int) -> float | None:
        """The monotonic time of `timestamp`, or None while unknown."""
        offset = self._publisher.offset
        if self._ntp is None or offset is None:
            return None
        return self._ntp + offset + (timestamp - self._timestamp) / self.rate

    def timestamp_at(self, now: float) -> int | None:
        """The timestamp that media captured at monotonic `now` has, or None while unknown."""
        offset = self._publisher.offset
        if self._ntp is None or offset is None:
            return None
        return self._timestamp + round((now - self._ntp - offset) * self.rate)
