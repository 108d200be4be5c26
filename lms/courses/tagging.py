"""The tag of a project on a course."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.access import may_edit
from lms.courses.models import Course
from lms.database import lock
from lms.directory import projects
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound


def put(session: Session, visitor: Visitor, slug: str, project: str, now: datetime) -> None:
    """Let a course bear a project's tag, or none.

    Raises `NotFound`, `NotAllowed` (editors_only), `Conflict` (project_closed).
    """
    number = session.scalar(select(Course.id).where(Course.slug == slug))
    if number is None:
        raise NotFound("course_unknown", "There is no such course.")
    course = lock(session, Course, number)
    if not may_edit(visitor, course.organisation_id):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    before = course.project_id
    course.project_id = projects.chosen(session, project, kept=before)
    if course.project_id == before:
        return
    change = {"before": {"project_id": before}, "after": {"project_id": course.project_id}}
    record(session, visitor.actor, "course.tag", "course", course.id, now=now, **change)


def of_course(session: Session, slug: str) -> int | None:
    """The number of the course's project."""
    return session.scalar(select(Course.project_id).where(Course.slug == slug))
