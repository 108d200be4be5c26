"""Booking a time of an expert, moving and cancelling it, and what becomes of it.

All under the lock on the expert's hours, then on the occurrence: the last free time goes to one of two who take it at
the same instant, and the other is told. The log holds who, whom and when; what it is about stays with the two.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.appointments import talks
from lms.appointments.drafts import LONGEST_ANSWER, BookingDraft, check_booking
from lms.appointments.models import Appointment, AppointmentState, ConsultationHours, ConsultationTopic
from lms.appointments.plans import busy, free_at
from lms.appointments.queries import bookable_by
from lms.appointments.rules import in_time
from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from lms.schedule.models import Occurrence

MOST_AT_ALL = 20
"""So many appointments ahead a person may hold with all experts together."""
LONGEST_REASON = 1000


def book(
    session: Session, visitor: Visitor, hours_id: int, at: datetime, draft: BookingDraft, now: datetime
) -> Appointment:
    """Take the time that begins at this instant. Both are written to.

    Raises `NotAllowed` (account_needed), `NotFound` (hours_unknown, topic_unknown), `Invalid`, `Conflict` (slot_taken,
    busy_then) or `TooMany` (appointments_many).
    """
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in first.")
    check_booking(draft)
    known = session.scalar(select(ConsultationHours.id).where(ConsultationHours.id == hours_id, bookable_by(visitor)))
    if known is None:
        raise NotFound("hours_unknown", "There are no such consultation hours, or they are not for you.")
    hours = lock(session, ConsultationHours, hours_id)
    _count(session, hours, visitor.person_id, now)
    slot = free_at(session, hours, at, now) if hours.open else None
    if slot is None:
        raise Conflict("slot_taken", "This time was taken just now, or is not offered any more. Choose another one.")
    _not_busy(session, visitor.person_id, slot.starts_at, slot.ends_at)
    topic = _topic(session, hours, draft.topic_id)
    expert, person = session.get_one(Person, hours.expert_id), session.get_one(Person, visitor.person_id)
    subject, question = draft.subject.strip(), draft.question.strip()
    talk = talks.arrange(
        session, visitor.actor, expert, person, subject, question, at, hours.slot_minutes, hours.zone, now
    )
    made = Appointment(
        hours_id=hours.id,
        expert_id=expert.id,
        person_id=person.id,
        occurrence_id=talk.id,
        topic_id=topic,
        subject=subject,
        question=question,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=AppointmentState.BOOKED,
        state_by=visitor.actor,
        state_at=now,
        booked_at=now,
    )
    session.add(made)
    session.flush()
    after = {"expert": expert.id, "person": person.id, "starts_at": at.isoformat()}
    record(session, visitor.actor, "appointment.book", "appointment", made.id, now=now, after=after)
    return made


def move(
    session: Session, visitor: Visitor, appointment_id: int, at: datetime, now: datetime, *, reason: str = ""
) -> Appointment:
    """To another free time; both are told. Raises `NotFound`, `Conflict` (slot_taken, busy_then, too_late, …)."""
    hours, found = _held(session, visitor, appointment_id)
    _changeable(visitor, hours, found, now)
    by_expert = visitor.person_id == found.expert_id
    slot = free_at(session, hours, at, now, but=found.id, by_expert=by_expert)
    if slot is None or slot.starts_at == found.starts_at:
        raise Conflict("slot_taken", "This time was taken just now, or is not offered any more. Choose another one.")
    length = slot.ends_at - slot.starts_at
    _not_busy(session, found.person_id, at, at + length, but=found.occurrence_id)
    before = {"starts_at": found.starts_at.isoformat()}
    reason = reason.strip()[:LONGEST_REASON]
    talks.move(session, visitor.actor, found.occurrence_id, at, length, reason, now)
    found.reason = reason
    found.starts_at, found.ends_at = at, at + length
    session.flush()
    after = {"starts_at": at.isoformat()}
    record(session, visitor.actor, "appointment.move", "appointment", found.id, now=now, before=before, after=after)
    return found


def cancel(session: Session, visitor: Visitor, appointment_id: int, reason: str, now: datetime) -> Appointment:
    """It does not take place; both are told. An expert says why. Raises `NotFound`, `Invalid` or `Conflict`."""
    hours, found = _held(session, visitor, appointment_id)
    _changeable(visitor, hours, found, now)
    call_off(session, visitor, found, reason, now)
    return found


def call_off(session: Session, visitor: Visitor, found: Appointment, reason: str, now: datetime) -> None:
    """For whoever holds the lock on its hours. Raises `Invalid` (reason_needed) for an expert who does not say why."""
    reason = reason.strip()[:LONGEST_REASON]
    if visitor.person_id == found.expert_id and not reason:
        raise Invalid("reason_needed", "Say why: the other one will read it.", "reason")
    off(session, visitor.actor, found, reason, now)


def off(session: Session, actor: str, found: Appointment, reason: str, now: datetime) -> None:
    """In somebody's name, for whoever holds the lock on its hours."""
    talks.call_off(session, actor, found.occurrence_id, reason, now)
    found.state, found.state_by, found.state_at = AppointmentState.CANCELLED, actor, now
    found.reason = reason
    session.flush()
    record(session, actor, "appointment.cancel", "appointment", found.id, now=now)


