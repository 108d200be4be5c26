"""What becomes of recordings: told by media nodes, taken by workers, released and deleted by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from lms.media import deletion, queries, retention
from lms.media.library import Made
from lms.media.models import DeletionReason, DeletionScope, Recording, RecordingState, Rendition, Watching
from lms.media.rules import LEASE, MOST_ATTEMPTS, SILENT_NODE, first_watching, may_be_released_to
from lms.schedule import protection
from lms.schedule.group_models import Group
from lms.schedule.group_rules import parse_meeting
from lms.schedule.models import Ending, Occurrence

_OVER = (RecordingState.WITHDRAWN,)


def take_told(session: Session, batch: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Note what nodes told of recordings, of events in their JSON form; the number of those noted.

    Told again, or in another order, it comes to the same: a recording that has ended does not begin again.
    """
    noted = 0
    for event in batch:
        data = event.get("data", {})
        if data.get("type") == "recording":
            _note(session, event, data, now)
            noted += 1
    return noted


def _note(session: Session, event: Mapping[str, Any], data: Mapping[str, Any], now: datetime) -> None:
    at = datetime.fromtimestamp(float(event["at"]), UTC)
    known = session.scalar(select(Recording).where(Recording.code == data["recording"]))
    if known is None:
        known = _begin(session, str(event["meeting"]), str(data["recording"]), at, now)
        record(session, "system", "recording.begin", "recording", known.code, now=now, after={"by": data.get("by", "")})
    known.heard_at = max(known.heard_at, now)
    if data["status"] == "off" and known.ended_at is None:
        known.ended_at = max(at, known.began_at)
        known.state = RecordingState.QUEUED
        record(session, "system", "recording.end", "recording", known.code, now=now, after={"by": data.get("by", "")})


def _begin(session: Session, meeting: str, code: str, at: datetime, now: datetime) -> Recording:
    main, group = parse_meeting(meeting)
    occurrence = session.scalar(select(Occurrence).where(Occurrence.meeting == main))
    made = Recording(
        code=code,
        meeting=meeting,
        occurrence_id=None if occurrence is None else occurrence.id,
        title=_title(session, meeting, occurrence, group),
        state=RecordingState.CAPTURING,
        watching=_first_watching(session, occurrence, group),
        began_at=at,
        heard_at=now,
    )
    session.add(made)
    session.flush()
    retention.rule_for(session, made, now)
    return made


def _first_watching(session: Session, occurrence: Occurrence | None, group: int | None) -> Watching:
    """Of a group, and of what has to be looked at before it is released, only those who organise it."""
    if occurrence is None or group is not None or not protection.of(session, occurrence.id).publishes_at_once:
        return Watching.EDITORS
    return first_watching(occurrence.access, occurrence.listed)


def _title(session: Session, meeting: str, occurrence: Occurrence | None, number: int | None) -> str:
    """What it is called: a group's recording by its group, too."""
    if occurrence is None:
        return meeting
    if number is None:
        return occurrence.title
    named = select(Group.name).where(Group.occurrence_id == occurrence.id, Group.number == number)
    group = ". ".join(filter(None, (str(number), session.scalar(named))))
    return f"{occurrence.title[: 297 - len(group)]} \u2013 {group}"


# Workers.


@dataclass(frozen=True, slots=True)
class Job:
    """A recording that a worker has taken."""

    id: int
    code: str
    title: str
    agenda: tuple[tuple[float, str], ...]
    """Points of the agenda: when (UTC, seconds since the epoch) and what."""
    language: str = "uk"
    """Of the meeting: what is written into its picture is in it."""


