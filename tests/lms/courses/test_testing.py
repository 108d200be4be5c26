"""Tests in courses: whose rules hold, and what a result means for the course."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_items
from lms.assessment import actions
from lms.assessment.attempts import allowances, correcting, finishing, granting, taking
from lms.assessment.attempts.models import Attempt, Test
from lms.assessment.attempts.spec import Line, Passing, TestSpec
from lms.assessment.attempts.states import AttemptState
from lms.assessment.attempts.timing import Accommodation
from lms.assessment.models import Item
from lms.courses import bringing, editing, enrolling, learning, queries, testing
from lms.courses.drafts import CourseDraft, LessonDraft
from lms.courses.models import EnrolmentState, LessonKind, MoveOn
from lms.database import Database
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from tests.lms.facts import NOW, administrator, organiser, person


def shape(count: int = 2, attempts: int | None = None) -> TestSpec:
    return TestSpec(
        lines=[Line(area="4", count=count)],
        kinds=["single", "true_false"],
        time_limit_minutes=10,
        attempts=attempts,
        passing=Passing(total="0.5"),
    )


def course(session: Session, teaches: Visitor, test: TestSpec) -> None:
    """One test, after one page."""
    editing.create(session, teaches, CourseDraft("Безпека", "Safety"), NOW)
    editing.add_lesson(session, teaches, "safety", LessonDraft(LessonKind.PAGE, "Read", "Read", "Текст"), NOW)
    lesson = LessonDraft(LessonKind.TEST, "Check", "Check", move_on=MoveOn.PASSED, requires=("read",), test=test)
    editing.add_lesson(session, teaches, "safety", lesson, NOW)
    editing.publish(session, teaches, "safety", NOW)


def bank(session: Session) -> Visitor:
    plans = organiser(session)
    administrator(session)
    demo_items.seed(session, NOW, author="organiser@example.org", reviewer="admin@example.org")
    return plans


def learner(session: Session, email: str = "staff@example.org") -> Visitor:
    learns = person(session, email)
    enrolling.enrol_oneself(session, learns, "safety", NOW)
    learning.complete(session, learns, "safety", "read", NOW)
    return learns


def test_a_test_opens_in_its_turn_and_only_for_learners(database: Database) -> None:
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape())
        with pytest.raises(NotAllowed):
            testing.begin(session, plans, "safety", "check", NOW)
        learns = person(session, "new@example.org")
        enrolling.enrol_oneself(session, learns, "safety", NOW)
        with pytest.raises(Conflict) as refused:
            testing.begin(session, learns, "safety", "check", NOW)
        assert refused.value.code == "lesson_closed"
        with pytest.raises(Conflict):
            testing.begin(session, learns, "safety", "read", NOW)


def test_a_result_is_told_once_and_a_later_one_counts_if_it_is_better(database: Database) -> None:
    with database.writing() as session:
        course(session, bank(session), shape())
        learns = learner(session)
        attempt = testing.begin(session, learns, "safety", "check", NOW)
        again = testing.begin(session, learns, "safety", "check", NOW + timedelta(minutes=1))
        assert again.id == attempt.id, "the attempt that runs is gone on with"
        taking.submit(session, learns, attempt.code, NOW + timedelta(minutes=2))
        assert testing.tell_courses(session, NOW) == 1
        assert testing.tell_courses(session, NOW) == 0
        assert queries.course_page(session, learns, "safety").enrolment is EnrolmentState.ACTIVE
        second = testing.begin(session, learns, "safety", "check", NOW + timedelta(hours=1))
        finishing.score_all(session, second)
        second.state, second.passed, second.total = AttemptState.GRADED, True, "1"
        session.flush()
        assert testing.tell_courses(session, NOW) == 1
        page = queries.lesson_page(session, learns, "safety", "check")
        assert (page.score, queries.course_page(session, learns, "safety").enrolment) == (1, EnrolmentState.COMPLETED)


def test_what_the_clock_ended_is_told_by_the_worker(database: Database) -> None:
    with database.writing() as session:
        course(session, bank(session), shape())
        learns = learner(session)
        attempt = testing.begin(session, learns, "safety", "check", NOW)
        taking.save(session, learns, attempt.code, 1, 1, None, NOW, writer="w")
        assert testing.tell_courses(session, NOW) == 0
        assert finishing.end_overdue(session, NOW + timedelta(minutes=13)) == 1
        assert testing.tell_courses(session, NOW) == 1
        assert session.scalars(select(Attempt.told_at)).one() is not None


def test_whoever_began_with_a_version_is_asked_by_its_rules(database: Database) -> None:
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape(attempts=1))
        old = learner(session)
        _, draft = editing.draft_of(session, plans, "safety", NOW)
        lesson = LessonDraft(LessonKind.TEST, "Check", "Check", move_on=MoveOn.PASSED, test=shape(count=4))
        editing.save_lesson(session, plans, "safety", "check", lesson, NOW, seen=draft.stamp)
        editing.publish(session, plans, "safety", NOW)
        fresh = learner(session, "fresh@example.org")
        first = testing.begin(session, old, "safety", "check", NOW)
        assert len(first.items) == 2
        assert len(testing.begin(session, fresh, "safety", "check", NOW).items) == 4
        taking.submit(session, old, first.code, NOW)
        with pytest.raises(Conflict) as refused:
            testing.begin(session, old, "safety", "check", NOW + timedelta(days=1))
        assert refused.value.code == "test_attempts"


def test_an_attempt_that_runs_is_gone_on_with_though_the_bank_has_shrunk(database: Database) -> None:
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape())
        learns = learner(session)
        attempt = testing.begin(session, learns, "safety", "check", NOW)
        for code in session.scalars(select(Item.code).where(Item.usable_id.is_not(None))).all():
            actions.withdraw(session, plans, code, "Застаріло", NOW)
        assert testing.begin(session, learns, "safety", "check", NOW + timedelta(minutes=1)).id == attempt.id


def test_a_test_is_asked_in_the_learner_s_language_where_the_bank_fills_it(database: Database) -> None:
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape(count=1))
        attempt = testing.begin(session, learner(session), "safety", "check", NOW, language="en")
        assert attempt.language == "en"
        for code in session.scalars(select(Item.code).where(Item.language == "en", Item.usable_id.is_not(None))).all():
            actions.withdraw(session, plans, code, "Застаріло", NOW)
        other = testing.begin(session, learner(session, "new@example.org"), "safety", "check", NOW, language="en")
        assert other.language == "uk"


def test_an_attempt_that_is_void_does_not_count_for_the_course_either(database: Database) -> None:
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape())
        learns = learner(session)
        for hour, passed in ((0, True), (1, False)):
            attempt = testing.begin(session, learns, "safety", "check", NOW + timedelta(hours=hour))
            taking.submit(session, learns, attempt.code, NOW + timedelta(hours=hour))
            attempt.passed, attempt.total = passed, "1" if passed else "1/2"
            testing.pass_on(session, [attempt], NOW)
        first = session.scalars(select(Attempt.code).order_by(Attempt.id)).first() or ""
        assert queries.course_page(session, learns, "safety").enrolment is EnrolmentState.COMPLETED
        correcting.void(session, plans, first, "Складав хтось інший", NOW)
        assert testing.tell_courses(session, NOW) == 0
        page = queries.lesson_page(session, learns, "safety", "check")
        assert (page.card.satisfied, page.score) == (False, Decimal("0.5"))
        course_page = queries.course_page(session, learns, "safety")
        assert (course_page.enrolment, course_page.completed_at) == (EnrolmentState.ACTIVE, None)
        assert queries.lesson_page(session, learns, "safety", "read").card.satisfied, "the rest stays"


def _time_in_another_version(session: Session, attempt: Attempt) -> Accommodation:
    """What the person would be granted for the same lesson in a version to come, and not for another lesson's test."""
    found = []
    for code in ("safety/7/check", "safety/7/check-2"):
        other = Test(code=code, title_uk="Check", title_en="", created_by="x", created_at=NOW)
        session.add(other)
        session.flush()
        found.append(allowances.granted_to(session, attempt.person_id, other.id))
    assert found[1] == Accommodation()
    return found[0]


