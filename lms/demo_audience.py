"""Demo data of invitations: a centre with its lead, staff, an expert without an account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_directory
from lms import demo_facts as facts
from lms.directory.models import Account, Organisation
from lms.directory.rules import Visitor
from lms.schedule import invitations
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.invitations import Outsider, Targets
from lms.schedule.models import MeetingRole, Occurrence, Status

OUTSIDER = Outsider("guest-expert@vikno.test", "Експерт Запрошений", MeetingRole.PRESENTER)
_ANSWERS = {
    demo_directory.STAFF: (ParticipationStatus.ACCEPTED, "Буду з колегами"),
    demo_directory.STAFF_TWO_PLACES: (ParticipationStatus.TENTATIVE, ""),
}


def seed(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """Invite to the next of the planned consultations; who is invited already stays as they are."""
    occurrence = session.scalar(
        select(Occurrence)
        .where(
            Occurrence.title == facts.UPCOMING[0].title,
            Occurrence.created_by == planner.actor,
            Occurrence.status == Status.PUBLISHED,
            Occurrence.ends_at > now,
        )
        .order_by(Occurrence.starts_at)
        .limit(1)
    )
    if occurrence is None:
        return
    known = set(session.scalars(select(Invitation.address).where(Invitation.occurrence_id == occurrence.id)))
    if OUTSIDER.address in known:
        return
    people = session.scalars(
        select(Account.person_id).where(Account.subject.in_((*_ANSWERS, demo_directory.LEAD))).order_by(Account.id)
    ).all()
    targets = Targets(people, [homes["lviv"].id], [OUTSIDER])
    invitations.invite(session, planner, occurrence.slug, targets, now)
    for address, (status, comment) in _ANSWERS.items():
        row = session.scalar(
            select(Invitation).where(Invitation.occurrence_id == occurrence.id, Invitation.address == address)
        )
        if row is not None and row.status is ParticipationStatus.NEEDS_ACTION:
            invitations.answer(session, row.id, status, now, comment=comment)
