"""Registrations as pages show them: plain views, each list bounded and read in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.schedule import questions, registrations
from lms.schedule.audience_models import Registration, RegistrationPolicy, RegistrationState, Seat
from lms.schedule.book import closes_at, terms_of
from lms.schedule.models import Mode, Occurrence, Status
from lms.schedule.plan_models import Series
from lms.schedule.queries import editable_by, visible_to
from lms.schedule.questions import Question
from lms.schedule.registering import MOST_DATES, seats_open_to
from lms.schedule.registration_lists import Named, counts_of
from lms.schedule.seats import ALIVE, HOLDING
from lms.statements import fetch, once

_SHOWN = (*ALIVE, RegistrationState.DECLINED)


@dataclass(frozen=True, slots=True)
class Mine:
    """A registration, for whom it is, and where it stands in the waiting list (from 1; 0 elsewhere)."""

    row: Registration
    place: int
    organisation: Named | None = None
    owes_answers: bool = False


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a visitor learns of the registration for an occurrence. `free` is None without bound."""

    occurrence: Occurrence
    policy: RegistrationPolicy
    questions: tuple[Question, ...]
    open: bool
    opens_at: datetime | None
    """When registration opens, if it has not yet."""
    closes_at: datetime
    free: int | None
    waiting: int
    mine: Mine | None
    rooms: tuple[Mine, ...]
    """Rooms of organisations that the visitor leads."""
    seats: tuple[Seat, ...]
    editor: bool
    pending: int
    series: str

    @property
    def chooses_place(self) -> bool:
        """Whether one says if one comes or connects."""
        return self.occurrence.mode is Mode.MIXED


@dataclass(frozen=True, slots=True)
class Due:
    """A registration and its occurrence, for a start page."""

    row: Registration
    occurrence: Occurrence
    place: int = 0


@dataclass(frozen=True, slots=True)
class SeriesDate:
    """One date of a series that one registers for, and the visitor's registration, if there is one."""

    occurrence: Occurrence
    policy: RegistrationPolicy
    questions: tuple[Question, ...]
    row: Registration | None


@dataclass(frozen=True, slots=True)
class Undecided:
    """An occurrence on which requests wait for its organiser."""

    slug: str
    title: str
    title_en: str
    starts_at: datetime
    count: int


