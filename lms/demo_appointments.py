"""Demo data of consultation hours: the expert of the migration service on Tuesdays and Thursdays, booked by a centre.

Repeatable: there is always one appointment ahead, and one that was held a week before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts
from lms.appointments import booking, hours
from lms.appointments.drafts import BookingDraft, HoursDraft, WindowDraft
from lms.appointments.models import Appointment, AppointmentState, ConsultationHours
from lms.appointments.plans import free_times
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.schedule.plan_models import Topic

_TOPICS = ("Реєстрація місця проживання", "Паспортні послуги")
_ABOUT = "Реєстрація місця проживання, довідки, складні випадки з документами (демо)."
_ABOUT_EN = "Registration of residence, statements, difficult cases with documents (demo)."
_WEEK = timedelta(days=7)
_AHEAD = timedelta(days=8)
"""After the first of the consultations that the demo's network has each week."""
_HOURS = HoursDraft(slot_minutes=30, pause_minutes=10, notice_minutes=12 * 60, change_minutes=4 * 60)


def seed(session: Session, now: datetime) -> None:
    """Put it in where it is missing."""
    expert, staff = _somebody(session, demo_accounts.EXPERT, now), _somebody(session, demo_accounts.STAFF, now)
    mine = select(ConsultationHours).where(ConsultationHours.expert_id == expert.person_id)
    offered = session.scalar(mine) or _offer(session, expert, now - 3 * _WEEK)
    if session.scalar(select(Appointment.id).where(Appointment.hours_id == offered.id)) is None:
        past = _book(session, staff, offered, "Дитина без свідоцтва про народження", now - 2 * _WEEK)
        if past is not None:
            booking.mark(session, expert, past.id, AppointmentState.HELD, now)
            text = "Так, за заявою одного з батьків і висновком закладу охорони здоров’я (демо)."
            booking.answer(session, expert, past.id, text, now)
    ahead = select(Appointment.id).where(
        Appointment.hours_id == offered.id, Appointment.state == AppointmentState.BOOKED, Appointment.ends_at > now
    )
    if session.scalar(ahead) is None:
        _book(session, staff, offered, "Реєстрація переселенців у гуртожитку", now)


def _offer(session: Session, expert: Visitor, now: datetime) -> ConsultationHours:
    topics = tuple(session.scalars(select(Topic.id).where(Topic.name_uk.in_(_TOPICS))))
    draft = replace(_HOURS, about=_ABOUT, about_en=_ABOUT_EN, topic_ids=topics)
    made = hours.save(session, expert, draft, now)
    for weekday in (1, 3):
        hours.open_window(session, expert, WindowDraft(14 * 60, 16 * 60, weekday=weekday), now)
    return made


def _book(
    session: Session, staff: Visitor, offered: ConsultationHours, subject: str, now: datetime
) -> Appointment | None:
    free = free_times(session, [offered], now, now + _AHEAD, 7)[offered.id]
    if not free:
        return None
    draft = BookingDraft(subject, "Які документи потрібні, і хто підписує заяву? (демо)")
    return booking.book(session, staff, offered.id, free[0].starts_at, draft, now)


def _somebody(session: Session, email: str, now: datetime) -> Visitor:
    account = session.scalars(select(Account).where(Account.provider == "password", Account.subject == email)).one()
    return visitor_of_person(session, account.person_id, now)
