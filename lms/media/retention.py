"""How long recordings are kept: their series' rule, or the usual one; the letter two weeks before, and the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from lms.audit.actions import record
from lms.days import day_of
from lms.directory.models import RoleGrant, RoleName, Scope
from lms.media import deletion
from lms.media.models import DeletionReason, DeletionScope, Recording, RecordingState, Watching
from lms.media.rules import NOTICE, STOOD_IN, last_day, to_delete, warns_from
from lms.notify.actions import enqueue
from lms.schedule.models import Ending, KeepUnit, Occurrence, OccurrenceParty, Part
from lms.schedule.plan_models import Series

KIND = "recording.expiring"
_AT_ONCE = 100


def rule_for(session: Session, found: Recording, now: datetime) -> None:
    """Take over what the recording's series says; where there is none, or somebody has decided, nothing changes."""
    series = session.scalar(
        select(Series).join(Occurrence, Occurrence.series_id == Series.id).where(Occurrence.id == found.occurrence_id)
    )
    if series is None:
        return  # `by_default` looks after it
    found.ruled_at = now
    if found.own_terms:
        return
    keep_until = last_day(day_of(found.began_at), series.keep_for, series.keep_unit)
    _keep(session, found, keep_until, series.keep_ending, now)


def _keep(session: Session, found: Recording, keep_until: date | None, ending: Ending, now: datetime) -> None:
    if (found.keep_until, found.ending) == (keep_until, ending):
        return
    found.keep_until, found.ending = keep_until, ending
    after = {"keep_until": keep_until.isoformat() if keep_until else None, "ending": ending.value}
    record(session, "system", "recording.rule", "recording", found.code, now=now, after=after)


def follow_rules(session: Session, now: datetime) -> int:
    """Take over rules of series that were changed since they were looked at; for how many recordings."""
    stale = (
        select(Recording)
        .join(Occurrence, Occurrence.id == Recording.occurrence_id)
        .join(Series, Series.id == Occurrence.series_id)
        .where(
            Recording.own_terms.is_(False),
            Recording.state != RecordingState.WITHDRAWN,
            or_(Recording.ruled_at.is_(None), Recording.ruled_at < Series.updated_at),
        )
        .order_by(Recording.id)
        .limit(_AT_ONCE)
    )
    found = session.scalars(stale).all()
    for each in found:
        rule_for(session, each, now)
    return len(found)


def by_default(days: int, since: datetime) -> Callable[[Session, datetime], int]:
    """A duty: recordings of meetings that are no dates of a series, so that nobody was asked how long to keep them,
    are kept for so many days; 0: for ever. `since` is when that was set: what was looked at before is looked at again.

    Of a planned one, what was made for everybody stays: it was published on purpose, and others link to it.
    """

    def follow(session: Session, now: datetime) -> int:
        alone = (
            select(Recording)
            .outerjoin(Occurrence, Occurrence.id == Recording.occurrence_id)
            .where(
                Occurrence.series_id.is_(None),
                Recording.own_terms.is_(False),
                Recording.state != RecordingState.WITHDRAWN,
                or_(Recording.ruled_at.is_(None), Recording.ruled_at < since),
            )
            .order_by(Recording.id)
            .limit(_AT_ONCE)
        )
        found = session.scalars(alone).all()
        for each in found:
            each.ruled_at = now
            ending = Ending.EVERYTHING if each.occurrence_id is None else Ending.KEEP_PUBLIC
            _keep(session, each, last_day(day_of(each.began_at), days or None, KeepUnit.DAYS), ending, now)
        return len(found)

    return follow


# The letter.


@dataclass(frozen=True, slots=True)
class Expiring:
    """What the letter says."""

    code: str
    title: str
    title_en: str
    recorded_on: date
    keep_until: date
    scope: DeletionScope


def due(session: Session, now: datetime, /, *, without: Collection[int] = ()) -> list[int]:
    """Recordings of whose end the organisers are to be told now."""
    today = day_of(now)
    query = (
        select(Recording.id)
        .where(
            _ends(),
            Recording.keep_until <= today + NOTICE,
            or_(Recording.warned_for.is_(None), Recording.warned_for != Recording.keep_until),
            Recording.id.not_in(without),
        )
        .order_by(Recording.keep_until)
        .limit(_AT_ONCE)
    )
    return list(session.scalars(query))


def warn(session: Session, number: int, now: datetime) -> int:
    """Queue the letters; how many were new. Without anybody to write to, the time runs all the same."""
    found = session.get(Recording, number)
    if found is None or found.keep_until is None or warns_from(found.keep_until) > day_of(now):
        return 0
    found.warned_for, found.warned_at = found.keep_until, now
    day = found.keep_until.isoformat()
    contents = {"recording": found.code, "day": day}
    return sum(
        enqueue(session, f"recording:{found.code}:{day}:{each}", KIND, each, contents, now=now)
        for each in _organisers(session, found.occurrence_id, now)
    )


