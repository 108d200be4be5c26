"""What is chosen from: by a trainer while writing a lesson, and courses by whoever needs one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from lms.courses.access import teaches
from lms.courses.models import Course, CourseVersion, VersionState
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.media.models import Recording, RecordingState
from lms.schedule.models import Occurrence
from lms.schedule.queries import visible_to as occurrence_visible_to


def homes(session: Session, among: Collection[int] | None) -> list[tuple[int, str, str]]:
    """Organisations by name: all, or those among some."""
    query = select(Organisation.id, Organisation.name_uk, Organisation.name_en).where(
        Organisation.merged_into_id.is_(None)
    )
    if among is not None:
        query = query.where(Organisation.id.in_(among))
    return [(number, uk, en) for number, uk, en in session.execute(query.order_by(Organisation.name_uk).limit(1000))]


@dataclass(frozen=True, slots=True)
class CourseChoice:
    """A course in a list to choose from; `slug` is its name in addresses."""

    id: int
    slug: str
    title_uk: str
    title_en: str


def courses_to_choose(session: Session, *, also: Collection[int] = ()) -> list[CourseChoice]:
    """Courses that can be begun, by title; `also` those that were chosen when they could."""
    rows = session.execute(
        select(Course.id, Course.slug, CourseVersion.title_uk, CourseVersion.title_en)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(
            CourseVersion.state == VersionState.PUBLISHED,
            Course.archived_at.is_(None) | Course.id.in_(also),
        )
        .order_by(CourseVersion.title_uk, Course.id)
        .limit(500)
    )
    return [CourseChoice(*row) for row in rows]


def occurrences_to_choose(session: Session, visitor: Visitor) -> list[tuple[int, str, str, datetime]]:
    """For a live lesson: what the visitor may see, the latest first."""
    rows = session.execute(
        select(Occurrence.id, Occurrence.title, Occurrence.title_en, Occurrence.starts_at)
        .where(occurrence_visible_to(visitor))
        .order_by(Occurrence.starts_at.desc())
        .limit(200)
    )
    return [(number, uk, en, at) for number, uk, en, at in rows]


def may_choose_occurrence(session: Session, visitor: Visitor, occurrence_id: int) -> bool:
    """Whether the visitor may see it."""
    query = select(Occurrence.id).where(Occurrence.id == occurrence_id, occurrence_visible_to(visitor))
    return session.scalar(query) is not None


def recordings_to_choose(session: Session, visitor: Visitor) -> list[tuple[str, str]]:
    """For a video lesson: recordings that are ready, the latest first."""
    if not teaches(visitor):
        return []
    rows = session.execute(
        select(Recording.code, Recording.title, Recording.began_at)
        .where(*_shown())
        .order_by(Recording.began_at.desc())
        .limit(200)
    )
    return [(code, f"{title}, {began_at:%d.%m.%Y}") for code, title, began_at in rows]


def may_choose_recording(session: Session, visitor: Visitor, code: str) -> bool:
    """Whether it is among these, however old it is."""
    query = select(Recording.id).where(Recording.code == code, *_shown())
    return teaches(visitor) and session.scalar(query) is not None


def _shown() -> tuple[ColumnElement[bool], ...]:
    private = exists().where(Occurrence.id == Recording.occurrence_id, Occurrence.private)
    return Recording.state == RecordingState.READY, ~private
