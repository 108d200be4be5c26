"""One SSRC as it comes in: extended numbers, loss and jitter for our receiver reports (RFC 3550 §6.4.1, §A.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.media.nack import MissingPackets
from sfu.rtcp.reports import ReportBlock, SenderReport

if TYPE_CHECKING:
    from sfu.media.publication import Publication

MAX_DROPOUT = 3_000
"""A larger jump in sequence numbers is a restart, not a loss (RFC 3550 §A.1)."""
DUPLICATE = -1
TOO_OLD = -2


class Source:
    """The state of one incoming media SSRC."""

    __slots__ = (
        "_base",
        "_expected_before",
        "_received_before",
        "_report_at",
        "_report_ntp",
        "_restart",
        "_timestamp32",
        "_transit",
        "arrived_at",
        "fraction_lost",
        "highest",
        "jitter",
        "missing",
        "payload_type",
        "previous",
        "publication",
        "rate",
        "received",
        "repairs",
        "restarted",
        "retired",
        "rid",
        "ssrc",
        "timestamp",
    )

    def __init__(self, ssrc: int, rate: int, publication: Publication) -> None:
        self.ssrc = ssrc
        self.rate = rate
        self.publication = publication
        self.payload_type = -1
        """What the newest packet had; -1 before the first."""
        self.repairs = False
        """Whether this SSRC carries retransmissions (RFC 4588)."""
        self.rid = ""
        self.retired = False
        self.missing = MissingPackets()
        self.highest = -1
        """Highest extended sequence number; starts one cycle up, so that late packets never go below zero."""
        self.previous = -1
        """What `highest` was before the packet at hand."""
        self.restarted = False
        """Whether the packet at hand begins a new run of numbers."""
        self.timestamp = 0
        """Highest extended timestamp."""
        self.received = 0
        self.jitter = 0.0
        self.fraction_lost = 0
        self.arrived_at = 0.0
        self._base = 0
        self._restart = -1
        self._transit = 0.0
        self._timestamp32 = 0
        self._expected_before = 0
        self._received_before = 0
        self._report_ntp = 0
        self._report_at = 0.0

    def sequence(self, sequence: int, timestamp: int, now: float) -> int:
        """Count a packet and return its extended sequence number, or `DUPLICATE` or `TOO_OLD`.

        Afterwards `previous + 1 == highest` if it came in order, and `restarted` tells a new run of numbers. A packet
        that is late but within reach returns a number below `highest`; only its keeper knows whether it has it.
        """
        self.restarted = False
        highest = self.highest
        delta = (sequence - highest) & 0xFFFF
        if highest < 0:
            self._begin(sequence, timestamp, now)
        elif delta == 0:
            self.received += 1
            return DUPLICATE
        elif delta <= MAX_DROPOUT:
            self.previous = highest
            self.highest = highest + delta
        elif delta >= 0x10000 - MAX_DROPOUT:
            self.received += 1
            self.previous = highest
            return highest + delta - 0x10000
        elif sequence == self._restart:
            self._begin(sequence, timestamp, now)
        else:  # believe a far jump only when the next packet follows it (RFC 3550 §A.1)
            self._restart = sequence + 1 & 0xFFFF
            return TOO_OLD
        self.received += 1
        moved = (timestamp - self._timestamp32) & 0xFFFFFFFF
        if moved:
            if moved & 0x80000000:
                moved -= 0x100000000
            self.timestamp += moved
            self._timestamp32 = timestamp
            transit = now * self.rate - self.timestamp
            difference = transit - self._transit
            self._transit = transit
            self.jitter += ((difference if difference > 0 else -difference) - self.jitter) / 16
        self.arrived_at = now
        return self.highest

    def _begin(self, sequence: int, timestamp: int, now: float) -> None:
        self.restarted = True
        self._restart = -1
        self.highest = sequence + 0x10000
        self.previous = self.highest - 1
        self._base = self.highest
        self.received = self._expected_before = self._received_before = 0
        if not self.timestamp:
            self.timestamp = timestamp + (1 << 32)
            self._timestamp32 = timestamp
        self._transit = now * self.rate - self.extend_timestamp(timestamp)
        self.missing.forget()

    def extend_timestamp(self, timestamp: int) -> int:
        """`timestamp` (32 bits), extended near the highest one."""
        return self.timestamp + ((timestamp - self._timestamp32 + 0x80000000) & 0xFFFFFFFF) - 0x80000000

    def sender_report(self, report: SenderReport, now: float) -> None:
        """Remember a sender report for LSR and DLSR."""
        self._report_ntp = report.ntp >> 16 & 0xFFFFFFFF
        self._report_at = now

    def report_block(self, now: float) -> ReportBlock:
        """What our next receiver report says of this source (RFC 3550 §6.4.1, §A.3)."""
        expected = self.highest - self._base + 1
        lost = expected - self.received
        interval = expected - self._expected_before
        interval_lost = interval - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        self.fraction_lost = min(255, (interval_lost << 8) // interval) if interval > 0 and interval_lost > 0 else 0
        delay = round((now - self._report_at) * 65_536) if self._report_ntp else 0
        return ReportBlock(
            self.ssrc, self.fraction_lost, lost, self.highest - 0x10000, int(self.jitter), self._report_ntp, delay
        )
