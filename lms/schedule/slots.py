"""When centres have time: weekday and hour ranked by the load that was measured. Pure, but for keeping the decision.

Any weekday can win: nothing here knows which days people work. Hours for which a centre has no figure count as
unknown, never as free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.queries import WorkloadFigure
from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.schedule import series
from lms.schedule.plan_models import SlotDecision

WHOLE_DAY = -1


@dataclass(frozen=True, slots=True)
class Cell:
    """The load of one weekday and hour: people served, summed over the centres that have a figure for it."""

    weekday: int
    hour: int
    load: float
    centres: int
    """How many centres have a figure here."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A window of full hours on a weekday. `load` is its sum over all centres; less is better."""

    weekday: int
    hour: int
    hours: int
    load: float
    centres: int
    """The fewest centres that have a figure in any of its hours."""


@dataclass(frozen=True, slots=True)
class Heat:
    """The table of loads, and the windows ranked by them."""

    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    days: dict[int, Cell] = field(default_factory=dict)
    """Figures of whole days, where centres have no hours."""
    hours: tuple[int, ...] = ()
    ranked: tuple[Slot, ...] = ()
    asked: int = 0
    """How many centres were asked about."""
    heard: int = 0
    """How many of them have any figure."""

    def level(self, cell: Cell | None, steps: int = 5) -> int:
        """Which of `steps` shades a cell has, 0 the calmest."""
        loads = [each.load for each in self.cells.values()]
        if cell is None or not loads or max(loads) == min(loads):
            return 0
        share = (cell.load - min(loads)) / (max(loads) - min(loads))
        return min(int(share * steps), steps - 1)


def heat(figures: Iterable[WorkloadFigure], organisation_ids: Sequence[int], duration_minutes: int) -> Heat:
    """Rank every window of whole hours that holds the duration, by load; of equals the earlier day and hour first.

    Windows in which fewer centres have figures come after those in which more have: an empty cell is no calm hour.
    """
    chosen = set(organisation_ids)
    cells: dict[tuple[int, int], Cell] = {}
    days: dict[int, Cell] = {}
    heard = set()
    for figure in figures:
        if figure.organisation_id not in chosen:
            continue
        heard.add(figure.organisation_id)
        if figure.hour == WHOLE_DAY:
            known = days.get(figure.weekday, Cell(figure.weekday, WHOLE_DAY, 0.0, 0))
            days[figure.weekday] = Cell(figure.weekday, WHOLE_DAY, known.load + figure.count, known.centres + 1)
            continue
        place = (figure.weekday, figure.hour)
        known = cells.get(place, Cell(*place, 0.0, 0))
        cells[place] = Cell(*place, known.load + figure.count, known.centres + 1)
    hours = tuple(range(min(hour for _, hour in cells), max(hour for _, hour in cells) + 1)) if cells else ()
    ranked = _ranked(cells, max(1, -(-duration_minutes // 60)))
    return Heat(cells, days, hours, ranked, len(chosen), len(heard))


def _ranked(cells: dict[tuple[int, int], Cell], length: int) -> tuple[Slot, ...]:
    found = []
    for weekday, hour in cells:
        window = [cells.get((weekday, hour + step)) for step in range(length)]
        held = [cell for cell in window if cell is not None]
        if len(held) == length:
            load = sum(cell.load for cell in held)
            found.append(Slot(weekday, hour, length, load, min(cell.centres for cell in held)))
    return tuple(sorted(found, key=lambda slot: (-slot.centres, slot.load, slot.weekday, slot.hour)))


def decide(
    session: Session,
    visitor: Visitor,
    slug: str,
    *,
    weekday: int,
    hour: int,
    found: Heat,
    reason: str,
    now: datetime,
) -> SlotDecision:
    """Keep why a series takes place when it does, with the figures that were seen.

    Raises `NotFound`, `NotAllowed` or `Invalid` (slot_invalid).
    """
    ours = series.editable(session, visitor, slug)
    if not (0 <= weekday <= 6 and 0 <= hour <= 23):
        raise Invalid("slot_invalid", "Choose a weekday and an hour.", "slot")
    made = SlotDecision(
        series_id=ours.id,
        at=now,
        actor=visitor.actor,
        weekday=weekday,
        hour=hour,
        figures=_figures(found),
        reason=reason.strip()[:2000],
    )
    session.add(made)
    session.flush()
    after = {"weekday": weekday, "hour": hour, "reason": made.reason}
    record(session, visitor.actor, "series.choose_slot", "series", ours.id, now=now, after=after)
    return made


def decisions(session: Session, series_id: int) -> list[SlotDecision]:
    """What was decided for a series, latest first."""
    query = select(SlotDecision).where(SlotDecision.series_id == series_id).order_by(SlotDecision.id.desc())
    return list(session.scalars(query.limit(10)))


def _figures(found: Heat) -> dict[str, Any]:
    return {
        "asked": found.asked,
        "heard": found.heard,
        "cells": [[cell.weekday, cell.hour, round(cell.load, 2), cell.centres] for cell in found.cells.values()],
    }
