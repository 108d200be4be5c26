"""Reading who has registered: for attendance, calendars, doors and start pages. Changes: `lms.schedule.registering`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.schedule.audience_models import (
    Invitation,
    Registration,
    RegistrationPolicy,
    RegistrationState,
    Seat,
)
from lms.schedule.models import Occurrence
from lms.schedule.rules import SeatFacts
from lms.schedule.seats import ALIVE, Why
from lms.statements import fetch, once


def confirmed(session: Session, occurrence_id: int) -> list[Registration]:
    """Whoever has a seat, also those of whom it is known by now that they did not come."""
    states = (RegistrationState.CONFIRMED, RegistrationState.NO_SHOW)
    return _of(session, occurrence_id, Registration.state.in_(states))


def interested(session: Session, occurrence_id: int) -> list[Registration]:
    """Everybody who has to know when it is moved or cancelled: confirmed, offered, waiting, asking."""
    return _of(session, occurrence_id, Registration.state.in_(ALIVE))


def of_person(session: Session, person_id: int, occurrence_ids: Collection[int]) -> dict[int, Registration]:
    """A person's registrations by occurrence, in whatever state."""
    found = session.scalars(
        select(Registration).where(Registration.person_id == person_id, Registration.occurrence_id.in_(occurrence_ids))
    )
    return {each.occurrence_id: each for each in found}


def still_held(session: Session, person_id: int | None, occurrence_id: int) -> Registration | None:
    """A person's seat, offer, request or place in the waiting list; None for who holds nothing."""
    if person_id is None:
        return None
    query = select(Registration).where(
        Registration.person_id == person_id, Registration.occurrence_id == occurrence_id, Registration.state.in_(ALIVE)
    )
    return session.scalar(query)


def invited_too(session: Session, registration: Registration) -> bool:
    """Whether an invitation brings its calendar entry already: then the letters about the seat bring none."""
    whose = (
        Invitation.person_id == registration.person_id
        if registration.person_id is not None
        else Invitation.organisation_id == registration.organisation_id
    )
    query = select(Invitation.id).where(
        Invitation.occurrence_id == registration.occurrence_id, Invitation.withdrawn_at.is_(None), whose
    )
    return session.scalar(query.limit(1)) is not None


def mark_no_shows(session: Session, occurrence_id: int, present: set[int], now: datetime) -> int:
    """Once a sheet is computed: mark people with a seat who were not `present`, unmark who was; how many changed.

    A room is nobody in particular: who sat in it, the roll-call says.
    """
    lock(session, Occurrence, occurrence_id)
    changed = 0
    for each in confirmed(session, occurrence_id):
        if each.person_id is None:
            continue
        came = each.person_id in present
        state = RegistrationState.CONFIRMED if came else RegistrationState.NO_SHOW
        if each.state is state:
            continue
        before, each.state = each.state, state
        each.round += 1
        each.decided_by, each.decided_at = "system", now
        changed += 1
        record(
            session,
            "system",
            f"registration.{(Why.PRESENT if came else Why.ABSENT).value}",
            "registration",
            each.id,
            now=now,
            before={"state": before.value},
            after={"state": state.value},
        )
    session.flush()
    return changed


def seat_facts(session: Session, visitor: Visitor, occurrence_ids: Collection[int]) -> dict[int, SeatFacts]:
    """What registration means for the visitor at these doors; only where one has to be registered. One query."""
    if not occurrence_ids:
        return {}
    found: dict[int, SeatFacts] = {}
    for number, state, seat, until, waiting in fetch(session, *_where_one_registers(visitor, occurrence_ids)):
        if number not in found or state is RegistrationState.CONFIRMED:
            found[number] = SeatFacts(
                required=True,
                state=state,
                seat=seat,
                place=waiting if state is RegistrationState.WAITLISTED else 0,
                until=until,
            )
    return found


@once
def _where_one_registers(visitor: Visitor, occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    ours = and_(Registration.occurrence_id == RegistrationPolicy.occurrence_id, _mine(visitor))
    return (
        select(
            RegistrationPolicy.occurrence_id,
            Registration.state,
            Registration.seat,
            Registration.offered_until,
            place_in_line(),
        )
        .join(Registration, ours, isouter=True)
        .where(RegistrationPolicy.occurrence_id.in_(occurrence_ids), RegistrationPolicy.required.is_(True))
        .order_by(Registration.id)
    )


@cache
def place_in_line() -> ScalarSelect[int]:
    """SQL: how many wait before a `Registration` of the query for the same kind of seat, itself included."""
    waits = aliased(Registration)
    return (
        select(func.count())
        .where(
            waits.occurrence_id == Registration.occurrence_id,
            waits.state == RegistrationState.WAITLISTED,
            or_(
                waits.queued_at < Registration.queued_at,
                and_(waits.queued_at == Registration.queued_at, waits.id <= Registration.id),
            ),
            (waits.seat == Seat.VIEWER) == (Registration.seat == Seat.VIEWER),
        )
        .correlate(Registration)
        .scalar_subquery()
    )


def _mine(visitor: Visitor) -> ColumnElement[bool]:
    """The visitor's own registration; an endpoint comes with its organisation's room."""
    if visitor.person_id is not None:
        return Registration.person_id == visitor.person_id
    if visitor.endpoint_id is None:
        return false()
    return and_(Registration.seat == Seat.ROOM, Registration.organisation_id.in_(visitor.organisation_ids))


def _of(session: Session, occurrence_id: int, which: ColumnElement[bool]) -> list[Registration]:
    query = select(Registration).where(Registration.occurrence_id == occurrence_id, which)
    return list(session.scalars(query.order_by(Registration.queued_at, Registration.id)))
