"""Courses and lessons as lists show them, read in as many statements for many as for few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from lms.courses.editing import facts, unfinished
from lms.courses.learning import done_of
from lms.courses.models import (
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentState,
    Lesson,
    LessonKind,
    Opinion,
    Progress,
    VersionState,
)
from lms.courses.rules import LessonFacts, Standing, standing
from lms.directory.rules import Visitor


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course in a list."""

    id: int
    slug: str
    title_uk: str
    title_en: str
    summary_uk: str
    summary_en: str
    audience: tuple[str, ...]
    hours: Decimal
    lessons: int
    minutes: int
    stars: Decimal | None
    opinions: int
    published: bool
    archived: bool
    enrolment: EnrolmentState | None = None
    """The visitor's own."""
    share: int = 0
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class LessonCard:
    """A lesson in the list of a course."""

    key: str
    kind: LessonKind
    title_uk: str
    title_en: str
    minutes: int
    competences: tuple[str, ...]
    is_open: bool
    satisfied: bool
    begun: bool
    counts: bool
    """Whether the course asks for it."""
    first: tuple[tuple[str, str], ...] = ()
    """Titles, Ukrainian and English, of lessons that come before it and are not done."""
    missing: str = ""
    """For who edits it: what it lacks."""


def cards(session: Session, visitor: Visitor, rows: Sequence[tuple[Course, CourseVersion]]) -> list[CourseCard]:
    if not rows:
        return []
    courses = [course.id for course, _ in rows]
    sizes = _sizes(session, [version.id for _, version in rows])
    stars = {
        number: (mean, count)
        for number, mean, count in session.execute(
            select(Opinion.course_id, func.avg(Opinion.stars), func.count())
            .where(Opinion.course_id.in_(courses))
            .group_by(Opinion.course_id)
        )
    }
    own = _own_in(session, visitor, courses)
    shares = shares_of(session, list(own.values()))
    cards = []
    for course, version in rows:
        lessons, minutes = sizes.get(version.id, (0, 0))
        mean, count = stars.get(course.id, (None, 0))
        mine = own.get(course.id)
        cards.append(
            CourseCard(
                course.id,
                course.slug,
                version.title_uk,
                version.title_en,
                version.summary_uk,
                version.summary_en,
                tuple(version.audience),
                version.hours,
                lessons,
                minutes,
                Decimal(str(mean)).quantize(Decimal("0.1")) if mean is not None else None,
                count,
                version.state is not VersionState.DRAFT,
                course.archived_at is not None,
                mine.state if mine else None,
                shares.get(mine.id, 0) if mine else 0,
                mine.due_on if mine else None,
            )
        )
    return cards


def _sizes(session: Session, versions: Collection[int]) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(Lesson.version_id, func.count(), func.sum(Lesson.minutes))
        .where(Lesson.version_id.in_(versions))
        .group_by(Lesson.version_id)
    )
    return {number: (count, int(minutes or 0)) for number, count, minutes in rows}


def _own_in(session: Session, visitor: Visitor, courses: Collection[int]) -> dict[int, Enrolment]:
    if visitor.person_id is None or not courses:
        return {}
    rows = session.scalars(
        select(Enrolment).where(Enrolment.person_id == visitor.person_id, Enrolment.course_id.in_(courses))
    )
    return {row.course_id: row for row in rows}


def shares_of(session: Session, enrolments: Sequence[Enrolment]) -> dict[int, int]:
    if not enrolments:
        return {}
    lessons = session.scalars(
        select(Lesson)
        .where(Lesson.version_id.in_({each.version_id for each in enrolments}))
        .options(defer(Lesson.body_uk), defer(Lesson.body_en))
        .order_by(Lesson.version_id, Lesson.position)
    )
    by_version: dict[int, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        by_version[lesson.version_id].append(lesson)
    of_rules = {number: facts(found) for number, found in by_version.items()}
    found = shares(session, [(each.id, each.version_id) for each in enrolments], of_rules)
    return found | {each.id: 100 for each in enrolments if each.state is EnrolmentState.COMPLETED}


def shares(
    session: Session, enrolments: Sequence[tuple[int, int]], lessons: dict[int, list[LessonFacts]]
) -> dict[int, int]:
    """How far each is, in per cent, in one query."""
    rows: dict[int, list[Progress]] = defaultdict(list)
    wanted = [number for number, _ in enrolments]
    for row in session.scalars(select(Progress).where(Progress.enrolment_id.in_(wanted))):
        rows[row.enrolment_id].append(row)
    return {number: standing(lessons.get(version, []), done_of(rows[number])).share for number, version in enrolments}


def lesson_cards(
    lessons: Iterable[Lesson], stands: Standing, begun: Collection[str], *, edits: bool
) -> list[LessonCard]:
    found = list(lessons)
    titles = {each.key: (each.title_uk, each.title_en) for each in found}
    return [
        LessonCard(
            each.key,
            each.kind,
            each.title_uk,
            each.title_en,
            each.minutes,
            tuple(each.competences),
            is_open=each.key in stands.open,
            satisfied=each.key in stands.satisfied and each.move_on.value != "NotApplicable",
            begun=each.key in begun,
            counts=each.move_on.value != "NotApplicable",
            first=tuple(titles[key] for key in stands.lacking.get(each.key, ())),
            missing=unfinished(each) if edits else "",
        )
        for each in found
    ]
