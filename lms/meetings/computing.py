"""Computing attendance sheets: each computation adds rows of a new generation, nothing found before is overwritten."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.meetings import attendance
from lms.meetings.attendance_models import (
    Attendance,
    AttendanceRule,
    AttendanceSheet,
    RosterEntry,
    SheetState,
)
from lms.meetings.evidence import Evidence, Subject, gather
from lms.meetings.models import Meeting
from lms.meetings.presence import Note, Presence, RoomStay, Threshold, Window, measure, official_window
from lms.meetings.roll_call_queries import state_of
from lms.meetings.rules import Period
from lms.meetings.sheets import sheet_of
from lms.schedule import registrations
from lms.schedule.models import Occurrence, Status
from lms.schedule.rules import WAITS_AFTER

SETTLING = timedelta(minutes=3)
"""So long after the end the nodes' last events are waited for."""


def stale(session: Session, now: datetime, *, without: Collection[int] = (), limit: int = 5) -> Sequence[int]:
    """Occurrences that are over and of which something was learnt since their sheet was computed; a few of them."""
    return session.scalars(
        select(AttendanceSheet.occurrence_id)
        .join(Occurrence, Occurrence.id == AttendanceSheet.occurrence_id)
        .where(AttendanceSheet.stale, _over(now), AttendanceSheet.occurrence_id.not_in(without))
        .order_by(AttendanceSheet.occurrence_id)
        .limit(limit)
    ).all()


def compute_stale(session: Session, now: datetime, limit: int = 5) -> int:
    """Compute a few sheets of which something new was learnt; how many."""
    numbers = stale(session, now, limit=limit)
    for number in numbers:
        compute(session, number, now)
    return len(numbers)


def compute(session: Session, occurrence_id: int, now: datetime) -> AttendanceSheet:
    """Count anew. The same result as before adds nothing; an approved one stays in force whatever is found."""
    occurrence = lock(session, Occurrence, occurrence_id)
    sheet = sheet_of(session, occurrence_id)
    rule = session.get_one(AttendanceRule, sheet.rule_id)
    evidence = gather(session, occurrence)
    window = official_window(evidence.openings, evidence.plan, breaks_of(sheet))
    rows = [_row(sheet, key, subject, evidence, window, rule) for key, subject in evidence.subjects.items()]
    if sheet.generation == 0 or _differs(session, sheet, rows):
        sheet.generation += 1
        for row in rows:
            row.generation = sheet.generation
        session.add_all(rows)
        said = {"generation": sheet.generation, "people": sum(row.person_id is not None for row in rows)}
        record(session, "system", "attendance.compute", "occurrence", occurrence_id, now=now, after=said)
    sheet.windows = _plain(window.periods)
    sheet.notes = [note.value for note in (*window.notes, *_notes(evidence, rows, rule))]
    if sheet.state is SheetState.OPEN:
        sheet.state = SheetState.COMPUTED
    sheet.computed_at, sheet.stale = now, False
    session.flush()
    registrations.mark_no_shows(session, occurrence_id, attendance.present(session, occurrence_id), now)
    return sheet


def breaks_of(sheet: AttendanceSheet) -> list[Period]:
    """The sheet's breaks as instants."""
    return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in sheet.breaks]


def counts(entry: RosterEntry, rule: AttendanceRule) -> bool:
    """Whether a roster entry counts: once it was confirmed or vouched for, unless the rule asks for neither."""
    if entry.removed_at is not None or entry.denied_at is not None:
        return False
    return entry.confirmed_at is not None or rule.counts_unconfirmed


def _over(now: datetime) -> Any:
    """What has ended and settled; also what nobody ended, long after its planned end, once its meeting is closed."""
    ended = Occurrence.status.in_([Status.ENDED, Status.ARCHIVED])
    settled = or_(Occurrence.ended_at.is_(None), Occurrence.ended_at <= now - SETTLING)
    left = Occurrence.status.in_([Status.PUBLISHED, Status.MOVED, Status.LIVE])
    running = select(Meeting.id).where(Meeting.occurrence_id == Occurrence.id, Meeting.closed_at.is_(None)).exists()
    return or_(and_(ended, settled), and_(left, Occurrence.ends_at <= now - WAITS_AFTER, ~running))


def _row(
    sheet: AttendanceSheet, key: str, subject: Subject, evidence: Evidence, window: Window, rule: AttendanceRule
) -> Attendance:
    stays = [
        RoomStay(entry.organisation_id, entry.present_from, entry.present_to)
        for entry in subject.entries
        if counts(entry, rule)
    ]
    found = measure(subject.own, stays, dict(evidence.rooms), window, Threshold(rule.min_share, rule.min_minutes))
    return Attendance(
        occurrence_id=sheet.occurrence_id,
        generation=sheet.generation,
        subject=key,
        person_id=subject.person_id,
        name=subject.name[:300],
        organisation_id=subject.organisation_id,
        organisation=subject.organisation[:300],
        role=subject.role,
        seconds=found.seconds,
        window_seconds=found.window_seconds,
        share=found.share,
        verdict=found.verdict,
        rule_id=rule.id,
        evidence=_evidence(found, subject, sheet, window, rule),
    )


def _evidence(
    found: Presence, subject: Subject, sheet: AttendanceSheet, window: Window, rule: AttendanceRule
) -> dict[str, Any]:
    return {
        "window": _plain(window.periods),
        "breaks": sheet.breaks,
        "own": _plain(found.own),
        "rooms": {str(number): _plain(periods) for number, periods in sorted(found.rooms.items())},
        "how": found.how,
        "overlap_seconds": found.overlap_seconds,
        "listed": [
            {"entry": entry.id, "organisation": entry.organisation_id, "state": state_of(entry)}
            for entry in sorted(subject.entries, key=lambda one: one.id)
        ],
        "rule": {
            "code": rule.code,
            "version": rule.version,
            "min_share": rule.min_share,
            "min_minutes": rule.min_minutes,
            "counts_unconfirmed": rule.counts_unconfirmed,
        },
        "rounding": "down",
    }


def _differs(session: Session, sheet: AttendanceSheet, rows: list[Attendance]) -> bool:
    before = session.scalars(
        select(Attendance).where(
            Attendance.occurrence_id == sheet.occurrence_id, Attendance.generation == sheet.generation
        )
    )
    return {_result(row) for row in before} != {_result(row) for row in rows}


def _result(row: Attendance) -> tuple[Any, ...]:
    return (
        row.subject,
        row.name,
        row.organisation_id,
        row.role,
        row.seconds,
        row.window_seconds,
        row.share,
        row.verdict.value,
        row.rule_id,
        json.dumps(row.evidence, sort_keys=True),
    )


def _notes(evidence: Evidence, rows: list[Attendance], rule: AttendanceRule) -> list[Note]:
    notes = []
    if any(len(row.evidence["rooms"]) > 1 and row.evidence["overlap_seconds"] for row in rows):
        notes.append(Note.LISTED_TWICE)
    entries = [entry for subject in evidence.subjects.values() for entry in subject.entries]
    if not rule.counts_unconfirmed and any(state_of(entry) == "waiting" for entry in entries):
        notes.append(Note.UNCONFIRMED)
    return notes


def _plain(periods: Any) -> list[list[str]]:
    return [[begin.isoformat(), end.isoformat()] for begin, end in periods]