def claim(session: Session, worker: str, now: datetime) -> Job | None:
    """Take the recording that has waited longest, or one whose worker has died."""
    waiting = (
        select(Recording.id)
        .where(
            or_(
                (Recording.state == RecordingState.QUEUED) & queries.left_alone(now),
                (Recording.state == RecordingState.PROCESSING) & (Recording.leased_until < now),
                (Recording.state == RecordingState.CAPTURING) & (Recording.heard_at < now - SILENT_NODE),
            )
        )
        .order_by(Recording.began_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    number = session.scalar(waiting)
    if number is None:
        return None
    taken = lock(session, Recording, number)
    taken.attempts += 1
    if taken.attempts > MOST_ATTEMPTS:
        _fail(session, taken, "It ended its worker five times. The log of the worker says more.", now)
        return None
    taken.state, taken.leased_by, taken.leased_until = RecordingState.PROCESSING, worker, now + LEASE
    taken.phase, taken.progress, taken.problem = "", 0.0, ""
    occurrence = taken.occurrence_id
    return Job(
        taken.id,
        taken.code,
        taken.title,
        queries.agenda_of(session, occurrence),
        queries.language_of(session, occurrence),
    )


def renew(session: Session, job: int, worker: str, phase: str, progress: float, now: datetime) -> bool:
    """Say how far it is and keep the lease; False if the recording is no longer this worker's."""
    taken = lock(session, Recording, job)
    if taken.leased_by != worker or taken.state is not RecordingState.PROCESSING:
        return False
    taken.phase, taken.progress, taken.leased_until = phase, progress, now + LEASE
    return True


def finish(session: Session, job: int, made: Made | None, now: datetime) -> None:
    """It is made; None: there was nothing to make anything of."""
    taken = session.scalar(
        select(Recording).where(Recording.id == job).options(selectinload(Recording.files)).with_for_update()
    )
    if taken is None or taken.state in _OVER:
        return
    taken.leased_by, taken.leased_until, taken.attempts, taken.progress = "", None, 0, 1.0
    taken.ended_at = taken.ended_at or now
    taken.lighter_at = None
    if made is None:
        taken.state = RecordingState.EMPTY
    else:
        if taken.ready_at is None and _waits_for_release(session, taken):
            taken.watching = Watching.EDITORS
        taken.state, taken.ready_at = RecordingState.READY, now
        taken.version, taken.duration_s, taken.problem = made.version, made.duration_s, "\n".join(made.problems)
        taken.files = renditions(made)
    after = {"state": taken.state.value, "version": taken.version}
    record(session, "system", "recording.made", "recording", taken.code, now=now, after=after)


def _waits_for_release(session: Session, taken: Recording) -> bool:
    """Protection may have been asked for while it was recorded. Once it has been ready, somebody has decided."""
    if taken.occurrence_id is None:
        return False
    return not protection.of(session, taken.occurrence_id).publishes_at_once


def renditions(made: Made) -> list[Rendition]:
    """Rows of the files that were made."""
    return [
        Rendition(
            name=each.name,
            media_type=each.media_type,
            size=each.size,
            sha256=each.sha256,
            duration_s=each.duration_s,
            source=each.source,
            label=each.label[:300],
        )
        for each in made.files
    ]


def fail(session: Session, job: int, problem: str, now: datetime) -> None:
    """It could not be made; `problem` says why and what to do."""
    _fail(session, lock(session, Recording, job), problem, now)


def _fail(session: Session, taken: Recording, problem: str, now: datetime) -> None:
    taken.state, taken.problem, taken.leased_by, taken.leased_until = RecordingState.FAILED, problem, "", None
    record(session, "system", "recording.failed", "recording", taken.code, now=now, after={"problem": problem})


def give_back(session: Session, job: int, now: datetime) -> None:
    """The worker was told to stop: another one goes on where it was."""
    taken = lock(session, Recording, job)
    if taken.state is RecordingState.PROCESSING:
        taken.state, taken.leased_by, taken.leased_until = RecordingState.QUEUED, "", None
        taken.attempts = max(0, taken.attempts - 1)


def rebuild(session: Session, code: str, actor: str, now: datetime) -> None:
    """Make it anew from its raw files. Raises `NotFound`, or `Conflict` while it is captured or worked on."""
    found = queries.by_code(session, code)
    if found.raw_deleted_at is not None:
        raise Conflict("recording_raw_gone", "What was captured has been deleted; nothing can be made of it anew.")
    if found.instant:
        raise Conflict("recording_instant", "It was made while the meeting ran; there is nothing to make it of anew.")
    busy = (RecordingState.CAPTURING, RecordingState.PROCESSING)
    if found.state in (*busy, RecordingState.WITHDRAWN):
        raise Conflict("recording_busy", "It is being recorded or processed, or was deleted.")
    found.state, found.attempts, found.progress = RecordingState.QUEUED, 0, 0.0
    record(session, actor, "recording.rebuild", "recording", code, now=now)


# People.


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may watch a recording, and how long it is kept."""

    watching: Watching
    downloadable: bool
    keep_until: date | None
    held: bool
    ending: Ending = Ending.EVERYTHING


def set_terms(session: Session, visitor: Visitor, code: str, terms: Terms, now: datetime) -> None:
    """Release it, or not; keep it, or not. Raises `NotFound`, `NotAllowed`, `Invalid` (watching_private)."""
    found = _managed(session, visitor, code, now)
    occurrence = session.get(Occurrence, found.occurrence_id) if found.occurrence_id else None
    if terms.watching not in may_be_released_to(occurrence is not None and occurrence.private):
        raise Invalid("watching_private", "A talk of two is for these two alone.", "watching")
    before = Terms(found.watching, found.downloadable, found.keep_until, found.held, found.ending)
    if before == terms:
        return
    found.watching, found.downloadable = terms.watching, terms.downloadable
    found.keep_until, found.held, found.ending = terms.keep_until, terms.held, terms.ending
    if (before.keep_until, before.ending) != (terms.keep_until, terms.ending):
        found.own_terms = True
    told = {"before": _told(before), "after": _told(terms)}
    record(session, visitor.actor, "recording.terms", "recording", code, now=now, **told)


def _told(terms: Terms) -> dict[str, Any]:
    return {
        "watching": terms.watching.value,
        "downloadable": terms.downloadable,
        "keep_until": terms.keep_until.isoformat() if terms.keep_until else None,
        "held": terms.held,
        "ending": terms.ending.value,
    }


def withdraw(session: Session, visitor: Visitor, code: str, now: datetime) -> None:
    """Have its media deleted for good; the row stays and says so.

    Raises `NotFound`, `NotAllowed`, `Conflict` (recording_held, recording_busy).
    """
    found = _managed(session, visitor, code, now)
    if found.held:
        raise Conflict("recording_held", "A legal hold lies on it. Lift it first.")
    if found.state in deletion.BUSY:
        raise Conflict("recording_busy", "It is being recorded or processed. Wait until that is done.")
    if found.state is not RecordingState.WITHDRAWN:
        deletion.order(session, found, DeletionScope.EVERYTHING, DeletionReason.ORDERED, visitor.actor, now)


def _managed(session: Session, visitor: Visitor, code: str, now: datetime) -> Recording:
    found, standing = queries.standing_at(session, visitor, code, now)
    if not standing.edits:
        raise NotAllowed("editors_only", "Only whoever manages the occurrence may do this.")
    return found
