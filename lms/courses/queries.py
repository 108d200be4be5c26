"""Reading courses: the catalogue, a course, a lesson. Who may see one is part of every query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from lms.courses.access import edited_by, may_edit
from lms.courses.cards import CourseCard, LessonCard, cards, lesson_cards, shares_of
from lms.courses.editing import facts, lesson_of
from lms.courses.learning import done_of, submissions
from lms.courses.models import (
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentState,
    Lesson,
    Opinion,
    Progress,
    Submission,
    SubmissionState,
    VersionState,
)
from lms.courses.rules import Standing, standing
from lms.directory.project_models import Project
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.schedule.models import Occurrence

CATALOGUE = 24
_OPINIONS = 50


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """A course that the visitor learns, on their start page."""

    slug: str
    title_uk: str
    title_en: str
    share: int
    due_on: date | None


@dataclass(frozen=True, slots=True)
class OpinionLine:
    """What somebody said of a course."""

    id: int
    stars: int
    text: str
    at: datetime
    hidden: bool


@dataclass(frozen=True, slots=True)
class CoursePage:
    """A course, whole."""

    card: CourseCard
    organisation_id: int | None
    version: int
    version_state: VersionState
    seen: int
    """Refuses an edit of what has changed meanwhile (`CourseVersion.stamp`)."""
    framework: str
    lessons: tuple[LessonCard, ...]
    standing: Standing
    enrolment: EnrolmentState | None
    completed_at: datetime | None
    opinions: tuple[OpinionLine, ...]
    own_stars: int
    own_words: str
    may_edit: bool
    has_draft: bool
    to_review: int


@dataclass(frozen=True, slots=True)
class LessonPage:
    """A lesson as its learner sees it."""

    course: CourseCard
    version: int
    framework: str
    lesson: Lesson
    card: LessonCard
    number: int
    count: int
    previous: LessonCard | None
    following: LessonCard | None
    place: float
    score: Decimal | None
    submissions: tuple[Submission, ...]
    occurrence: Occurrence | None
    standing: Standing
    preview: bool
    """Seen by who edits it, without being enrolled: nothing is kept."""


def catalogue(
    session: Session,
    visitor: Visitor,
    *,
    text: str = "",
    audience: str = "",
    which: str = "",
    project: str = "",
    page: int = 0,
) -> tuple[list[CourseCard], int]:
    """A page of the courses that the visitor may see, by title; and how many there are.

    `which`: `mine` (learnt by the visitor), `edited`; else all that are taught.
    """
    shown = _shown_version(visitor)
    query = select(Course, CourseVersion).join(CourseVersion, shown)
    if which == "edited":
        query = query.where(edited_by(visitor))
    elif which == "mine":  # also what is taught no more: whoever learns it goes on
        query = query.join(Enrolment, Enrolment.course_id == Course.id).where(
            Enrolment.person_id == visitor.person_id, Enrolment.state != EnrolmentState.WITHDRAWN
        )
    else:
        query = query.where(CourseVersion.state == VersionState.PUBLISHED, Course.archived_at.is_(None))
    if words := text.strip():
        like = [
            column.icontains(words, autoescape=True)
            for column in (
                CourseVersion.title_uk,
                CourseVersion.title_en,
                CourseVersion.summary_uk,
                CourseVersion.summary_en,
            )
        ]
        query = query.where(or_(*like))
    if project:
        query = query.join(Project, Project.id == Course.project_id).where(Project.slug == project)
    rows = session.execute(query.order_by(CourseVersion.title_uk, Course.id).limit(1000)).all()
    if audience:
        rows = [row for row in rows if audience in row[1].audience]
    here = rows[page * CATALOGUE : (page + 1) * CATALOGUE]
    return cards(session, visitor, here), len(rows)


def audiences(session: Session) -> list[str]:
    """For whom there are courses."""
    query = select(CourseVersion.audience).where(CourseVersion.state == VersionState.PUBLISHED).limit(1000)
    return sorted({code for codes in session.scalars(query) for code in codes})


def course_page(session: Session, visitor: Visitor, slug: str, *, draft: bool = False) -> CoursePage:
    """A course: for a learner in their own version, for who edits it the draft if that is asked for.

    Raises `NotFound`, also when it is not for the visitor.
    """
    course, versions = course_with_versions(session, visitor, slug)
    edits = may_edit(visitor, course.organisation_id)
    enrolment = _own(session, visitor, course.id)
    version = _with_lessons(session, _version_for(versions, enrolment, draft=draft))
    rows = list(session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id))) if enrolment else []
    stands = standing(facts(version.lessons), done_of(rows))
    opinions = session.scalars(
        select(Opinion).where(Opinion.course_id == course.id).order_by(Opinion.at.desc()).limit(_OPINIONS)
    ).all()
    own = session.scalar(select(Opinion).where(Opinion.enrolment_id == enrolment.id)) if enrolment else None
    waits = session.scalar(
        select(func.count())
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .where(Enrolment.course_id == course.id, Submission.state == SubmissionState.SUBMITTED)
    )
    return CoursePage(
        card=cards(session, visitor, [(course, version)])[0],
        organisation_id=course.organisation_id,
        version=version.number,
        version_state=version.state,
        seen=version.stamp,
        framework=version.framework,
        lessons=tuple(lesson_cards(version.lessons, stands, {row.key for row in rows}, edits=edits)),
        standing=stands,
        enrolment=enrolment.state if enrolment else None,
        completed_at=enrolment.completed_at if enrolment else None,
        opinions=tuple(
            OpinionLine(each.id, each.stars, each.text, each.at, bool(each.hidden_by))
            for each in opinions
            if each.text and (edits or not each.hidden_by)
        ),
        own_stars=own.stars if own else 0,
        own_words=own.text if own else "",
        may_edit=edits,
        has_draft=any(each.state is VersionState.DRAFT for each in versions),
        to_review=(waits or 0) if edits else 0,
    )


def lesson_page(session: Session, visitor: Visitor, slug: str, key: str, *, draft: bool = False) -> LessonPage:
    """A lesson for its learner, or as a preview for who edits it. Raises `NotFound`."""
    course, versions = course_with_versions(session, visitor, slug)
    enrolment = _own(session, visitor, course.id)
    active = enrolment if enrolment is not None and enrolment.state is not EnrolmentState.WITHDRAWN else None
    preview = may_edit(visitor, course.organisation_id) and (active is None or draft)
    if active is None and not preview:
        raise NotFound("lesson_unknown", "Begin the course first: its page has the button for it.")
    version = _with_lessons(session, _version_for(versions, active, draft=draft))
    lesson = lesson_of(version, key)
    rows = list(session.scalars(select(Progress).where(Progress.enrolment_id == active.id))) if active else []
    stands = standing(facts(version.lessons), done_of(rows))
    lessons = lesson_cards(version.lessons, stands, {row.key for row in rows}, edits=preview)
    at = version.lessons.index(lesson)
    row = next((each for each in rows if each.key == key), None)
    return LessonPage(
        course=cards(session, visitor, [(course, version)])[0],
        version=version.number,
        framework=version.framework,
        lesson=lesson,
        card=lessons[at],
        number=at + 1,
        count=len(lessons),
        previous=lessons[at - 1] if at else None,
        following=lessons[at + 1] if at + 1 < len(lessons) else None,
        place=row.place if row else 0.0,
        score=row.score if row else None,
        submissions=tuple(submissions(session, active, key)) if active else (),
        occurrence=session.get(Occurrence, lesson.occurrence_id) if lesson.occurrence_id else None,
        standing=stands,
        preview=preview,
    )


def own_courses(session: Session, visitor: Visitor, limit: int = 5) -> list[OwnCourse]:
    """For the start page: what the visitor learns now, the most urgent first."""
    if visitor.person_id is None:
        return []
    rows = session.execute(
        select(Course.slug, CourseVersion.title_uk, CourseVersion.title_en, Enrolment)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .join(CourseVersion, CourseVersion.id == Enrolment.version_id)
        .where(Enrolment.person_id == visitor.person_id, Enrolment.state == EnrolmentState.ACTIVE)
        .order_by(Enrolment.due_on.is_(None), Enrolment.due_on, Enrolment.enrolled_at.desc())
        .limit(limit)
    ).all()
    shares = shares_of(session, [enrolment for *_, enrolment in rows])
    return [OwnCourse(slug, uk, en, shares.get(one.id, 0), one.due_on) for slug, uk, en, one in rows]


def any_for(person_id: int) -> ColumnElement[bool]:
    """SQL: whether a person is in a course now, or something waits for a review, whoever's."""
    learns = exists().where(Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.ACTIVE)
    return or_(learns, exists().where(Submission.state == SubmissionState.SUBMITTED))


