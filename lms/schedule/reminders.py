"""Reminders: a duty of the worker queues each when its time has come, for whom it still concerns.

A reminder's key names the occurrence, its beginning, the offset and the recipient: what is moved reminds anew, what is
cancelled not at all, and nobody is reminded twice. A worker that comes late sends the nearest one only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import lock
from lms.directory import addresses
from lms.directory.register_models import NotificationPreference
from lms.notify.actions import enqueue
from lms.notify.models import OutboxMessage
from lms.schedule import registrations, reminding, telling
from lms.schedule.audience_models import Invitation, ParticipationStatus, RegistrationState
from lms.schedule.models import Occurrence, Speaker, Status
from lms.schedule.reminding import Quiet

KIND = "occurrence.reminder"
AT_ONCE = 500
_DATES = (Status.PUBLISHED, Status.MOVED)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is reminded, and since when they know of the time."""

    name: str
    """As in the outbox: `person:12`, `organisation:5`, `mailto:…`."""
    person_id: int | None
    told_at: datetime | None
    invitation_id: int | None = None


def due(session: Session, now: datetime, *, without: Collection[int] = ()) -> list[int]:
    """Occurrences of which somebody may have to be reminded by now, soonest first."""
    longest = timedelta(minutes=reminding.LONGEST)
    ahead = session.execute(
        select(Occurrence.id, Occurrence.starts_at, Occurrence.reminder_offsets)
        .where(
            Occurrence.status.in_(_DATES),
            Occurrence.starts_at > now,
            Occurrence.starts_at <= now + longest,
            Occurrence.id.not_in(without),
        )
        .order_by(Occurrence.starts_at, Occurrence.id)
    ).all()
    wished = _longest_wish(session)
    return [
        number
        for number, starts_at, own in ahead
        if starts_at - now <= timedelta(minutes=max((*reminding.offsets(own, None), wished), default=0))
    ]


def queue_for(session: Session, occurrence_id: int, now: datetime) -> int:
    """Queue one occurrence's reminders; how many. A bounded number at once, the rest at the next time."""
    occurrence = lock(session, Occurrence, occurrence_id)  # two workers must not queue the same at once
    if occurrence.status not in _DATES or occurrence.starts_at <= now:
        return 0
    return _queue_for(session, occurrence, now, AT_ONCE)


def queue_due(session: Session, now: datetime) -> int:
    """Queue what is due; how many reminders."""
    return sum(queue_for(session, number, now) for number in due(session, now))


def _longest_wish(session: Session) -> int:
    """The longest offset that anybody has chosen: what begins later than that need not be looked at yet."""
    query = select(NotificationPreference.reminder_offsets).where(NotificationPreference.reminder_offsets.is_not(None))
    return max((max(each, default=0) for each in session.scalars(query) if each), default=0)


def _queue_for(session: Session, occurrence: Occurrence, now: datetime, most: int) -> int:
    recipients = recipients_of(session, occurrence)
    people = {each.person_id for each in recipients if each.person_id is not None}
    wishes = {
        each.person_id: each
        for each in session.scalars(select(NotificationPreference).where(NotificationPreference.person_id.in_(people)))
    }
    zones = {number: found.zone for number, found in addresses.of_people(session, wishes.keys()).items()}
    prefix = f"reminder:{occurrence.id}:{occurrence.starts_at:%Y%m%dT%H%MZ}:"
    done = set(session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.startswith(prefix, autoescape=True))))
    queued = 0
    for each in recipients:
        offset = _offset_due(occurrence, each, wishes.get(each.person_id or 0), zones, now)
        key = f"{prefix}{offset}:{each.name}"[:200]
        if offset is None or key in done or queued >= most:
            continue
        contents = {
            "occurrence": occurrence.id,
            "starts_at": occurrence.starts_at.isoformat(),
            "offset": offset,
            "invitation": each.invitation_id,
        }
        queued += enqueue(session, key, KIND, each.name, contents, now=now)
    return queued


def _offset_due(
    occurrence: Occurrence,
    who: Recipient,
    wish: NotificationPreference | None,
    zones: dict[int, str],
    now: datetime,
) -> int | None:
    own, quiet = None, None
    if wish is not None:
        if not wish.reminders:
            return None
        own = wish.reminder_offsets
        if wish.quiet_from is not None and wish.quiet_to is not None:
            quiet = Quiet(wish.quiet_from, wish.quiet_to, zones.get(wish.person_id, occurrence.zone))
    chosen = reminding.offsets(occurrence.reminder_offsets, own)
    return reminding.due_now(occurrence.starts_at, now, chosen, quiet=quiet, told_at=who.told_at)


def recipients_of(session: Session, occurrence: Occurrence) -> list[Recipient]:
    """Invited who have not declined, whoever has a seat, speakers: each address once."""
    invited = session.scalars(
        select(Invitation)
        .where(Invitation.occurrence_id == occurrence.id, Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.id)
    ).all()
    found: dict[str, Recipient] = {}
    refused: set[str] = set()
    for row in invited:
        name = f"person:{row.person_id}" if row.person_id is not None else f"mailto:{row.address}"
        if row.status is ParticipationStatus.DECLINED:
            refused.add(name)
        elif row.told_method == telling.Method.REQUEST:
            found.setdefault(name, Recipient(name, row.person_id, row.told_at, row.id))
    for seat in registrations.confirmed(session, occurrence.id):
        if seat.state is not RegistrationState.CONFIRMED:
            continue
        number = seat.person_id
        name = f"person:{number}" if number is not None else f"organisation:{seat.organisation_id}"
        found.setdefault(name, Recipient(name, number, seat.decided_at or seat.created_at))
    speakers = select(Speaker.person_id).where(Speaker.occurrence_id == occurrence.id, Speaker.person_id.is_not(None))
    for number in session.scalars(speakers):
        name = f"person:{number}"
        if name not in refused:
            found.setdefault(name, Recipient(name, number, None))
    return list(_each_address_once(session, found.values()))


def _each_address_once(session: Session, recipients: Iterable[Recipient]) -> Iterable[Recipient]:
    listed = list(recipients)
    known = addresses.of_people(session, {each.person_id for each in listed if each.person_id is not None})
    seen: set[str] = set()
    for each in listed:
        if each.person_id is not None and each.person_id not in known:
            continue
        address = known[each.person_id].address if each.person_id is not None else each.name.removeprefix("mailto:")
        if address not in seen:
            seen.add(address)
            yield each


def still_concerns(session: Session, occurrence: Occurrence, recipient: str) -> bool:
    """Whether a reminder that was queued still has somebody to remind."""
    return any(each.name == recipient for each in recipients_of(session, occurrence))
