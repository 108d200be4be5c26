"""Reading courses. Who may see one is part of every query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session, selectinload

from lms.courses.access import edited_by, may_edit, teaches, visible_to
from lms.courses.editing import facts, lesson_of, unfinished
from lms.courses.learning import done_of, submissions
from lms.courses.models import (
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentRule,
    EnrolmentState,
    Lesson,
    LessonKind,
    Opinion,
    Progress,
    Submission,
    SubmissionState,
    VersionState,
)
from lms.courses.rules import LessonFacts, Standing, standing
from lms.directory.models import Account, Affiliation, Organisation, Person
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.media.models import Recording, RecordingState
from lms.schedule.models import Occurrence
from lms.schedule.queries import visible_to as occurrence_visible_to

PAGE = 50
CATALOGUE = 24
_OPINIONS = 50


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
class OwnCourse:
    """A course that the visitor learns, on their start page."""

    slug: str
    title_uk: str
    title_en: str
    share: int
    due_on: date | None


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
    first: tuple[str, ...] = ()
    """Titles of lessons that come before it and are not done."""
    missing: str = ""
    """For who edits it: what it lacks."""


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


@dataclass(frozen=True, slots=True)
class LearnerLine:
    """A learner in the list of a course."""

    person_id: int
    name: str
    organisation_uk: str
    organisation_en: str
    state: EnrolmentState
    share: int
    due_on: date | None
    overdue: bool
    last_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that enrols."""

    id: int
    kind: str
    organisation_uk: str
    organisation_en: str
    role: str
    days: int | None


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """Something that waits for a review."""

    submission: Submission
    slug: str
    course_uk: str
    course_en: str
    lesson_uk: str
    lesson_en: str
    name: str
    own: bool


def catalogue(
    session: Session, visitor: Visitor, *, text: str = "", audience: str = "", which: str = "", page: int = 0
) -> tuple[list[CourseCard], int]:
    """A page of the courses that the visitor may see, by title; and how many there are.

    `which`: `mine` (learnt by the visitor), `edited`; else all that are taught.
    """
    shown = _shown_version(visitor)
    query = select(Course, CourseVersion).join(CourseVersion, shown).where(_visible(visitor))
    if which == "edited":
        query = query.where(edited_by(visitor))
    elif which == "mine":
        query = query.join(Enrolment, Enrolment.course_id == Course.id).where(
            Enrolment.person_id == visitor.person_id, Enrolment.state != EnrolmentState.WITHDRAWN
        )
    else:
        query = query.where(CourseVersion.state == VersionState.PUBLISHED, Course.archived_at.is_(None))
    if words := text.strip():
        like = [
            column.icontains(words, autoescape=True)
            for column in (CourseVersion.title_uk, CourseVersion.title_en, CourseVersion.summary_uk)
        ]
        query = query.where(or_(*like))
    rows = session.execute(query.order_by(CourseVersion.title_uk, Course.id).limit(1000)).all()
    if audience:
        rows = [row for row in rows if audience in row[1].audience]
    here = rows[page * CATALOGUE : (page + 1) * CATALOGUE]
    return _cards(session, visitor, here), len(rows)


def audiences(session: Session) -> list[str]:
    """For whom there are courses."""
    query = select(CourseVersion.audience).where(CourseVersion.state == VersionState.PUBLISHED).limit(1000)
    return sorted({code for codes in session.scalars(query) for code in codes})


