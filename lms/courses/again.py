"""Doing a course again: after its certificate's term, or because what it teaches has changed.

What was done stays as a round of its own; progress begins anew, in the version that is published now. Attempts at tests
and what was handed in before count for the earlier round alone. What comes of it for a certificate, `lms.credentials`
decides: to earn it again renews it.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.editing import editable
from lms.courses.enrolling import check_due, published
from lms.courses.models import Course, CourseRound, CourseVersion, Enrolment, EnrolmentState, Progress
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound
from lms.notify.actions import enqueue
from lms.schedule.rules import midnight

AGAIN = "course.again"
BATCH = 500
"""How many are asked at a time."""
_ZONE = "Europe/Kyiv"


def begin_again(session: Session, visitor: Visitor, slug: str, now: datetime) -> None:
    """Oneself. Raises `NotFound` (course_unknown, enrolment_unknown), `Conflict` (course_not_done)."""
    course, version = published(session, slug)
    enrolment = session.scalar(
        select(Enrolment)
        .where(Enrolment.course_id == course.id, Enrolment.person_id == visitor.person_id)
        .with_for_update()
    )
    if enrolment is None:
        raise NotFound("enrolment_unknown", "You do not learn this course.")
    if enrolment.state is not EnrolmentState.COMPLETED:
        raise Conflict("course_not_done", "Finish the course first; then it can be done again.")
    _begin(session, course, version, enrolment, visitor.actor, None, now)


def ask_again(
    session: Session, visitor: Visitor, slug: str, before: date, due_on: date | None, reason: str, now: datetime
) -> int:
    """Everybody who completed it before a day begins anew, and reads why; how many, at most `BATCH` at a time.

    Raises `NotAllowed`, `NotFound`, `Invalid` (again_reason, again_day, course_due).
    """
    editable(session, visitor, slug)
    course, version = published(session, slug)
    if not 3 <= len(reason.strip()) <= 500:
        raise Invalid("again_reason", "Say in at most 500 characters why it is to be done again.", "reason")
    until = midnight(before, _ZONE)
    if until > now:
        raise Invalid("again_day", "Choose a day that is not in the future.", "before")
    check_due(due_on, now)
    found = session.scalars(
        select(Enrolment)
        .where(
            Enrolment.course_id == course.id,
            Enrolment.state == EnrolmentState.COMPLETED,
            Enrolment.completed_at < until,
        )
        .order_by(Enrolment.id)
        .limit(BATCH)
        .with_for_update()
    ).all()
    for enrolment in found:
        number = _begin(session, course, version, enrolment, visitor.actor, due_on, now)
        contents = {"enrolment": enrolment.id, "reason": reason.strip()}
        key = f"{AGAIN}:{enrolment.id}:{number}"
        enqueue(session, key, AGAIN, f"person:{enrolment.person_id}", contents, now=now)
    after = {"people": len(found), "before": before.isoformat(), "reason": reason.strip()}
    record(session, visitor.actor, "course.again", "course", slug, now=now, after=after)
    return len(found)


def _begin(
    session: Session,
    course: Course,
    version: CourseVersion,
    enrolment: Enrolment,
    by: str,
    due_on: date | None,
    now: datetime,
) -> int:
    """The next round; the number of the one that ended."""
    rows = session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id).order_by(Progress.id)).all()
    last = session.scalar(select(func.max(CourseRound.number)).where(CourseRound.enrolment_id == enrolment.id))
    ended = CourseRound(
        enrolment_id=enrolment.id,
        number=(last or 0) + 1,
        version_id=enrolment.version_id,
        began_at=enrolment.again_at or enrolment.enrolled_at,
        completed_at=enrolment.completed_at,
        progress=[
            {
                "key": row.key,
                "completed_at": row.completed_at.isoformat() if row.completed_at else None,
                "passed_at": row.passed_at.isoformat() if row.passed_at else None,
                "score": str(row.score) if row.score is not None else None,
            }
            for row in rows
        ],
    )
    session.add(ended)
    session.execute(delete(Progress).where(Progress.enrolment_id == enrolment.id))
    enrolment.version_id, enrolment.state, enrolment.again_at = version.id, EnrolmentState.ACTIVE, now
    enrolment.completed_at, enrolment.due_on = None, due_on
    session.flush()
    after = {"person": enrolment.person_id, "round": ended.number + 1, "version": version.number}
    record(session, by, "enrolment.again", "course", course.slug, now=now, after=after)
    return ended.number
