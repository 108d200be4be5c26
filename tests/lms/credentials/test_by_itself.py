"""Certificates that are issued without a press: to whom, in whose name, and what ends it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses import again, editing, enrolling, learning
from lms.courses import queries as course_queries
from lms.courses.drafts import CourseDraft, LessonDraft
from lms.courses.models import CourseRound, LessonKind, Submission
from lms.credentials import award_queries, awarding, by_itself, changing
from lms.credentials.awarding import RuleDraft
from lms.credentials.models import AwardRule, Certificate, CertificateEdition, RuleKind
from lms.database import Database
from lms.directory.models import RoleGrant, RoleName
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from lms.files import MemoryFiles
from lms.notify.models import OutboxMessage
from tests.lms.credentials.award import ISSUER, LOCAL, Held
from tests.lms.facts import NOW, administrator, organisation, person

pytestmark = pytest.mark.usefixtures("quick_keys")
RULE = RuleDraft(RuleKind.COURSE, "Курс пройдено", "Усі уроки.", by_itself=True)
LATER = NOW + timedelta(minutes=1)


class Taught:
    """A course of one page with a rule that awards by itself."""

    def __init__(self, session: Session) -> None:
        home = organisation(session, "kyiv")
        self.trainer = person(session, "organiser@example.org", RoleName.ORGANISER, home=home)
        self.olena = person(session, "olena@example.org", home=home)
        self.petro = person(session, "petro@example.org", home=home)
        editing.create(session, self.trainer, CourseDraft("Курс", "Course"), NOW)
        lesson = LessonDraft(LessonKind.PAGE, "Урок", body_uk="Текст")
        self.lesson = editing.add_lesson(session, self.trainer, "course", lesson, NOW).key
        editing.publish(session, self.trainer, "course", NOW)
        self.rule = awarding.create_for_course(session, self.trainer, "course", RULE, NOW).id

    def learn(self, session: Session, *people: Visitor) -> None:
        for each in people:
            enrolling.enrol_oneself(session, each, "course", NOW)
            learning.complete(session, each, "course", self.lesson, NOW)


def work(session: Session) -> int:
    """As the worker does: look, and see to what was found."""
    return sum(by_itself.see_to(ISSUER)(session, number, LATER) for number in by_itself.due(session, LATER))


@pytest.fixture
def taught(database: Database) -> Taught:
    with database.writing() as session:
        return Taught(session)


def test_who_completes_the_course_gets_it_once_and_is_told(database: Database, taught: Taught) -> None:
    with database.writing() as session:
        assert by_itself.due(session, LATER) == []
        taught.learn(session, taught.olena, taught.trainer)
        enrolling.enrol_oneself(session, taught.petro, "course", NOW)
        assert work(session) == 1
        made = session.scalars(select(Certificate)).one()
        assert (made.person_id, made.issued_by) == (taught.olena.person_id, taught.trainer.actor)
        letters = select(OutboxMessage).where(OutboxMessage.recipient == f"person:{taught.olena.person_id}")
        assert len(session.scalars(letters).all()) == 1
        assert work(session) == 0, "nobody gets two; the trainer's own is left to somebody else"
        assert award_queries.rule_page(session, taught.trainer, taught.rule, LATER).hindrance == ""


def test_what_was_revoked_does_not_come_back(database: Database, taught: Taught) -> None:
    with database.writing() as session:
        taught.learn(session, taught.olena)
        assert work(session) == 1
        number = session.scalars(select(Certificate.number)).one()
        changing.revoke(session, ISSUER, taught.trainer, number, "Помилка", LATER)
        assert work(session) == 0


def test_it_ends_with_the_rights_of_whoever_turned_it_on(database: Database, taught: Taught) -> None:
    with database.writing() as session:
        taught.learn(session, taught.olena)
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.person_id == taught.trainer.person_id)):
            grant.to_at = NOW
        session.flush()
        assert work(session) == 0
        boss = administrator(session)
        assert award_queries.rule_page(session, boss, taught.rule, LATER).hindrance == "by_itself_rights"
        awarding.revise(session, boss, taught.rule, RULE, NOW)
        assert work(session) == 1


def test_it_waits_for_a_public_address(database: Database, taught: Taught) -> None:
    with database.writing() as session:
        taught.learn(session, taught.olena)
        assert by_itself.see_to(LOCAL)(session, taught.rule, LATER) == 0
        assert session.scalars(select(Certificate)).all() == []


def test_attendance_is_always_approved_by_a_person(database: Database) -> None:
    with database.writing() as session:
        held = Held(session)
        with pytest.raises(Invalid) as refused:
            held.rule(session, by_itself=True)
        assert refused.value.code == "rule_by_itself"
        assert not session.get_one(awarding.AwardRule, held.rule(session)).by_itself


def test_a_course_done_again_after_a_change_of_the_law_renews_its_certificate(
    database: Database, taught: Taught
) -> None:
    """Need S2-21: the trainer publishes the next version, asks those who had completed the last one, and they renew."""
    with database.writing() as session:
        session.get_one(AwardRule, taught.rule).valid_months = 12
        taught.learn(session, taught.olena, taught.petro)
        assert work(session) == 2
        made = session.scalars(select(Certificate).where(Certificate.person_id == taught.olena.person_id)).one()
        first_end = made.valid_until
        enrolling.enrol_oneself(session, taught.trainer, "course", NOW)
        with pytest.raises(Conflict):
            again.begin_again(session, taught.trainer, "course", NOW)

        after_end = NOW + timedelta(days=400)
        task = editing.add_lesson(
            session,
            taught.trainer,
            "course",
            LessonDraft(LessonKind.TASK, "Що змінилося", body_uk="Напишіть"),
            after_end,
        ).key
        editing.publish(session, taught.trainer, "course", after_end)
        for reason, day in (("", after_end.date()), ("Новий закон", after_end.date() + timedelta(days=2))):
            with pytest.raises(Invalid):
                again.ask_again(session, taught.trainer, "course", day, None, reason, after_end)
        with pytest.raises(NotAllowed):
            again.ask_again(session, taught.petro, "course", after_end.date(), None, "Новий закон", after_end)
        due = after_end.date() + timedelta(days=30)
        asked = again.ask_again(session, taught.trainer, "course", after_end.date(), due, "Новий закон", after_end)
        assert asked == 2
        letters = select(OutboxMessage.recipient).where(OutboxMessage.kind == again.AGAIN)
        assert len(session.scalars(letters).all()) == 2
        assert again.ask_again(session, taught.trainer, "course", after_end.date(), due, "Новий закон", after_end) == 0
        page = course_queries.course_page(session, taught.olena, "course")
        assert (page.standing.met, page.version, page.completed_at) == (0, 2, None)
        assert by_itself.due(session, after_end) == [], "neither anew nor taken away while it is under way"

        moment = after_end + timedelta(hours=1)
        learning.complete(session, taught.olena, "course", taught.lesson, moment)
        learning.hand_in(session, taught.olena, "course", task, "Зміни", None, MemoryFiles(), moment)
        rounds = session.scalars(select(CourseRound)).all()
        assert [(each.number, each.progress[0]["key"]) for each in rounds] == [(1, taught.lesson)] * 2
        assert by_itself.due(session, moment) == [taught.rule]
        assert by_itself.see_to(ISSUER)(session, taught.rule, moment) == 1
        session.refresh(made)
        assert first_end is not None
        assert made.valid_until is not None
        assert (made.edition, made.valid_until > first_end) == (2, True)
        assert len(session.scalars(select(Certificate)).all()) == 2, "renewed, not a second one"

        # Again: what was handed in for the last round does not count for this one, and nothing is lost.
        again.begin_again(session, taught.olena, "course", moment + timedelta(days=1))
        shown = course_queries.lesson_page(session, taught.olena, "course", task)
        assert (shown.submissions, shown.card.satisfied) == ((), False)
        learning.hand_in(
            session, taught.olena, "course", task, "Ще раз", None, MemoryFiles(), moment + timedelta(days=2)
        )
        numbers = session.scalars(select(Submission.number).order_by(Submission.number))
        assert list(numbers) == [1, 2]


def test_a_course_without_a_test_has_the_credits_of_its_hours(database: Database, taught: Taught) -> None:
    """Its lessons and assignments are how it was checked; a single consultation or a decision has none."""
    with database.writing() as session:
        with pytest.raises(Invalid):
            awarding.create_for_course(
                session, taught.trainer, "course", replace(RULE, hours="5", credits=awarding.BY_HOURS), NOW
            )
        draft = replace(RULE, hours="6", credits=awarding.BY_HOURS)
        rule = awarding.create_for_course(session, taught.trainer, "course", draft, NOW)
        assert (rule.hours, rule.credits) == ("6", "0.2")
        taught.learn(session, taught.olena)
        by_itself.see_to(ISSUER)(session, rule.id, LATER)
        edition = session.scalars(
            select(CertificateEdition)
            .join(Certificate, Certificate.id == CertificateEdition.certificate_id)
            .where(Certificate.rule_id == rule.id)
        ).one()
        subject = json.loads(edition.credential)["credentialSubject"]
        assert (subject["creditsEarned"], subject["achievement"]["creditsAvailable"]) == (0.2, 0.2)