def expiring(session: Session, code: str, day: str) -> Expiring | None:
    """What the letter says now; None if it has lost its point: held, deleted, or kept until another day."""
    found = session.scalar(select(Recording).where(Recording.code == code, _ends()))
    if found is None or found.keep_until is None or found.keep_until.isoformat() != day:
        return None
    occurrence = session.get(Occurrence, found.occurrence_id) if found.occurrence_id else None
    return Expiring(
        code,
        found.title,
        occurrence.title_en if occurrence is not None else "",
        day_of(found.began_at),
        found.keep_until,
        to_delete(found.ending, found.watching),
    )


def _organisers(session: Session, occurrence_id: int | None, now: datetime) -> list[str]:
    """Who is written to: whoever planned it, and the organisers of the organisations that organise it."""
    if occurrence_id is None:
        return []
    party = select(OccurrenceParty.organisation_id).where(
        OccurrenceParty.occurrence_id == occurrence_id, OccurrenceParty.part == Part.ORGANISER
    )
    organising = session.scalars(party).all()
    granted: Iterable[int] = session.scalars(
        select(RoleGrant.person_id).where(
            RoleGrant.role == RoleName.ORGANISER,
            RoleGrant.scope == Scope.ORGANISATION,
            RoleGrant.scope_id.in_(organising),
            RoleGrant.from_at <= now,
            RoleGrant.to_at.is_(None) | (RoleGrant.to_at > now),
        )
    )
    people = {f"person:{each}" for each in granted}
    creator = session.scalar(select(Occurrence.created_by).where(Occurrence.id == occurrence_id))
    if creator is not None and creator.startswith("person:"):
        people.add(creator)
    return sorted(people) or [f"organisation:{each}" for each in organising]


# The end.


def expire(session: Session, now: datetime) -> int:
    """Have deleted what was to be kept until a day that is over; how many recordings.

    Nobody is surprised: what a series' rule ends was told two weeks before. A legal hold keeps everything.
    """
    today = day_of(now)
    over = (
        select(Recording)
        .where(
            _ends(),
            Recording.keep_until < today,
            or_(
                Recording.own_terms.is_(True),
                and_(Recording.warned_for == Recording.keep_until, Recording.warned_at <= now - NOTICE),
            ),
        )
        .order_by(Recording.keep_until)
        .limit(_AT_ONCE)
        .with_for_update(of=Recording)
    )
    found = session.scalars(over).all()
    for each in found:
        # An earlier one of them may have taken it along.
        if each.state is not RecordingState.WITHDRAWN:
            scope = to_delete(each.ending, each.watching)
            deletion.order(session, each, scope, DeletionReason.EXPIRED, "system", now)
    return len(found)


def supersede(session: Session, now: datetime) -> int:
    """Have deleted what was kept of a live stream once something better has stood in its place for long enough: all of
    it, for everybody as well. How many. Whatever somebody has decided about, or holds, stays.
    """
    whole = aliased(Recording)
    better = exists().where(
        whole.meeting == Recording.meeting,
        whole.instant.is_(False),
        whole.state == RecordingState.READY,
        whole.watching == Watching.PUBLIC,
        whole.ready_at < now - STOOD_IN,
        whole.began_at <= Recording.began_at,
        whole.ended_at >= Recording.ended_at,
    )
    unneeded = (
        select(Recording)
        .where(
            Recording.instant.is_(True),
            Recording.state == RecordingState.READY,
            Recording.held.is_(False),
            Recording.own_terms.is_(False),
            better,
        )
        .limit(_AT_ONCE)
        .with_for_update(of=Recording)
    )
    found = session.scalars(unneeded).all()
    for each in found:
        deletion.order(session, each, DeletionScope.EVERYTHING, DeletionReason.EXPIRED, "system", now)
    return len(found)


def _ends() -> ColumnElement[bool]:
    """SQL: there is something of the recording that goes when its time is over."""
    all_of_it = or_(
        Recording.ending == Ending.EVERYTHING,
        and_(Recording.ending == Ending.KEEP_PUBLIC, Recording.watching != Watching.PUBLIC),
    )
    return and_(
        Recording.keep_until.is_not(None),
        Recording.held.is_(False),
        Recording.state.in_((RecordingState.READY, RecordingState.EMPTY, RecordingState.FAILED)),
        or_(all_of_it, Recording.raw_deleted_at.is_(None)),
    )


__all__ = [
    "KIND",
    "Expiring",
    "by_default",
    "day_of",
    "due",
    "expire",
    "expiring",
    "follow_rules",
    "rule_for",
    "supersede",
    "warn",
]
