"""Pictures of shares: a histogram in tenths, and how somebody stands in each area. Templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

WIDTH = 328
"""As wide as the narrowest telephone shows without scrolling."""
COLUMN = 30
LEFT = 14
TALL = 96
TOP = 22
ROW = 50
BAR = 276
_LONGEST_NAME = 44


@dataclass(frozen=True, slots=True)
class Column:
    """One tenth: where it stands, how tall it is, how many are in it."""

    x: int
    y: float
    height: float
    count: int
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """The whole picture, in its own units."""

    width: int
    height: int
    base: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One area: its bar, that of the last time, the mark of what was needed."""

    y: int
    name: str
    full_name: str
    width: float
    percent: int
    before_width: float | None
    before: int | None
    needed_x: float | None


@dataclass(frozen=True, slots=True)
class Profile:
    """How somebody stands."""

    width: int
    height: int
    bottom: int
    rows: tuple[Row, ...]
    compared: bool
    needed: bool


def histogram(buckets: Sequence[int]) -> Histogram:
    """Ten columns, the tallest as tall as there is room."""
    most = max([*buckets, 1])
    columns = tuple(
        Column(
            x=LEFT + number * COLUMN,
            y=round(TOP + TALL * (1 - count / most), 1),
            height=round(TALL * count / most, 1),
            count=count,
            label=str(number * 10),
        )
        for number, count in enumerate(buckets)
    )
    return Histogram(WIDTH, TOP + TALL + 24, TOP + TALL, columns)


def profile(areas: Sequence[tuple[str, Fraction, Fraction | None, Fraction | None]]) -> Profile:
    """Bars of (name, reached, needed, before) from 0 to 100 %."""
    rows = tuple(
        Row(
            y=4 + number * ROW,
            name=name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…",
            full_name=name,
            width=_wide(reached),
            percent=round(float(reached) * 100),
            before_width=_wide(before) if before is not None else None,
            before=round(float(before) * 100) if before is not None else None,
            needed_x=_wide(needed) if needed is not None else None,
        )
        for number, (name, reached, needed, before) in enumerate(areas)
    )
    bottom = 4 + ROW * len(rows)
    compared = any(row.before is not None for row in rows)
    needed = any(row.needed_x is not None for row in rows)
    return Profile(WIDTH, bottom + (26 if compared or needed else 0), bottom, rows, compared, needed)


def _wide(share: Fraction) -> float:
    return max(1.0, round(BAR * float(share), 1))
