"""Lessons that are tests: beginning an attempt, and what its result means for the course.

A test belongs to one version of its course: whoever began with a version is asked by that version's rules. It is made
from the lesson when somebody takes it; a bank that is too small says so then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.assessment.attempts import publishing, queries, taking
from lms.assessment.attempts.drawing import draw
from lms.assessment.attempts.looking_after import kept_by
from lms.assessment.attempts.models import Attempt, Test
from lms.assessment.attempts.queries import TestCard
from lms.assessment.attempts.spec import TestSpec, parse
from lms.assessment.attempts.states import JUDGED, AttemptState
from lms.courses.editing import lesson_of
from lms.courses.learning import (
    Learning,
    expect_open,
    learning,
    learning_of,
    of_round,
    progress_row,
    reopen,
    settle,
)
from lms.courses.models import Course, CourseVersion, Enrolment, Lesson, LessonKind, VersionState
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid

_CONTEXT = "lesson"
UKRAINIAN = "uk"


def code_of(slug: str, version: int, key: str) -> str:
    """The name of a lesson's test."""
    return f"{slug}/{version}/{key}"[:160]


def slug_of_code(code: str) -> str:
    """The course to whose lesson a test belongs, by its name; empty for none."""
    slug, _, rest = code.partition("/")
    return slug if rest else ""


def origins(session: Session, codes: Collection[str]) -> dict[str, tuple[str, str, int]]:
    """The titles of the courses, and the version, to whose lessons tests belong; by the test's name."""
    wanted = {code: code.split("/") for code in codes if code.count("/") == 2}
    rows = session.execute(
        select(Course.slug, CourseVersion.number, CourseVersion.title_uk, CourseVersion.title_en)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.slug.in_({slug for slug, _, _ in wanted.values()}))
    )
    titles = {(slug, str(number)): (uk, en, number) for slug, number, uk, en in rows}
    return {code: titles[slug, number] for code, (slug, number, _) in wanted.items() if (slug, number) in titles}


def spec_of(lesson: Lesson, framework: str) -> TestSpec:
    """What the lesson's test asks. Raises `Invalid` (test_spec)."""
    return parse({**(lesson.test or {}), "framework": framework or "digcomp22"})


def begin(
    session: Session, visitor: Visitor, slug: str, key: str, now: datetime, *, writer: str = "", language: str = "uk"
) -> Attempt:
    """Begin the lesson's test, or go on with the attempt that runs.

    Raises as `learning`, `Conflict` (lesson_closed, lesson_otherwise) and what `taking.begin` says.
    """
    found = learning(session, visitor, slug, locked=True)
    lesson = lesson_of(found.version, key)
    expect_open(found, lesson)
    if lesson.kind is not LessonKind.TEST:
        raise Conflict("lesson_otherwise", "There is no test in this lesson.")
    code = code_of(slug, found.version.number, key)
    runs = taking.running(session, visitor, code, now, found.enrolment.again_at)
    if runs is not None:
        return runs
    spec = spec_of(lesson, found.version.framework)
    asked_in = _language(session, spec, language)
    _put(session, found.course, found.version, lesson, spec, asked_in, now)
    attempt = taking.begin(
        session,
        visitor,
        code,
        now,
        writer=writer,
        context=f"{_CONTEXT}:{found.enrolment.id}:{key}",
        since=found.enrolment.again_at,
        language=asked_in,
    )
    row = progress_row(session, found, key, now)
    row.last_at = found.enrolment.last_at = now
    session.flush()
    return attempt


def prepare(session: Session, slug: str, now: datetime) -> None:
    """Make the tests of the published version, so that more time can be given before anybody has begun.

    What the bank cannot fill yet is made when somebody begins.
    """
    found = session.execute(
        select(Course, CourseVersion)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.slug == slug, CourseVersion.state == VersionState.PUBLISHED)
    ).one_or_none()
    if found is None:
        return
    course, version = found
    for lesson in _tests(session, version.id):
        with suppress(Invalid):
            _put(session, course, version, lesson, spec_of(lesson, version.framework), UKRAINIAN, now)


def short(session: Session, slug: str, number: int) -> frozenset[str]:
    """The lessons of a version whose test cannot be drawn from the bank as it is now: nobody could begin it."""
    version = session.scalars(
        select(CourseVersion)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug == slug, CourseVersion.number == number)
    ).one()
    found = set()
    for lesson in _tests(session, version.id):
        try:
            spec = spec_of(lesson, version.framework)
            draw(spec.lines, publishing.candidates(session, spec, UKRAINIAN), "trial", kinds=spec.kinds)
        except Invalid:
            found.add(lesson.key)
    return frozenset(found)


