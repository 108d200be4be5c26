"""Deleting recordings so that it is certain, and leaves a record.

First the order, in a transaction: from then on nobody sees the recording. Then, once that is committed, the files; and
in a transaction of its own that they are gone. Whatever is killed in between goes on where it was: files are never
deleted by a transaction that may yet fail, and a list of them is kept before the first one goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.media.models import Deletion, DeletionReason, DeletionScope, Recording, RecordingState, Rendition
from lms.media.queries import left_alone

BUSY = (RecordingState.CAPTURING, RecordingState.PROCESSING)
"""While somebody works on it, nothing is deleted."""


@dataclass(frozen=True, slots=True)
class Work:
    """Files to delete."""

    id: int
    code: str
    raw_only: bool
    listed: bool
    """Whether the list of files is kept already."""


def order(
    session: Session, found: Recording, scope: DeletionScope, reason: DeletionReason, actor: str, now: datetime
) -> None:
    """Have a recording deleted, and with all of it what was kept of a live stream of the same time."""
    for each in [found, *(_stood_in(session, found) if scope is DeletionScope.EVERYTHING else ())]:
        _order(session, each, scope, reason, actor, now)


def _order(
    session: Session, found: Recording, scope: DeletionScope, reason: DeletionReason, actor: str, now: datetime
) -> None:
    session.add(
        Deletion(recording_id=found.id, scope=scope, reason=reason, ordered_by=actor, ordered_at=now, done_at=None)
    )
    found.raw_deleted_at = found.raw_deleted_at or now
    if scope is DeletionScope.EVERYTHING:
        found.state, found.withdrawn_at = RecordingState.WITHDRAWN, now
        session.query(Rendition).filter(Rendition.recording_id == found.id).delete()
    after = {"scope": scope.value, "reason": reason.value}
    record(session, actor, "recording.withdraw", "recording", found.code, now=now, after=after)


def _stood_in(session: Session, found: Recording) -> Sequence[Recording]:
    """What was kept of live streams while the recording ran: it would show the same."""
    if found.instant:
        return ()
    end = found.ended_at or found.heard_at
    kept = select(Recording).where(
        Recording.meeting == found.meeting,
        Recording.instant.is_(True),
        Recording.held.is_(False),
        Recording.state == RecordingState.READY,
        Recording.began_at < end,
        Recording.ended_at > found.began_at,
    )
    return session.scalars(kept).all()


# The worker.


def ordered(session: Session, now: datetime, without: Collection[int] = (), limit: int = 20) -> list[Work]:
    """Files that are still to be deleted, but for those on which a hold was laid meanwhile, and those of a recording
    that a worker still has in hand: what it writes last must go too.
    """
    query = (
        select(Deletion.id, Recording.code, Deletion.scope, Deletion.digest)
        .join(Recording, Recording.id == Deletion.recording_id)
        .where(Deletion.done_at.is_(None), Deletion.id.not_in(without), Recording.held.is_(False), left_alone(now))
        .order_by(Deletion.id)
        .limit(limit)
    )
    return [
        Work(number, code, scope is DeletionScope.RAW, bool(digest))
        for number, code, scope, digest in session.execute(query)
    ]


def note_files(session: Session, number: int, files: Sequence[tuple[str, int]]) -> None:
    """Keep the list of what goes, before it goes. A list that is kept already stays."""
    deletion = lock(session, Deletion, number)
    if deletion.digest:
        return
    deletion.listing = listing_of(files)
    deletion.digest = hashlib.sha256(deletion.listing.encode()).hexdigest()
    deletion.files, deletion.bytes = len(files), sum(size for _, size in files)


def note_done(session: Session, number: int, now: datetime) -> None:
    """The files are gone."""
    deletion = lock(session, Deletion, number)
    if deletion.done_at is not None:
        return
    deletion.done_at = now
    code = session.scalar(select(Recording.code).where(Recording.id == deletion.recording_id)) or ""
    after = {"files": deletion.files, "bytes": deletion.bytes, "sha256": deletion.digest}
    record(session, "system", "recording.deleted", "recording", code, now=now, after=after)


def listing_of(files: Sequence[tuple[str, int]]) -> str:
    """A line for each file: bytes and path, by path."""
    return "".join(f"{size} {path}\n" for path, size in sorted(files))
