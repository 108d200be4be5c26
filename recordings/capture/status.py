"""How capture fares, in terms that the meeting is told in."""

from __future__ import annotations

from enum import IntEnum

ABSENT_S = 3.0
"""A capture process that was not seen for so long is not there."""


class Status(IntEnum):
    """What the capture process says of itself."""

    WELL = 0
    DISK_LOW = 1
    """It writes, but there is little room left."""
    DISK_FULL = 2
    """It cannot write: what comes is held in memory while that lasts."""
