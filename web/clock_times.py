"""Clock times as people type them beside an occurrence: `10:05`, on its day, in its zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lms.errors import Invalid
from lms.schedule.rules import to_utc

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.]([0-5]\d))?")
_EARLIEST = timedelta(hours=3)
"""Who was there hours before it began typed a time after midnight."""


def instant_at(typed: str, begin: datetime, zone: str, field: str) -> datetime | None:
    """The instant of a typed clock time on the day of `begin`, or after its midnight. None for nothing typed.

    Raises `Invalid` (time_invalid).
    """
    if not typed.strip():
        return None
    found = _CLOCK.fullmatch(typed.strip())
    if found is None:
        raise Invalid("time_invalid", "Enter a time as hours and minutes, for example 10:00.", field)
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    local = begin.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    typed_local = local.replace(hour=hours, minute=minutes, second=seconds, microsecond=0)
    if typed_local < local - _EARLIEST:
        typed_local += timedelta(days=1)
    return to_utc(typed_local, zone)


def clock_of(moment: datetime | None, zone: str) -> str:
    """The clock time of an instant, as it is typed; with seconds where they matter. Empty for None."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")
