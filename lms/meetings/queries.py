"""Reading what was held and who was connected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.directory.rules import Visitor
from lms.errors import NotAllowed
from lms.meetings.models import Connection, Meeting
from lms.meetings.rules import time_present
from lms.schedule.group_rules import parse_meeting
from lms.schedule.queries import occurrence_page

PLACE_KEPT = timedelta(seconds=60)
"""So long a media node keeps the place of somebody whose line broke; they are as good as there."""


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """Somebody in a meeting: when first and last connected, and for how long in all (overlaps counted once)."""

    identity: str
    name: str
    organisation: str
    role: str
    presence: str
    first_joined_at: datetime
    last_left_at: datetime | None
    """None while connected."""
    connected: timedelta


@dataclass(frozen=True, slots=True)
class MeetingHeld:
    """One opening of a meeting, with who was connected."""

    opened_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    present: tuple[PresenceRow, ...]
    group: int | None = None
    """Which group's, where the meeting was divided."""


def connected_now(session: Session, occurrence_id: int, now: datetime) -> set[str]:
    """The identities of who is in the occurrence's meeting or one of its groups now, or lost the line a moment ago."""
    comes_back = and_(Connection.reason == "away", Connection.left_at > now - PLACE_KEPT)
    query = (
        select(Connection.identity)
        .join(Meeting, Meeting.id == Connection.meeting_id)
        .where(
            Meeting.occurrence_id == occurrence_id,
            Meeting.closed_at.is_(None),
            or_(Connection.left_at.is_(None), comes_back),
        )
    )
    return set(session.scalars(query.distinct()))


def meeting_history(session: Session, visitor: Visitor, slug: str, now: datetime) -> list[MeetingHeld]:
    """The meetings of an occurrence, earliest first. For its editors: raises `NotFound` or `NotAllowed`."""
    page = occurrence_page(session, visitor, slug, now)
    if not page.may_edit:
        raise NotAllowed("editors_only", "Only those who organise it see who was connected.")
    meetings = session.scalars(
        select(Meeting)
        .where(Meeting.occurrence_id == page.card.id)
        .options(selectinload(Meeting.connections))
        .order_by(Meeting.opened_at, Meeting.id)
    ).all()
    return [
        MeetingHeld(
            each.opened_at,
            each.began_at,
            each.ended_at,
            each.closed_at,
            _presence(each, now),
            parse_meeting(each.name)[1],
        )
        for each in meetings
    ]


def _presence(meeting: Meeting, now: datetime) -> tuple[PresenceRow, ...]:
    periods: dict[str, list[Connection]] = {}
    for connection in meeting.connections:
        periods.setdefault(connection.identity, []).append(connection)
    return tuple(_row(identity, mine, now) for identity, mine in periods.items())


def _row(identity: str, mine: list[Connection], now: datetime) -> PresenceRow:
    latest = mine[-1]
    left = [each.left_at for each in mine]
    ends = [at for at in left if at is not None]
    return PresenceRow(
        identity=identity,
        name=latest.name,
        organisation=latest.organisation,
        role=latest.role,
        presence=latest.presence,
        first_joined_at=mine[0].joined_at,
        last_left_at=max(ends) if len(ends) == len(left) else None,
        connected=time_present((each.joined_at, each.left_at or now) for each in mine),
    )
