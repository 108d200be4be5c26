"""An expert offers hours: says how they can be booked, opens and closes times, is away.

What is booked in times that are closed stays, or is called off; the expert has to say which, and those who booked are
told. Every change stands in the log, under the lock on the hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lms.appointments.booking import call_off
from lms.appointments.drafts import HoursDraft, WindowDraft, check_hours, check_window
from lms.appointments.models import (
    Appointment,
    AppointmentState,
    ConsultationAbsence,
    ConsultationHours,
    ConsultationTopic,
    ConsultationWindow,
)
from lms.appointments.plans import plans_of
from lms.appointments.queries import kinds_of_homes
from lms.appointments.rules import Away, Plan, Span, fits, may_offer
from lms.appointments.talks import AHEAD
from lms.audit.actions import record
from lms.courses.models import Course
from lms.database import lock
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Topic
from lms.schedule.rules import zone_of

MOST_WINDOWS = 60
MOST_ABSENCES = 60
LONGEST_ABSENCE = 366
_SETTINGS = (
    "zone", "slot_minutes", "pause_minutes", "notice_minutes", "change_minutes", "most_each", "horizon_days", "open",
    "audience", "organisation_kind", "course_id",
)  # fmt: skip


class BookingsThere(Conflict):
    """Some are booked in the times that would go; what becomes of them was not decided, or not explained."""

    def __init__(self, code: str, detail: str, appointment_ids: tuple[int, ...]) -> None:
        super().__init__(code, detail, "bookings")
        self.appointment_ids = appointment_ids


def save(session: Session, visitor: Visitor, draft: HoursDraft, now: datetime) -> ConsultationHours:
    """Set how the visitor can be booked; what is booked already stays as it is.

    Raises `NotAllowed` (hours_experts_only), `Invalid` or `NotFound` (topic_unknown, course_unknown).
    """
    if visitor.person_id is None or not may_offer(visitor, kinds_of_homes(session, visitor)):
        raise NotAllowed("hours_experts_only", "Consultation hours are offered by trainers and experts.")
    check_hours(draft)
    found = _locked(session, visitor.person_id)
    before = _state(found) if found is not None else None
    if found is None:
        found = ConsultationHours(expert_id=visitor.person_id, created_at=now)
        session.add(found)
    for name in _SETTINGS:
        setattr(found, name, getattr(draft, name))
    found.about, found.about_en, found.changed_at = draft.about.strip(), draft.about_en.strip(), now
    if found.course_id is not None and session.get(Course, found.course_id) is None:
        raise NotFound("course_unknown", "There is no such course.", "course_id")
    session.flush()
    _choose_topics(session, found.id, draft.topic_ids)
    verb = "consultation_hours.change" if before is not None else "consultation_hours.create"
    record(session, visitor.actor, verb, "consultation_hours", found.id, now=now, before=before, after=_state(found))
    return found


def _locked(session: Session, expert_id: int) -> ConsultationHours | None:
    """The hours, locked as a booking locks them. Where there are none yet the person is: two begin them at once."""
    number = select(ConsultationHours.id).where(ConsultationHours.expert_id == expert_id)
    found = session.scalar(number)
    if found is None:
        lock(session, Person, expert_id)
        found = session.scalar(number)
    return lock(session, ConsultationHours, found) if found is not None else None


def open_window(session: Session, visitor: Visitor, draft: WindowDraft, now: datetime) -> ConsultationWindow:
    """More times. Raises `NotFound` (hours_none), `Invalid`, or `TooMany` (windows_many)."""
    hours = own(session, visitor)
    check_window(draft, hours.slot_minutes, _today(hours, now))
    held = select(func.count()).where(ConsultationWindow.hours_id == hours.id, ConsultationWindow.closed_at.is_(None))
    if (session.scalar(held) or 0) >= MOST_WINDOWS:
        raise TooMany("windows_many", f"At most {MOST_WINDOWS} lines of times. Close some first.")
    made = ConsultationWindow(
        hours_id=hours.id,
        weekday=draft.weekday,
        day=draft.day,
        begins=draft.begins,
        ends=draft.ends,
        from_day=draft.from_day if draft.weekday is not None else None,
        to_day=draft.to_day if draft.weekday is not None else None,
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = {name: _plain(getattr(made, name)) for name in ("weekday", "day", "begins", "ends", "from_day", "to_day")}
    record(session, visitor.actor, "consultation_window.open", "consultation_window", made.id, now=now, after=after)
    return made


def close_window(
    session: Session, visitor: Visitor, window_id: int, now: datetime, *, keep: bool | None = None, reason: str = ""
) -> int:
    """No such times any more; how many appointments were called off.

    `keep` decides about those that are booked in them: they stay (True) or are called off for a reason (False).
    Raises `NotFound` or `BookingsThere` (bookings_there: some are booked and nothing was decided; reason_needed).
    """
    hours = own(session, visitor)
    found = session.get(ConsultationWindow, window_id)
    if found is None or found.hours_id != hours.id or found.closed_at is not None:
        raise NotFound("window_unknown", "There are no such times any more.")
    plan = plans_of(session, [hours], without_window=window_id)[hours.id]
    off = _decide(session, visitor, hours, plan, now, keep=keep, reason=reason)
    found.closed_at = now
    session.flush()
    record(session, visitor.actor, "consultation_window.close", "consultation_window", found.id, now=now)
    return off


def be_away(
    session: Session,
    visitor: Visitor,
    from_day: date,
    to_day: date,
    now: datetime,
    *,
    keep: bool | None = None,
    reason: str = "",
) -> int:
    """No times on these days; how many appointments were called off. Raises as `close_window`, and `TooMany`."""
    hours = own(session, visitor)
    if to_day < from_day or to_day < _today(hours, now) or (to_day - from_day).days > LONGEST_ABSENCE:
        raise Invalid("absence_days", "The last day comes after the first, and is still ahead.", "to_day")
    held = select(func.count()).where(ConsultationAbsence.hours_id == hours.id, ConsultationAbsence.ended_at.is_(None))
    if (session.scalar(held) or 0) >= MOST_ABSENCES:
        raise TooMany("absences_many", f"At most {MOST_ABSENCES} absences. Take some back first.")
    plan = plans_of(session, [hours])[hours.id]
    plan = Plan(plan.zone, plan.slot_minutes, plan.pause_minutes, plan.windows, (*plan.away, Away(from_day, to_day)))
    off = _decide(session, visitor, hours, plan, now, keep=keep, reason=reason)
    made = ConsultationAbsence(hours_id=hours.id, from_day=from_day, to_day=to_day, created_at=now)
    session.add(made)
    session.flush()
    after = {"from_day": from_day.isoformat(), "to_day": to_day.isoformat()}
    record(session, visitor.actor, "consultation_absence.enter", "consultation_absence", made.id, now=now, after=after)
    return off


def be_back(session: Session, visitor: Visitor, absence_id: int, now: datetime) -> None:
    """The absence is taken back. Raises `NotFound`."""
    hours = own(session, visitor)
    found = session.get(ConsultationAbsence, absence_id)
    if found is None or found.hours_id != hours.id or found.ended_at is not None:
        raise NotFound("absence_unknown", "There is no such absence.")
    found.ended_at = now
    session.flush()
    record(session, visitor.actor, "consultation_absence.end", "consultation_absence", found.id, now=now)


def own(session: Session, visitor: Visitor) -> ConsultationHours:
    """The visitor's hours, locked. Raises `NotFound`."""
    number = session.scalar(select(ConsultationHours.id).where(ConsultationHours.expert_id == visitor.person_id))
    if number is None or visitor.person_id is None:
        raise NotFound("hours_none", "You offer no consultation hours yet. Say first how you can be booked.")
    return lock(session, ConsultationHours, number)


