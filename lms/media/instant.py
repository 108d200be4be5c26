"""What was kept of a live stream while it ran: a recording at once, until the one made of everything is ready."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.media import retention
from lms.media.library import MadeFile
from lms.media.models import Recording, RecordingState, Rendition, Watching
from lms.schedule import protection
from lms.schedule.models import Occurrence


def keep(
    session: Session,
    code: str,
    meeting: str,
    made: Sequence[MadeFile],
    began_at: datetime,
    ended_at: datetime,
    now: datetime,
) -> None:
    """Note it, public as the stream was, unless somebody has to look at it first. Keeping it again changes nothing."""
    if session.scalar(select(Recording.id).where(Recording.code == code)) is not None:
        return
    occurrence = session.scalar(select(Occurrence).where(Occurrence.meeting == meeting))
    lasted = sum(each.duration_s or 0.0 for each in made if each.source == "composition")
    duration = lasted or max(0.0, (ended_at - began_at).total_seconds())
    session.add(
        Recording(
            code=code,
            meeting=meeting,
            occurrence_id=None if occurrence is None else occurrence.id,
            title=meeting if occurrence is None else occurrence.title,
            instant=True,
            state=RecordingState.READY,
            watching=Watching.PUBLIC if _at_once(session, occurrence) else Watching.EDITORS,
            began_at=began_at,
            ended_at=ended_at,
            heard_at=now,
            ready_at=now,
            duration_s=duration,
            progress=1.0,
            files=[
                Rendition(
                    name=each.name,
                    media_type=each.media_type,
                    size=each.size,
                    sha256=each.sha256,
                    duration_s=each.duration_s,
                    source=each.source,
                    label=each.label,
                )
                for each in made
            ],
        )
    )
    session.flush()
    retention.rule_for(session, session.scalars(select(Recording).where(Recording.code == code)).one(), now)
    record(session, "system", "recording.kept", "recording", code, now=now, after={"meeting": meeting})


def _at_once(session: Session, occurrence: Occurrence | None) -> bool:
    return occurrence is None or protection.of(session, occurrence.id).publishes_at_once