def any_at(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether one registers for an occurrence."""
    return exists().where(RegistrationPolicy.occurrence_id == occurrence_id)


def entrance(session: Session, visitor: Visitor, slug: str, now: datetime) -> Entrance | None:
    """Registration as the visitor meets it; None where nobody registers. Raises `NotFound`."""
    found = session.execute(*_registered_for(visitor, slug)).one_or_none()
    if found is None:
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    occurrence, policy, series, editor = found
    if policy is None:
        return None
    number = occurrence.id
    counts = counts_of(session, number)
    held = sum(count for (state, seat), count in counts.items() if state in HOLDING and seat is not Seat.VIEWER)
    asked = questions.read(policy.questions)
    ours = _ours(session, visitor, number, asked)
    early = policy.opens_at if policy.opens_at is not None and now < policy.opens_at else None
    closing = closes_at(policy, occurrence)
    moving = not terms_of(policy, occurrence, now).frozen
    return Entrance(
        occurrence=occurrence,
        policy=policy,
        questions=asked,
        open=moving and early is None and now < closing,
        opens_at=early,
        closes_at=closing,
        free=None if policy.capacity is None else max(0, policy.capacity - held),
        waiting=sum(count for (state, _), count in counts.items() if state is RegistrationState.WAITLISTED),
        mine=next((each for each in ours if each.row.person_id is not None), None),
        rooms=tuple(each for each in ours if each.row.person_id is None),
        seats=seats_open_to(visitor, policy, editor=editor),
        editor=editor,
        pending=sum(count for (state, _), count in counts.items() if state is RegistrationState.PENDING),
        series=series or "",
    )


@once
def _registered_for(visitor: Visitor, slug: str) -> Select[Occurrence, RegistrationPolicy, str, bool]:
    return (
        select(Occurrence, RegistrationPolicy, Series.slug, editable_by(visitor))
        .join(RegistrationPolicy, RegistrationPolicy.occurrence_id == Occurrence.id, isouter=True)
        .join(Series, Series.id == Occurrence.series_id, isouter=True)
        .where(Occurrence.slug == slug, visible_to(visitor))
    )


def homes(session: Session, visitor: Visitor) -> list[Named]:
    """Organisations on whose behalf the visitor may come, by name."""
    return _named(session, visitor.organisation_ids)


def led(session: Session, visitor: Visitor) -> list[Named]:
    """Organisations that the visitor leads, by name."""
    return _named(session, visitor.led_organisations)


def upcoming_of(session: Session, visitor: Visitor, now: datetime, limit: int = 20) -> list[Due]:
    """The visitor's living registrations for what is not over, soonest first."""
    if visitor.person_id is None:
        return []
    return [
        Due(row, occurrence, place if row.state is RegistrationState.WAITLISTED else 0)
        for row, occurrence, place in session.execute(*_alive(visitor.person_id, now, limit))
    ]


@once
def _alive(person_id: int, now: datetime, limit: int) -> Select[Registration, Occurrence, int]:
    return (
        select(Registration, Occurrence, registrations.place_in_line())
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .where(
            Registration.person_id == person_id,
            Registration.state.in_(ALIVE),
            or_(Occurrence.status == Status.LIVE, Occurrence.ends_at > now),
            Occurrence.status.in_((Status.PUBLISHED, Status.MOVED, Status.LIVE)),
        )
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(limit)
    )


def waits(person_id: int) -> ColumnElement[bool]:
    """SQL: whether a person has asked for a seat and has none yet."""
    without = (RegistrationState.OFFERED, RegistrationState.WAITLISTED, RegistrationState.PENDING)
    return exists().where(Registration.person_id == person_id, Registration.state.in_(without))


def undecided(session: Session, visitor: Visitor, now: datetime, limit: int = 10) -> list[Undecided]:
    """Coming occurrences of the visitor's on which requests wait, soonest first."""
    if not visitor.is_organiser and not visitor.organised_occurrences:
        return []
    return [Undecided(*row) for row in fetch(session, *_with_requests(visitor, now, limit))]


@once
def _with_requests(visitor: Visitor, now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    asking = and_(Registration.occurrence_id == Occurrence.id, Registration.state == RegistrationState.PENDING)
    return (
        select(Occurrence.slug, Occurrence.title, Occurrence.title_en, Occurrence.starts_at, func.count())
        .join(Registration, asking)
        .where(
            Occurrence.ends_at > now,
            Occurrence.status.in_((Status.PUBLISHED, Status.MOVED, Status.LIVE)),
            editable_by(visitor),
        )
        .group_by(Occurrence.id)
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(limit)
    )


def series_dates(session: Session, visitor: Visitor, slug: str, now: datetime) -> tuple[Series, list[SeriesDate]]:
    """A series and those of its coming dates that one registers for, soonest first. Raises `NotFound`."""
    series = session.scalar(select(Series).where(Series.slug == slug))
    ours = and_(Registration.occurrence_id == Occurrence.id, Registration.person_id == (visitor.person_id or 0))
    rows = session.execute(
        select(Occurrence, RegistrationPolicy, Registration)
        .join(RegistrationPolicy, RegistrationPolicy.occurrence_id == Occurrence.id)
        .join(Registration, ours, isouter=True)
        .where(
            Occurrence.series_id == (series.id if series else 0),
            Occurrence.starts_at > now,
            Occurrence.status.in_((Status.PUBLISHED, Status.MOVED)),
            visible_to(visitor),
        )
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(MOST_DATES)
    ).all()
    if series is None or not rows:
        raise NotFound("series_not_open", "None of the series' coming dates needs registration.")
    return series, [
        SeriesDate(occurrence, policy, questions.read(policy.questions), row) for occurrence, policy, row in rows
    ]


def place_in_line(session: Session, row: Registration) -> int:
    """From 1; 0 for whoever does not wait."""
    if row.state is not RegistrationState.WAITLISTED:
        return 0
    return session.scalars(select(registrations.place_in_line()).where(Registration.id == row.id)).one()


def _ours(session: Session, visitor: Visitor, number: int, asked: Sequence[Question]) -> list[Mine]:
    if visitor.person_id is None and not visitor.led_organisations:
        return []
    return [
        Mine(
            row,
            place if row.state is RegistrationState.WAITLISTED else 0,
            Named(home_id, home_uk or "", home_en or "") if home_id is not None else None,
            questions.missing(asked, row.answers),
        )
        for row, place, home_id, home_uk, home_en in session.execute(*_held_by(visitor, number))
    ]


@once
def _held_by(visitor: Visitor, occurrence_id: int) -> Select[Registration, int, int, str, str]:
    ways: list[ColumnElement[bool]] = []
    if visitor.person_id is not None:
        ways.append(Registration.person_id == visitor.person_id)
    if visitor.led_organisations:
        led_rooms = Registration.organisation_id.in_(visitor.led_organisations)
        ways.append(and_(Registration.person_id.is_(None), led_rooms))
    home = (Organisation.id, Organisation.name_uk, Organisation.name_en)
    return (
        select(Registration, registrations.place_in_line(), *home)
        .join(Organisation, Organisation.id == Registration.organisation_id, isouter=True)
        .where(Registration.occurrence_id == occurrence_id, or_(*ways), Registration.state.in_((*_SHOWN, *HOLDING)))
        .order_by(Registration.id)
    )


def _named(session: Session, numbers: frozenset[int]) -> list[Named]:
    if not numbers:
        return []
    rows = session.scalars(
        select(Organisation).where(Organisation.id.in_(numbers)).order_by(Organisation.name_uk, Organisation.id)
    )
    return [Named(each.id, each.name_uk, each.name_en) for each in rows]
