"""Courses for the areas in which something is missing: from the whole catalogue, by the competences of their lessons.

A lesson's competences are numbers of its course's frame. Where a course goes by another frame than the test, its areas
are found by the crosswalk between the two. Courses that teach most of the weakest areas come first
(`lms.assessment.attempts.profile.suggested`); courses that somebody has completed are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts.profile import suggested
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentState, Lesson, LessonKind, VersionState
from lms.directory.rules import Visitor
from lms.frameworks.models import CrosswalkLine

MOST_COURSES = 500


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A course, and the areas of the test that it teaches."""

    slug: str
    title_uk: str
    title_en: str
    areas: tuple[str, ...]
    learning: bool
    """Whether the visitor is in it already."""


def for_gaps(session: Session, visitor: Visitor, framework: str, weak: Sequence[str]) -> list[Suggestion]:
    """At most five courses for areas (the weakest first) of a frame, in three queries."""
    if not weak:
        return []
    rows = session.execute(
        select(Course.slug, CourseVersion.title_uk, CourseVersion.title_en, CourseVersion.framework, Lesson.competences)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .join(Lesson, Lesson.version_id == CourseVersion.id)
        .where(
            CourseVersion.state == VersionState.PUBLISHED, Course.archived_at.is_(None), Lesson.kind != LessonKind.TEST
        )
        .order_by(Course.id, Lesson.position)
        .limit(MOST_COURSES * 20)
    ).all()
    states: dict[str, EnrolmentState] = dict(
        session.execute(
            select(Course.slug, Enrolment.state)
            .join(Enrolment, Enrolment.course_id == Course.id)
            .where(Enrolment.person_id == visitor.person_id)
        ).all()
    )
    across = _crosswalks(session, {row.framework for row in rows} - {framework, ""}, framework)
    titles: dict[str, tuple[str, str]] = {}
    numbers: dict[str, set[str]] = defaultdict(set)
    for slug, uk, en, frame, competences in rows:
        if states.get(slug) is not EnrolmentState.COMPLETED:
            titles[slug] = (uk, en)
            numbers[slug] |= {to for number in competences for to in _areas(number, frame, framework, across)}
    found = suggested(weak, sorted(numbers.items()))
    active = EnrolmentState.ACTIVE
    return [Suggestion(slug, *titles[slug], tuple(areas), states.get(slug) is active) for slug, areas in found]


def _crosswalks(session: Session, frames: set[str], to: str) -> dict[tuple[str, str], set[str]]:
    """What each number of other frames corresponds to in this one."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    if frames:
        rows = session.execute(
            select(CrosswalkLine.from_version, CrosswalkLine.from_number, CrosswalkLine.to_number).where(
                CrosswalkLine.from_version.in_(frames), CrosswalkLine.to_version == to
            )
        )
        for frame, number, other in rows:
            if other:
                found[frame, number].add(other)
    return found


def _areas(number: str, frame: str, to: str, across: dict[tuple[str, str], set[str]]) -> set[str]:
    if frame == to:
        return {number}
    return across.get((frame, number)) or across.get((frame, number.split(".")[0])) or set()
