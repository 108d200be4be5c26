"""Following the streams that run: what became of their targets, how many watch, and what is kept at the end.

Everything is read from what composers write, so that nothing is missed when the web or the worker was away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.media import instant
from lms.media.library import MadeFile
from lms.meetings.attendance_models import StreamMetric
from lms.schedule.queries import occurrence_of_meeting
from lms.streaming import rules
from lms.streaming.library import Audience, LiveStatus, TargetNow
from lms.streaming.models import StreamLine, StreamRun, StreamTarget

SOURCE = "Vikno"
"""By which name our own page's figures stand among those of other services."""
MOST_LINES = 500
"""A target that comes and goes all the time fills no database."""


def unsettled(session: Session, streams: list[str]) -> set[str]:
    """Of these streams, those that have to be looked at: new ones, and those that are not settled."""
    done = select(StreamRun.code).where(StreamRun.code.in_(streams), StreamRun.settled_at.is_not(None))
    return set(streams) - set(session.scalars(done))


def take_told(session: Session, batch: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Note who began and ended streams, of nodes' events in their JSON form; the number of those noted.

    Told again, or in another order, it comes to the same.
    """
    noted = 0
    for event in batch:
        data = event.get("data", {})
        if data.get("type") != "streaming":
            continue
        at = datetime.fromtimestamp(float(event["at"]), UTC)
        code, by = str(data["stream"]), str(data.get("by", ""))[:120]
        number = session.scalar(select(StreamRun.id).where(StreamRun.code == code))
        if number is None:
            number = _begin(session, code, str(event["meeting"]), at, now, by=by if data["status"] == "on" else "")
        run = lock(session, StreamRun, number)
        if data["status"] == "on":
            run.begun_by = by
        else:
            run.ended_by, run.stopped_at = by, max(at, run.began_at)
            _end(session, run, run.stopped_at, now)
        noted += 1
    return noted


def follow(session: Session, status: LiveStatus, audience: Audience, now: datetime) -> int:
    """Note how a stream fares; how many things changed."""
    number = session.scalar(select(StreamRun.id).where(StreamRun.code == status.stream))
    changed = 0
    if number is None:
        number = _begin(session, status.stream, status.meeting, status.began_at, now)
        changed += 1
    run = lock(session, StreamRun, number)
    run.heard_at = max(run.heard_at, status.at)
    run.live_at = run.live_at or status.live_at
    run.most_viewers = max(run.most_viewers, audience.now)
    run.views = max(run.views, audience.views)
    changed += _note_targets(session, run, status.targets)
    ended = status.state == "ended"
    if run.ended_at is None and (ended or now - status.at > rules.LOST):
        _end(session, run, status.at, now)
        changed += 1
    elif run.ended_at is not None and run.stopped_at is None and not ended and now - status.at < rules.SILENT:
        run.ended_at = None  # its composer was away for long, and came back
    return changed


def settle(session: Session, stream: str, kept: Sequence[MadeFile], now: datetime) -> bool:
    """Take over what was kept of a stream that has ended, and its figures. False: not yet."""
    number = session.scalar(select(StreamRun.id).where(StreamRun.code == stream))
    if number is None:
        return False
    run = lock(session, StreamRun, number)
    if run.settled_at is not None or run.ended_at is None or (not kept and now - run.ended_at < rules.PATIENCE):
        return False
    run.settled_at = now
    if kept:
        instant.keep(session, run.code, run.meeting, kept, run.live_at or run.began_at, run.ended_at, now)
    if run.occurrence_id is not None and run.views:
        session.add(
            StreamMetric(
                occurrence_id=run.occurrence_id,
                at=run.ended_at,
                source=SOURCE,
                concurrent=run.most_viewers,
                total=run.views,
                evidence="",
                entered_by="system",
                entered_at=now,
            )
        )
        after = {"source": SOURCE, "concurrent": run.most_viewers, "total": run.views}
        record(session, "system", "stream_metric.add", "occurrence", run.occurrence_id, now=now, after=after)
    return True


def _begin(session: Session, code: str, meeting: str, at: datetime, now: datetime, *, by: str = "") -> int:
    run = StreamRun(
        code=code,
        meeting=meeting,
        occurrence_id=occurrence_of_meeting(session, meeting),
        began_at=at,
        heard_at=at,
    )
    session.add(run)
    session.flush()
    record(session, "system", "stream.begin", "stream", code, now=now, after={"meeting": meeting, "by": by})
    return run.id


def _end(session: Session, run: StreamRun, at: datetime, now: datetime) -> None:
    if run.ended_at is None:
        run.ended_at = at
        record(session, "system", "stream.end", "stream", run.code, now=now, after={"by": run.ended_by})


def _note_targets(session: Session, run: StreamRun, found: tuple[TargetNow, ...]) -> int:
    """One line for each change of a target's state."""
    lines = session.scalars(select(StreamLine).where(StreamLine.run_id == run.id).order_by(StreamLine.id)).all()
    last = {each.target: each for each in lines}
    numbers = [int(each.id) for each in found if each.id.isdecimal() and len(each.id) < 10]
    names: dict[int, str] = dict(
        session.execute(select(StreamTarget.id, StreamTarget.name).where(StreamTarget.id.in_(numbers))).all()
    )
    noted = 0
    for each in found:
        before = last.get(each.id)
        same = before is not None and (before.state, before.problem, before.at) == (
            each.state,
            each.problem,
            each.since,
        )
        if same or len(lines) + noted >= MOST_LINES:
            continue
        name = names.get(int(each.id), "") if each.id.isdecimal() and len(each.id) < 10 else ""
        session.add(
            StreamLine(
                run_id=run.id,
                at=each.since,
                target=each.id[:64],
                name=name or each.id[:120],
                state=each.state,
                problem=each.problem,
                detail=each.detail[:200],
                tries=each.tries,
            )
        )
        noted += 1
    session.flush()
    return noted
