"""The network's calendar: a day begins and ends at midnight in Kyiv, wherever the server or the reader is."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Kyiv")


def day_of(moment: datetime) -> date:
    """The day that an instant falls on."""
    return moment.astimezone(ZONE).date()
