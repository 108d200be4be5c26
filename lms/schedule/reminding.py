"""When somebody is to be reminded: a pure rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.schedule.rules import to_utc, zone_of

USUAL = (24 * 60, 30)
"""Minutes before the beginning: a day, and half an hour."""
LONGEST = 14 * 24 * 60
MOST = 5


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which somebody wants no mail: minutes after local midnight, may cross it."""

    begin: int
    end: int
    zone: str


def offsets(of_occurrence: Sequence[int] | None, of_person: Sequence[int] | None) -> tuple[int, ...]:
    """The person's own offsets, else the occurrence's, else the usual ones; longest first, each once, within bounds."""
    chosen = of_person if of_person is not None else of_occurrence if of_occurrence is not None else USUAL
    return tuple(sorted({each for each in chosen if 0 < each <= LONGEST}, reverse=True)[:MOST])


def moment(starts_at: datetime, offset: int, quiet: Quiet | None) -> datetime:
    """When a reminder is due. In quiet hours it waits for their end, unless that is too late: then it comes in time."""
    due = starts_at - timedelta(minutes=offset)
    if quiet is None:
        return due
    waits = _after(due, quiet)
    return waits if waits < starts_at else due


def due_now(
    starts_at: datetime,
    now: datetime,
    chosen: Sequence[int],
    *,
    quiet: Quiet | None = None,
    told_at: datetime | None = None,
) -> int | None:
    """The reminder to send at `now`: of those whose time has come, the nearest to the beginning only.

    Whoever was told of the time after a reminder would have been due needs none. None once it has begun.
    """
    if now >= starts_at:
        return None
    ready = [each for each in chosen if moment(starts_at, each, quiet) <= now]
    if not ready:
        return None
    nearest = min(ready)
    if told_at is not None and told_at >= starts_at - timedelta(minutes=nearest):
        return None
    return nearest


def _after(at: datetime, quiet: Quiet) -> datetime:
    local = at.astimezone(zone_of(quiet.zone)).replace(tzinfo=None)
    minute = local.hour * 60 + local.minute
    if quiet.begin == quiet.end:
        return at
    crosses = quiet.begin > quiet.end
    inside = minute >= quiet.begin or minute < quiet.end if crosses else quiet.begin <= minute < quiet.end
    if not inside:
        return at
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if crosses and minute >= quiet.begin:
        midnight += timedelta(days=1)
    return to_utc(midnight + timedelta(minutes=quiet.end), quiet.zone)
