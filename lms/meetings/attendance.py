"""Who attended: what other parts of the product ask. Corrections count before what was computed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from lms.meetings.attendance_models import (
    Attendance,
    AttendanceCorrection,
    AttendanceSheet,
    SheetState,
    Verdict,
)
from lms.statements import once

IN_FORCE = func.coalesce(AttendanceSheet.approved_generation, AttendanceSheet.generation)
"""SQL for `AttendanceSheet.in_force`."""


def attended(session: Session, occurrence_id: int) -> set[int]:
    """People whose verdict in force is that they attended."""
    return {number for number, verdict in _verdicts(session, occurrence_id).items() if verdict is Verdict.ATTENDED}


def attended_in(session: Session, occurrence_ids: Collection[int]) -> dict[int, set[int]]:
    """The same for several occurrences at once; those that nobody attended are missing. Two queries."""
    found: dict[int, set[int]] = {}
    for (occurrence_id, person_id), verdict in _verdicts_in(session, occurrence_ids).items():
        if verdict is Verdict.ATTENDED:
            found.setdefault(occurrence_id, set()).add(person_id)
    return found


def latest_correction() -> ScalarSelect[Verdict]:
    """SQL, beside a row of `Attendance`: what somebody decided about it last; nothing where nobody did."""
    return (
        select(AttendanceCorrection.verdict)
        .where(
            AttendanceCorrection.occurrence_id == Attendance.occurrence_id,
            AttendanceCorrection.subject == Attendance.subject,
        )
        .order_by(AttendanceCorrection.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def attended_by_approved_sheet(occurrence_ids: Select[int]) -> Select[int | None]:
    """The people who attended any of these, as a statement to count by; sheets that nobody approved count nothing."""
    return (
        select(Attendance.person_id)
        .join(AttendanceSheet, AttendanceSheet.occurrence_id == Attendance.occurrence_id)
        .where(
            Attendance.occurrence_id.in_(occurrence_ids),
            AttendanceSheet.state == SheetState.APPROVED,
            Attendance.generation == IN_FORCE,
            Attendance.person_id.is_not(None),
            func.coalesce(latest_correction(), Attendance.verdict) == Verdict.ATTENDED,
        )
    )


def correctors(session: Session, occurrence_ids: Collection[int]) -> set[str]:
    """Who corrected anything in any of these."""
    query = select(AttendanceCorrection.corrected_by).where(AttendanceCorrection.occurrence_id.in_(occurrence_ids))
    return set(session.scalars(query.distinct()))


def approved_of(session: Session, occurrence_ids: Collection[int]) -> set[int]:
    """Of which of these occurrences the sheet was approved."""
    query = select(AttendanceSheet.occurrence_id).where(
        AttendanceSheet.occurrence_id.in_(occurrence_ids), AttendanceSheet.state == SheetState.APPROVED
    )
    return set(session.scalars(query))


def present(session: Session, occurrence_id: int) -> set[int]:
    """People who were there at all, however short."""
    return {number for number, verdict in _verdicts(session, occurrence_id).items() if verdict is not Verdict.ABSENT}


def corrected_by(session: Session, occurrence_id: int) -> set[str]:
    """Who corrected anything: they approve neither the sheet nor what is awarded because of it."""
    query = select(AttendanceCorrection.corrected_by).where(AttendanceCorrection.occurrence_id == occurrence_id)
    return set(session.scalars(query.distinct()))


def is_approved(session: Session, occurrence_id: int) -> bool:
    """Whether the sheet was approved."""
    query = select(AttendanceSheet.state).where(AttendanceSheet.occurrence_id == occurrence_id)
    return session.scalar(query) is SheetState.APPROVED


def corrections(session: Session, occurrence_ids: Collection[int]) -> dict[tuple[int, str], AttendanceCorrection]:
    """The correction in force by occurrence and subject: the latest one."""
    rows = session.scalars(*_corrections_in(occurrence_ids))
    return {(row.occurrence_id, row.subject): row for row in rows}


@once
def _corrections_in(occurrence_ids: Collection[int]) -> Select[AttendanceCorrection]:
    latest = (
        select(func.max(AttendanceCorrection.id))
        .where(AttendanceCorrection.occurrence_id.in_(occurrence_ids))
        .group_by(AttendanceCorrection.occurrence_id, AttendanceCorrection.subject)
    )
    return select(AttendanceCorrection).where(AttendanceCorrection.id.in_(latest))


def _verdicts(session: Session, occurrence_id: int) -> dict[int, Verdict]:
    return {person: verdict for (_number, person), verdict in _verdicts_in(session, [occurrence_id]).items()}


def _verdicts_in(session: Session, occurrence_ids: Collection[int]) -> dict[tuple[int, int], Verdict]:
    """By occurrence and person."""
    rows = session.execute(
        select(Attendance.occurrence_id, Attendance.person_id, Attendance.subject, Attendance.verdict)
        .join(AttendanceSheet, AttendanceSheet.occurrence_id == Attendance.occurrence_id)
        .where(
            Attendance.occurrence_id.in_(occurrence_ids),
            Attendance.generation == IN_FORCE,
            Attendance.person_id.is_not(None),
        )
    )
    decided = corrections(session, occurrence_ids)
    found = {}
    for occurrence_id, person_id, subject, verdict in rows:
        correction = decided.get((occurrence_id, subject))
        if person_id is not None:
            found[occurrence_id, person_id] = correction.verdict if correction else verdict
    return found