def course_page(session: Session, visitor: Visitor, slug: str, *, draft: bool = False) -> CoursePage:
    """A course: for a learner in their own version, for who edits it the draft if that is asked for.

    Raises `NotFound`, also when it is not for the visitor.
    """
    course, versions = _course(session, visitor, slug)
    edits = may_edit(visitor, course.organisation_id)
    enrolment = _own(session, visitor, course.id)
    version = _version_for(versions, enrolment, draft=draft)
    rows = list(session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id))) if enrolment else []
    stands = standing(facts(version.lessons), done_of(rows))
    opinions = session.scalars(
        select(Opinion).where(Opinion.course_id == course.id).order_by(Opinion.at.desc()).limit(_OPINIONS)
    ).all()
    own = next((each for each in opinions if enrolment is not None and each.enrolment_id == enrolment.id), None)
    waits = session.scalar(
        select(func.count())
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .where(Enrolment.course_id == course.id, Submission.state == SubmissionState.SUBMITTED)
    )
    return CoursePage(
        card=_cards(session, visitor, [(course, version)])[0],
        organisation_id=course.organisation_id,
        version=version.number,
        version_state=version.state,
        seen=version.stamp,
        framework=version.framework,
        lessons=tuple(_lessons(version.lessons, stands, {row.key for row in rows}, edits=edits)),
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
    course, versions = _course(session, visitor, slug)
    enrolment = _own(session, visitor, course.id)
    active = enrolment if enrolment is not None and enrolment.state is not EnrolmentState.WITHDRAWN else None
    preview = may_edit(visitor, course.organisation_id) and (active is None or draft)
    if active is None and not preview:
        raise NotFound("lesson_unknown", "Begin the course first: its page has the button for it.")
    version = _version_for(versions, active, draft=draft)
    lesson = lesson_of(version, key)
    rows = list(session.scalars(select(Progress).where(Progress.enrolment_id == active.id))) if active else []
    stands = standing(facts(version.lessons), done_of(rows))
    cards = _lessons(version.lessons, stands, {row.key for row in rows}, edits=preview)
    at = version.lessons.index(lesson)
    row = next((each for each in rows if each.key == key), None)
    return LessonPage(
        course=_cards(session, visitor, [(course, version)])[0],
        version=version.number,
        lesson=lesson,
        card=cards[at],
        number=at + 1,
        count=len(cards),
        previous=cards[at - 1] if at else None,
        following=cards[at + 1] if at + 1 < len(cards) else None,
        place=row.place if row else 0.0,
        score=row.score if row else None,
        submissions=tuple(submissions(session, active.id, key)) if active else (),
        occurrence=session.get(Occurrence, lesson.occurrence_id) if lesson.occurrence_id else None,
        standing=stands,
        preview=preview,
    )


def learners(
    session: Session, visitor: Visitor, slug: str, today: date, *, state: str = "", page: int = 0
) -> tuple[list[LearnerLine], int]:
    """A page of those who learn a course; for its editors all, for a centre's lead their own people."""
    course, versions = _course(session, visitor, slug)
    which: list[ColumnElement[bool]] = [Enrolment.course_id == course.id, _watched(visitor, course, today)]
    if state in set(EnrolmentState):
        which.append(Enrolment.state == EnrolmentState(state))
    total = session.scalar(select(func.count()).select_from(Enrolment).where(*which)) or 0
    rows = session.execute(
        select(Enrolment, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(*which)
        .order_by(Person.family_name, Person.given_name, Enrolment.id)
        .limit(PAGE)
        .offset(page * PAGE)
    ).all()
    lessons = {version.id: facts(version.lessons) for version in versions}
    shares = _shares(session, [(enrolment.id, enrolment.version_id) for enrolment, _ in rows], lessons)
    homes = _homes(session, [person.id for _, person in rows], today)
    return [_learner(enrolment, person, shares, homes, today) for enrolment, person in rows], total


def rules_of(session: Session, course_slug: str) -> list[RuleLine]:
    """The rules in force that enrol into a course."""
    rows = session.execute(
        select(EnrolmentRule, Organisation.name_uk, Organisation.name_en)
        .join(Course, Course.id == EnrolmentRule.course_id)
        .join(Organisation, Organisation.id == EnrolmentRule.organisation_id, isouter=True)
        .where(Course.slug == course_slug, EnrolmentRule.ended_at.is_(None))
        .order_by(EnrolmentRule.id)
    ).all()
    return [RuleLine(rule.id, rule.kind.value, uk or "", en or "", rule.role, rule.days) for rule, uk, en in rows]


def tasks_waiting(session: Session, visitor: Visitor) -> int:
    """How many wait for a review by the visitor."""
    query = (
        select(func.count())
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Submission.state == SubmissionState.SUBMITTED, edited_by(visitor))
    )
    return session.scalar(query) or 0


def waiting_tasks(session: Session, visitor: Visitor, *, slug: str = "") -> list[WaitingTask]:
    """What waits for a review by the visitor, the oldest first."""
    which = [Submission.state == SubmissionState.SUBMITTED, edited_by(visitor)]
    if slug:
        which.append(Course.slug == slug)
    rows = session.execute(
        select(Submission, Course.slug, CourseVersion, Lesson, Person)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.version_id)
        .join(Lesson, (Lesson.version_id == CourseVersion.id) & (Lesson.key == Submission.key))
        .join(Person, Person.id == Enrolment.person_id)
        .where(*which)
        .order_by(Submission.at, Submission.id)
        .limit(PAGE)
    ).all()
    return [
        WaitingTask(
            submission,
            slug,
            version.title_uk,
            version.title_en,
            lesson.title_uk,
            lesson.title_en,
            person.display_name,
            person.id == visitor.person_id,
        )
        for submission, slug, version, lesson, person in rows
    ]


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
    shares = _shares_of(session, [enrolment for *_, enrolment in rows])
    return [OwnCourse(slug, uk, en, shares.get(one.id, 0), one.due_on) for slug, uk, en, one in rows]