def test_learners_of_a_version_that_was_wrong_are_brought_to_the_published_one(database: Database) -> None:
    """The bank cannot fill the first version's test: without this nobody who began could ever finish."""
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape(count=100))
        stuck, sits = learner(session), learner(session, "new@example.org")
        _, draft = editing.draft_of(session, plans, "safety", NOW)
        lesson = LessonDraft(LessonKind.TEST, "Check", "Check", move_on=MoveOn.PASSED, test=shape(count=2))
        editing.save_lesson(session, plans, "safety", "check", lesson, NOW, seen=draft.stamp)
        editing.publish(session, plans, "safety", NOW)
        assert bringing.earlier(session, "safety") == 2
        with pytest.raises(NotAllowed):
            bringing.bring(session, stuck, "safety", NOW)
        assert bringing.bring(session, plans, "safety", NOW) == 2
        more = Accommodation(Fraction(2))
        granted = testing.begin(session, stuck, "safety", "check", NOW)
        granting.accommodate(session, plans, stuck.person_id or 0, more, "Потреба", NOW, test_code="safety/2/check")
        assert granted.deadline == NOW + timedelta(minutes=20)
        assert _time_in_another_version(session, granted) == more
        found = learning.learning(session, stuck, "safety")
        assert (found.version.number, found.standing.met) == (2, 1), "what was read stays read"
        assert len(testing.begin(session, stuck, "safety", "check", NOW).items) == 2
        editing.remove_lesson(session, plans, "safety", "check", NOW)
        editing.publish(session, plans, "safety", NOW)
        assert bringing.bring(session, plans, "safety", NOW) == 1, "who is in a test stays until it is over"
        assert queries.course_page(session, sits, "safety").enrolment is EnrolmentState.COMPLETED
        assert queries.course_page(session, stuck, "safety").version == 2


def test_a_published_test_is_there_before_anybody_begins_it(database: Database) -> None:
    with database.writing() as session:
        plans = bank(session)
        course(session, plans, shape())
        testing.prepare(session, "safety", NOW)
        learns, more = learner(session), Accommodation(Fraction(3, 2))
        granting.accommodate(session, plans, learns.person_id or 0, more, "Потреба", NOW, test_code="safety/1/check")
        assert testing.short(session, "safety", 1) == frozenset()
        assert testing.begin(session, learns, "safety", "check", NOW).deadline == NOW + timedelta(minutes=15)


def test_a_bank_that_is_too_small_is_said(database: Database) -> None:
    with database.writing() as session:
        course(session, bank(session), shape(count=100))
        testing.prepare(session, "safety", NOW)
        assert testing.short(session, "safety", 1) == {"check"}
        learns = learner(session)
        with pytest.raises(Invalid) as refused:
            testing.begin(session, learns, "safety", "check", NOW)
        assert refused.value.code == "test_short"
