"""`/schedule`: everything planned, by day; and what is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.schedule import queries
from lms.schedule.cards import OccurrenceCard
from lms.schedule.models import Kind
from web.visits import Reading

PAGE = 50

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Day:
    """The occurrences of one local day."""

    day: date
    cards: list[OccurrenceCard]


@router.get("/schedule")
def schedule(
    visit: Reading,
    when: Annotated[Literal["upcoming", "past"], Query()] = "upcoming",
    kind: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """The list, filtered by kind if one is chosen."""
    if when == "past":
        cards = queries.past(visit.session, visit.visitor, visit.now, limit=PAGE)
    else:
        cards = queries.upcoming(visit.session, visit.visitor, visit.now, limit=PAGE)
    kinds = sorted({card.kind for card in cards}, key=list(Kind).index)
    shown = [card for card in cards if not kind or card.kind == kind]
    return visit.page("schedule.html", days=by_day(shown), when=when, kind=kind, kinds=kinds)


def by_day(cards: Sequence[OccurrenceCard]) -> list[Day]:
    """Group by local day, in the order given."""
    days: dict[date, list[OccurrenceCard]] = {}
    for card in cards:
        days.setdefault(card.starts_local.date(), []).append(card)
    return [Day(day, found) for day, found in days.items()]
