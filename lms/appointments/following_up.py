"""Who declines a consultation in their calendar does not come: it is called off, and the other one is told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.appointments.booking import off
from lms.appointments.models import Appointment, AppointmentState, ConsultationHours
from lms.appointments.talks import AHEAD
from lms.database import lock
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.models import Occurrence

AT_ONCE = 100


def due(session: Session, now: datetime, *, without: Collection[int] = ()) -> list[int]:
    """Appointments ahead that one of the two has declined."""
    query = (
        select(Appointment.id)
        .join(Invitation, Invitation.occurrence_id == Appointment.occurrence_id)
        .join(Occurrence, Occurrence.id == Appointment.occurrence_id)
        .where(
            Occurrence.status.in_(AHEAD),
            Appointment.state == AppointmentState.BOOKED,
            Appointment.starts_at > now,
            Appointment.id.not_in(without),
            Invitation.status == ParticipationStatus.DECLINED,
            Invitation.withdrawn_at.is_(None),
        )
    )
    return list(session.scalars(query.distinct().order_by(Appointment.id).limit(AT_ONCE)))


def see_to(session: Session, appointment_id: int, now: datetime) -> int:
    """Call it off in the name of who declined, with what they wrote; 0 if it was seen to meanwhile."""
    number = session.scalar(select(Appointment.hours_id).where(Appointment.id == appointment_id))
    if number is None:
        return 0
    lock(session, ConsultationHours, number)
    found = lock(session, Appointment, appointment_id)
    said = session.scalars(
        select(Invitation)
        .where(
            Invitation.occurrence_id == found.occurrence_id,
            Invitation.status == ParticipationStatus.DECLINED,
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.answered_at)
    ).first()
    if said is None or found.state is not AppointmentState.BOOKED or found.starts_at <= now:
        return 0
    off(session, f"person:{said.person_id}", found, said.comment, now)
    return 1
