"""Reading recordings. Who may watch is part of every query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.media.models import Deletion, Recording, RecordingState, Rendition, Watching
from lms.media.rules import Standing, may_be_released_to, may_watch
from lms.meetings.models import Connection, Meeting
from lms.schedule import queries as schedule
from lms.schedule.audience import invited_in
from lms.schedule.audience_models import RegistrationState
from lms.schedule.models import AgendaItem, Ending, MeetingRole, Occurrence, OccurrenceParty, Speaker
from lms.schedule.registrations import of_person

_SEATED = (RegistrationState.CONFIRMED, RegistrationState.NO_SHOW)


@dataclass(frozen=True, slots=True)
class RecordingCard:
    """A recording in a list."""

    code: str
    title: str
    state: RecordingState
    watching: Watching
    began_at: datetime
    ended_at: datetime | None
    duration_s: float
    phase: str
    progress: float
    instant: bool
    """Made while it ran, of a live stream."""


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A file that may be fetched."""

    name: str
    media_type: str
    size: int
    source: str
    label: str


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """Everything about a recording that its page shows."""

    card: RecordingCard
    may_manage: bool
    downloadable: bool
    """By this visitor."""
    downloadable_by_all: bool
    """By whoever may watch."""
    problem: str
    keep_until: date | None
    ending: Ending
    offered: Sequence[Watching]
    """Who may be allowed to watch it."""
    ruled: bool
    """Whether the rule of its series says how long it is kept, or the usual one where there is no series."""
    in_series: bool
    held: bool
    raw_gone: bool
    """Whether what was captured has been deleted: nothing can be made of it anew."""
    deletions: Sequence[Deletion]
    """For those who manage it: what of it was deleted."""
    files: Sequence[RecordingFile]
    occurrence_slug: str
    occurrence_title: str
    occurrence_title_en: str


def by_code(session: Session, code: str) -> Recording:
    """The row. Raises `NotFound` (recording_unknown)."""
    found = session.scalar(select(Recording).where(Recording.code == code))
    if found is None:
        raise NotFound("recording_unknown", "There is no such recording, or it is not for you.")
    return found


def standing_at(session: Session, visitor: Visitor, code: str, now: datetime) -> tuple[Recording, Standing]:
    """A recording that the visitor may see, and what they are to it. Raises `NotFound`."""
    found = by_code(session, code)
    standing = _standing(session, visitor, found, now)
    if not may_watch(found.watching, found.state, visitor, standing):
        raise NotFound("recording_unknown", "There is no such recording, or it is not for you.")
    return found, standing


def page(session: Session, visitor: Visitor, code: str, now: datetime) -> RecordingPage:
    """A recording whole. Raises `NotFound`, also when the visitor may not watch it."""
    found, standing = standing_at(session, visitor, code, now)
    files = session.scalars(select(Rendition).where(Rendition.recording_id == found.id).order_by(Rendition.name))
    occurrence = session.get(Occurrence, found.occurrence_id) if found.occurrence_id else None
    return RecordingPage(
        card=_card(found),
        may_manage=standing.edits,
        downloadable=found.downloadable or standing.edits,
        downloadable_by_all=found.downloadable,
        problem=found.problem if standing.edits else "",
        keep_until=found.keep_until,
        ending=found.ending,
        offered=may_be_released_to(occurrence is not None and occurrence.private),
        ruled=found.keep_until is not None and not found.own_terms,
        in_series=occurrence is not None and occurrence.series_id is not None,
        held=found.held,
        raw_gone=found.raw_deleted_at is not None,
        deletions=_deletions(session, found) if standing.edits else (),
        files=[RecordingFile(each.name, each.media_type, each.size, each.source, each.label) for each in files],
        occurrence_slug=occurrence.slug if occurrence else "",
        occurrence_title=occurrence.title if occurrence else found.title,
        occurrence_title_en=occurrence.title_en if occurrence else "",
    )


def _deletions(session: Session, found: Recording) -> Sequence[Deletion]:
    query = select(Deletion).where(Deletion.recording_id == found.id).order_by(Deletion.id)
    return session.scalars(query).all()


def listing_of_deletion(session: Session, visitor: Visitor, code: str, number: int, now: datetime) -> str:
    """The files that a deletion concerned, a line each. Raises `NotFound`."""
    found, standing = standing_at(session, visitor, code, now)
    kept = session.get(Deletion, number)
    if not standing.edits or kept is None or kept.recording_id != found.id:
        raise NotFound("recording_unknown", "There is no such recording, or it is not for you.")
    return kept.listing


