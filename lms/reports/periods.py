"""Periods of Kyiv's calendar, and with which other period each is compared. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum

from lms.schedule.queries import ZONE
from lms.schedule.rules import midnight

ALL = "all"
"""Everything since the first occurrence."""
_YEAR = re.compile(r"(?P<year>20[0-9]{2})")
_QUARTER = re.compile(r"(?P<year>20[0-9]{2})-Q(?P<quarter>[1-4])")
_MONTH = re.compile(r"(?P<year>20[0-9]{2})-(?P<month>0[1-9]|1[0-2])")


class Grain(Enum):
    """How long a step of a trend is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Against(StrEnum):
    """With which time a period is compared."""

    NOTHING = "nothing"
    PREVIOUS = "previous"
    """The one just before: the month before, the quarter before, the year before."""
    YEAR = "year"
    """The same months a year earlier."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to before `after`."""

    first: date
    after: date

    @property
    def last(self) -> date:
        """The last day."""
        return self.after - timedelta(days=1)

    @property
    def since(self) -> datetime:
        """The instant at which the first day begins in Kyiv."""
        return midnight(self.first, ZONE)

    @property
    def until(self) -> datetime:
        """The instant at which the last day is over."""
        return midnight(self.after, ZONE)


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its key: `2026`, `2026-Q3`, `2026-07`, `all`. `whole` is all of it, `span` what has passed of it."""

    key: str
    whole: Span
    span: Span

    @property
    def running(self) -> bool:
        """Whether it is not over yet."""
        return self.span != self.whole

    @property
    def grain(self) -> Grain:
        """How long the steps of its trend are."""
        return Grain.YEAR if self.key == ALL else Grain.MONTH


def period_of(key: str, today: date, beginning: date) -> Period:
    """The period of a key; the year of `today` for anything else. `beginning` is the first day of all."""
    whole = _whole(key, today, beginning)
    if whole is None:
        key, whole = str(today.year), Span(date(today.year, 1, 1), date(today.year + 1, 1, 1))
    tomorrow = today + timedelta(days=1)
    ended = min(whole.after, tomorrow) if whole.first < tomorrow else whole.after
    return Period(key, whole, Span(whole.first, ended))


def compared(period: Period, against: Against) -> Span | None:
    """The days that it is compared with: as many as have passed of it. None where there is nothing to compare."""
    if against is Against.NOTHING or period.key == ALL:
        return None
    if against is Against.YEAR or _YEAR.fullmatch(period.key):
        return Span(_year_earlier(period.span.first), _year_earlier(period.span.last) + timedelta(days=1))
    months = 3 if "Q" in period.key else 1
    first = _months_later(period.whole.first, -months)
    if not period.running:
        return Span(first, period.whole.first)
    return Span(first, min(first + (period.span.after - period.span.first), period.whole.first))


def steps(span: Span, grain: Grain) -> Iterator[str]:
    """Keys of the steps that touch the span: `2026-07`, `2026-Q3`, `2026`."""
    months = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain]
    first = date(span.first.year, (span.first.month - 1) // months * months + 1, 1)
    while first < span.after:
        yield key_of(first, grain)
        first = _months_later(first, months)


def key_of(day: date, grain: Grain) -> str:
    """The step that a day belongs to."""
    if grain is Grain.YEAR:
        return f"{day.year}"
    return f"{day.year}-Q{(day.month + 2) // 3}" if grain is Grain.QUARTER else f"{day.year}-{day.month:02}"


def within(key: str, span: Span) -> Span:
    """The days of a step, as far as they lie in the span."""
    whole = _whole(key, span.first, span.first) or span
    return Span(max(whole.first, span.first), min(whole.after, span.after))


def _whole(key: str, today: date, beginning: date) -> Span | None:
    if key == ALL:
        return Span(beginning, max(today, beginning) + timedelta(days=1))
    if found := _YEAR.fullmatch(key):
        first = date(int(found["year"]), 1, 1)
        return Span(first, _months_later(first, 12))
    if found := _QUARTER.fullmatch(key):
        first = date(int(found["year"]), int(found["quarter"]) * 3 - 2, 1)
        return Span(first, _months_later(first, 3))
    if found := _MONTH.fullmatch(key):
        first = date(int(found["year"]), int(found["month"]), 1)
        return Span(first, _months_later(first, 1))
    return None


def _months_later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _year_earlier(day: date) -> date:
    """The same day; of 29 February the one before, and of the last of a February its last."""
    following = day + timedelta(days=1)
    if following.day == 1:
        return following.replace(year=following.year - 1) - timedelta(days=1)
    return day.replace(year=day.year - 1)
