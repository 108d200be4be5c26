"""What a receiver's reports tell of it, and when it is due ours (RFC 3550 §6.4; checklist D21 to D25)."""

from __future__ import annotations

from sfu.rtcp.reports import ReportBlock

CLOCK_PATIENCE = 1.0
"""Seconds to wait for a publisher's first sender report before arrival times stand in for it."""


class ReceiverState:
    """One subscription as its receiver sees it."""

    __slots__ = ("began_at", "due", "fraction_lost", "from_clock", "jitter", "lost", "reported_at", "rtt")

    def __init__(self) -> None:
        self.rtt: float | None = None
        """Seconds, None before the first report that names a sender report of ours."""
        self.fraction_lost = 0.0
        self.lost = 0
        self.jitter = 0
        """RTP ticks."""
        self.reported_at = float("-inf")
        self.began_at = 0.0
        self.due = False
        """Whether media began and no sender report went out since."""
        self.from_clock = False
        """Whether the newest sender report rested on the publisher's own clock."""

    def begin(self, now: float) -> None:
        """Media begins, or begins again."""
        self.began_at = now
        self.due = True
        self.from_clock = False

    def report(self, block: ReportBlock, ntp: int, now: float) -> None:
        """A report block about this subscription came in; `ntp` is the server's NTP stamp of `now`."""
        self.fraction_lost = block.fraction_lost / 256
        self.lost = block.lost
        self.jitter = block.jitter
        self.reported_at = now
        rtt = round_trip(ntp, block.last_sender_report, block.delay_since)
        if rtt is not None:
            self.rtt = rtt if self.rtt is None else self.rtt + (rtt - self.rtt) / 8


def round_trip(ntp: int, stamp: int, delay: int) -> float | None:
    """Seconds from the `stamp` (middle 32 bits of NTP) of ours that came back after `delay` (1/65536 s), or None."""
    if not stamp:
        return None
    ticks = ((ntp >> 16) - stamp - delay) & 0xFFFFFFFF
    if ticks >= 0x80000000:
        return 0.0  # the far end rounded its delay up
    seconds = ticks / 65_536
    return seconds if seconds < 60 else None


def quality(loss: float, rtt: float | None) -> int:
    """A connection's score: 3 good, 2 fair, 1 poor, 0 hardly usable. `loss` is a share of 1, `rtt` seconds."""
    trip = rtt or 0.0
    for score, max_loss, max_rtt in ((3, 0.02, 0.25), (2, 0.05, 0.5), (1, 0.15, 1.0)):
        if loss <= max_loss and trip <= max_rtt:
            return score
    return 0
