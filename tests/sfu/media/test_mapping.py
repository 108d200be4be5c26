"""A publisher's clock as seen from here (checklist D22, D23)."""

from __future__ import annotations

import pytest

from sfu.media.mapping import NTP_SECOND, PublisherClock


def test_the_fastest_report_counts_and_queues_hardly_move_it() -> None:
    """A report that was delayed says little of the clock; one that came faster than all before says more."""
    clock = PublisherClock()
    for ntp, arrival in ((100.0, 5.050), (101.0, 6.350), (102.0, 7.020), (103.0, 8.320)):
        clock.report(round(ntp * NTP_SECOND), arrival)
    assert clock.offset == pytest.approx(-94.980, abs=0.007)


def test_a_clock_that_is_set_is_followed_at_once() -> None:
    """A jump of the publisher's wall clock by an hour, either way."""
    for jump in (3_600.0, -3_600.0):
        clock = PublisherClock()
        clock.report(10_000 * NTP_SECOND, 5.0)
        clock.report(round((10_001 + jump) * NTP_SECOND), 6.0)
        assert clock.offset == pytest.approx(-9_995.0 - jump)
