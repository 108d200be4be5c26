"""Taking in what media nodes tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from lms.database import lock
from lms.errors import NotFound
from lms.meetings.models import Connection, Meeting, MeetingEvent, NodePulse
from lms.meetings.projection import SILENT, Projection
from lms.meetings.rules import KNOWN_KINDS, Event, parse_event
from lms.meetings.sheets import mark_stale
from lms.schedule.actions import begin_meeting, end_meeting
from lms.schedule.group_rules import parse_meeting
from lms.schedule.queries import occurrence_of_meeting

SILENCE = timedelta(seconds=60)
"""Four heartbeats of 15 s: a node that was not heard of for so long is taken for dead."""

_NOT_PRESENCE = frozenset(
    {"spoke", "said", "chat_erased", "recording", "streaming", "opened", "asked", "question_moved", "consented"}
)
"""Events that change nobody's attendance."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch."""

    new: int
    repeated: int
    unknown: int
    """Of the new ones: of a kind that this version does not know; stored all the same."""


def apply_events(session: Session, batch: Sequence[Mapping[str, Any]], now: datetime) -> Applied:
    """Store events and bring meetings and connections up to date. An event told again changes nothing.

    `batch` holds events in their JSON form. Events that come after later ones are put in their place: the opening is
    then built again from all its events. Raises `Invalid` (event_invalid) and stores nothing.
    """
    told = [parse_event(each) for each in batch]
    for node in sorted({event.node for event in told}):
        _pulse(session, node, now)
    fresh = _store(session, told, now)
    fresh.sort(key=lambda event: (event.opening, event.sequence))
    for opening, group in groupby(fresh, key=lambda event: event.opening):
        _project(session, opening, list(group), now)
    _tell_schedule(session, fresh)
    _tell_attendance(session, fresh)
    unknown = sum(event.kind not in KNOWN_KINDS for event in fresh)
    return Applied(new=len(fresh), repeated=len(told) - len(fresh), unknown=unknown)


def rebuild(session: Session, opening: str) -> None:
    """Make the rows of one opening anew from its stored events. Raises `NotFound` when there are none."""
    stored = session.scalars(
        select(MeetingEvent).where(MeetingEvent.opening == opening).order_by(MeetingEvent.sequence, MeetingEvent.id)
    ).all()
    if not stored:
        raise NotFound("opening_unknown", f"No event of an opening {opening} was ever told.")
    meeting = _meeting(session, opening)
    heard = max(row.received_at for row in stored)
    if meeting is None:
        meeting = _new_meeting(session, _event(stored[0]), heard)
    session.execute(delete(Connection).where(Connection.meeting_id == meeting.id))
    session.expire(meeting, ["connections"])
    meeting = _meeting(session, opening) or meeting
    meeting.began_at = meeting.ended_at = meeting.closed_at = None
    meeting.opened_at, meeting.last_heartbeat_at = stored[0].at, heard
    projection = Projection(meeting, [])
    for row in stored:
        projection.apply(_event(row))
    session.flush()


def close_silent(session: Session, now: datetime) -> int:
    """Close meetings of which nothing was heard for `SILENCE`, as of when people were last seen; how many rows changed.

    If the node was only cut off and tells the rest later, the periods go on.
    """
    silent = session.scalars(
        select(Meeting)
        .where(Meeting.closed_at.is_(None), Meeting.last_heartbeat_at < now - SILENCE)
        .order_by(Meeting.id)
        .limit(100)
        .with_for_update()
    ).all()
    changed = 0
    for meeting in silent:
        ended = session.execute(
            update(Connection)
            .where(Connection.meeting_id == meeting.id, Connection.left_at.is_(None))
            .values(left_at=Connection.last_seen_at, reason=SILENT)
        )
        seen = session.scalars(
            select(Connection.last_seen_at)
            .where(Connection.meeting_id == meeting.id)
            .order_by(Connection.last_seen_at.desc())
        ).first()
        meeting.closed_at = seen or meeting.opened_at
        changed += 1 + ended.rowcount  # type: ignore[attr-defined]
    mark_stale(session, {each.occurrence_id for each in silent if each.occurrence_id is not None})
    session.flush()
    return changed


def _pulse(session: Session, node: int, now: datetime) -> None:
    """Note that the node lives. The row's lock lets deliveries of one node in one after the other."""
    try:
        lock(session, NodePulse, node).last_seen_at = now
    except NotFound:
        session.add(NodePulse(node=node, last_seen_at=now))
    session.flush()


def _store(session: Session, told: Iterable[Event], now: datetime) -> list[Event]:
    by_id = {event.id: event for event in told}
    known = set(session.scalars(select(MeetingEvent.event).where(MeetingEvent.event.in_(by_id))))
    fresh = [event for number, event in by_id.items() if number not in known]
    session.add_all(
        MeetingEvent(
            event=event.id,
            node=event.node,
            meeting=event.meeting,
            opening=event.opening,
            sequence=event.sequence,
            kind=event.kind,
            at=event.at,
            received_at=now,
            contents=dict(event.data),
        )
        for event in fresh
    )
    session.flush()
    return fresh


def _project(session: Session, opening: str, fresh: list[Event], now: datetime) -> None:
    meeting = _meeting(session, opening)
    if meeting is not None and fresh[0].sequence <= meeting.last_sequence:
        rebuild(session, opening)
        return
    if meeting is None:
        meeting = _new_meeting(session, fresh[0], now)
        meeting = _meeting(session, opening) or meeting
    meeting.last_heartbeat_at = now
    projection = Projection(meeting, list(meeting.connections))
    for event in fresh:
        projection.apply(event)
    session.flush()


def _meeting(session: Session, opening: str) -> Meeting | None:
    return session.scalar(
        select(Meeting)
        .where(Meeting.opening == opening)
        .options(selectinload(Meeting.connections))
        .execution_options(populate_existing=True)
    )


def _new_meeting(session: Session, first: Event, now: datetime) -> Meeting:
    meeting = Meeting(
        occurrence_id=occurrence_of_meeting(session, first.meeting),
        name=first.meeting,
        opening=first.opening,
        node=first.node,
        last_sequence=-1,
        opened_at=first.at,
        last_heartbeat_at=now,
    )
    session.add(meeting)
    session.flush()
    return meeting


def _tell_schedule(session: Session, fresh: list[Event]) -> None:
    for event in fresh:
        if event.kind not in ("began", "ended") or parse_meeting(event.meeting)[1] is not None:
            continue
        occurrence_id = occurrence_of_meeting(session, event.meeting)
        if occurrence_id is not None:
            act = begin_meeting if event.kind == "began" else end_meeting
            act(session, occurrence_id, f"node:{event.node}", event.at)


def _tell_attendance(session: Session, fresh: list[Event]) -> None:
    openings = {event.opening for event in fresh if event.kind not in _NOT_PRESENCE}
    held = select(Meeting.occurrence_id).where(Meeting.opening.in_(openings), Meeting.occurrence_id.is_not(None))
    mark_stale(session, {number for number in session.scalars(held) if number is not None})


def _event(row: MeetingEvent) -> Event:
    return Event(row.event, row.node, row.meeting, row.opening, row.sequence, row.at, row.kind, row.contents)
