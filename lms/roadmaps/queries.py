"""Reading road maps. Who may see one is part of every query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, exists, false, func, select, true
from sqlalchemy.orm import Session, selectinload

from lms.directory.models import Affiliation, Organisation, Person
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.roadmaps.models import Roadmap, RoadmapChange, RoadmapState, RoadmapStep, StepState
from lms.roadmaps.rules import OPEN, Progress, StepFacts, is_overdue, progress
from lms.schedule.models import Occurrence

PAGE = 50
_CHANGES = 200


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step. `late` is whether it is overdue, `mine` whether the reader owns it."""

    id: int
    text: str
    owner_id: int | None
    owner: str
    due_on: date | None
    state: StepState
    note: str
    late: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One thing that happened."""

    at: datetime
    actor: str
    kind: str
    step: str
    before: dict[str, object] | None
    after: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class RoadmapCard:
    """A line of the list."""

    id: int
    title: str
    organisation_id: int
    organisation_uk: str
    organisation_en: str
    state: RoadmapState
    follow_up_on: date | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class RoadmapPage:
    """A road map, whole."""

    card: RoadmapCard
    version: int
    steps: tuple[StepCard, ...]
    changes: tuple[ChangeLine, ...]
    slug: str
    """Of the occurrence that it came from; empty for none."""
    occurrence_uk: str
    occurrence_en: str
    occurrence_at: datetime | None
    may_edit: bool
    updated_at: datetime


def may_edit(visitor: Visitor, organisation_id: int) -> bool:
    """The centre's lead, and organisers of the network."""
    return visitor.organises_everything or organisation_id in visitor.led_organisations


def visible_to(visitor: Visitor) -> ColumnElement[bool]:
    """One's own organisations'; all for organisers and auditors."""
    if visitor.organises_everything or visitor.is_organiser or visitor.audits:
        return true()
    homes = visitor.organisation_ids | visitor.led_organisations
    return Roadmap.organisation_id.in_(homes) if homes and visitor.in_network else false()


def listed(
    session: Session,
    visitor: Visitor,
    today: date,
    *,
    state: str = "",
    organisation_id: int | None = None,
    page: int = 0,
) -> tuple[list[RoadmapCard], int]:
    """A page of the list, those to be looked back on first; and how many there are."""
    which = [visible_to(visitor)]
    if state in set(RoadmapState):
        which.append(Roadmap.state == RoadmapState(state))
    if organisation_id is not None:
        which.append(Roadmap.organisation_id == organisation_id)
    total = session.scalar(select(func.count()).select_from(Roadmap).where(*which)) or 0
    order = (Roadmap.state != RoadmapState.ACTIVE, Roadmap.follow_up_on.is_(None), Roadmap.follow_up_on, Roadmap.id)
    rows = session.execute(
        select(Roadmap, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Roadmap.organisation_id)
        .where(*which)
        .order_by(*order)
        .limit(PAGE)
        .offset(page * PAGE)
    ).all()
    figures = progress_of(session, [row.id for row, _uk, _en in rows], today)
    return [_card(row, uk, en, figures.get(row.id, Progress())) for row, uk, en in rows], total


