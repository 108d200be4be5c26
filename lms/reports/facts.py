"""What happened, as rows to count: one for each thing that was held, and for each that one person did.

`counting` counts them. Where somebody worked on that day decides to which organisation a row belongs: an attendance
sheet says it, for everything else the directory does. Days come as they are read most cheaply (`clock.mark`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    join,
    literal,
    null,
    or_,
    outerjoin,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, Test
from lms.assessment.attempts.states import JUDGED
from lms.courses.models import Course, CourseRound, Enrolment, EnrolmentState
from lms.credentials.models import AwardRule, Certificate, CertificateState
from lms.credentials.tagging import project_of_rule
from lms.directory.models import Affiliation, Organisation
from lms.directory.project_models import Project
from lms.evidence.models import Goal, GoalCourse
from lms.meetings.attendance import IN_FORCE, latest_correction
from lms.meetings.attendance_models import (
    Attendance,
    AttendanceCorrection,
    AttendanceSheet,
    SheetState,
    StreamMetric,
    Verdict,
)
from lms.reports.asked import By
from lms.reports.clock import kyiv_day, mark, minutes_between, several
from lms.schedule import project_of
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Programme, Series
from lms.statements import once


class What(IntEnum):
    """What somebody did besides attending. Numbers are read faster than words."""

    ENROLLED = 1
    COMPLETED = 2
    TESTED = 3
    CERTIFIED = 4


OVER = (Status.ENDED, Status.ARCHIVED)
MINUTES = func.coalesce(minutes_between(Occurrence.began_at, Occurrence.ended_at), Occurrence.duration_minutes)
"""From the official begin to the official end; as planned, where nobody announced them."""
Homes = Collection[int] | None
"""Organisations to which it is narrowed; None for all."""


def first_day(session: Session) -> date | None:
    """On which the first of the occurrences that are over was held; a consultation of two is nobody's business."""
    found: date | None = session.scalar(
        select(kyiv_day(func.min(Occurrence.starts_at))).where(
            Occurrence.status.in_(OVER), Occurrence.private.is_(False)
        )
    )
    return found


@once
def organisations() -> Select[*tuple[Any, ...]]:
    """Where people work."""
    return select(
        Organisation.id,
        Organisation.code,
        cast(Organisation.kind, String(32)).label("kind"),
        Organisation.oblast,
        Organisation.community,
        Organisation.community_code,
    )


@once
def affiliations(homes: Homes) -> Select[*tuple[Any, ...]]:
    """Who works where, from which day to before which; of several at once the one that was entered first comes first.

    Narrowed, it is of everybody who ever worked there, with all their places.
    """
    query = select(
        Affiliation.person_id,
        Affiliation.organisation_id,
        cast(Affiliation.from_date, String(10)).label("begins"),
        cast(Affiliation.to_date, String(10)).label("ends"),
    ).order_by(Affiliation.id)
    return query if homes is None else query.where(Affiliation.person_id.in_(_ever_at(homes)))


@once
def held(
    since: datetime, until: datetime, programme: int | None, series: int | None, project: int | None, by: By
) -> Select[*tuple[Any, ...]]:
    """Occurrences that were held: number, day, minutes, and group where they are divided by what was planned."""
    keys: dict[By, Any] = {By.PROGRAMME: Programme.slug, By.SERIES: Series.slug, By.PROJECT: Project.slug}
    query = select(
        Occurrence.id,
        mark(Occurrence.starts_at).label("mark"),
        MINUTES.label("minutes"),
        func.coalesce(keys[by], "").label("key") if by in keys else literal("", String(1)).label("key"),
    ).outerjoin(Series, Series.id == Occurrence.series_id)
    if by is By.PROGRAMME:
        query = query.outerjoin(Programme, Programme.id == Series.programme_id)
    if by is By.PROJECT:
        query = query.outerjoin(Project, Project.id == project_of.occurrence())
    return query.where(*_planned(since, until, programme, series, project))


