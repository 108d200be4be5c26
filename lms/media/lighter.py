"""Versions for weak lines of recordings that are ready: who makes them, and when no other recording waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.database import lock
from lms.media.actions import renditions
from lms.media.library import Made
from lms.media.models import Recording, RecordingState
from lms.media.rules import LEASE, MOST_ATTEMPTS

PAUSE = timedelta(minutes=10)
"""After a failure it is tried again."""


def claim(session: Session, worker: str, now: datetime) -> tuple[int, str] | None:
    """Take a ready recording that has no versions for weak lines, the newest first: its number and code."""
    wanted = (
        select(Recording.id)
        .where(
            Recording.state == RecordingState.READY,
            Recording.instant.is_(False),
            Recording.lighter_at.is_(None),
            or_(Recording.leased_until.is_(None), Recording.leased_until < now),
        )
        .order_by(Recording.began_at.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    number = session.scalar(wanted)
    if number is None:
        return None
    taken = lock(session, Recording, number)
    taken.attempts += 1
    if taken.attempts > MOST_ATTEMPTS:  # it is watched as it is
        taken.attempts, taken.lighter_at = 0, now
        return None
    taken.leased_by, taken.leased_until = worker, now + LEASE
    return taken.id, taken.code


def renew(session: Session, number: int, worker: str, now: datetime) -> bool:
    """Keep the lease; False if the recording is no longer this worker's, or another one waits to be made."""
    taken = lock(session, Recording, number)
    waiting = session.scalar(select(exists().where(Recording.state == RecordingState.QUEUED)))
    if taken.leased_by != worker or taken.state is not RecordingState.READY or waiting:
        return False
    taken.leased_until = now + LEASE
    return True


def finish(session: Session, number: int, worker: str, made: Made | None, now: datetime) -> None:
    """They are made, or (None) there is nothing to make them of. Of a recording that was deleted nothing is noted."""
    taken = _taken(session, number, worker)
    if taken is None:
        return
    if taken.state is RecordingState.READY:
        taken.attempts, taken.lighter_at = 0, now
        if made is not None:
            taken.version, taken.files = made.version, renditions(made)
            after = {"version": made.version}
            record(session, "system", "recording.lightened", "recording", taken.code, now=now, after=after)
    taken.leased_by, taken.leased_until = "", None


def give_back(session: Session, number: int, worker: str) -> None:
    """The worker was told to stop, or something else is more urgent."""
    taken = _taken(session, number, worker)
    if taken is not None:
        taken.leased_by, taken.leased_until = "", None
        taken.attempts = max(0, taken.attempts - 1)


def put_off(session: Session, number: int, worker: str, now: datetime) -> None:
    """It failed: another time, perhaps."""
    taken = _taken(session, number, worker)
    if taken is not None:
        taken.leased_by, taken.leased_until = "", now + PAUSE


def _taken(session: Session, number: int, worker: str) -> Recording | None:
    found = session.scalar(
        select(Recording).where(Recording.id == number).options(selectinload(Recording.files)).with_for_update()
    )
    return found if found is not None and found.leased_by == worker else None
