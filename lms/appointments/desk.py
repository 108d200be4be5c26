"""Reading one's own hours: settings, times, absences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.appointments.drafts import HoursDraft
from lms.appointments.models import (
    ConsultationAbsence,
    ConsultationHours,
    ConsultationTopic,
    ConsultationWindow,
)
from lms.appointments.queries import kinds_of_homes
from lms.appointments.rules import may_offer
from lms.directory.rules import Visitor
from lms.errors import NotAllowed
from lms.schedule.plan_models import Topic
from lms.schedule.rules import zone_of


@dataclass(frozen=True, slots=True)
class OwnHours:
    """What somebody offers; `hours_id` None before the first time. Windows that are over are left out."""

    hours_id: int | None
    draft: HoursDraft
    windows: Sequence[ConsultationWindow] = ()
    absences: Sequence[ConsultationAbsence] = ()


def own_hours(session: Session, visitor: Visitor, now: datetime) -> OwnHours:
    """The visitor's. Raises `NotAllowed` (hours_experts_only)."""
    found = session.scalar(select(ConsultationHours).where(ConsultationHours.expert_id == visitor.person_id))
    if found is None or visitor.person_id is None:
        if not offers(session, visitor):
            raise NotAllowed("hours_experts_only", "Consultation hours are offered by trainers and experts.")
        return OwnHours(None, HoursDraft())
    today = now.astimezone(zone_of(found.zone)).date()
    topics = session.scalars(
        select(ConsultationTopic.topic_id).where(ConsultationTopic.hours_id == found.id).order_by("topic_id")
    )
    draft = HoursDraft(
        zone=found.zone,
        slot_minutes=found.slot_minutes,
        pause_minutes=found.pause_minutes,
        notice_minutes=found.notice_minutes,
        change_minutes=found.change_minutes,
        most_each=found.most_each,
        horizon_days=found.horizon_days,
        about=found.about,
        about_en=found.about_en,
        open=found.open,
        audience=found.audience,
        organisation_kind=found.organisation_kind,
        course_id=found.course_id,
        topic_ids=tuple(topics),
    )
    windows = session.scalars(
        select(ConsultationWindow)
        .where(ConsultationWindow.hours_id == found.id, ConsultationWindow.closed_at.is_(None))
        .order_by(ConsultationWindow.weekday, ConsultationWindow.day, ConsultationWindow.begins)
    ).all()
    absences = session.scalars(
        select(ConsultationAbsence)
        .where(
            ConsultationAbsence.hours_id == found.id,
            ConsultationAbsence.ended_at.is_(None),
            ConsultationAbsence.to_day >= today,
        )
        .order_by(ConsultationAbsence.from_day)
    ).all()
    return OwnHours(found.id, draft, [each for each in windows if _holds(each, today)], absences)


def offers(session: Session, visitor: Visitor) -> bool:
    """Whether the visitor may offer hours."""
    return may_offer(visitor, kinds_of_homes(session, visitor))


def topics_to_choose(session: Session) -> list[tuple[int, str, str]]:
    """The catalogue, by name."""
    query = select(Topic.id, Topic.name_uk, Topic.name_en).where(Topic.retired_at.is_(None))
    return [(number, uk, en) for number, uk, en in session.execute(query.order_by(Topic.name_uk).limit(1000))]


def _holds(window: ConsultationWindow, today: date) -> bool:
    last = window.day if window.day is not None else window.to_day
    return last is None or last >= today
