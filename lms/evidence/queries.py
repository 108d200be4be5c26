"""How far the goals of a programme have come. Four statements, however many goals there are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, union, union_all
from sqlalchemy.orm import Session

from lms.courses.models import CourseRound, Enrolment, EnrolmentState
from lms.credentials.models import AwardRule, Certificate, CertificateState
from lms.errors import NotFound
from lms.evidence.models import Counting, Goal, GoalCourse, GoalFigure
from lms.meetings.attendance import attended_by_approved_sheet
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Programme, Series
from lms.schedule.queries import ZONE
from lms.schedule.rules import to_utc

_Source = Callable[[Goal], Select[Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was entered, as of a day."""

    as_of: date
    value: int
    estimated: bool
    source: str


@dataclass(frozen=True, slots=True)
class GoalCard:
    """A goal and how far it has come. `value` is None where nothing was entered yet."""

    id: int
    title: str
    title_en: str
    counting: Counting
    wanted: int
    unit: str
    from_date: date
    to_date: date
    course_ids: tuple[int, ...]
    value: int | None
    figures: tuple[Figure, ...] = ()
    """The latest day first; of what is entered only."""

    @property
    def share(self) -> int:
        """Whole percent of what is wanted, rounded down; may be more than 100."""
        return (self.value or 0) * 100 // self.wanted

    @property
    def latest(self) -> Figure | None:
        """The figure that is shown, with its source."""
        return self.figures[0] if self.figures else None


def goals(session: Session, programme_id: int) -> list[GoalCard]:
    """The programme's goals, in the order in which they end."""
    query = select(Goal).where(Goal.programme_id == programme_id).order_by(Goal.to_date, Goal.id)
    rows = list(session.scalars(query))
    if not rows:
        return []
    courses = _courses(session, programme_id)
    figures = _figures(session, programme_id)
    counted = _count(session, [row for row in rows if row.counting is not Counting.ENTERED])
    return [_card(row, courses.get(row.id, ()), figures.get(row.id, ()), counted.get(row.id)) for row in rows]


def goal(session: Session, programme_slug: str, goal_id: int) -> GoalCard:
    """One of them. Raises `NotFound`."""
    number = session.scalar(select(Programme.id).where(Programme.slug == programme_slug))
    for card in goals(session, number) if number is not None else []:
        if card.id == goal_id:
            return card
    raise NotFound("goal_unknown", "The programme has no such goal.")


def _card(row: Goal, courses: tuple[int, ...], figures: tuple[Figure, ...], counted: int | None) -> GoalCard:
    value = counted if row.counting is not Counting.ENTERED else (figures[0].value if figures else None)
    return GoalCard(
        row.id,
        row.title,
        row.title_en,
        row.counting,
        row.wanted,
        row.unit,
        row.from_date,
        row.to_date,
        courses,
        value,
        figures if row.counting is Counting.ENTERED else (),
    )


def _courses(session: Session, programme_id: int) -> dict[int, tuple[int, ...]]:
    query = (
        select(GoalCourse.goal_id, GoalCourse.course_id)
        .join(Goal, Goal.id == GoalCourse.goal_id)
        .where(Goal.programme_id == programme_id)
        .order_by(GoalCourse.course_id)
    )
    found: dict[int, tuple[int, ...]] = {}
    for goal_id, course_id in session.execute(query):
        found[goal_id] = (*found.get(goal_id, ()), course_id)
    return found


def _figures(session: Session, programme_id: int) -> dict[int, tuple[Figure, ...]]:
    query = (
        select(GoalFigure)
        .join(Goal, Goal.id == GoalFigure.goal_id)
        .where(Goal.programme_id == programme_id)
        .order_by(GoalFigure.as_of.desc(), GoalFigure.id.desc())
    )
    found: dict[int, tuple[Figure, ...]] = {}
    for row in session.scalars(query):
        each = Figure(row.as_of, row.value, row.estimated, row.source)
        found[row.goal_id] = (*found.get(row.goal_id, ()), each)
    return found


def _count(session: Session, rows: Collection[Goal]) -> dict[int, int]:
    """By goal: distinct persons. One statement for all."""
    if not rows:
        return {}
    counts = [
        select(literal(row.id).label("goal"), func.count().label("persons")).select_from(_persons(row)) for row in rows
    ]
    return {row.goal: row.persons for row in session.execute(union_all(*counts))}


def _persons(row: Goal) -> Any:
    """The distinct persons whom a goal counts."""
    sources: dict[Counting, list[_Source]] = {
        Counting.ATTENDED: [_attended],
        Counting.COMPLETED: [_completed],
        Counting.CERTIFIED: [_certified],
        Counting.TRAINED: [_attended, _completed, _certified],
    }
    # A union drops what is there twice: each person stays once.
    return union(*[source(row) for source in [*sources[row.counting], _nobody]]).subquery()


def _attended(row: Goal) -> Select[int | None]:
    held = (
        select(Occurrence.id)
        .join(Series, Series.id == Occurrence.series_id)
        .where(Series.programme_id == row.programme_id, *_within(row, Occurrence.starts_at))
    )
    return attended_by_approved_sheet(held)


def _completed(row: Goal) -> Select[int]:
    before = exists().where(CourseRound.enrolment_id == Enrolment.id, *_within(row, CourseRound.completed_at))
    return select(Enrolment.person_id).where(
        Enrolment.course_id.in_(_counting_courses(row)),
        or_(and_(Enrolment.state == EnrolmentState.COMPLETED, *_within(row, Enrolment.completed_at)), before),
    )


def _certified(row: Goal) -> Select[int | None]:
    inside = select(Series.id).where(Series.programme_id == row.programme_id)
    return (
        select(Certificate.person_id)
        .join(AwardRule, AwardRule.id == Certificate.rule_id)
        .where(
            AwardRule.series_id.in_(inside) | AwardRule.course_id.in_(_counting_courses(row)),
            Certificate.person_id.is_not(None),
            Certificate.state == CertificateState.ISSUED,
            Certificate.demo.is_(False),
            *_within(row, Certificate.awarded_at),
        )
    )


def _nobody(row: Goal) -> Select[int]:
    """So that there are always two to unite."""
    return select(Enrolment.person_id).where(Enrolment.course_id == 0)


def _counting_courses(row: Goal) -> Select[int]:
    return select(GoalCourse.course_id).where(GoalCourse.goal_id == row.id)


def _within(row: Goal, moment: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Both days included, as the network's clocks show them."""
    begin = to_utc(datetime.combine(row.from_date, time()), ZONE)
    end = to_utc(datetime.combine(row.to_date + timedelta(days=1), time()), ZONE)
    return moment >= begin, moment < end
