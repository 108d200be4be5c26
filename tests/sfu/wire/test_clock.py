"""The SFU's time."""

from __future__ import annotations

import time

import pytest

from sfu.clock import NTP_EPOCH_OFFSET, ManualClock, SystemClock


def test_a_jump_of_the_wall_clock_does_not_reach_media(monkeypatch: pytest.MonkeyPatch) -> None:
    """NTP stamps grow with the monotonic clock, so lip sync survives a clock that is set."""
    clock = SystemClock()
    now = clock.monotonic()
    before = clock.ntp(now)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert clock.ntp(now + 1.0) - before == pytest.approx(1 << 32, abs=4_096)


def test_stamps_are_the_wall_time() -> None:
    """RFC 5905 §6: 32 bits of seconds since 1900, 32 bits of fraction."""
    clock = ManualClock(now=5.0, wall=1_000_000.0)
    assert clock.ntp(5.5) == int((1_000_000.5 + NTP_EPOCH_OFFSET) * (1 << 32))
    clock = SystemClock()
    assert clock.ntp(clock.monotonic()) >> 32 == pytest.approx(time.time() + NTP_EPOCH_OFFSET, abs=2)