def course_with_versions(session: Session, visitor: Visitor, slug: str) -> tuple[Course, Sequence[CourseVersion]]:
    """A course that the visitor may see, and its versions, the newest first, without their lessons."""
    course = session.scalar(select(Course).where(Course.slug == slug))
    versions: Sequence[CourseVersion] = ()
    if course is not None:
        versions = session.scalars(
            select(CourseVersion).where(CourseVersion.course_id == course.id).order_by(CourseVersion.number.desc())
        ).all()
    if course is None or not _may_see(session, visitor, course, versions):
        raise NotFound("course_unknown", "There is no such course, or it is not for you.")
    return course, versions


def _with_lessons(session: Session, version: CourseVersion) -> CourseVersion:
    """Lessons hold whole texts: only those of the version that is shown are read."""
    lessons = session.scalars(select(Lesson).where(Lesson.version_id == version.id).order_by(Lesson.position)).all()
    set_committed_value(version, "lessons", list(lessons))
    return version


def _may_see(session: Session, visitor: Visitor, course: Course, versions: Sequence[CourseVersion]) -> bool:
    if may_edit(visitor, course.organisation_id) or _own(session, visitor, course.id) is not None:
        return True
    return course.archived_at is None and any(each.state is VersionState.PUBLISHED for each in versions)