def _tests(session: Session, version_id: int) -> Sequence[Lesson]:
    tests = select(Lesson).where(Lesson.version_id == version_id, Lesson.kind == LessonKind.TEST)
    return session.scalars(tests.where(Lesson.test.is_not(None)).order_by(Lesson.position)).all()


def _put(
    session: Session,
    course: Course,
    version: CourseVersion,
    lesson: Lesson,
    spec: TestSpec,
    language: str,
    now: datetime,
) -> None:
    code = code_of(course.slug, version.number, lesson.key)
    if session.scalar(select(Test.id).where(Test.code == code)) is None:
        lock(session, Course, course.id)  # two who begin first, at the same moment, make one test
    publishing.put(
        session,
        "system",
        code,
        spec,
        now,
        title_uk=lesson.title_uk,
        title_en=lesson.title_en,
        author=version.published_by,
        organisation_id=course.organisation_id,
        audience=version.audience,
        language=language,
    )


def _language(session: Session, spec: TestSpec, wanted: str) -> str:
    """The learner's own, where the bank fills the whole test in it; else Ukrainian, in which every item is written."""
    if wanted == UKRAINIAN:
        return wanted
    try:
        draw(spec.lines, publishing.candidates(session, spec, wanted), "trial", kinds=spec.kinds)
    except Invalid:
        return UKRAINIAN
    return wanted


def card(session: Session, visitor: Visitor, slug: str, version: int, key: str, now: datetime) -> TestCard | None:
    """The visitor's attempts at a lesson's test; None before it was published or taken."""
    again_at = session.scalar(
        select(Enrolment.again_at)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.slug == slug, Enrolment.person_id == visitor.person_id)
    )
    return queries.test_card(session, visitor, code_of(slug, version, key), now, again_at)


def kept_id(session: Session, visitor: Visitor, slug: str, version: int, key: str) -> int | None:
    """The number under which a lesson's test is looked after, for who may; None before anybody took it."""
    return session.scalar(select(Test.id).where(Test.code == code_of(slug, version, key), kept_by(visitor)))


def lesson_address(session: Session, attempt: Attempt) -> tuple[str, str] | None:
    """Course and lesson of an attempt; None where it belongs to none."""
    kind, _, rest = attempt.context.partition(":")
    number, _, key = rest.partition(":")
    if kind != _CONTEXT or not number.isdecimal():
        return None
    slug = session.scalar(_slug_of(int(number)))
    return (slug, key) if slug else None


def pass_on(session: Session, attempts: Sequence[Attempt], now: datetime) -> int:
    """Tell courses what attempts came to; how many were told. Each is told once."""
    told = 0
    for attempt in attempts:
        attempt.told_at = now
        kind, _, rest = attempt.context.partition(":")
        number, _, key = rest.partition(":")
        if kind != _CONTEXT or session.get(Enrolment, int(number)) is None:
            continue
        found = learning_of(session, int(number))
        if not of_round(found.enrolment, attempt.started_at):
            continue
        if attempt.state is AttemptState.VOIDED:
            _take_back(session, found, key, now)
            continue
        judged = attempt.state in JUDGED
        score = _score(attempt) if judged else None
        settle(session, found, key, now, completed=judged, passed=attempt.passed if judged else None, score=score)
        told += 1
    session.flush()
    return told


def _take_back(session: Session, found: Learning, key: str, now: datetime) -> None:
    """An attempt does not count any more: the lesson stands as the learner's other attempts of this round leave it."""
    row = found.progress.get(key)
    if row is None:
        return
    context = f"{_CONTEXT}:{found.enrolment.id}:{key}"
    rows = session.scalars(select(Attempt).where(Attempt.context == context, Attempt.state.in_(JUDGED)))
    left = [each for each in rows if of_round(found.enrolment, each.started_at)]
    row.completed_at = min((each.finished_at for each in left if each.finished_at), default=None)
    row.passed_at = min((each.finished_at for each in left if each.finished_at and each.passed), default=None)
    row.failed_at = max((each.finished_at for each in left if each.passed is False and each.finished_at), default=None)
    row.score = max((_score(each) or Decimal(0) for each in left), default=None)
    session.flush()
    reopen(session, found, now)


def _score(attempt: Attempt) -> Decimal | None:
    return Decimal(f"{float(Fraction(attempt.total)):.4f}") if attempt.total else None


def tell_courses(session: Session, now: datetime) -> int:
    """What was judged since: a duty of the worker, for attempts that the clock ended and essays that were read."""
    return pass_on(session, queries.untold(session), now)


def _slug_of(enrolment_id: int) -> Select[str]:
    return select(Course.slug).join(Enrolment, Enrolment.course_id == Course.id).where(Enrolment.id == enrolment_id)
