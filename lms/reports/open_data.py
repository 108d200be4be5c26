"""What anybody may have: two tables of the whole network, in which nobody can be found.

`oblasts`: each oblast in each year; `months`: the network in each month. A year's sum stands in both. Figures that
fewer than five people made are taken out, however often they did it, and as many more as keep them from being worked
out of the sum beside them (`measures.without_small`). Only whole years and months that are over are in them: a table
that grows by the day tells what a single day brought.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from lms.days import day_of
from lms.reports import measures
from lms.reports.asked import By, Where
from lms.reports.choices import oblast_name
from lms.reports.counting import Counted, count
from lms.reports.facts import first_day
from lms.reports.measures import OPEN, OPEN_PLACES, Figures, Measure
from lms.reports.periods import Grain, Span, key_of, steps, within

YEARS = 10
"""How far back."""
MEASURES = tuple(each for each in Measure if each not in (Measure.VALID, Measure.REVOKED))
"""Without what changes afterwards."""


class Table(StrEnum):
    """A table, by its name in addresses."""

    OBLASTS = "oblasts"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A line: a step of time, an oblast or the whole network (empty), and figures; None where taken out."""

    step: str
    span: Span
    code: str
    name_uk: str
    name_en: str
    figures: Figures


def rows(session: Session, table: Table, now: datetime, *, demonstrations: bool = False) -> list[OpenRow]:
    """The whole table. Its work is bounded by `YEARS`; whoever serves it keeps it for a while."""
    found: list[OpenRow] = []
    for year in _years(session, day_of(now)):
        by = By.OBLAST if table is Table.OBLASTS else By.MONTH
        counted = count(session, year, Where(), by, Grain.MONTH, now, demonstrations=demonstrations)
        found += _of_oblasts(year, counted) if table is Table.OBLASTS else _of_months(year, counted)
    return found


def _years(session: Session, today: date) -> Iterator[Span]:
    """Years since the first occurrence; of the current one the months that are over."""
    begun = first_day(session) or today
    this_month = today.replace(day=1)
    for year in range(max(begun.year, today.year - YEARS + 1), today.year + 1):
        span = Span(date(year, 1, 1), min(date(year + 1, 1, 1), this_month))
        if span.first < span.after:
            yield span


def _of_oblasts(year: Span, counted: Counted) -> Iterator[OpenRow]:
    step = key_of(year.first, Grain.YEAR)
    yield _whole(year, counted)
    for key, figures in sorted(measures.without_small(counted.groups, OPEN_PLACES, counted.total).items()):
        name = oblast_name(key)
        yield OpenRow(step, year, name.code, name.uk or "невідомо", name.en or ("" if key else "not known"), figures)


def _of_months(year: Span, counted: Counted) -> Iterator[OpenRow]:
    yield _whole(year, counted)
    lines: dict[str, Figures] = {key: counted.steps.get(key, measures.NOTHING) for key in steps(year, Grain.MONTH)}
    for key, figures in measures.without_small(lines, OPEN, counted.total).items():
        yield OpenRow(key, within(key, year), "", "", "", figures)


def _whole(year: Span, counted: Counted) -> OpenRow:
    return OpenRow(key_of(year.first, Grain.YEAR), year, "", "", "", measures.hidden_alone(counted.total, OPEN))
