"""Columns of reports as files. Their names are stable and documented in `docs/reports.md`; codes stand beside names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from lms.reports.measures import Figures, Measure, share
from web.spreadsheets import Value

FIGURES: Mapping[Measure, str] = {each: "hours" if each is Measure.MINUTES else each.value for each in Measure}
"""Measure → column."""
NAMED = ("from", "to", "division", "code", "name_uk", "name_en")
"""The columns before the figures: the days (both included), by what it is divided, and which group it is."""
SHARE = "passed_percent"


def header(*, compared: bool) -> list[str]:
    """Names of columns; with those of what it is compared with."""
    several = [*NAMED, *FIGURES.values(), SHARE]
    if compared:
        several += ["compared_from", "compared_to", "compared_code", *(f"{name}_before" for name in FIGURES.values())]
    return several


def values(figures: Figures) -> list[Value]:
    """Figures in the order of their columns, hours with one decimal; None where hidden or not counted."""
    minutes = figures.get(Measure.MINUTES)
    hours = None if minutes is None else round(minutes / 60, 1)
    return [hours if each is Measure.MINUTES else figures.get(each) for each in FIGURES]


def passed_share(figures: Figures) -> int | None:
    """Whole percent of those who were tested."""
    return share(figures.get(Measure.PASSED), figures.get(Measure.TESTED))


def records(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> list[dict[str, Value]]:
    """Rows as objects for JSON, days as ISO 8601."""
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in zip(names, row, strict=True)}
        for row in rows
    ]
