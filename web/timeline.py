"""The timeline of an occurrence as a picture: where every bar, tick and name stands. The template draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lms.meetings.rules import Period, union
from lms.meetings.sheet_views import SheetRow, SheetView

NAMES = 226
"""Width of the column of names."""
PLOT = 720
RIGHT = 20
TOP = 40
ROW = 28
LEGEND = 46
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240)
_MOST_TICKS = 10
_LONGEST_NAME = 27


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time, in the picture's own units."""

    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the clock."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One person's or room's row."""

    y: float
    name: str
    full_name: str
    is_room: bool
    own: tuple[Bar, ...]
    room: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole picture."""

    width: int
    height: int
    plot_bottom: float
    windows: tuple[Bar, ...]
    breaks: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]


def timeline(sheet: SheetView, rows: Sequence[SheetRow], zone: str) -> Timeline | None:
    """The picture of these rows, rooms first; None while there is no official time to draw."""
    if not sheet.windows:
        return None
    scale = _Scale(sheet.windows[0][0], max(end for _, end in sheet.windows), zone)
    ordered = [row for row in rows if row.is_room] + [row for row in rows if not row.is_room]
    lines = tuple(_line(number, row, scale) for number, row in enumerate(ordered))
    bottom = TOP + ROW * max(1, len(lines))
    return Timeline(
        width=NAMES + PLOT + RIGHT,
        height=bottom + LEGEND,
        plot_bottom=bottom,
        windows=tuple(scale.bar(each) for each in sheet.windows),
        breaks=tuple(scale.bar(each) for each in sheet.breaks if scale.shows(each)),
        ticks=scale.ticks(),
        lines=lines,
    )


class _Scale:
    """From instants to places. A little air at both ends."""

    def __init__(self, begin: datetime, end: datetime, zone: str) -> None:
        span = max(end - begin, timedelta(minutes=1))
        self.begin, self.end = begin - span / 40, end + span / 40
        self.zone = ZoneInfo(zone)

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin) / (self.end - self.begin)
        return round(NAMES + PLOT * min(1.0, max(0.0, share)), 1)

    def shows(self, period: Period) -> bool:
        return period[0] < self.end and period[1] > self.begin

    def bar(self, period: Period) -> Bar:
        left, right = self.x(period[0]), self.x(period[1])
        return Bar(left, max(1.0, round(right - left, 1)), f"{self._clock(period[0])}–{self._clock(period[1])}")

    def ticks(self) -> tuple[Tick, ...]:
        minutes = (self.end - self.begin) / timedelta(minutes=1)
        step = timedelta(minutes=next((each for each in _STEPS if minutes / each <= _MOST_TICKS), 720))
        midnight = self.begin.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight + step * -(-(self.begin - midnight) // step)
        found = []
        while moment <= self.end:
            found.append(Tick(self.x(moment), self._clock(moment)))
            moment += step
        return tuple(found)

    def _clock(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%H:%M")


def _line(number: int, row: SheetRow, scale: _Scale) -> Line:
    seated = union(period for _, periods in row.rooms for period in periods)
    own, room = (seated, row.own) if row.is_room else (row.own, seated)
    name = f"{row.organisation} · {row.name}" if row.is_room and row.organisation else row.name
    return Line(
        y=TOP + ROW * number,
        name=name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…",
        full_name=name,
        is_room=row.is_room,
        own=tuple(scale.bar(each) for each in own),
        room=tuple(scale.bar(each) for each in room),
    )
