"""The one place where the SFU reads time: monotonic seconds for everything, wall time only for RTCP's NTP stamps."""

from __future__ import annotations

import time
from typing import Protocol

NTP_EPOCH_OFFSET = 2_208_988_800
"""Seconds from 1 January 1900, where NTP begins, to 1 January 1970 (RFC 5905 §6)."""


class Clock(Protocol):
    """Time as the packet path sees it."""

    def monotonic(self) -> float:
        """Seconds that never jump; the `now` of every call in the SFU."""

    def ntp(self, now: float) -> int:
        """The 64-bit NTP stamp (32.32 fixed point, seconds since 1900) of the monotonic time `now`."""


class SystemClock:
    """The machine's clock, its wall time read once.

    NTP stamps grow with the monotonic clock from that reading on, so that a jump of the wall clock cannot tear
    lip sync apart: receivers need stamps that agree with each other more than stamps that agree with the world.
    """

    __slots__ = ("_origin",)

    def __init__(self) -> None:
        self._origin = time.time() - time.monotonic() + NTP_EPOCH_OFFSET

    def monotonic(self) -> float:
        return time.monotonic()

    def ntp(self, now: float) -> int:
        return int((self._origin + now) * 4_294_967_296)


class ManualClock:
    """Time that stands still until a test moves it."""

    __slots__ = ("_origin", "now")

    def __init__(self, now: float = 1_000.0, wall: float = 1_800_000_000.0) -> None:
        self.now = now
        self._origin = wall - now + NTP_EPOCH_OFFSET

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` and return the new time."""
        self.now += seconds
        return self.now

    def monotonic(self) -> float:
        return self.now

    def ntp(self, now: float) -> int:
        return int((self._origin + now) * 4_294_967_296)