@once
def attended(
    since: datetime, until: datetime, programme: int | None, series: int | None, project: int | None, homes: Homes
) -> CompoundSelect[*tuple[Any, ...]]:
    """Attendances by approved sheets: occurrence, and pairs of person and organisation.

    Somebody known by name alone counts as an attendance and is no person of the directory; a room is neither.
    """
    corrected = select(AttendanceCorrection.occurrence_id)
    decided = latest_correction()
    there = [] if homes is None else [Attendance.organisation_id.in_(homes)]

    def rows(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        return (
            select(
                Attendance.occurrence_id.label("thing"),
                several(Attendance.person_id, Attendance.organisation_id).label("people"),
            )
            .select_from(Occurrence)
            .join(AttendanceSheet, AttendanceSheet.occurrence_id == Occurrence.id)
            .outerjoin(Series, Series.id == Occurrence.series_id)
            .join(Attendance, and_(Attendance.occurrence_id == Occurrence.id, Attendance.generation == IN_FORCE))
            .where(
                AttendanceSheet.state == SheetState.APPROVED,
                *_planned(since, until, programme, series, project),
                Attendance.subject.not_like("endpoint:%"),
                *there,
                *conditions,
            )
            .group_by(Attendance.occurrence_id)
        )

    # Most occurrences have no corrections: of these the index alone says who attended.
    return union_all(
        rows(Attendance.verdict == Verdict.ATTENDED, Occurrence.id.not_in(corrected)),
        rows(Occurrence.id.in_(corrected), func.coalesce(decided, Attendance.verdict) == Verdict.ATTENDED),
    )


@once
def streamed(
    since: datetime, until: datetime, programme: int | None, series: int | None, project: int | None
) -> Select[*tuple[Any, ...]]:
    """Views of what was held: of each occurrence and source the largest figure."""
    largest = func.max(func.coalesce(StreamMetric.total, StreamMetric.concurrent, 0))
    return (
        select(StreamMetric.occurrence_id.label("thing"), largest.label("views"))
        .join(Occurrence, Occurrence.id == StreamMetric.occurrence_id)
        .outerjoin(Series, Series.id == Occurrence.series_id)
        .where(*_planned(since, until, programme, series, project))
        .group_by(StreamMetric.occurrence_id, StreamMetric.source)
    )


@once
def learnt(
    since: datetime,
    until: datetime,
    programme: int | None,
    series: int | None,
    project: int | None,
    now: datetime,
    homes: Homes,
    by: By,
    *,
    demonstrations: bool,
) -> CompoundSelect[*tuple[Any, ...]]:
    """What people did besides attending: what it is, day, how it stands, people, and by project its slug.

    It stands: an attempt was passed (1) or not; a certificate is valid (1), revoked (2) or neither. Of a programme are
    the courses that count for its goals, their tests, and certificates for them or for its series; of a series the
    certificates alone; of a project what bears its tag, with the tests of its courses.
    """

    def rows(
        what: What, person: Any, at: Any, source: Any, bears: Any, *conditions: ColumnElement[bool], stands: Any = None
    ) -> Select[*tuple[Any, ...]]:
        if by is By.PROJECT:
            source = outerjoin(source, Project, Project.id == bears)
        return (
            select(
                literal(what.value).label("what"),
                mark(at).label("mark"),
                (literal(0) if stands is None else stands).label("stands"),
                several(person).label("people"),
                (Project.slug if by is By.PROJECT else null()).label("key"),
            )
            .select_from(source)
            .where(
                at >= since,
                at < until,
                *conditions,
                *([] if homes is None else [person.in_(_ever_at(homes))]),
            )
            .group_by("mark", "stands", *([Project.slug] if by is By.PROJECT else []))
        )

    course, test = _learning(programme, series, project)
    given = _given(programme, series, project)
    if not demonstrations:
        given.append(Certificate.demo.is_(False))
    valid = and_(
        Certificate.state == CertificateState.ISSUED,
        or_(Certificate.valid_until.is_(None), Certificate.valid_until > now),
    )
    enrolments: Any = Enrolment
    attempts: Any = Attempt
    certificates: Any = Certificate
    bears: Any = null()
    if by is By.PROJECT:
        enrolments = join(Enrolment, Course, Course.id == Enrolment.course_id)
        tests = _tests().add_columns(Course.project_id).subquery("tests")
        attempts = outerjoin(Attempt, tests, tests.c.id == Attempt.test_id)
        certificates = outerjoin(Certificate, AwardRule, AwardRule.id == Certificate.rule_id)
        bears = tests.c.project_id
    rounds = join(enrolments, CourseRound, CourseRound.enrolment_id == Enrolment.id)
    who, of_course = Enrolment.person_id, Course.project_id
    left, done = Enrolment.state != EnrolmentState.WITHDRAWN, Enrolment.state == EnrolmentState.COMPLETED
    return union_all(
        rows(What.ENROLLED, who, Enrolment.enrolled_at, enrolments, of_course, left, *course),
        rows(What.COMPLETED, who, Enrolment.completed_at, enrolments, of_course, done, *course),
        rows(What.COMPLETED, who, CourseRound.completed_at, rounds, of_course, *course),
        rows(
            What.TESTED,
            Attempt.person_id,
            Attempt.finished_at,
            attempts,
            bears,
            Attempt.state.in_(JUDGED),
            Attempt.passed.is_not(None),
            *test,
            stands=cast(Attempt.passed, Integer),
        ),
        rows(
            What.CERTIFIED,
            Certificate.person_id,
            Certificate.awarded_at,
            certificates,
            project_of_rule(),
            *given,
            stands=case((valid, 1), (Certificate.state == CertificateState.REVOKED, 2), else_=0),
        ),
    )


def _planned(
    since: datetime, until: datetime, programme: int | None, series: int | None, project: int | None
) -> list[ColumnElement[bool]]:
    """Over `Occurrence` and `Series`: which occurrences count; those that are over, and are not of two alone."""
    found: list[ColumnElement[bool]] = [
        Occurrence.status.in_(OVER),
        Occurrence.private.is_(False),
        Occurrence.starts_at >= since,
        Occurrence.starts_at < until,
    ]
    if programme is not None:
        found.append(Series.programme_id == programme)
    if series is not None:
        found.append(Occurrence.series_id == series)
    if project is not None:
        found.append(project_of.occurrence() == project)
    return found


def _ever_at(homes: Collection[int]) -> Select[int]:
    return select(Affiliation.person_id).where(Affiliation.organisation_id.in_(homes))


def _learning(
    programme: int | None, series: int | None, project: int | None
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """Conditions on enrolments and on attempts."""
    if series is not None:
        return [Enrolment.id == 0], [Attempt.id == 0]
    courses = [] if programme is None else [_courses(programme)]
    if project is not None:
        courses.append(select(Course.id).where(Course.project_id == project))
    return (
        [Enrolment.course_id.in_(each) for each in courses],
        [Attempt.test_id.in_(_tests().where(Course.id.in_(each))) for each in courses],
    )


def _courses(programme: int) -> Select[int]:
    """Courses that count for a goal of the programme."""
    return select(GoalCourse.course_id).join(Goal, Goal.id == GoalCourse.goal_id).where(Goal.programme_id == programme)


def _tests() -> Select[int]:
    """Tests of courses: these are named after them."""
    of_course = func.substr(Test.code, 1, func.length(Course.slug) + 1) == Course.slug.concat("/")
    return select(Test.id).select_from(Test).join(Course, of_course)


def _given(programme: int | None, series: int | None, project: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if series is not None:
        found.append(Certificate.series_id == series)
    elif programme is not None:
        inside = select(Series.id).where(Series.programme_id == programme)
        of_programme = AwardRule.series_id.in_(inside) | AwardRule.course_id.in_(_courses(programme))
        found.append(Certificate.rule_id.in_(select(AwardRule.id).where(of_programme)))
    if project is not None:
        found.append(Certificate.rule_id.in_(select(AwardRule.id).where(project_of_rule() == project)))
    return found
