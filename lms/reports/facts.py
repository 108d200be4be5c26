"""What happened, as rows to group: one for each thing that one person did, with the step, the group and the person.

Of the statements here nothing is executed: `counting` groups them. Where somebody worked on that day decides to which
organisation a row belongs: an attendance sheet says it, for everything else the directory does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    join,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, Test
from lms.assessment.attempts.states import JUDGED
from lms.courses.models import Course, CourseRound, Enrolment, EnrolmentState
from lms.credentials.models import AwardRule, Certificate, CertificateState
from lms.directory.models import Affiliation, Organisation, OrganisationKind
from lms.evidence.models import Goal, GoalCourse
from lms.meetings.attendance import IN_FORCE, latest_correction
from lms.meetings.attendance_models import Attendance, AttendanceCorrection, AttendanceSheet, SheetState, Verdict
from lms.reports.asked import By
from lms.reports.clock import kyiv_day, minutes_between, step
from lms.reports.periods import Grain
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Programme, Series

OVER = (Status.ENDED, Status.ARCHIVED)
MINUTES = func.coalesce(minutes_between(Occurrence.began_at, Occurrence.ended_at), Occurrence.duration_minutes)
"""From the official begin to the official end; as planned, where nobody announced them."""


def key_of_place(by: By) -> ColumnElement[str]:
    """The key of a group by where somebody works; empty where that is not known."""
    community = func.coalesce(func.nullif(Organisation.community_code, ""), Organisation.community)
    columns: dict[By, ColumnElement[Any]] = {
        By.OBLAST: Organisation.oblast,  # type: ignore[dict-item]
        By.COMMUNITY: community,
        By.ORGANISATION: Organisation.code,  # type: ignore[dict-item]
        By.KIND: cast(Organisation.kind, String(32)),
    }
    return func.coalesce(columns[by], "")


def of_place(
    oblast: str | None, community: str | None, organisations: Collection[int] | None, kind: str | None
) -> list[ColumnElement[bool]]:
    """Conditions on where somebody works."""
    found: list[ColumnElement[bool]] = []
    if oblast is not None:
        found.append(Organisation.oblast == oblast)
    if community is not None:
        found.append(or_(Organisation.community_code == community, Organisation.community == community))
    if organisations is not None:
        found.append(Organisation.id.in_(organisations))
    if kind is not None:
        found.append(cast(Organisation.kind, String(32)) == kind)
    return found


def first_day(session: Session) -> date | None:
    """On which the first of the occurrences that are over was held; a consultation of two is nobody's business."""
    found: date | None = session.scalar(
        select(kyiv_day(func.min(Occurrence.starts_at))).where(
            Occurrence.status.in_(OVER), Occurrence.private.is_(False)
        )
    )
    return found


def held(
    since: datetime, until: datetime, programme: int | None, series: int | None, by: By, grain: Grain
) -> Select[*tuple[Any, ...]]:
    """Occurrences that were held: step, group (of its programme or series), number, minutes."""
    return (
        select(
            step(Occurrence.starts_at, grain).label("step"),
            _plan_key(by).label("key"),
            Occurrence.id.label("thing"),
            MINUTES.label("minutes"),
        )
        .outerjoin(Series, Series.id == Occurrence.series_id)
        .outerjoin(Programme, Programme.id == Series.programme_id)
        .where(*planned(since, until, programme, series))
    )


