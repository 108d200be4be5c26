"""Classes in a library: a list of people becomes a class, a code and a name a seat, and nobody sees anybody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts import taking
from lms.assessment.attempts.models import AttemptEvent
from lms.courses import editing, learning, testing
from lms.courses.classes import queries, rosters, seats, sittings
from lms.courses.classes.models import ClassMember
from lms.courses.classes.names import Listed, from_table, from_text
from lms.courses.classes.rosters import ClassDraft
from lms.courses.drafts import CourseDraft, LessonDraft
from lms.courses.models import EnrolmentState, LessonKind
from lms.database import Database
from lms.directory import merging
from lms.directory.models import Account, OrganisationKind, Person, RoleName, Scope
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.models import OutboxMessage
from tests.lms.courses.test_testing import bank, course, shape
from tests.lms.facts import NOW, counted, organisation, organiser, person

LIST = (
    "1. Навчальна Перша\n2) Навчальний Другий Третійович; second@example.org\n\nstaff@example.org, Штатна Працівниця\n"
)


def library(session: Session, *, tested: bool = False) -> tuple[Visitor, int]:
    """A facilitator of a library, and her class of three, one of whom has an account."""
    if tested:
        course(session, bank(session), shape())
    else:
        plans = organiser(session)
        editing.create(session, plans, CourseDraft("Безпека", "Safety"), NOW)
        editing.add_lesson(session, plans, "safety", LessonDraft(LessonKind.PAGE, "Read", "Read", "Текст"), NOW)
        editing.publish(session, plans, "safety", NOW)
    home = organisation(session, "library-1", OrganisationKind.LIBRARY)
    person(session, "staff@example.org")
    teaches = person(session, "facilitator@example.org", RoleName.TRAINER, scope=Scope.ORGANISATION, scope_id=home.id)
    made = rosters.create(session, teaches, ClassDraft("Вівторок", "safety", home.id, "Читальна зала"), NOW)
    rosters.add(session, teaches, made.id, from_text(LIST), NOW)
    return teaches, made.id


def member(session: Session, class_id: int, name: str) -> ClassMember:
    query = select(ClassMember).where(ClassMember.class_id == class_id, ClassMember.name.startswith(name))
    return session.scalars(query).one()


def test_lists_as_people_write_them() -> None:
    found = from_text(LIST)
    assert [(one.name, one.email) for one in found] == [
        ("Навчальна Перша", ""),
        ("Навчальний Другий Третійович", "second@example.org"),
        ("Штатна Працівниця", "staff@example.org"),
    ]
    table = from_table(["№", "Прізвище", "Ім’я", "E-mail"], [["1", "Навчальна", "Перша", ""], ["2", "", "", ""]])
    assert table == [Listed("Навчальна", "Перша")]
    assert from_table(["ПІБ", "Пошта"], [["Навчальна Перша", "a@b.ua"]])[0].email == "a@b.ua"
    named = from_table(["№ з/п", "Прізвище та ім’я", "Адреса електронної пошти"], [["1", "Навчальна Перша", "a@b.ua"]])
    assert named == [Listed("Навчальна", "Перша", email="a@b.ua")]
    assert [one.name for one in from_table(["Навчальна Перша"], [["Навчальна Друга"]])] == [
        "Навчальна Перша",
        "Навчальна Друга",
    ], "a table without names of columns"


def test_a_list_twice_is_a_list_once_and_by_e_mail_somebody_is_who_they_are(database: Database) -> None:
    with database.writing() as session:
        teaches, number = library(session)
        people = session.scalar(select(func.count()).select_from(Person))
        again = rosters.add(session, teaches, number, from_text(LIST), NOW)
        assert (again.new, again.there) == (0, 3)
        assert session.scalar(select(func.count()).select_from(Person)) == people
        page = queries.class_page(session, teaches, number, NOW)
        assert {(one.name, one.account, one.state) for one in page.members} == {
            ("Навчальна Перша", False, EnrolmentState.ACTIVE),
            ("Навчальний Другий Третійович", False, EnrolmentState.ACTIVE),
            ("Штатна Працівниця", True, EnrolmentState.ACTIVE),
        }
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == rosters.JOINED)).all()
        assert len(told) == 2, "who has an e-mail hears of it"
        with pytest.raises(Invalid) as refused:
            rosters.add(session, teaches, number, [Listed("Хтось", email="no address")], NOW)
        assert refused.value.code == "email_invalid"
        with pytest.raises(Invalid):
            rosters.add(session, teaches, number, [Listed(f"Учень {each}") for each in range(58)], NOW)


def test_a_facilitator_sees_her_own_class_alone(database: Database) -> None:
    with database.writing() as session:
        teaches, number = library(session)
        other_home = organisation(session, "library-2", OrganisationKind.LIBRARY)
        other = person(session, "o@example.org", RoleName.TRAINER, scope=Scope.ORGANISATION, scope_id=other_home.id)
        lead = person(session, "l@example.org", RoleName.CENTRE_LEAD, scope=Scope.ORGANISATION, scope_id=other_home.id)
        for stranger in (other, lead):
            assert queries.classes(session, stranger, NOW) == ([], 0)
            with pytest.raises(NotFound):
                queries.class_page(session, stranger, number, NOW)
            with pytest.raises(NotFound):
                sittings.open_sitting(session, stranger, number, 60, NOW)
        with pytest.raises(NotAllowed):
            queries.classes(session, person(session, "nobody@example.org"), NOW)
        with pytest.raises(NotAllowed):
            rosters.create(session, other, ClassDraft("Чуже", "safety", queries.venues(session, teaches)[0][0]), NOW)
        organises = person(session, "organises@example.org", RoleName.ORGANISER)
        assert queries.classes(session, organises, NOW)[1] == 1
        with counted(database) as statements:
            queries.class_page(session, teaches, number, NOW)
        assert len(statements) <= 8


def test_who_leaves_is_seen_no_more(database: Database) -> None:
    with database.writing() as session:
        teaches, number = library(session)
        one = member(session, number, "Штатна")
        learner = Visitor(person_id=one.person_id)
        assert [each.id for each in queries.own_classes(session, learner, "safety")] == [number]
        rosters.leave(session, learner, number, NOW)
        assert len(queries.class_page(session, teaches, number, NOW).members) == 2
        assert queries.own_classes(session, learner, "safety") == []
        with pytest.raises(NotFound):
            rosters.leave(session, learner, number, NOW)


def test_a_name_is_used_once_and_nobody_else_s_account_is_opened(database: Database) -> None:
    with database.writing() as session:
        teaches, number = library(session)
        sitting = sittings.open_sitting(session, teaches, number, 60, NOW)
        with pytest.raises(Conflict):
            sittings.open_sitting(session, teaches, number, 60, NOW)
        typed = f" {sitting.code[:3].lower()}-{sitting.code[3:]}"
        first, staff = member(session, number, "Навчальна"), member(session, number, "Штатна")
        token = seats.take(session, typed, first.id, NOW)
        seat = seats.seated(session, token, NOW)
        assert seat is not None
        assert (seat.person_id, seat.course) == (first.person_id, "safety")
        assert seats.visitor(seat).grants == frozenset()
        with pytest.raises(Conflict) as refused:
            seats.take(session, sitting.code, first.id, NOW)
        assert refused.value.code == "class_seat_taken"
        with pytest.raises(NotAllowed) as own:
            seats.take(session, sitting.code, staff.id, NOW)
        assert own.value.code == "class_own_account"
        account = session.scalars(select(Account).where(Account.person_id == staff.person_id)).one()
        account.disabled_at = NOW
        session.flush()
        with pytest.raises(NotAllowed):
            seats.take(session, sitting.code, staff.id, NOW)  # whoever was shut out does not come in by a class
        choices = {one.name: (one.taken, one.account) for one in seats.door(session, sitting.code, NOW).choices}
        assert choices["Навчальна Перша"] == (True, False)
        assert choices["Штатна Працівниця"] == (False, True)

        # Nothing was begun: the wrong name was pressed, and it is free at once. Else the facilitator lets in again.
        seats.leave(session, token, NOW)
        token = seats.take(session, sitting.code, first.id, NOW)
        sittings.let_in_again(session, teaches, number, sitting.id, first.id, NOW)
        assert seats.seated(session, token, NOW) is None, "whoever sat by the name sits no more"
        token = seats.take(session, sitting.code, first.id, NOW)
        assert seats.seated(session, token, NOW + timedelta(minutes=60)) is None, "it ends by itself"
        sittings.prolong(session, teaches, number, sitting.id, 30, NOW)
        assert seats.seated(session, token, NOW + timedelta(minutes=60)) is not None
        sittings.end(session, teaches, number, sitting.id, NOW)
        assert seats.seated(session, token, NOW) is None
        with pytest.raises(NotFound) as over:
            seats.door(session, sitting.code, NOW)
        assert over.value.code == "class_code_unknown"


def test_a_test_under_her_eyes(database: Database) -> None:
    with database.writing() as session:
        teaches, number = library(session, tested=True)
        with pytest.raises(Invalid):
            sittings.open_sitting(session, teaches, number, 60, NOW, lesson_key="read")
        sitting = sittings.open_sitting(session, teaches, number, 60, NOW, lesson_key="check")
        first, second = member(session, number, "Навчальна"), member(session, number, "Навчальний")
        token = seats.take(session, sitting.code, first.id, NOW)
        seat = seats.seated(session, token, NOW)
        assert seat is not None
        sits = seats.visitor(seat)
        learning.complete(session, sits, "safety", "read", NOW)
        attempt = testing.begin(session, sits, "safety", "check", NOW)
        seats.supervised(session, attempt, seat, NOW)
        events = session.scalars(select(AttemptEvent).where(AttemptEvent.attempt_id == attempt.id)).all()
        assert [each.data for each in events if each.kind == "supervised"] == [
            {"class": number, "sitting": sitting.id, "title": "Вівторок"}
        ]
        lines = {one.name: one for one in queries.sitting_page(session, teaches, number, sitting.id, NOW).lines}
        mine = lines["Навчальна Перша"]
        assert (mine.running, mine.answered, mine.asked, mine.present) == (True, 0, 2, True)
        assert lines["Навчальний Другий Третійович"].present is None
        seats.leave(session, token, NOW)
        with pytest.raises(Conflict):
            seats.take(session, sitting.code, first.id, NOW)

        taking.submit(session, sits, attempt.code, NOW + timedelta(minutes=5))
        sittings.mark_present(session, teaches, number, sitting.id, {second.id}, NOW)
        lines = {one.name: one for one in queries.sitting_page(session, teaches, number, sitting.id, NOW).lines}
        assert lines["Навчальна Перша"].passed is False
        assert [(one.name, one.present) for one in lines.values()] == [
            ("Навчальна Перша", False),
            ("Навчальний Другий Третійович", True),
            ("Штатна Працівниця", False),
        ]
        sittings.end(session, teaches, number, sitting.id, NOW)
        rosters.close(session, teaches, number, NOW)
        for act in (
            lambda: rosters.add(session, teaches, number, [Listed("Пізня")], NOW),
            lambda: sittings.open_sitting(session, teaches, number, 60, NOW),
        ):
            with pytest.raises(Conflict):
                act()


def test_two_entries_of_one_person_in_a_class_become_one(database: Database) -> None:
    with database.writing() as session:
        teaches, number = library(session)
        first, second = member(session, number, "Навчальна"), member(session, number, "Навчальний")
        sitting = sittings.open_sitting(session, teaches, number, 60, NOW)
        for one in (first, second):
            seats.take(session, sitting.code, one.id, NOW)
        merging.merge_people(
            session,
            person(session, "merges@example.org", RoleName.ADMINISTRATOR),
            first.person_id,
            second.person_id,
            NOW,
        )
        assert len(queries.class_page(session, teaches, number, NOW).members) == 2