def of_occurrence(session: Session, visitor: Visitor, occurrence_id: int, today: date) -> list[RoadmapCard]:
    """What came of an occurrence, as far as the visitor may see."""
    rows = session.execute(
        select(Roadmap, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Roadmap.organisation_id)
        .where(Roadmap.occurrence_id == occurrence_id, visible_to(visitor))
        .order_by(Roadmap.id)
        .limit(PAGE)
    ).all()
    figures = progress_of(session, [row.id for row, _uk, _en in rows], today)
    return [_card(row, uk, en, figures.get(row.id, Progress())) for row, uk, en in rows]


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether something came of an occurrence."""
    return exists().where(Roadmap.occurrence_id == occurrence_id)


def roadmap_page(session: Session, visitor: Visitor, roadmap_id: int, today: date) -> RoadmapPage:
    """A road map with its history. Raises `NotFound`, also when it is not for the visitor."""
    found = session.execute(
        select(Roadmap, Organisation.name_uk, Organisation.name_en, Occurrence)
        .join(Organisation, Organisation.id == Roadmap.organisation_id)
        .join(Occurrence, Occurrence.id == Roadmap.occurrence_id, isouter=True)
        .where(Roadmap.id == roadmap_id, visible_to(visitor))
        .options(selectinload(Roadmap.steps))
    ).one_or_none()
    if found is None:
        raise NotFound("roadmap_unknown", "There is no such road map, or it is not for you.")
    row, uk, en, occurrence = found
    changes = session.scalars(
        select(RoadmapChange)
        .where(RoadmapChange.roadmap_id == roadmap_id)
        .order_by(RoadmapChange.at.desc(), RoadmapChange.id.desc())
        .limit(_CHANGES)
    )
    return RoadmapPage(
        card=_card(row, uk, en, progress([StepFacts(each.state, each.due_on) for each in row.steps], today)),
        version=row.version,
        steps=tuple(_step(each, visitor, today) for each in row.steps),
        changes=tuple(
            ChangeLine(each.at, each.actor, each.kind, each.step, each.before, each.after) for each in changes
        ),
        slug=occurrence.slug if occurrence else "",
        occurrence_uk=occurrence.title if occurrence else "",
        occurrence_en=occurrence.title_en if occurrence else "",
        occurrence_at=occurrence.starts_at if occurrence else None,
        may_edit=may_edit(visitor, row.organisation_id),
        updated_at=row.updated_at,
    )


def owners(session: Session, organisation_id: int, today: date, *, most: int = 300) -> list[tuple[int, str]]:
    """Who can own a step: the people of the organisation, by name."""
    works = select(Affiliation.person_id).where(
        Affiliation.organisation_id == organisation_id,
        (Affiliation.to_date.is_(None)) | (Affiliation.to_date > today),
    )
    found = session.scalars(
        select(Person)
        .where(Person.id.in_(works), Person.merged_into_id.is_(None))
        .order_by(Person.family_name, Person.given_name, Person.id)
        .limit(most)
    )
    return [(each.id, each.display_name) for each in found]


def homes(session: Session, visitor: Visitor) -> list[tuple[int, str, str]]:
    """For which organisations the visitor may make one; organisers choose from all centres."""
    query = (
        select(Organisation.id, Organisation.name_uk, Organisation.name_en).order_by(Organisation.name_uk).limit(1000)
    )
    if not visitor.organises_everything:
        query = query.where(Organisation.id.in_(visitor.led_organisations))
    return [(number, uk, en) for number, uk, en in session.execute(query)]


def overdue_of(session: Session, visitor: Visitor, today: date) -> list[tuple[RoadmapCard, list[StepCard]]]:
    """For the start page of a lead: active road maps with steps that are overdue, or that are due to be looked at."""
    if not visitor.led_organisations:
        return []
    rows = session.execute(
        select(Roadmap, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Roadmap.organisation_id)
        .where(
            Roadmap.organisation_id.in_(visitor.led_organisations),
            Roadmap.state == RoadmapState.ACTIVE,
            select(RoadmapStep.id)
            .where(RoadmapStep.roadmap_id == Roadmap.id, RoadmapStep.due_on < today, RoadmapStep.state.in_(OPEN))
            .exists()
            | (Roadmap.follow_up_on <= today),
        )
        .options(selectinload(Roadmap.steps))
        .order_by(Roadmap.follow_up_on.is_(None), Roadmap.follow_up_on, Roadmap.id)
        .limit(5)
    ).all()
    found = []
    for row, uk, en in rows:
        steps = [_step(each, visitor, today) for each in row.steps]
        facts = progress([StepFacts(each.state, each.due_on) for each in row.steps], today)
        found.append((_card(row, uk, en, facts), [each for each in steps if each.late]))
    return found


def progress_of(session: Session, roadmap_ids: Sequence[int], today: date) -> dict[int, Progress]:
    """The figures of several road maps, in one query."""
    late = case(((RoadmapStep.due_on < today) & RoadmapStep.state.in_(OPEN), 1), else_=0)
    rows = session.execute(
        select(RoadmapStep.roadmap_id, RoadmapStep.state, func.count(), func.sum(late))
        .where(RoadmapStep.roadmap_id.in_(roadmap_ids))
        .group_by(RoadmapStep.roadmap_id, RoadmapStep.state)
    )
    found: dict[int, Progress] = {}
    for number, state, count, overdue in rows:
        part = Progress(**{StepState(state).value: count, "overdue": int(overdue)})
        found[number] = found.get(number, Progress()) + part
    return found


def _card(row: Roadmap, uk: str, en: str, figures: Progress) -> RoadmapCard:
    return RoadmapCard(row.id, row.title, row.organisation_id, uk, en, row.state, row.follow_up_on, figures)


def _step(step: RoadmapStep, visitor: Visitor, today: date) -> StepCard:
    return StepCard(
        step.id,
        step.text,
        step.owner_id,
        step.owner_name,
        step.due_on,
        step.state,
        step.note,
        is_overdue(step.state, step.due_on, today),
        step.owner_id is not None and step.owner_id == visitor.person_id,
    )
