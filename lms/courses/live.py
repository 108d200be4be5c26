"""Lessons that are occurrences: who attended has completed the lesson. A duty of the worker, and at the page itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from lms.courses.learning import learning_of, settle
from lms.courses.models import Enrolment, EnrolmentState, Lesson, LessonKind, Progress
from lms.meetings.attendance import IN_FORCE, attended, latest_correction
from lms.meetings.attendance_models import Attendance, AttendanceSheet, Verdict

BATCH = 200


def due(session: Session, now: datetime, *, without: Collection[int] = ()) -> Sequence[int]:
    """Enrolments of people who attended a live lesson that is not completed yet. Only reads."""
    waits = _waiting().where(Enrolment.id.not_in(without)).limit(BATCH)
    return session.scalars(waits).all()


def see_to(session: Session, enrolment_id: int, now: datetime) -> int:
    """Complete the live lessons that somebody attended; how many."""
    found = learning_of(session, enrolment_id)
    done = 0
    for lesson in found.version.lessons:
        row = found.progress.get(lesson.key)
        if lesson.kind is not LessonKind.LIVE or lesson.occurrence_id is None or (row and row.completed_at):
            continue
        if found.enrolment.person_id in attended(session, lesson.occurrence_id):
            settle(session, found, lesson.key, now, completed=True, passed=True)
            done += 1
    return done


def _waiting() -> Select[int]:
    """Active enrolments whose learner attended the occurrence of a live lesson that is not completed yet."""
    was_there = exists().where(
        AttendanceSheet.occurrence_id == Lesson.occurrence_id,
        Attendance.occurrence_id == Lesson.occurrence_id,
        Attendance.generation == IN_FORCE,
        Attendance.person_id == Enrolment.person_id,
        func.coalesce(latest_correction(), Attendance.verdict) == Verdict.ATTENDED,
    )
    completed = exists().where(
        Progress.enrolment_id == Enrolment.id, Progress.key == Lesson.key, Progress.completed_at.is_not(None)
    )
    return (
        select(Enrolment.id)
        .join(Lesson, Lesson.version_id == Enrolment.version_id)
        .where(
            Enrolment.state == EnrolmentState.ACTIVE,
            Lesson.kind == LessonKind.LIVE,
            Lesson.occurrence_id.is_not(None),
            was_there,
            ~completed,
        )
        .distinct()
        .order_by(Enrolment.id)
    )
