"""Goals of a programme: each person counts once, by the rule of the goal; what was entered carries its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.courses import editing, enrolling, learning
from lms.courses.drafts import CourseDraft, LessonDraft
from lms.courses.models import LessonKind
from lms.credentials import changing, issuing
from lms.database import Database
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.evidence import actions, queries
from lms.evidence.drafts import FigureDraft, GoalDraft
from lms.evidence.models import Counting, Goal, GoalFigure
from lms.meetings.attendance_models import AttendanceSheet, SheetState, Verdict
from lms.schedule import programmes
from lms.schedule.plan_models import Programme
from lms.schedule.programmes import ProgrammeDraft
from tests.lms.credentials.award import ISSUER, Held, numbers
from tests.lms.facts import NOW, counted

pytestmark = pytest.mark.usefixtures("quick_keys")
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
PEOPLE = GoalDraft("Навчено людей", Counting.ATTENDED, 8, *YEAR)


class Plan(Held):
    """The held series in a programme, and a course that Petro completed."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.programme = programmes.create(session, self.planner, ProgrammeDraft("Рік", self.home.id, YEAR[0]), NOW)
        self.series.programme_id = self.programme.id
        made = editing.create(session, self.planner, CourseDraft("Курс", "Course"), NOW)
        self.course = made.course_id
        lesson = LessonDraft(LessonKind.PAGE, "Урок", body_uk="Текст")
        key = editing.add_lesson(session, self.planner, "course", lesson, NOW).key
        editing.publish(session, self.planner, "course", NOW)
        enrolling.enrol_oneself(session, self.petro, "course", NOW)
        learning.complete(session, self.petro, "course", key, NOW)
        enrolling.enrol_oneself(session, self.ivan, "course", NOW)

    def goal(self, session: Session, **changes: object) -> int:
        draft = replace(PEOPLE, **changes)  # type: ignore[arg-type]
        return actions.set_goal(session, self.planner, self.programme.slug, draft, NOW).id

    def value(self, session: Session, goal_id: int) -> int | None:
        return queries.goal(session, self.programme.slug, goal_id).value


@pytest.fixture
def plan(database: Database) -> Plan:
    with database.writing() as session:
        made = Plan(session)
        session.flush()
        session.expunge(made.programme)
        return made


def test_everybody_who_attended_counts_once(database: Database, plan: Plan) -> None:
    with database.writing() as session:
        goal = plan.goal(session)
        card = queries.goal(session, plan.programme.slug, goal)
        assert (card.value, card.share, card.latest) == (4, 50, None)
        plan.correct(session, plan.olena, plan.planner, Verdict.ABSENT)
        assert plan.value(session, goal) == 4, "she was there on the other dates"
        first = plan.goal(session, from_date=date(2026, 10, 21), to_date=date(2026, 10, 21))
        assert plan.value(session, first) == 3, "of the first day alone, as it was corrected"
        assert plan.value(session, plan.goal(session, from_date=date(2026, 12, 1))) == 0
        for sheet in session.scalars(select(AttendanceSheet)):
            sheet.state = SheetState.COMPUTED
        session.flush()
        assert plan.value(session, goal) == 0, "what nobody approved is no evidence"


def test_courses_and_certificates_count_and_trained_is_all_of_it_without_doubles(
    database: Database, plan: Plan
) -> None:
    with database.writing() as session:
        completed = plan.goal(session, counting=Counting.COMPLETED, course_ids=(plan.course, 999_999))
        certified = plan.goal(session, counting=Counting.CERTIFIED)
        trained = plan.goal(session, counting=Counting.TRAINED, course_ids=(plan.course,))
        assert plan.value(session, completed) == 1
        assert queries.goal(session, plan.programme.slug, completed).course_ids == (plan.course,)
        assert plan.value(session, certified) == 0
        made = issuing.issue(
            session, ISSUER, plan.certifier, plan.rule(session), numbers(plan.olena, plan.petro), NOW
        ).certificates
        assert plan.value(session, certified) == 2
        assert plan.value(session, trained) == 4, "Petro did all three and is one person"
        changing.revoke(session, ISSUER, plan.certifier, made[0].number, "Помилка", NOW)
        assert plan.value(session, certified) == 1


def test_a_figure_that_was_entered_carries_its_day_and_source(database: Database, plan: Plan) -> None:
    slug = plan.programme.slug
    with database.writing() as session:
        online = plan.goal(session, counting=Counting.ENTERED, wanted=100, unit="%")
        assert plan.value(session, online) is None
        today = NOW.date()
        for day, value in ((today, 71), (today - timedelta(days=90), 64)):
            actions.enter(session, plan.planner, slug, online, FigureDraft(day, value, "Реєстр послуг"), NOW)
        card = queries.goal(session, slug, online)
        assert (card.value, card.share) == (71, 71)
        assert card.latest is not None
        assert (card.latest.as_of, card.latest.source) == (today, "Реєстр послуг")
        for wrong, code in (
            (FigureDraft(today, -1, "х"), "figure_invalid"),
            (FigureDraft(today + timedelta(days=1), 1, "х"), "figure_ahead"),
            (FigureDraft(today, 1, " "), "figure_source"),
        ):
            with pytest.raises(Invalid) as refused:
                actions.enter(session, plan.planner, slug, online, wrong, NOW)
            assert refused.value.code == code
        with pytest.raises(Conflict):
            actions.enter(session, plan.planner, slug, plan.goal(session), FigureDraft(today, 1, "х"), NOW)
        actions.take_back(session, plan.planner, slug, online, NOW)
        assert session.scalars(select(GoalFigure)).all() == []
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "goal.take_back")).one().before is not None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "title_needed"),
        ({"wanted": 0}, "wanted_invalid"),
        ({"to_date": date(2025, 1, 1)}, "period_invalid"),
        ({"counting": Counting.COMPLETED}, "goal_courses"),
        ({"counting": Counting.ENTERED}, "goal_unit"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    database: Database, plan: Plan, changes: dict[str, object], code: str
) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        plan.goal(session, **changes)
    assert refused.value.code == code


def test_who_runs_the_programme_sets_its_goals(database: Database, plan: Plan) -> None:
    def refused(visitor: Visitor) -> None:
        with database.writing() as session, pytest.raises(NotAllowed):
            actions.set_goal(session, visitor, plan.programme.slug, PEOPLE, NOW)

    refused(plan.olena)
    refused(plan.certifier)
    with database.writing() as session:
        goal = plan.goal(session)
        actions.change_goal(session, plan.planner, plan.programme.slug, goal, replace(PEOPLE, wanted=2), NOW)
        assert queries.goal(session, plan.programme.slug, goal).share == 200
        with pytest.raises(NotFound):
            queries.goal(session, "other", goal)


def test_many_goals_take_as_many_statements_as_one(database: Database, plan: Plan) -> None:
    with database.writing() as session:
        for kind in (Counting.TRAINED, Counting.ATTENDED, Counting.CERTIFIED) * 3:
            plan.goal(session, counting=kind)
        number = session.scalars(select(Programme.id).where(Programme.slug == plan.programme.slug)).one()
    with counted(database) as statements, database.reading() as session:
        assert len(queries.goals(session, number)) == 9
    assert len([each for each in statements if each.lstrip().startswith("SELECT")]) == 4
    with database.writing() as session:
        assert len(session.scalars(select(Goal)).all()) == 9
