"""The status report: how far the centres have come, what is late, and what has changed since a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.roadmaps.models import Roadmap, RoadmapChange, RoadmapState, RoadmapStep
from lms.roadmaps.queries import ChangeLine, RoadmapCard, progress_of, visible_to
from lms.roadmaps.rules import OPEN, Progress

MOST_ROADMAPS = 2000
MOST_CHANGES = 500


@dataclass(frozen=True, slots=True)
class CentreReport:
    """One organisation: its road maps, and the figures of all their steps."""

    organisation_id: int
    organisation_uk: str
    organisation_en: str
    roadmaps: tuple[RoadmapCard, ...]
    progress: Progress


@dataclass(frozen=True, slots=True)
class LateStep:
    """A step that is overdue."""

    roadmap_id: int
    roadmap: str
    organisation_uk: str
    organisation_en: str
    text: str
    owner: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Report:
    """Over all, for each organisation, and what has changed since `since`, the latest first."""

    since: date
    total: Progress
    centres: tuple[CentreReport, ...]
    late: tuple[LateStep, ...]
    changes: tuple[tuple[int, str, str, str, ChangeLine], ...]
    """Road map, its title, its organisation's names, and the change."""


def report(
    session: Session,
    visitor: Visitor,
    since: date,
    since_at: datetime,
    today: date,
    *,
    occurrence_id: int | None = None,
) -> Report:
    """Of every road map that the visitor sees and that was not dropped. In a constant number of queries."""
    which = [visible_to(visitor), Roadmap.state != RoadmapState.DROPPED]
    if occurrence_id is not None:
        which.append(Roadmap.occurrence_id == occurrence_id)
    rows = session.execute(
        select(Roadmap, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Roadmap.organisation_id)
        .where(*which)
        .order_by(Organisation.name_uk, Roadmap.id)
        .limit(MOST_ROADMAPS)
    ).all()
    figures = progress_of(session, [row.id for row, _uk, _en in rows], today)
    cards = [
        RoadmapCard(
            row.id, row.title, row.organisation_id, uk, en, row.state, row.follow_up_on, figures.get(row.id, Progress())
        )
        for row, uk, en in rows
    ]
    by_id = {card.id: card for card in cards}
    return Report(
        since=since,
        total=_sum(cards),
        centres=_centres(cards),
        late=_late(session, by_id, today),
        changes=_changes(session, by_id, since_at),
    )


def _sum(cards: Sequence[RoadmapCard]) -> Progress:
    total = Progress()
    for card in cards:
        total += card.progress
    return total


def _centres(cards: Sequence[RoadmapCard]) -> tuple[CentreReport, ...]:
    homes: dict[int, list[RoadmapCard]] = {}
    for card in cards:
        homes.setdefault(card.organisation_id, []).append(card)
    return tuple(
        CentreReport(number, own[0].organisation_uk, own[0].organisation_en, tuple(own), _sum(own))
        for number, own in homes.items()
    )


def _late(session: Session, cards: dict[int, RoadmapCard], today: date) -> tuple[LateStep, ...]:
    active = [card.id for card in cards.values() if card.state is RoadmapState.ACTIVE]
    steps = session.scalars(
        select(RoadmapStep)
        .where(RoadmapStep.roadmap_id.in_(active), RoadmapStep.due_on < today, RoadmapStep.state.in_(OPEN))
        .order_by(RoadmapStep.due_on, RoadmapStep.id)
        .limit(MOST_CHANGES)
    )
    return tuple(
        LateStep(
            step.roadmap_id,
            cards[step.roadmap_id].title,
            cards[step.roadmap_id].organisation_uk,
            cards[step.roadmap_id].organisation_en,
            step.text,
            step.owner_name,
            step.due_on,
        )
        for step in steps
        if step.due_on is not None
    )


def _changes(
    session: Session, cards: dict[int, RoadmapCard], since_at: datetime
) -> tuple[tuple[int, str, str, str, ChangeLine], ...]:
    rows = session.scalars(
        select(RoadmapChange)
        .where(RoadmapChange.roadmap_id.in_(cards), RoadmapChange.at >= since_at)
        .order_by(RoadmapChange.at.desc(), RoadmapChange.id.desc())
        .limit(MOST_CHANGES)
    )
    return tuple(
        (
            row.roadmap_id,
            cards[row.roadmap_id].title,
            cards[row.roadmap_id].organisation_uk,
            cards[row.roadmap_id].organisation_en,
            ChangeLine(row.at, row.actor, row.kind, row.step, row.before, row.after),
        )
        for row in rows
    )
