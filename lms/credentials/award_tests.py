"""The tests that rules of award can ask for: those that stand for themselves, and lessons of published courses.

A lesson's test is another one in each version of its course (`lms.courses.testing.code_of`). For a rule they are
one: whoever passed it in any version has passed it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts import publishing
from lms.assessment.attempts.models import Attempt, Regrade, Test, TestVersion
from lms.assessment.attempts.passing import PartVerdict, parts_of
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import JUDGED
from lms.courses import testing
from lms.courses.models import Course, CourseVersion, Lesson, LessonKind, VersionState
from lms.errors import Invalid
from lms.frameworks import queries as frameworks

MOST = 500


@dataclass(frozen=True, slots=True)
class TestChoice:
    """A test as a form offers it."""

    __test__ = False

    code: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Somebody's last attempt that passed."""

    attempt_id: int
    at: datetime
    parts: tuple[PartVerdict, ...]
    framework: str


@dataclass(frozen=True, slots=True)
class Aligned:
    """A competence that a test asks for: `alignment` of Open Badges."""

    code: str
    name: str
    framework: str
    url: str


def choices(session: Session, course_id: int | None = None) -> list[TestChoice]:
    """Tests that may be taken now; of one course only, if there is one."""
    query = (
        select(Course.slug, CourseVersion, Lesson)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .join(Lesson, Lesson.version_id == CourseVersion.id)
        .where(CourseVersion.state == VersionState.PUBLISHED, Lesson.kind == LessonKind.TEST)
        .where(Course.archived_at.is_(None))
        .order_by(CourseVersion.title_uk, Lesson.position)
        .limit(MOST)
    )
    if course_id is not None:
        query = query.where(Course.id == course_id)
    found = [
        TestChoice(
            testing.code_of(slug, version.number, lesson.key),
            f"{version.title_uk}: {lesson.title_uk}",
            f"{version.title_en or version.title_uk}: {lesson.title_en or lesson.title_uk}",
        )
        for slug, version, lesson in session.execute(query)
    ]
    if course_id is None:
        own = select(Test).where(Test.current_id.is_not(None), Test.code.not_like("%/%/%"))
        found += [
            TestChoice(test.code, test.title_uk, test.title_en or test.title_uk)
            for test in session.scalars(own.order_by(Test.title_uk).limit(MOST))
        ]
    return found


def find(session: Session, code: str, now: datetime) -> Test:
    """A test by its code; a lesson's is made if nobody took it yet. Raises `Invalid` (rule_test)."""
    test = session.scalar(select(Test).where(Test.code == code))
    if test is not None:
        return test
    slug, _, rest = code.partition("/")
    number, _, key = rest.partition("/")
    row = session.execute(
        select(Lesson, CourseVersion)
        .join(CourseVersion, CourseVersion.id == Lesson.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(
            Course.slug == slug,
            CourseVersion.number == (int(number) if number.isdecimal() and len(number) < 9 else 0),
            CourseVersion.state == VersionState.PUBLISHED,
            Lesson.key == key,
            Lesson.kind == LessonKind.TEST,
        )
    ).one_or_none()
    if row is None:
        raise Invalid("rule_test", "Choose the test that must be passed.", "test")
    lesson, version = row
    spec = testing.spec_of(lesson, version.framework)
    made = publishing.put(session, "system", code, spec, now, title_uk=lesson.title_uk, title_en=lesson.title_en)
    return session.get_one(Test, made.test_id)


def code_of(session: Session, test_id: int | None) -> str:
    """The code by which forms name it; empty for none."""
    return (session.scalar(select(Test.code).where(Test.id == test_id)) or "") if test_id is not None else ""


def title_of(session: Session, test_id: int | None) -> tuple[str, str]:
    """Its title in both languages; empty for none."""
    test = session.get(Test, test_id) if test_id is not None else None
    return (test.title_uk, test.title_en) if test is not None else ("", "")


def passes(session: Session, test_id: int, people: Collection[int] | None = None) -> dict[int, Pass]:
    """By person, the last attempt that passed."""
    last = (
        select(func.max(Attempt.id))
        .where(Attempt.test_id.in_(_same(session, test_id)), Attempt.state.in_(JUDGED), Attempt.passed.is_(True))
        .group_by(Attempt.person_id)
    )
    if people is not None:
        last = last.where(Attempt.person_id.in_(people))
    rows = session.execute(
        select(Attempt, TestVersion.spec)
        .join(TestVersion, TestVersion.id == Attempt.version_id)
        .where(Attempt.id.in_(last))
    )
    return {
        attempt.person_id: Pass(
            attempt.id, attempt.finished_at or attempt.started_at, parts_of(attempt.parts), str(spec["framework"])
        )
        for attempt, spec in rows
    }


def takers(session: Session, test_id: int, most: int) -> list[int]:
    """Whose attempts were judged, whatever came of them."""
    query = (
        select(Attempt.person_id)
        .where(Attempt.test_id.in_(_same(session, test_id)), Attempt.state.in_(JUDGED))
        .group_by(Attempt.person_id)
        .order_by(func.max(Attempt.id).desc())
        .limit(most)
    )
    return list(session.scalars(query))


def correctors(session: Session, attempts: Collection[int]) -> set[str]:
    """Who changed the result of one of these attempts."""
    return set(session.scalars(select(Regrade.by).where(Regrade.attempt_id.in_(attempts)).distinct()))


def aligned(session: Session, test_id: int) -> tuple[Aligned, ...]:
    """The competences and areas that the test asks for, as the frame's publisher names them."""
    row = session.execute(
        select(TestVersion.spec).where(TestVersion.test_id == test_id).order_by(TestVersion.number.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return ()
    spec = parse(row[0])
    numbers = dict.fromkeys(
        number for line in spec.lines for number in (line.competences or ((line.area,) if line.area else ()))
    )
    frame = next((each for each in frameworks.versions(session) if each.code == spec.framework), None)
    if frame is None or not frame.publication:
        return ()
    names = {each.number: each.name_en or each.name_uk for each in frame.competences}
    called = f"{frame.framework.name_en} {frame.number}".strip()
    return tuple(Aligned(each, names[each], called, frame.publication) for each in numbers if each in names)


def results(session: Session, found: Pass) -> list[dict[str, str]]:
    """What it reached, whole percents rounded down, and what was needed: as a snapshot keeps it."""
    areas = [(found.framework, part.area) for part in found.parts if part.area]
    names = frameworks.names(session, areas) if areas else {}
    told = []
    for part in found.parts:
        name = names.get((found.framework, part.area))
        both = f"{name.name_uk} / {name.name_en}" if name else part.area
        told.append(
            {
                "key": part.area or "total",
                "name": f"{part.area}. {both}" if part.area else "Тест / Test",
                "value": str(_percent(part.reached)),
                "required": str(_percent(part.needed, up=True)) if part.needed is not None else "",
            }
        )
    return told


def _percent(share: Fraction, *, up: bool = False) -> int:
    exact = share * 100
    return -(-exact.numerator // exact.denominator) if up else exact.numerator // exact.denominator


def _same(session: Session, test_id: int) -> Select[int]:
    """The test itself; of a lesson, that of every version of its course."""
    code = code_of(session, test_id)
    slug, _, rest = code.partition("/")
    number, _, key = rest.partition("/")
    query = select(Test.id)
    if not (key and number.isdecimal()):
        return query.where(Test.id == test_id)
    return query.where(
        Test.code.startswith(f"{slug}/", autoescape=True), Test.code.endswith(f"/{key}", autoescape=True)
    )