def mark(session: Session, visitor: Visitor, appointment_id: int, state: AppointmentState, now: datetime) -> None:
    """The expert says what became of it; may say otherwise later.

    Raises `NotFound`, `NotAllowed` (appointment_experts), `Invalid` (outcome_unknown) or `Conflict` (outcome_early,
    appointment_cancelled).
    """
    _, found = _held(session, visitor, appointment_id)
    if visitor.person_id != found.expert_id:
        raise NotAllowed("appointment_experts", "The expert says what became of it.")
    if state not in (AppointmentState.HELD, AppointmentState.NOT_ATTENDED):
        raise Invalid("outcome_unknown", "It was held, or nobody came.", "state")
    if found.state is AppointmentState.CANCELLED:
        raise Conflict("appointment_cancelled", "It was cancelled.")
    if now < found.starts_at:
        raise Conflict("outcome_early", "It has not begun yet.")
    if found.state is state:
        return
    before = {"state": found.state.value}
    found.state, found.state_by, found.state_at = state, visitor.actor, now
    session.flush()
    after = {"state": state.value}
    record(session, visitor.actor, "appointment.mark", "appointment", found.id, now=now, before=before, after=after)


def answer(session: Session, visitor: Visitor, appointment_id: int, text: str, now: datetime) -> None:
    """A short answer in writing, for the person who asked; replaces the one before.

    Raises `NotFound`, `NotAllowed` (appointment_experts) or `Invalid` (text_long).
    """
    _, found = _held(session, visitor, appointment_id)
    if visitor.person_id != found.expert_id:
        raise NotAllowed("appointment_experts", "The expert writes the answer.")
    if len(text) > LONGEST_ANSWER:
        raise Invalid("text_long", f"This is longer than {LONGEST_ANSWER} characters; shorten it.", "answer")
    found.answer = text.strip()
    found.answered_at = now if found.answer else None
    session.flush()
    record(session, visitor.actor, "appointment.answer", "appointment", found.id, now=now)


def open_talk(session: Session, visitor: Visitor, appointment_id: int) -> str:
    """The address of its occurrence, for a file or a link that comes to it or goes: as long as it is booked.

    Raises `NotFound`, `Conflict` (appointment_over): afterwards both keep what they had before them.
    """
    _, found = _held(session, visitor, appointment_id)
    if found.state is not AppointmentState.BOOKED:
        raise Conflict("appointment_over", "It is over. Its files and links stay as they are.")
    return session.scalars(select(Occurrence.slug).where(Occurrence.id == found.occurrence_id)).one()


def _held(session: Session, visitor: Visitor, appointment_id: int) -> tuple[ConsultationHours, Appointment]:
    """An appointment of the visitor's, its hours locked before it. Raises `NotFound`."""
    found = session.get(Appointment, appointment_id)
    if found is None or visitor.person_id is None or visitor.person_id not in (found.expert_id, found.person_id):
        raise NotFound("appointment_unknown", "There is no such appointment, or it is not yours.")
    hours = lock(session, ConsultationHours, found.hours_id)
    return hours, lock(session, Appointment, appointment_id)


def _changeable(visitor: Visitor, hours: ConsultationHours, found: Appointment, now: datetime) -> None:
    if found.state is AppointmentState.CANCELLED:
        raise Conflict("appointment_cancelled", "It was cancelled.")
    by_expert = visitor.person_id == found.expert_id
    if found.state is not AppointmentState.BOOKED or not in_time(
        found.starts_at, hours.change_minutes, now, by_expert=by_expert
    ):
        raise Conflict("change_late", "It is too late to move or cancel it here. Write to the other one, or join.")


def _count(session: Session, hours: ConsultationHours, person_id: int, now: datetime) -> None:
    ahead = select(func.count()).where(
        Appointment.person_id == person_id, Appointment.state == AppointmentState.BOOKED, Appointment.ends_at > now
    )
    with_this_one = session.scalar(ahead.where(Appointment.hours_id == hours.id)) or 0
    if with_this_one >= hours.most_each:
        raise TooMany(
            "appointments_many", f"You have {with_this_one} appointments ahead with this expert, and no more are given."
        )
    if (session.scalar(ahead) or 0) >= MOST_AT_ALL:
        raise TooMany("appointments_many", f"You have {MOST_AT_ALL} appointments ahead. Keep or cancel some first.")


def _not_busy(session: Session, person_id: int, starts_at: datetime, ends_at: datetime, *, but: int = 0) -> None:
    if busy(session, [person_id], starts_at, ends_at, but):
        raise Conflict("busy_then", "You have something else at this time. Choose another one.")


def _topic(session: Session, hours: ConsultationHours, topic_id: int | None) -> int | None:
    if topic_id is None:
        return None
    offered = select(ConsultationTopic.topic_id).where(
        ConsultationTopic.hours_id == hours.id, ConsultationTopic.topic_id == topic_id
    )
    if session.scalar(offered) is None:
        raise NotFound("topic_unknown", "The expert does not offer this topic.", "topic")
    return topic_id