def any_for(person_id: int) -> ColumnElement[bool]:
    """SQL: whether a person is in a course now, or something waits for a review, whoever's."""
    learns = exists().where(Enrolment.person_id == person_id, Enrolment.state == EnrolmentState.ACTIVE)
    return or_(learns, exists().where(Submission.state == SubmissionState.SUBMITTED))


def file_of(session: Session, visitor: Visitor, digest: str) -> str:
    """The name of a file that was handed in, for its learner and its reviewers. Raises `NotFound`."""
    found = session.execute(
        select(Submission.file_name, Enrolment.person_id, Course.organisation_id)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Submission.file_digest == digest)
    ).all()
    for name, person_id, organisation_id in found:
        if person_id == visitor.person_id or may_edit(visitor, organisation_id):
            return str(name)
    raise NotFound("file_lost", "There is no such file, or it is not for you.")


def _course(session: Session, visitor: Visitor, slug: str) -> tuple[Course, Sequence[CourseVersion]]:
    course = session.scalar(select(Course).where(Course.slug == slug))
    versions: Sequence[CourseVersion] = ()
    if course is not None:
        versions = session.scalars(
            select(CourseVersion)
            .where(CourseVersion.course_id == course.id)
            .options(selectinload(CourseVersion.lessons))
            .order_by(CourseVersion.number.desc())
        ).all()
    if course is None or not _may_see(session, visitor, course, versions):
        raise NotFound("course_unknown", "There is no such course, or it is not for you.")
    return course, versions


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


def _visible(visitor: Visitor) -> ColumnElement[bool]:
    return visible_to(visitor, CourseVersion.state == VersionState.PUBLISHED)


def _watched(visitor: Visitor, course: Course, today: date) -> ColumnElement[bool]:
    """Whose progress the visitor may see."""
    if may_edit(visitor, course.organisation_id):
        return true()
    led = select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(visitor.led_organisations),
        Affiliation.from_date <= today,
        Affiliation.to_date.is_(None) | (Affiliation.to_date > today),
    )
    return Enrolment.person_id.in_(led)


def _cards(session: Session, visitor: Visitor, rows: Sequence[tuple[Course, CourseVersion]]) -> list[CourseCard]:
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
    shares = _shares_of(session, list(own.values()))
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


