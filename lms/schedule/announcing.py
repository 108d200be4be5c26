"""Telling people what was announced: the invited, speakers, whoever has a seat. Called under the occurrence's lock.

What each address has to be told follows from what it knows (`lms.schedule.telling`); a message is queued in the same
transaction, and what the address knows from then on is noted on its invitation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory import addresses
from lms.notify.actions import enqueue
from lms.schedule import following, registrations, telling
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.models import GuestLink, Occurrence, Speaker
from lms.schedule.telling import Holds, Method, Owed, Told

SYSTEM = "system"


def announce(session: Session, occurrence: Occurrence, what: str, now: datetime, *, was: str = "") -> None:
    """Something announced has changed (`what`: published, moved, changed, cancelled): queue what follows from it.

    `was`: its local time before, where that has changed (ISO 8601). Speakers who were added are invited, those who
    were removed are told so. The occurrence's speakers must be loaded.
    """
    session.flush()
    if occurrence.status in telling.ANNOUNCED:
        _keep_in_step(session, occurrence, now)
    tell(session, occurrence, now)
    if what != "changed":
        following.tell_followers(session, occurrence, what, now, was)
    if what in ("moved", "cancelled"):
        _tell_seated(session, occurrence, what, now)


def tell(session: Session, occurrence: Occurrence, now: datetime) -> int:
    """Queue what the occurrence's invited are owed; how many messages that is. Asking again queues nothing."""
    holds = Holds(
        occurrence.status, occurrence.sequence, telling.facts_told(occurrence), over=occurrence.ends_at <= now
    )
    queued = 0
    for invitation in invitations_of(session, occurrence.id):
        if waits_for_link(invitation):
            continue
        message = telling.owed(told_of(invitation), holds, withdrawn=invitation.withdrawn_at is not None)
        if message is not None:
            _queue(session, invitation, message, holds, now)
            queued += 1
    session.flush()
    return queued


def invitations_of(session: Session, occurrence_id: int) -> Sequence[Invitation]:
    """Every invitation, also withdrawn ones, oldest first."""
    query = select(Invitation).where(Invitation.occurrence_id == occurrence_id).order_by(Invitation.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def told_of(invitation: Invitation) -> Told:
    """What the invitation's address knows."""
    return Told(Method(invitation.told_method), invitation.told_sequence, invitation.told_facts or {})


def waits_for_link(invitation: Invitation) -> bool:
    """Whether the personal link that its letters carry is still to be made (`lms.schedule.personal_links`)."""
    outside = invitation.person_id is None and invitation.organisation_id is None
    return outside and invitation.guest_link_id is None


def withdraw_row(session: Session, invitation: Invitation, actor: str, now: datetime) -> None:
    """The invitation counts no more, and neither does its personal link. The caller tells (`tell`)."""
    if invitation.withdrawn_at is not None:
        return
    invitation.withdrawn_at = now
    if invitation.guest_link_id is not None:
        link = session.get_one(GuestLink, invitation.guest_link_id)
        if link.revoked_at is None:
            link.revoked_at = now
            record(session, actor, "guest_link.revoke", "guest_link", link.id, now=now)
    record(session, actor, "invitation.withdraw", "invitation", invitation.id, now=now)


def reinstate_row(session: Session, invitation: Invitation, actor: str, now: datetime) -> None:
    """The invitation counts again; a personal link that was withdrawn stays so, a new one is made."""
    invitation.withdrawn_at = None
    invitation.guest_link_id = None
    record(session, actor, "invitation.renew", "invitation", invitation.id, now=now)


def _queue(session: Session, invitation: Invitation, message: Owed, holds: Holds, now: datetime) -> None:
    contents = {
        "invitation": invitation.id,
        "occurrence": invitation.occurrence_id,
        "sequence": message.sequence,
        "facts": dict(holds.facts),
        "was": invitation.told_facts,
    }
    key = f"invitation:{invitation.id}:{message.sequence}"
    enqueue(session, key, f"invitation.{message.news}", f"mailto:{invitation.address}", contents, now=now)
    if telling.asks_again(message.news):
        invitation.asked_sequence = message.sequence
        invitation.status = ParticipationStatus.NEEDS_ACTION
        invitation.answered_at, invitation.answered_by, invitation.answered_sequence = None, "", None
        invitation.comment = ""
    invitation.told_method, invitation.told_sequence = message.method.value, message.sequence
    invitation.told_facts, invitation.told_at = dict(holds.facts), now


def _keep_in_step(session: Session, occurrence: Occurrence, now: datetime) -> None:
    """Each speaker who can be reached has an invitation; one who speaks no longer has none."""
    known = {each.address: each for each in invitations_of(session, occurrence.id)}
    people = addresses.of_people(session, {each.person_id for each in occurrence.speakers if each.person_id})
    wanted: dict[str, Speaker] = {}
    for speaker in occurrence.speakers:
        found = people.get(speaker.person_id) if speaker.person_id is not None else None
        address = found.address if found else "" if speaker.person_id else speaker.email.strip().lower()
        if address:
            wanted.setdefault(address, speaker)
    for address, speaker in wanted.items():
        row = known.get(address)
        if row is None:
            row = Invitation(occurrence_id=occurrence.id, address=address, created_by=SYSTEM, created_at=now)
            row.language = people[speaker.person_id].language if speaker.person_id in people else occurrence.language
            session.add(row)
        elif row.withdrawn_at is not None and row.speaker_id != speaker.id:
            reinstate_row(session, row, SYSTEM, now)
        row.name, row.person_id, row.role = speaker.name, speaker.person_id, speaker.role
        row.speaker_id, row.of_speaker = speaker.id, True
    for address, row in known.items():
        if row.of_speaker and address not in wanted:
            withdraw_row(session, row, SYSTEM, now)
    session.flush()


def _tell_seated(session: Session, occurrence: Occurrence, what: str, now: datetime) -> None:
    """Who has, or hopes for, a seat and is not invited has no other way to hear of it."""
    invited = [each for each in invitations_of(session, occurrence.id) if each.withdrawn_at is None]
    people = {each.person_id for each in invited}
    organisations = {each.organisation_id for each in invited if each.person_id is None}
    told = set()
    for each in registrations.interested(session, occurrence.id):
        if each.person_id is not None and each.person_id not in people:
            told.add(f"person:{each.person_id}")
        elif each.person_id is None and each.organisation_id not in organisations:
            told.add(f"organisation:{each.organisation_id}")
    for recipient in sorted(told):
        key = f"occurrence:{occurrence.id}:{occurrence.sequence}:{what}:{recipient}"
        contents = {"occurrence": occurrence.id, "sequence": occurrence.sequence}
        enqueue(session, key, f"occurrence.{what}", recipient, contents, now=now)