def attended(
    since: datetime,
    until: datetime,
    place: list[ColumnElement[bool]],
    programme: int | None,
    series: int | None,
    by: By,
    grain: Grain,
) -> CompoundSelect[*tuple[Any, ...]]:
    """Attendances by approved sheets: step, group, person, occurrence, minutes of it, centre.

    Somebody known by name alone counts as an attendance and is no person of the directory; a room is neither.
    """
    events = (
        select(
            Occurrence.id,
            step(Occurrence.starts_at, grain).label("step"),
            MINUTES.label("minutes"),
            _plan_key(by).label("key"),
            IN_FORCE.label("in_force"),
        )
        .join(AttendanceSheet, AttendanceSheet.occurrence_id == Occurrence.id)
        .outerjoin(Series, Series.id == Occurrence.series_id)
        .outerjoin(Programme, Programme.id == Series.programme_id)
        .where(AttendanceSheet.state == SheetState.APPROVED, *planned(since, until, programme, series))
        .cte("events")
    )
    corrected = select(AttendanceCorrection.occurrence_id)
    decided = latest_correction()

    def rows(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        return (
            select(
                events.c.step,
                (key_of_place(by) if by.place else events.c.key).label("key"),
                Attendance.person_id.label("person"),
                events.c.id.label("thing"),
                events.c.minutes,
                case((Organisation.kind == OrganisationKind.ASC, Organisation.id)).label("centre"),
            )
            .select_from(events)
            .join(Attendance, and_(Attendance.occurrence_id == events.c.id, Attendance.generation == events.c.in_force))
            .outerjoin(Organisation, Organisation.id == Attendance.organisation_id)
            .where(Attendance.subject.not_like("endpoint:%"), *conditions, *place)
        )

    # Most occurrences have no corrections: of these the index alone says who attended.
    return union_all(
        rows(Attendance.verdict == Verdict.ATTENDED, events.c.id.not_in(corrected)),
        rows(events.c.id.in_(corrected), func.coalesce(decided, Attendance.verdict) == Verdict.ATTENDED),
    )


def learnt(
    since: datetime,
    until: datetime,
    now: datetime,
    place: list[ColumnElement[bool]],
    programme: int | None,
    series: int | None,
    by: By,
    grain: Grain,
    *,
    demonstrations: bool,
) -> list[Select[*tuple[Any, ...]]]:
    """What people did besides attending: what it is, step, group, person.

    Of a programme are the courses that count for its goals, their tests, and certificates for them or for its series;
    of a series the certificates alone.
    """

    def rows(
        what: str, table: Any, at: Any, *conditions: ColumnElement[bool], source: Any = None
    ) -> Select[*tuple[Any, ...]]:
        home = _home(table, at)
        return (
            select(
                literal(what, String(16)).label("what"),
                step(at, grain).label("step"),
                (key_of_place(by) if by.place else literal("", String(1))).label("key"),
                table.person_id.label("person"),
            )
            .select_from(table if source is None else source)
            .outerjoin(Organisation, Organisation.id == home)
            .where(at >= since, at < until, *conditions, *place)
        )

    course: list[ColumnElement[bool]] = [] if programme is None else [Enrolment.course_id.in_(_courses(programme))]
    test: list[ColumnElement[bool]] = [] if programme is None else [_test_of(programme)]
    if series is not None:
        course, test = [Enrolment.id == 0], [Attempt.id == 0]
    done = (Attempt.state.in_(JUDGED), Attempt.passed.is_not(None))
    given: list[ColumnElement[bool]] = [
        *_given(programme, series),
        *(() if demonstrations else (Certificate.demo.is_(False),)),
    ]
    stands: tuple[ColumnElement[bool], ...] = (
        Certificate.state == CertificateState.ISSUED,
        or_(Certificate.valid_until.is_(None), Certificate.valid_until > now),
    )
    gone = Certificate.state == CertificateState.REVOKED
    rounds = join(Enrolment, CourseRound, CourseRound.enrolment_id == Enrolment.id)
    return [
        rows("enrolled", Enrolment, Enrolment.enrolled_at, Enrolment.state != EnrolmentState.WITHDRAWN, *course),
        rows("completed", Enrolment, Enrolment.completed_at, Enrolment.state == EnrolmentState.COMPLETED, *course),
        rows("completed", Enrolment, CourseRound.completed_at, *course, source=rounds),
        rows("tested", Attempt, Attempt.finished_at, *done, *test),
        rows("passed", Attempt, Attempt.finished_at, *done, Attempt.passed.is_(True), *test),
        rows("certified", Certificate, Certificate.awarded_at, *given),
        rows("valid", Certificate, Certificate.awarded_at, *stands, *given),
        rows("revoked", Certificate, Certificate.awarded_at, gone, *given),
    ]


def planned(since: datetime, until: datetime, programme: int | None, series: int | None) -> list[ColumnElement[bool]]:
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
    return found


def _plan_key(by: By) -> ColumnElement[str]:
    if by is By.PROGRAMME:
        return func.coalesce(Programme.slug, "")
    return func.coalesce(Series.slug, "") if by is By.SERIES else literal("", String(1))


def _home(table: Any, at: Any) -> ColumnElement[int]:
    """Where somebody worked on that day: of several places the one that was entered first."""
    day = kyiv_day(at)
    return (
        select(Affiliation.organisation_id)
        .where(
            Affiliation.person_id == table.person_id,
            Affiliation.from_date <= day,
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
        )
        .order_by(Affiliation.id)
        .limit(1)
        .correlate_except(Affiliation)
        .scalar_subquery()
    )


def _courses(programme: int) -> Select[int]:
    """Courses that count for a goal of the programme."""
    return select(GoalCourse.course_id).join(Goal, Goal.id == GoalCourse.goal_id).where(Goal.programme_id == programme)


def _test_of(programme: int) -> ColumnElement[bool]:
    """Whether an attempt is at a test of such a course: these are named after it."""
    return exists(
        select(null())
        .select_from(Test)
        .join(Course, func.substr(Test.code, 1, func.length(Course.slug) + 1) == Course.slug.concat("/"))
        .where(Test.id == Attempt.test_id, Course.id.in_(_courses(programme)))
    )


def _given(programme: int | None, series: int | None) -> list[ColumnElement[bool]]:
    if series is not None:
        return [Certificate.series_id == series]
    if programme is None:
        return []
    rules = select(AwardRule.id).where(
        AwardRule.series_id.in_(select(Series.id).where(Series.programme_id == programme))
        | AwardRule.course_id.in_(_courses(programme))
    )
    return [Certificate.rule_id.in_(rules)]