def _version_for(versions: Sequence[CourseVersion], enrolment: Enrolment | None, *, draft: bool) -> CourseVersion:
    """The draft if it is wanted, else the learner's own, else what is published, else what there is."""
    if draft and versions[0].state is VersionState.DRAFT:
        return versions[0]
    if enrolment is not None:
        return next(each for each in versions if each.id == enrolment.version_id)
    return next((each for each in versions if each.state is VersionState.PUBLISHED), versions[0])


def _own(session: Session, visitor: Visitor, course_id: int) -> Enrolment | None:
    if visitor.person_id is None:
        return None
    query = select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.person_id == visitor.person_id)
    return session.scalar(query)


def _shown_version(visitor: Visitor) -> ColumnElement[bool]:
    """Of each course the published version, or the newest where none is published."""
    later = CourseVersion.__table__.alias("later")
    newest = (
        ~select(later.c.id)
        .where(
            later.c.course_id == CourseVersion.course_id,
            (later.c.state == VersionState.PUBLISHED.value) | (later.c.number > CourseVersion.number),
        )
        .exists()
    )
    return (CourseVersion.course_id == Course.id) & ((CourseVersion.state == VersionState.PUBLISHED) | newest)


def slug_of(session: Session, course_id: int) -> str:
    """A course's name in addresses."""
    return session.get_one(Course, course_id).slug


def lesson_to_edit(session: Session, visitor: Visitor, slug: str, key: str) -> Lesson:
    """A lesson of the version that would be changed. Raises `NotFound`."""
    course, versions = course_with_versions(session, visitor, slug)
    if not may_edit(visitor, course.organisation_id):
        raise NotFound("lesson_unknown", "There is no such lesson, or it is not for you.")
    return lesson_of(_with_lessons(session, _version_for(versions, None, draft=True)), key)
