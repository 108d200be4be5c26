"""The meeting behind an appointment: a private occurrence of the schedule, whose speakers are the two.

It stands at no organisation and in no list; the log of changes names who and when, never what it is about.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.database import lock
from lms.directory.models import Person
from lms.errors import Conflict
from lms.schedule import rows
from lms.schedule.announcing import announce, invitations_of
from lms.schedule.audience_models import ParticipationStatus
from lms.schedule.drafts import OccurrenceDraft, SpeakerDraft
from lms.schedule.models import Access, Kind, MeetingRole, Occurrence, OccurrenceChange, Status, Streaming
from lms.schedule.rules import zone_of
from lms.slugs import new_meeting_name

_TIME = ("starts_local", "zone", "duration_minutes")
AHEAD = (Status.PUBLISHED, Status.MOVED)
"""It has not been begun; the expert may do that early."""


def arrange(
    session: Session,
    actor: str,
    expert: Person,
    person: Person,
    subject: str,
    question: str,
    starts_at: datetime,
    minutes: int,
    zone: str,
    now: datetime,
) -> Occurrence:
    """A room for the two; both are written to. Its address is of chance: nobody guesses it by the subject."""
    made = Occurrence(
        slug=f"appointment-{uuid.uuid4().hex[:20]}",
        meeting=new_meeting_name(),
        uid=f"{uuid.uuid4()}@vikno",
        sequence=0,
        status=Status.PUBLISHED,
        private=True,
        created_by=actor,
        created_at=now,
        parties=[],
        speakers=[],
        agenda=[],
    )
    draft = OccurrenceDraft(
        kind=Kind.MEETING,
        title=subject,
        description=question,
        starts_local=_wall(starts_at, zone),
        duration_minutes=minutes,
        zone=zone,
        language=person.language if person.language in ("uk", "en") else "uk",
        listed=False,
        access=Access.NETWORK,
        streaming=Streaming.NO,
        speakers=[
            SpeakerDraft(expert.display_name, person_id=expert.id, role=MeetingRole.HOST),
            SpeakerDraft(person.display_name, person_id=person.id, role=MeetingRole.PRESENTER),
        ],
    )
    rows.fill(session, made, draft, [], now)
    _tell(session, made, "changed", now)
    return made


def move(
    session: Session,
    actor: str,
    occurrence_id: int,
    starts_at: datetime,
    length: timedelta,
    reason: str,
    now: datetime,
) -> None:
    """At another time: a REQUEST with a higher SEQUENCE goes to both (RFC 5546 section 3.2.2.1).

    Raises `Conflict` (change_late) once it has begun, as `call_off` does.
    """
    found = _locked(session, occurrence_id)
    before = _times(found)
    found.starts_local = _wall(starts_at, found.zone)
    found.starts_at, found.ends_at = starts_at, starts_at + length
    found.duration_minutes = int(length.total_seconds()) // 60
    found.sequence += 1
    found.status, found.updated_at = Status.MOVED, now
    _note(session, actor, found, before, _times(found), reason, now)
    _tell(session, found, "moved", now)


def call_off(session: Session, actor: str, occurrence_id: int, reason: str, now: datetime) -> None:
    """It does not take place: a CANCEL goes to both (RFC 5546 section 3.2.5)."""
    found = _locked(session, occurrence_id)
    before: dict[str, object] = {"status": found.status.value}
    found.status, found.cancel_reason, found.updated_at = Status.CANCELLED, reason, now
    found.sequence += 1
    _note(session, actor, found, before, {"status": found.status.value}, reason, now)
    _tell(session, found, "cancelled", now)


def _locked(session: Session, occurrence_id: int) -> Occurrence:
    lock(session, Occurrence, occurrence_id)
    query = select(Occurrence).where(Occurrence.id == occurrence_id).options(selectinload(Occurrence.speakers))
    found = session.scalars(query.execution_options(populate_existing=True)).one()
    if found.status not in AHEAD:
        raise Conflict("change_late", "It has begun. Write to the other one, or join.")
    return found


def _tell(session: Session, occurrence: Occurrence, what: str, now: datetime) -> None:
    """Write to both. Booking, and offering times, is an answer: nobody is asked whether they come."""
    announce(session, occurrence, what, now)
    for each in invitations_of(session, occurrence.id):
        if each.status is ParticipationStatus.NEEDS_ACTION:
            each.status, each.answered_at, each.answered_by = ParticipationStatus.ACCEPTED, now, "page"
            each.answered_sequence = each.told_sequence
    session.flush()


def _note(
    session: Session,
    actor: str,
    found: Occurrence,
    before: dict[str, object],
    after: dict[str, object],
    reason: str,
    now: datetime,
) -> None:
    session.add(
        OccurrenceChange(
            occurrence_id=found.id,
            at=now,
            actor=actor,
            before=before,
            after=after,
            reason=reason,
            sequence=found.sequence,
        )
    )
    session.flush()


def _times(found: Occurrence) -> dict[str, object]:
    plain = {name: getattr(found, name) for name in _TIME}
    return plain | {"starts_local": found.starts_local.isoformat(timespec="minutes")}


def _wall(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None)