def _shares_of(session: Session, enrolments: Sequence[Enrolment]) -> dict[int, int]:
    if not enrolments:
        return {}
    lessons = session.scalars(
        select(Lesson)
        .where(Lesson.version_id.in_({each.version_id for each in enrolments}))
        .order_by(Lesson.version_id, Lesson.position)
    )
    by_version: dict[int, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        by_version[lesson.version_id].append(lesson)
    of_rules = {number: facts(found) for number, found in by_version.items()}
    return _shares(session, [(each.id, each.version_id) for each in enrolments], of_rules)


def _shares(
    session: Session, enrolments: Sequence[tuple[int, int]], lessons: dict[int, list[LessonFacts]]
) -> dict[int, int]:
    """How far each is, in per cent, in one query."""
    rows: dict[int, list[Progress]] = defaultdict(list)
    wanted = [number for number, _ in enrolments]
    for row in session.scalars(select(Progress).where(Progress.enrolment_id.in_(wanted))):
        rows[row.enrolment_id].append(row)
    return {number: standing(lessons.get(version, []), done_of(rows[number])).share for number, version in enrolments}


def _homes(session: Session, people: Collection[int], today: date) -> dict[int, tuple[str, str]]:
    rows = session.execute(
        select(Affiliation.person_id, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_(people),
            Affiliation.from_date <= today,
            Affiliation.to_date.is_(None) | (Affiliation.to_date > today),
        )
        .order_by(Affiliation.from_date)
    )
    return {number: (uk, en) for number, uk, en in rows}


def _learner(
    enrolment: Enrolment, person: Person, shares: dict[int, int], homes: dict[int, tuple[str, str]], today: date
) -> LearnerLine:
    uk, en = homes.get(person.id, ("", ""))
    late = enrolment.state is EnrolmentState.ACTIVE and enrolment.due_on is not None and enrolment.due_on < today
    return LearnerLine(
        person.id,
        person.display_name,
        uk,
        en,
        enrolment.state,
        shares.get(enrolment.id, 0),
        enrolment.due_on,
        late,
        enrolment.last_at,
        enrolment.completed_at,
    )


def _lessons(lessons: Iterable[Lesson], stands: Standing, begun: Collection[str], *, edits: bool) -> list[LessonCard]:
    found = list(lessons)
    titles = {each.key: each.title_uk for each in found}
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


def slug_of(session: Session, course_id: int) -> str:
    """A course's name in addresses."""
    return session.get_one(Course, course_id).slug


def lesson_to_edit(session: Session, visitor: Visitor, slug: str, key: str) -> Lesson:
    """A lesson of the version that would be changed. Raises `NotFound`."""
    course, versions = _course(session, visitor, slug)
    if not may_edit(visitor, course.organisation_id):
        raise NotFound("lesson_unknown", "There is no such lesson, or it is not for you.")
    return lesson_of(_version_for(versions, None, draft=True), key)


def homes(session: Session, among: Collection[int] | None) -> list[tuple[int, str, str]]:
    """Organisations by name: all, or those among some."""
    query = select(Organisation.id, Organisation.name_uk, Organisation.name_en).where(
        Organisation.merged_into_id.is_(None)
    )
    if among is not None:
        query = query.where(Organisation.id.in_(among))
    return [(number, uk, en) for number, uk, en in session.execute(query.order_by(Organisation.name_uk).limit(1000))]


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
        .where(Recording.state == RecordingState.READY)
        .order_by(Recording.began_at.desc())
        .limit(200)
    )
    return [(code, f"{title}, {began_at:%d.%m.%Y}") for code, title, began_at in rows]


def find_person(session: Session, email: str) -> int:
    """Somebody by the e-mail with which they sign in. Raises `NotFound` (course_person_unknown)."""
    found = session.scalar(
        select(Account.person_id).where(func.lower(Account.subject) == email.strip().lower()).limit(1)
    )
    if found is None:
        raise NotFound("course_person_unknown", "Nobody signs in with this e-mail.", "person")
    return found