def stranded(session: Session, hours: ConsultationHours, plan: Plan, now: datetime) -> list[Appointment]:
    """What is booked ahead within today's times, and would not be within this plan's."""
    current = plans_of(session, [hours])[hours.id]
    ahead = (
        select(Appointment)
        .join(Occurrence, Occurrence.id == Appointment.occurrence_id)
        .where(
            Appointment.hours_id == hours.id,
            Appointment.state == AppointmentState.BOOKED,
            Appointment.starts_at > now,
            Occurrence.status.in_(AHEAD),
        )
    )
    found = []
    for each in session.scalars(ahead.order_by(Appointment.starts_at, Appointment.id)):
        span = Span(each.starts_at, each.ends_at)
        if fits(current, span) and not fits(plan, span):
            found.append(each)
    return found


def _decide(
    session: Session,
    visitor: Visitor,
    hours: ConsultationHours,
    plan: Plan,
    now: datetime,
    *,
    keep: bool | None,
    reason: str,
) -> int:
    concerned = stranded(session, hours, plan, now)
    if not concerned or keep:
        return 0
    numbers = tuple(each.id for each in concerned)
    if keep is None:
        detail = f"{len(concerned)} appointments are booked in these times. Decide whether they stay."
        raise BookingsThere("bookings_there", detail, numbers)
    if not reason.strip():
        raise BookingsThere("reason_needed", "Say why: those who booked will read it.", numbers)
    for each in concerned:
        call_off(session, visitor, each, reason, now)
    return len(concerned)


def _choose_topics(session: Session, hours_id: int, chosen: Iterable[int]) -> None:
    known = set(session.scalars(select(Topic.id).where(Topic.id.in_(set(chosen)))))
    if set(chosen) - known:
        raise NotFound("topic_unknown", f"There is no topic {min(set(chosen) - known)}.", "topics")
    session.execute(delete(ConsultationTopic).where(ConsultationTopic.hours_id == hours_id))
    session.add_all(ConsultationTopic(hours_id=hours_id, topic_id=number) for number in sorted(known))
    session.flush()


def _state(hours: ConsultationHours) -> dict[str, Any]:
    return {name: _plain(getattr(hours, name)) for name in _SETTINGS}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _today(hours: ConsultationHours, now: datetime) -> date:
    return now.astimezone(zone_of(hours.zone)).date()
