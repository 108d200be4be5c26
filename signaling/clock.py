"""The two clocks of signaling: one that never jumps, for timeouts, and the wall clock, for what people are shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`monotonic`: seconds from some point, for every duration. `wall`: UTC, seconds since the epoch."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
