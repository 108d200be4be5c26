"""What editors do with a sheet: breaks, rule, corrections, approval; and what was said of a stream's viewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.meetings import attendance
from lms.meetings.attendance_models import (
    Attendance,
    AttendanceCorrection,
    AttendanceRule,
    AttendanceSheet,
    SheetState,
    StreamMetric,
    Verdict,
)
from lms.meetings.rules import Period, union
from lms.meetings.sheets import sheet_of
from lms.schedule.actions import editable

MOST_BREAKS = 20
MOST_METRICS = 500
MOST_VIEWERS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class MetricDraft:
    """How many watched a stream. At least one of the two numbers."""

    at: datetime
    source: str
    concurrent: int | None = None
    total: int | None = None
    evidence: str = ""


def set_breaks(session: Session, visitor: Visitor, slug: str, breaks: Sequence[Period], now: datetime) -> None:
    """The breaks of an occurrence: time that counts for nobody. Overlapping ones become one.

    Raises `NotFound`, `NotAllowed`, `Conflict` (sheet_approved) or `Invalid` (times_swapped, too_many_rows).
    """
    sheet = _open_sheet(session, visitor, slug)
    if len(breaks) > MOST_BREAKS:
        raise Invalid("too_many_rows", f"At most {MOST_BREAKS} breaks.", "breaks")
    if any(begin >= end for begin, end in breaks):
        raise Invalid("times_swapped", "A break ends before it begins: look at the times.", "breaks")
    before = {"breaks": sheet.breaks}
    sheet.breaks = [[begin.isoformat(), end.isoformat()] for begin, end in union(breaks)]
    sheet.stale = True
    _log(session, visitor, sheet, "breaks", now, before=before, after={"breaks": sheet.breaks})


def choose_rule(session: Session, visitor: Visitor, slug: str, rule_id: int, now: datetime) -> None:
    """By which rule presence counts here.

    Raises `NotFound`, `NotAllowed` or `Conflict` (sheet_approved, rule_retired).
    """
    sheet = _open_sheet(session, visitor, slug)
    rule = session.get(AttendanceRule, rule_id)
    if rule is None:
        raise NotFound("rule_unknown", "There is no such rule. Choose one from the list.", "rule")
    if rule.id == sheet.rule_id:
        return
    if rule.retired_at is not None:
        raise Conflict("rule_retired", "This version was retired. Choose another one.", "rule")
    before = {"rule": sheet.rule_id}
    sheet.rule_id, sheet.stale = rule.id, True
    _log(session, visitor, sheet, "rule", now, before=before, after={"rule": rule.id})


def correct(
    session: Session,
    visitor: Visitor,
    slug: str,
    subject: str,
    *,
    verdict: Verdict,
    minutes: int | None,
    reason: str,
    now: datetime,
) -> None:
    """Decide otherwise for one person, with a reason. What was computed stays beside it.

    Raises `NotFound` (subject_unknown), `NotAllowed`, `Conflict` (sheet_approved, sheet_not_computed) or `Invalid`
    (correction_reason, minutes_outside).
    """
    sheet = _open_sheet(session, visitor, slug)
    if sheet.generation == 0:
        raise Conflict("sheet_not_computed", "It is not computed yet. Wait until a few minutes after the end.")
    row = session.scalar(
        select(Attendance).where(
            Attendance.occurrence_id == sheet.occurrence_id,
            Attendance.generation == sheet.generation,
            Attendance.subject == subject,
        )
    )
    if row is None or subject.startswith("endpoint:"):
        raise NotFound("subject_unknown", "This person does not stand in the sheet. Add them to a roll-call first.")
    if not reason.strip():
        raise Invalid("correction_reason", "Say why: whoever approves the sheet will read it.", "reason")
    if minutes is not None and not 0 <= minutes * 60 <= row.window_seconds + 59:
        raise Invalid("minutes_outside", "Nobody can have been there for longer than it lasted.", "minutes")
    seconds = None if minutes is None else min(minutes * 60, row.window_seconds)
    session.add(
        AttendanceCorrection(
            occurrence_id=sheet.occurrence_id,
            subject=subject,
            seconds=seconds,
            verdict=verdict,
            reason=reason.strip()[:2000],
            corrected_by=visitor.actor,
            corrected_at=now,
        )
    )
    sheet.stale = True
    after = {"subject": subject, "verdict": verdict.value, "seconds": seconds, "reason": reason.strip()[:2000]}
    before = {"verdict": row.verdict.value, "seconds": row.seconds}
    _log(session, visitor, sheet, "correct", now, before=before, after=after)


def approve(session: Session, visitor: Visitor, slug: str, generation: int, now: datetime) -> None:
    """From now on the sheet stays as it is. Whoever corrected something leaves it to somebody else.

    `generation` is what the visitor has read. Raises `NotFound`, `NotAllowed` (corrected_by_self) or `Conflict`
    (sheet_approved, sheet_not_computed, sheet_stale, changed_meanwhile).
    """
    sheet = _open_sheet(session, visitor, slug)
    if sheet.generation == 0 or sheet.computed_at is None:
        raise Conflict("sheet_not_computed", "It is not computed yet. Wait until a few minutes after the end.")
    if sheet.stale:
        raise Conflict("sheet_stale", "Something was changed and is being computed. Reload in a minute, then approve.")
    if sheet.generation != generation:
        raise Conflict("sheet_changed", "The result has changed since you read it. Look at it again, then approve.")
    if visitor.actor in attendance.corrected_by(session, sheet.occurrence_id):
        raise NotAllowed("corrected_by_self", "You corrected this sheet, so somebody else has to approve it.")
    sheet.state = SheetState.APPROVED
    sheet.approved_by, sheet.approved_at, sheet.approved_generation = visitor.actor, now, sheet.generation
    _log(session, visitor, sheet, "approve", now, after={"generation": sheet.generation})


def reopen(session: Session, visitor: Visitor, slug: str, reason: str, now: datetime) -> None:
    """Take the approval back, for a reason: the newest result is in force and has to be approved again.

    Raises `NotFound`, `NotAllowed`, `Conflict` (sheet_not_approved) or `Invalid` (correction_reason).
    """
    occurrence = editable(session, visitor, slug)
    sheet = sheet_of(session, occurrence.id)
    if sheet.state is not SheetState.APPROVED:
        raise Conflict("sheet_not_approved", "The sheet is not approved.")
    if not reason.strip():
        raise Invalid("reopen_reason", "Say why the approval is taken back.", "reason")
    before = {"approved_by": sheet.approved_by, "generation": sheet.approved_generation}
    sheet.state = SheetState.COMPUTED
    sheet.approved_by, sheet.approved_at, sheet.approved_generation = "", None, None
    sheet.stale = True
    _log(session, visitor, sheet, "reopen", now, before=before, after={"reason": reason.strip()[:2000]})


def add_metric(session: Session, visitor: Visitor, slug: str, draft: MetricDraft, now: datetime) -> None:
    """What a source said of a stream's viewers. It never touches attendance.

    Raises `NotFound`, `NotAllowed` or `Invalid` (source_needed, viewers_needed, viewers_invalid, text_long, ...).
    """
    occurrence = editable(session, visitor, slug)
    numbers = [each for each in (draft.concurrent, draft.total) if each is not None]
    if not draft.source.strip():
        raise Invalid("source_needed", "Say where the number comes from.", "source")
    if not numbers:
        raise Invalid("viewers_needed", "Give a number: watching at that moment, or in all.", "total")
    if any(not 0 <= each <= MOST_VIEWERS for each in numbers):
        raise Invalid("viewers_invalid", "This cannot be a number of viewers.", "total")
    if len(draft.evidence) > 2000 or len(draft.source) > 120:
        raise Invalid("text_long", "This is too long.", "evidence")
    if draft.at > now:
        raise Invalid("metric_future", "The moment has not come yet.", "at")
    count = select(func.count()).where(StreamMetric.occurrence_id == occurrence.id)
    if (session.scalar(count) or 0) >= MOST_METRICS:
        raise Invalid("too_many_rows", "There are too many figures already.")
    metric = StreamMetric(
        occurrence_id=occurrence.id,
        at=draft.at,
        source=draft.source.strip(),
        concurrent=draft.concurrent,
        total=draft.total,
        evidence=draft.evidence.strip(),
        entered_by=visitor.actor,
        entered_at=now,
    )
    session.add(metric)
    session.flush()
    after = {"source": metric.source, "concurrent": metric.concurrent, "total": metric.total}
    record(session, visitor.actor, "stream_metric.add", "occurrence", occurrence.id, now=now, after=after)


def _open_sheet(session: Session, visitor: Visitor, slug: str) -> AttendanceSheet:
    occurrence = editable(session, visitor, slug)
    sheet = sheet_of(session, occurrence.id)
    if sheet.state is SheetState.APPROVED:
        raise Conflict("sheet_approved", "The sheet is approved and stays as it is. Take the approval back first.")
    return sheet


def _log(
    session: Session,
    visitor: Visitor,
    sheet: AttendanceSheet,
    verb: str,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    session.flush()
    record(
        session,
        visitor.actor,
        f"attendance.{verb}",
        "occurrence",
        sheet.occurrence_id,
        now=now,
        before=before,
        after=after,
    )
