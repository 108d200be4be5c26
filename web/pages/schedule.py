"""`/schedule`: everything planned, as a list by day, as a week and as a month; filtered and searched."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.days import day_of
from lms.schedule import calendar
from lms.schedule.calendar import Mark, Wanted
from lms.schedule.cards import OccurrenceCard
from lms.schedule.models import Kind
from web.visits import Reading, Visit

View = Literal["list", "week", "month"]
When = Literal["upcoming", "past"]
Word = Annotated[str, Query(max_length=120)]
SHOWN_IN_CELL = 3
"""Occurrences that a day of the month names; the others are counted."""
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Day:
    """The occurrences of one local day."""

    day: date
    cards: list[OccurrenceCard]


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of the calendar. `within` is whether it belongs to the month that is shown."""

    day: date
    marks: list[Mark]
    within: bool
    today: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for in the address."""

    view: View
    when: When
    page: int
    day: date | None
    month: date | None
    wanted: Wanted

    def address(self, **changes: Any) -> str:
        """The same view with some words of its address changed; a filter that changes begins at the first page."""
        wanted = self.wanted
        words: dict[str, Any] = {
            "view": self.view if self.view != "list" else "",
            "when": self.when if self.when != "upcoming" else "",
            "day": self.day or "",
            "month": f"{self.month:%Y-%m}" if self.month else "",
            "kind": wanted.kind or "",
            "topic": wanted.topic,
            "oblast": wanted.oblast,
            "organisation": wanted.organisation,
            "series": wanted.series,
            "project": wanted.project,
            "mine": "1" if wanted.mine else "",
            "q": wanted.words,
        }
        kept = {name: str(value) for name, value in (words | changes).items() if value}
        return "/schedule" + (f"?{urlencode(kept)}" if kept else "")

    @property
    def narrowed(self) -> int:
        """How many filters are set, besides the words that are searched for."""
        wanted = self.wanted
        filters = (
            wanted.kind,
            wanted.topic,
            wanted.oblast,
            wanted.organisation,
            wanted.series,
            wanted.project,
            wanted.mine,
        )
        return sum(bool(each) for each in filters)


@router.get("/schedule")
def schedule(
    visit: Reading,
    view: View = "list",
    when: When = "upcoming",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    day: Word = "",
    month: Word = "",
    kind: Word = "",
    topic: Word = "",
    oblast: Word = "",
    organisation: Word = "",
    series: Word = "",
    project: Word = "",
    mine: bool = False,
    q: Word = "",
) -> Response:
    """The schedule, as it was asked for. A word that means nothing filters nothing."""
    wanted = Wanted(
        kind=Kind(kind) if kind in set(Kind) else None,
        topic=topic,
        oblast=oblast,
        organisation=organisation,
        series=series,
        project=project,
        mine=mine and visit.visitor.in_network,
        words=q.strip(),
    )
    asked = Request(view, when, page, _day(day), _day(f"{month}-01"), wanted)
    show: Callable[[Visit, Request], dict[str, Any]] = {"list": _list, "week": _week, "month": _month}[view]
    return visit.page(
        "schedule.html",
        asked=asked,
        choices=calendar.choices(visit.session, visit.visitor, visit.now, wanted),
        kinds=list(Kind),
        today=day_of(visit.now),
        feed=f"{visit.config.public_url}/schedule.ics",
        **show(visit, asked),
    )


def by_day(cards: Sequence[OccurrenceCard]) -> list[Day]:
    """Group by the day in the network's zone, in the order given."""
    days: dict[date, list[OccurrenceCard]] = {}
    for card in cards:
        days.setdefault(day_of(card.starts_at), []).append(card)
    return [Day(day, found) for day, found in days.items()]


def _list(visit: Visit, asked: Request) -> dict[str, Any]:
    look = calendar.over if asked.when == "past" else calendar.coming
    found = look(visit.session, visit.visitor, visit.now, asked.wanted, asked.page)
    return {"days": by_day(found.cards), "more": found.more}


def _week(visit: Visit, asked: Request) -> dict[str, Any]:
    today = day_of(visit.now)
    day = asked.day or today
    monday = day - timedelta(days=day.weekday())
    marks = calendar.marks(visit.session, visit.visitor, monday, monday + timedelta(days=7), asked.wanted)
    week = [monday + timedelta(days=number) for number in range(7)]
    return {
        "cells": _cells(week, marks, today=today, chosen=None, month=None),
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
    }


def _month(visit: Visit, asked: Request) -> dict[str, Any]:
    today = day_of(visit.now)
    first = (asked.day or asked.month or today).replace(day=1)
    days = list(Calendar().itermonthdates(first.year, first.month))
    marks = calendar.marks(visit.session, visit.visitor, days[0], days[-1] + timedelta(days=1), asked.wanted)
    chosen = asked.day or _first_of_interest(marks, first, today)
    cells = _cells(days, marks, today=today, chosen=chosen, month=first.month)
    return {
        "weeks": [cells[begin : begin + 7] for begin in range(0, len(cells), 7)],
        "first": first,
        "before": first - timedelta(days=1),
        "after": first + timedelta(days=31),
        "chosen": chosen,
        "cards": calendar.of_day(visit.session, visit.visitor, visit.now, chosen, asked.wanted),
        "shown_in_cell": SHOWN_IN_CELL,
    }


def _first_of_interest(marks: Sequence[Mark], first: date, today: date) -> date:
    """The day to show under a month: today, else the first one on which there is something."""
    if (today.year, today.month) == (first.year, first.month):
        return today
    within = (day_of(mark.starts_at) for mark in marks)
    return next((day for day in within if day.month == first.month), first)


def _cells(
    days: Sequence[date], marks: Sequence[Mark], *, today: date, chosen: date | None, month: int | None
) -> list[Cell]:
    by: dict[date, list[Mark]] = {}
    for mark in marks:
        by.setdefault(day_of(mark.starts_at), []).append(mark)
    return [
        Cell(day, by.get(day, []), month is None or day.month == month, day == today, day == chosen) for day in days
    ]


def _day(text: str) -> date | None:
    """A day of this century; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None
