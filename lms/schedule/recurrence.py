"""Recurrence: a rule or a list of dates as wall times, and the instants they are in a zone. Pure functions.

A rule is the part of RFC 5545 section 3.3.10 that people plan by: DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY,
BYMONTHDAY or BYSETPOS, ended by COUNT or UNTIL (a day, in the series' zone). It is expanded on the clock of the wall
and only then placed in the zone, so that ten o'clock stays ten o'clock across both clock changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice
from typing import Literal

from dateutil import rrule

from lms.errors import Invalid
from lms.schedule.rules import to_utc, zone_of

MOST_DATES = 200
"""So many dates a series may have: four years of weeks."""
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DATEUTIL: dict[str, Literal[1, 2, 3]] = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY}
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")


class Frequency(StrEnum):
    """How a rule steps."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class ClockNote(StrEnum):
    """What the clock change does to a date: its hour is skipped that night, or comes twice."""

    NONE = ""
    SKIPPED = "skipped"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule. Weekdays count from 0, Monday; `position` is that of BYSETPOS: 1 the first, -1 the last."""

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    position: int | None = None
    count: int | None = None
    until: date | None = None

    def text(self) -> str:
        """As RFC 5545 writes it."""
        parts = [f"FREQ={self.frequency.value}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(_WEEKDAYS[day] for day in self.weekdays))
        if self.month_day is not None:
            parts.append(f"BYMONTHDAY={self.month_day}")
        if self.position is not None:
            parts.append(f"BYSETPOS={self.position}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)


@dataclass(frozen=True, slots=True)
class Placed:
    """A date of a series in its zone.

    `planned` is what the rule says, `local` what clocks show then (later by the gap, where they skip the hour:
    RFC 5545 section 3.3.5), `at` the instant; of an hour that comes twice, the first.
    """

    planned: datetime
    local: datetime
    at: datetime
    note: ClockNote = ClockNote.NONE


def parse(text: str) -> Rule:
    """A rule from its RFC 5545 text. Raises `Invalid` (rule_invalid) for what is outside of the part we plan by."""
    parts = _parts(text)
    try:
        frequency = Frequency(parts.pop("FREQ", ""))
        weekdays, position = _days(parts.pop("BYDAY", ""))
        if "BYSETPOS" in parts:
            position = int(parts.pop("BYSETPOS"))
        rule = Rule(
            frequency,
            int(parts.pop("INTERVAL", "1")),
            weekdays,
            int(parts.pop("BYMONTHDAY")) if "BYMONTHDAY" in parts else None,
            position,
            int(parts.pop("COUNT")) if "COUNT" in parts else None,
            datetime.strptime(parts.pop("UNTIL"), "%Y%m%d").date() if "UNTIL" in parts else None,
        )
    except ValueError as error:
        raise _wrong(f"{text!r} cannot be read.") from error
    parts.pop("WKST", None)
    if parts:
        raise _wrong(f"{', '.join(sorted(parts))} is more than the planner knows.")
    check(rule)
    return rule


def check(rule: Rule) -> None:
    """Raises `Invalid` (rule_invalid, rule_endless) for a rule that makes no sense or never ends."""
    if not 1 <= rule.interval <= 52:
        raise _wrong("The interval is from 1 to 52.")
    if any(not 0 <= day <= 6 for day in rule.weekdays) or len(set(rule.weekdays)) < len(rule.weekdays):
        raise _wrong("Each weekday stands once.")
    monthly = rule.frequency is Frequency.MONTHLY
    if rule.month_day is not None and (not monthly or rule.weekdays or rule.month_day not in (-1, *range(1, 32))):
        raise _wrong("A day of the month is from 1 to 31, or -1 for the last, and stands without weekdays.")
    if rule.position is not None and (not monthly or not rule.weekdays or rule.position not in (1, 2, 3, 4, 5, -1)):
        raise _wrong("The first to the fifth or the last weekday belongs to a monthly rule.")
    if monthly and rule.month_day is None and (not rule.weekdays or rule.position is None):
        raise _wrong("Say on which day of the month: a number, or for example the second Wednesday.")
    if rule.count is None and rule.until is None:
        raise Invalid("rule_endless", "Say how many times, or until which day.", "count")
    if rule.count is not None and rule.until is not None:
        raise _wrong("Say how many times, or until which day, not both.")
    if rule.count is not None and not 1 <= rule.count <= MOST_DATES:
        raise Invalid("too_many_dates", f"A series has 1 to {MOST_DATES} dates; plan the rest as another one.", "count")


def expand(rule: Rule, starts_local: datetime) -> list[datetime]:
    """The wall times of a rule, on and after `starts_local`, in order.

    Raises `Invalid`: as `check`, too_many_dates, or no_dates when the rule falls on no day before it ends.
    """
    check(rule)
    until = datetime.combine(rule.until, time.max) if rule.until is not None else None
    found = rrule.rrule(
        _DATEUTIL[rule.frequency],
        dtstart=starts_local,
        interval=rule.interval,
        count=rule.count,
        until=until,
        byweekday=rule.weekdays or None,
        bymonthday=rule.month_day,
        bysetpos=rule.position,
        wkst=rrule.MO,
    )
    dates = list(islice(found, MOST_DATES + 1))
    return _bounded(dates)


def dates_of(
    rule: str,
    starts_local: datetime,
    added: Iterable[datetime] = (),
    left_out: Iterable[datetime] = (),
) -> list[datetime]:
    """The wall times of a series: its rule's, if it has one, with those added and without those left out, in order.

    Raises `Invalid` as `expand` does.
    """
    found = set(expand(parse(rule), starts_local)) if rule else set()
    return _bounded(sorted((found | set(added)) - set(left_out)))


def place(planned: datetime, zone: str) -> Placed:
    """A wall time in its zone. Raises `Invalid` (zone_unknown)."""
    at = to_utc(planned, zone)
    where = zone_of(zone)
    local = at.astimezone(where).replace(tzinfo=None, fold=0)
    if local != planned:
        return Placed(planned, local, at, ClockNote.SKIPPED)
    twice = planned.replace(tzinfo=where, fold=0).utcoffset() != planned.replace(tzinfo=where, fold=1).utcoffset()
    return Placed(planned, local, at, ClockNote.DOUBLED if twice else ClockNote.NONE)


def _bounded(dates: list[datetime]) -> list[datetime]:
    if not dates:
        raise Invalid("no_dates", "There is no date in it. Check the days and the end.", "count")
    if len(dates) > MOST_DATES:
        detail = f"A series has at most {MOST_DATES} dates; plan the rest as another one."
        raise Invalid("too_many_dates", detail, "count")
    return dates


def _parts(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or name in found:
            raise _wrong(f"{part!r} cannot be read.")
        found[name] = value
    return found


def _days(text: str) -> tuple[tuple[int, ...], int | None]:
    """Weekdays, and the position where BYDAY itself names one (`2WE`)."""
    days: list[int] = []
    positions: set[int | None] = set()
    for part in text.split(",") if text else ():
        match = _DAY.fullmatch(part)
        if match is None:
            raise ValueError(part)
        positions.add(int(match[1]) if match[1] else None)
        days.append(_WEEKDAYS.index(match[2]))
    if len(positions) > 1 or (len(days) > 1 and positions != {None}):
        raise ValueError(text)
    return tuple(sorted(days)), positions.pop() if positions else None


def _wrong(why: str) -> Invalid:
    return Invalid("rule_invalid", f"This rule cannot be planned by: {why}", "rule")
