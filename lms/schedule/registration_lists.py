"""The organiser's list of registrations, and whom organisers and leads may register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.directory.models import Affiliation, Organisation, Person
from lms.directory.queries import in_force
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.schedule import questions
from lms.schedule.audience_models import Registration, RegistrationPolicy, RegistrationState, Seat
from lms.schedule.book import occurrence_id_of
from lms.schedule.cards import facts_of
from lms.schedule.models import Occurrence
from lms.schedule.protection import may_be_found
from lms.schedule.questions import Question
from lms.schedule.rules import may_edit
from lms.statements import fetch, once

PAGE = 50
MOST_FOUND = 20
MOST_OWN = 300


@dataclass(frozen=True, slots=True)
class Named:
    """An organisation to choose."""

    id: int
    name_uk: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A registration in the organiser's list."""

    row: Registration
    name: str
    organisation_uk: str
    organisation_en: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The organiser's list: one page of it, counts by state, organisations to filter by."""

    occurrence: Occurrence
    policy: RegistrationPolicy | None
    questions: tuple[Question, ...]
    lines: list[Line]
    counts: dict[RegistrationState, int]
    viewers: int
    heads: int
    """How many people the confirmed rooms have announced."""
    organisations: list[Named]
    page: int
    more: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be registered by somebody else, and the registration there is."""

    person_id: int
    name: str
    organisation_uk: str
    organisation_en: str
    row: Registration | None


def listing(
    session: Session,
    visitor: Visitor,
    slug: str,
    *,
    state: RegistrationState | None = None,
    organisation_id: int | None = None,
    page: int = 1,
    size: int = PAGE,
) -> Listing:
    """The organiser's list. Raises `NotFound` or `NotAllowed` (editors_only)."""
    occurrence = edited(session, visitor, slug)
    policy = session.get(RegistrationPolicy, occurrence.id)
    where = [Registration.occurrence_id == occurrence.id]
    if state is not None:
        where.append(Registration.state == state)
    if organisation_id is not None:
        where.append(Registration.organisation_id == organisation_id)
    rows = session.execute(
        _with_names(where).order_by(Registration.queued_at, Registration.id).limit(size + 1).offset((page - 1) * size)
    ).all()
    counts = counts_of(session, occurrence.id)
    by_state: Counter[RegistrationState] = Counter()
    for (of_state, _), count in counts.items():
        by_state[of_state] += count
    heads = session.scalar(
        select(func.coalesce(func.sum(Registration.head_count), 0)).where(
            Registration.occurrence_id == occurrence.id, Registration.state == RegistrationState.CONFIRMED
        )
    )
    return Listing(
        occurrence=occurrence,
        policy=policy,
        questions=questions.read(policy.questions) if policy else (),
        lines=[_line(row) for row in rows[:size]],
        counts=dict(by_state),
        viewers=counts.get((RegistrationState.CONFIRMED, Seat.VIEWER), 0),
        heads=int(heads or 0),
        organisations=_organisations_in(session, occurrence.id),
        page=page,
        more=len(rows) > size,
    )


def edited(session: Session, visitor: Visitor, slug: str) -> Occurrence:
    """The occurrence, for those who organise it. Raises `NotFound` or `NotAllowed` (editors_only)."""
    number = occurrence_id_of(session, visitor, slug)
    occurrence = session.scalars(
        select(Occurrence)
        .where(Occurrence.id == number)
        .options(selectinload(Occurrence.parties), selectinload(Occurrence.speakers))
    ).one()
    if not may_edit(facts_of(occurrence), visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return occurrence


def seen(session: Session, visitor: Visitor, slug: str) -> Occurrence:
    """The occurrence, for whoever may know of it. Raises `NotFound`."""
    return session.get_one(Occurrence, occurrence_id_of(session, visitor, slug))


def find_people(session: Session, visitor: Visitor, slug: str, words: str, now: datetime) -> list[Candidate]:
    """People whose name holds all words, for the organiser to add. Raises as `edited`."""
    occurrence = edited(session, visitor, slug)
    query = _candidates(occurrence.id, now).where(may_be_found(visitor, now.date()))
    for word in words.split()[:5]:
        query = query.where(
            or_(Person.family_name.icontains(word, autoescape=True), Person.given_name.icontains(word, autoescape=True))
        )
    return _as_candidates(session.execute(query.limit(3 * MOST_FOUND)).all())[:MOST_FOUND]


def own_people(session: Session, visitor: Visitor, slug: str, now: datetime) -> list[Candidate]:
    """People of the organisations that the visitor leads, by name. Raises `NotFound` or `NotAllowed` (leads_only)."""
    number = occurrence_id_of(session, visitor, slug)
    if not visitor.led_organisations:
        raise NotAllowed("leads_only", "This page is for the leads of centres.")
    query = _candidates(number, now).where(Affiliation.organisation_id.in_(visitor.led_organisations))
    return _as_candidates(session.execute(query.limit(MOST_OWN)).all())


def by_number(session: Session, number: int) -> tuple[Registration, Occurrence, str]:
    """A registration with its occurrence and the name of whom it is for. Raises `NotFound`."""
    found = session.execute(
        _with_names([Registration.id == number])
        .add_columns(Occurrence)
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
    ).one_or_none()
    if found is None:
        raise NotFound("registration_unknown", "There is no such registration.")
    line = _line(found[:3])
    return line.row, found[3], line.name


def counts_of(session: Session, number: int) -> dict[tuple[RegistrationState, Seat], int]:
    return {(state, seat): count for state, seat, count in fetch(session, *_counts(number))}


@once
def _counts(occurrence_id: int) -> Select[RegistrationState, Seat, int]:
    return (
        select(Registration.state, Registration.seat, func.count())
        .where(Registration.occurrence_id == occurrence_id)
        .group_by(Registration.state, Registration.seat)
    )


def _with_names(where: Sequence[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    return (
        select(Registration, Person, Organisation)
        .join(Person, Person.id == Registration.person_id, isouter=True)
        .join(Organisation, Organisation.id == Registration.organisation_id, isouter=True)
        .where(*where)
    )


def _line(found: Any) -> Line:
    row, person, home = found
    home_uk, home_en = (home.name_uk, home.name_en) if home else ("", "")
    return Line(row, person.display_name if person else home_uk, home_uk, home_en)


def _organisations_in(session: Session, number: int) -> list[Named]:
    there = select(Registration.organisation_id).where(Registration.occurrence_id == number).distinct()
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(there)).order_by(Organisation.name_uk))
    return [Named(each.id, each.name_uk, each.name_en) for each in rows]


def _candidates(number: int, now: datetime) -> Select[*tuple[Any, ...]]:
    working = and_(Affiliation.person_id == Person.id, in_force(Affiliation.from_date, Affiliation.to_date, now.date()))
    ours = and_(Registration.person_id == Person.id, Registration.occurrence_id == number)
    return (
        select(Person, Organisation, Registration)
        .join(Affiliation, working, isouter=True)
        .join(Organisation, Organisation.id == Affiliation.organisation_id, isouter=True)
        .join(Registration, ours, isouter=True)
        .where(Person.merged_into_id.is_(None))
        .order_by(Person.family_name, Person.given_name, Person.id, Affiliation.id)
    )


def _as_candidates(rows: Sequence[Any]) -> list[Candidate]:
    found: dict[int, Candidate] = {}
    for person, home, row in rows:
        home_uk, home_en = (home.name_uk, home.name_en) if home else ("", "")
        found.setdefault(person.id, Candidate(person.id, person.display_name, home_uk, home_en, row))
    return list(found.values())
