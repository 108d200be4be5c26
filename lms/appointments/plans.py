"""Reading what free times are computed of: an expert's plan, and what takes the expert's time already."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from lms.appointments.models import (
    Appointment,
    AppointmentState,
    ConsultationAbsence,
    ConsultationHours,
    ConsultationWindow,
)
from lms.appointments.rules import Away, Plan, Span, Window, days_from, free_slots
from lms.schedule.audience_models import Invitation, ParticipationStatus, Registration, RegistrationState
from lms.schedule.models import Occurrence, Speaker, Status
from lms.schedule.rules import zone_of

_TAKES_TIME = (Status.DRAFT, Status.PUBLISHED, Status.MOVED, Status.LIVE)
_DAY = timedelta(days=1)


def plans_of(session: Session, hours: Collection[ConsultationHours], *, without_window: int = 0) -> dict[int, Plan]:
    """By hours: their windows and absences that hold; `without_window` left out. Two queries."""
    numbers = [each.id for each in hours]
    windows: dict[int, list[Window]] = {number: [] for number in numbers}
    away: dict[int, list[Away]] = {number: [] for number in numbers}
    for row in session.scalars(
        select(ConsultationWindow).where(
            ConsultationWindow.hours_id.in_(numbers),
            ConsultationWindow.closed_at.is_(None),
            ConsultationWindow.id != without_window,
        )
    ):
        windows[row.hours_id].append(Window(row.begins, row.ends, row.weekday, row.day, row.from_day, row.to_day))
    for gone in session.scalars(
        select(ConsultationAbsence).where(
            ConsultationAbsence.hours_id.in_(numbers),
            ConsultationAbsence.ended_at.is_(None),
        )
    ):
        away[gone.hours_id].append(Away(gone.from_day, gone.to_day))
    return {
        each.id: Plan(each.zone, each.slot_minutes, each.pause_minutes, windows[each.id], away[each.id])
        for each in hours
    }


def taken_of(
    session: Session, plans: dict[int, tuple[ConsultationHours, Plan]], begin: datetime, end: datetime, *, but: int = 0
) -> dict[int, list[Span]]:
    """By hours: what meets the time from `begin` to `end` and is the expert's; without appointment `but`.

    Appointments, with the pause around them; occurrences in which the expert speaks, also drafts, that they have
    promised to attend, or have a seat in. Two queries.
    """
    by_expert = {hours.expert_id: number for number, (hours, _) in plans.items()}
    taken: dict[int, list[Span]] = {number: [] for number in plans}
    booked = select(Appointment.hours_id, Appointment.starts_at, Appointment.ends_at).where(
        Appointment.hours_id.in_(plans),
        Appointment.state == AppointmentState.BOOKED,
        Appointment.starts_at < end + _DAY,
        Appointment.ends_at > begin - _DAY,
        Appointment.id != but,
    )
    for number, starts_at, ends_at in session.execute(booked):
        taken[number].append(Span(starts_at, ends_at).widened(plans[number][1].pause))
    left_out = select(Appointment.occurrence_id).where(Appointment.id == but).scalar_subquery() if but else None
    for expert, starts_at, ends_at in busy(session, by_expert, begin, end, left_out):
        taken[by_expert[expert]].append(Span(starts_at, ends_at))
    return taken


def busy(
    session: Session, people: Collection[int], begin: datetime, end: datetime, but: object = None
) -> list[tuple[int, datetime, datetime]]:
    """Person, beginning and end of each occurrence that takes a person's time. One query."""
    columns = (Occurrence.starts_at, Occurrence.ends_at, Occurrence.id)
    when = [Occurrence.status.in_(_TAKES_TIME), Occurrence.starts_at < end, Occurrence.ends_at > begin]
    if but is not None:
        when.append(Occurrence.id != but)
    speaks = select(Speaker.person_id, *columns).join(Occurrence, Occurrence.id == Speaker.occurrence_id)
    comes = select(Invitation.person_id, *columns).join(Occurrence, Occurrence.id == Invitation.occurrence_id)
    seated = select(Registration.person_id, *columns).join(Occurrence, Occurrence.id == Registration.occurrence_id)
    parts = (
        speaks.where(Speaker.person_id.in_(people), *when),
        comes.where(
            Invitation.person_id.in_(people),
            Invitation.withdrawn_at.is_(None),
            Invitation.status == ParticipationStatus.ACCEPTED,
            *when,
        ),
        seated.where(Registration.person_id.in_(people), Registration.state == RegistrationState.CONFIRMED, *when),
    )
    found = session.execute(union(*parts))
    return [(row[0], row[1], row[2]) for row in found if row[0] is not None]


def free_times(
    session: Session,
    several: Collection[ConsultationHours],
    now: datetime,
    begin: datetime,
    days: int,
    *,
    but: int = 0,
    by_expert: bool = False,
) -> dict[int, list[Span]]:
    """By hours: what can be booked within so many days from `begin` on, in order. Four queries, however many hours.

    An expert who moves an appointment needs no notice: `by_expert`.
    """
    if not several:
        return {}
    known = plans_of(session, several)
    plans = {each.id: (each, known[each.id]) for each in several}
    until = begin + timedelta(days=days)
    taken = taken_of(session, plans, begin - _DAY, until + _DAY, but=but)
    found = {}
    for number, (hours, plan) in plans.items():
        zone = zone_of(hours.zone)
        last = min((until.astimezone(zone)).date(), now.astimezone(zone).date() + timedelta(days=hours.horizon_days))
        earliest = max(begin, now if by_expert else now + timedelta(minutes=hours.notice_minutes))
        wanted = days_from(max(begin, earliest).astimezone(zone).date(), last)
        found[number] = [slot for slot in free_slots(plan, wanted, taken[number], earliest) if slot.starts_at < until]
    return found


def free_at(
    session: Session, hours: ConsultationHours, at: datetime, now: datetime, *, but: int = 0, by_expert: bool = False
) -> Span | None:
    """The slot that begins at this instant, if it can be booked now. For whoever holds the lock on the hours."""
    found = free_times(session, [hours], now, at, 1, but=but, by_expert=by_expert)
    return next((slot for slot in found[hours.id] if slot.starts_at == at), None)