def of_occurrence(session: Session, visitor: Visitor, occurrence_id: int, now: datetime) -> list[RecordingCard]:
    """The recordings of an occurrence that the visitor may watch, or manage; first one first.

    What was kept of a live stream stands in for the recording of the same time until that is ready.
    """
    query = select(Recording).where(
        Recording.occurrence_id == occurrence_id, Recording.state != RecordingState.WITHDRAWN
    )
    found = session.scalars(query.order_by(Recording.began_at).limit(50)).all()
    if not found:
        return []
    standing = _standing(session, visitor, found[0], now)
    seen = [each for each in found if may_watch(each.watching, each.state, visitor, standing)]
    whole = [each for each in seen if not each.instant and each.state is RecordingState.READY]
    return [_card(each) for each in seen if not (each.instant and any(_covers(one, each) for one in whole))]


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether an occurrence has any, of whatever state."""
    return exists().where(Recording.occurrence_id == occurrence_id)


def left_alone(now: datetime) -> ColumnElement[bool]:
    """SQL: whether no worker has it in hand."""
    return or_(Recording.leased_by == "", Recording.leased_until.is_(None), Recording.leased_until < now)


def _covers(whole: Recording, kept: Recording) -> bool:
    """Whether the recording was running while the stream ran."""
    end = whole.ended_at or whole.heard_at
    return whole.began_at < (kept.ended_at or kept.began_at) and kept.began_at < end


def listing(session: Session, limit: int = 200) -> list[Recording]:
    """All recordings with their files, latest first; for the system itself, which asks nobody."""
    query = select(Recording).options(selectinload(Recording.files)).order_by(Recording.began_at.desc())
    return list(session.scalars(query.limit(limit)))


def language_of(session: Session, occurrence_id: int | None) -> str:
    """The language in which a meeting was held."""
    return session.scalar(select(Occurrence.language).where(Occurrence.id == occurrence_id)) or "uk"


def agenda_of(session: Session, occurrence_id: int | None) -> tuple[tuple[float, str], ...]:
    """Points of the agenda: when they were to begin (UTC, seconds since the epoch), and what."""
    if occurrence_id is None:
        return ()
    begins = session.scalar(select(Occurrence.began_at).where(Occurrence.id == occurrence_id)) or session.scalar(
        select(Occurrence.starts_at).where(Occurrence.id == occurrence_id)
    )
    points = session.scalars(
        select(AgendaItem).where(AgendaItem.occurrence_id == occurrence_id).order_by(AgendaItem.position)
    )
    at, found = begins, []
    for point in points:
        if at is not None:
            found.append((at.timestamp(), point.title))
            at += timedelta(minutes=point.minutes)
    return tuple(found)


def _standing(session: Session, visitor: Visitor, found: Recording, now: datetime) -> Standing:
    if found.occurrence_id is None:
        return Standing(edits=visitor.organises_everything)
    edits = schedule.edited_by(visitor)
    if visitor.person_id is not None:
        leads = exists().where(
            Speaker.occurrence_id == Occurrence.id,
            Speaker.person_id == visitor.person_id,
            Speaker.role == MeetingRole.HOST,
        )
        edits = or_(edits, and_(Occurrence.private, leads))
    if session.scalar(select(exists().where(Occurrence.id == found.occurrence_id, edits))):
        return Standing(edits=True)
    return Standing(took_part=_took_part(session, visitor, found))


def _took_part(session: Session, visitor: Visitor, found: Recording) -> bool:
    if visitor.identity == "anonymous" or found.occurrence_id is None:
        return False
    was_there = exists().where(
        Connection.meeting_id == Meeting.id, Meeting.name == found.meeting, Connection.identity == visitor.identity
    )
    if session.scalar(select(was_there)):
        return True
    party = exists().where(
        OccurrenceParty.occurrence_id == found.occurrence_id,
        OccurrenceParty.organisation_id.in_(visitor.organisation_ids),
    )
    speaks = exists().where(Speaker.occurrence_id == found.occurrence_id, Speaker.person_id == visitor.person_id)
    if session.scalar(select(party)) or (visitor.person_id is not None and session.scalar(select(speaks))):
        return True
    if visitor.person_id is not None:
        seat = of_person(session, visitor.person_id, [found.occurrence_id]).get(found.occurrence_id)
        if seat is not None and seat.state in _SEATED:
            return True
    return found.occurrence_id in invited_in(session, visitor, [found.occurrence_id])


def is_of_two(session: Session, code: str | None) -> bool:
    """Whether a recording is of a talk of two; no code, or one that is not known: of none."""
    query = select(Occurrence.private).join(Recording, Recording.occurrence_id == Occurrence.id)
    return code is not None and session.scalar(query.where(Recording.code == code)) is True


def _card(found: Recording) -> RecordingCard:
    return RecordingCard(
        found.code,
        found.title,
        found.state,
        found.watching,
        found.began_at,
        found.ended_at,
        found.duration_s,
        found.phase,
        found.progress,
        found.instant,
    )
