"""Personal links of those who were invited by address alone: each of their letters carries it.

The token must not stand in the open, and what seals it lies outside the database; so the links are made where the
sealer is: in the page that invites, and by a duty of the worker for invitations that follow from planning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.schedule import telling
from lms.schedule.announcing import invitations_of, tell, waits_for_link
from lms.schedule.audience_models import Invitation
from lms.schedule.models import GuestLink, Occurrence, Speaker
from lms.sealing import Sealer
from lms.secret import fingerprint, new_secret

AT_ONCE = 20
"""Occurrences per run."""


def waiting(session: Session, now: datetime, *, without: Collection[int] = ()) -> Sequence[int]:
    """Occurrences in which somebody still waits for a link; a bounded number of them."""
    return session.scalars(
        select(Occurrence.id)
        .join(Invitation, Invitation.occurrence_id == Occurrence.id)
        .where(
            Invitation.person_id.is_(None),
            Invitation.organisation_id.is_(None),
            Invitation.guest_link_id.is_(None),
            Invitation.withdrawn_at.is_(None),
            Occurrence.status.in_(telling.ANNOUNCED),
            Occurrence.ends_at > now,
            Occurrence.id.not_in(without),
        )
        .distinct()
        .order_by(Occurrence.id)
        .limit(AT_ONCE)
    ).all()


def prepare_links(session: Session, sealer: Sealer, now: datetime) -> int:
    """Make the links that are missing, and queue the letters that waited for them; how many links were made."""
    return sum(prepare_links_of(session, number, sealer, now) for number in waiting(session, now))


def prepare_links_of(session: Session, occurrence_id: int, sealer: Sealer, now: datetime) -> int:
    """As `prepare_links`, for one occurrence."""
    occurrence = lock(session, Occurrence, occurrence_id)
    if occurrence.status not in telling.ANNOUNCED or occurrence.ends_at <= now:
        return 0
    made = 0
    for invitation in invitations_of(session, occurrence_id):
        if waits_for_link(invitation) and invitation.withdrawn_at is None:
            _make(session, invitation, sealer, now)
            made += 1
    if made:
        tell(session, occurrence, now)
    return made


def _make(session: Session, invitation: Invitation, sealer: Sealer, now: datetime) -> None:
    token = new_secret()
    link = GuestLink(
        occurrence_id=invitation.occurrence_id,
        speaker_id=invitation.speaker_id,
        name=(invitation.name or invitation.address)[:120],
        organisation=_organisation(session, invitation),
        address=invitation.address,
        sealed_token=sealer.seal(token),
        role=invitation.role,
        token_hash=fingerprint(token),
        created_by=invitation.created_by,
        created_at=now,
    )
    session.add(link)
    session.flush()
    invitation.guest_link_id = link.id
    said = {"name": link.name, "role": link.role.value, "occurrence": link.occurrence_id}
    record(session, invitation.created_by, "guest_link.create", "guest_link", link.id, now=now, after=said)


def _organisation(session: Session, invitation: Invitation) -> str:
    if invitation.speaker_id is None:
        return ""
    query = select(Organisation.name_uk).join(Speaker, Speaker.organisation_id == Organisation.id)
    return session.scalar(query.where(Speaker.id == invitation.speaker_id)) or ""
