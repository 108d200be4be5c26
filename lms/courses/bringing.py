"""Learners of an earlier version brought to the one that is published: a lesson was wrong, or its test cannot be drawn.

Otherwise who began with a version finishes it. Progress is kept by the keys of lessons: what was done stays done, a
lesson that is new is to be done, one that is gone counts no more. Who is in a test just now stays until it is over.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt
from lms.assessment.attempts.states import OPEN
from lms.audit.actions import record
from lms.courses.editing import editable
from lms.courses.enrolling import published
from lms.courses.learning import finish, learning_of
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentState, VersionState
from lms.directory.rules import Visitor

BATCH = 500
"""How many are brought at a time."""


def earlier(session: Session, slug: str) -> int:
    """How many learn an earlier version than the one that is published, and are not done with it."""
    now = (
        select(CourseVersion.id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug == slug, CourseVersion.state == VersionState.PUBLISHED)
    )
    number = session.scalar(now)
    if number is None:
        return 0
    course = select(Course.id).where(Course.slug == slug).scalar_subquery()
    learns = select(func.count()).select_from(Enrolment).where(Enrolment.course_id == course, *_behind(number))
    return session.scalar(learns) or 0


def bring(session: Session, visitor: Visitor, slug: str, now: datetime) -> int:
    """Whoever learns an earlier version goes on in the published one; how many, at most `BATCH` at a time.

    Raises `NotFound` (course_unknown), `NotAllowed` (course_not_yours).
    """
    editable(session, visitor, slug)
    course, version = published(session, slug)
    found = session.scalars(
        select(Enrolment.id)
        .where(Enrolment.course_id == course.id, *_behind(version.id), ~_in_a_test())
        .order_by(Enrolment.id)
        .limit(BATCH)
        .with_for_update()
    ).all()
    for number in found:
        session.get_one(Enrolment, number).version_id = version.id
        session.flush()
        finish(session, learning_of(session, number), now)
    if found:
        after = {"people": len(found), "version": version.number}
        record(session, visitor.actor, "course.bring", "course", slug, now=now, after=after)
    return len(found)


def _behind(version_id: int) -> list[ColumnElement[bool]]:
    return [Enrolment.version_id != version_id, Enrolment.state == EnrolmentState.ACTIVE]


def _in_a_test() -> ColumnElement[bool]:
    """Whether a test of this course runs; its attempt is told of by the enrolment that it names."""
    here = Attempt.context.like(literal("lesson:").concat(cast(Enrolment.id, String)).concat(":%"))
    return exists().where(Attempt.person_id == Enrolment.person_id, Attempt.state.in_(OPEN), here)
