"""Anonymous figures: small groups, repeats, answers about oneself."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from lms.assessment.attempts import taking
from lms.assessment.attempts.models import Test
from lms.assessment.figures import consent, queries, rules
from lms.audit.models import AuditEntry
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed
from tests.lms.assessment.attempts.conftest import Hall
from tests.lms.assessment.attempts.conftest import hall as hall
from tests.lms.facts import NOW, organisation, person

F = Fraction


def test_a_hidden_group_cannot_be_worked_out_from_the_others() -> None:
    assert rules.hidden_of({"a": 9, "b": 8}) == frozenset()
    assert rules.hidden_of({"a": 9, "b": 6, "c": 3}) == {"b", "c"}, "one hidden alone would be the rest of the sum"
    assert rules.hidden_of({"a": 9, "b": 4, "c": 3}) == {"b", "c"}
    assert rules.hidden_of({"a": 9, "b": 1, "c": 1}) == {"a", "b", "c"}


def test_a_group_is_as_large_as_the_people_in_it() -> None:
    several = [rules.Result(F(1), True, {}, 1)] * 7
    assert rules.spread(several) is None
    assert rules.grouped([("a", each) for each in several]) == (rules.GroupLine("a", None),)


def test_a_repeat_is_compared_person_by_person_with_an_interval() -> None:
    pairs = [(F(number, 20), F(number + 2 + number % 2, 20)) for number in range(10)]
    assert rules.compared(pairs[:9]) is None
    told = rules.compared(pairs)
    assert told is not None
    # Differences 0.10 and 0.15, five each: mean 0.125, deviation 0.02635, t(9) = 2.2622.
    assert (told.pairs, round(told.difference, 4)) == (10, 0.125)
    assert told.low == pytest.approx(0.10615, abs=1e-4)
    assert told.high == pytest.approx(0.14385, abs=1e-4)
    assert told.effect == pytest.approx(4.743, abs=1e-3)


def take(session: object, who: Visitor, right: int, at: object = NOW) -> None:
    attempt = taking.begin(session, who, "t", at, writer="tab")  # type: ignore[arg-type]
    for item in attempt.items:
        given = "a" if item.position <= right else "b"
        taking.save(session, who, attempt.code, item.position, 1, given, at, writer="tab")  # type: ignore[arg-type]
    taking.submit(session, who, attempt.code, at)  # type: ignore[arg-type]


def test_figures_by_oblast_and_by_what_people_said_of_themselves(hall: Hall) -> None:
    with hall.database.writing() as session:
        homes = [organisation(session, code) for code in ("lviv", "sumy", "odesa")]
        for home in homes:
            home.oblast = home.code
        people = [person(session, f"p{number}@example.org", home=homes[number % 2]) for number in range(12)]
        people.append(person(session, "alone@example.org", home=homes[2]))
        for number, who in enumerate(people):
            take(session, who, number % 5)
            if number < 6:
                consent.give(session, who, {"sex": "female"}, NOW, agreed=True)
        number = session.scalars(select(Test.id)).one()
        told = queries.of_test(session, hall.author, number)
        assert told.spread is not None
        assert (told.people, sum(told.spread.buckets), len(told.areas), told.repeat) == (13, 13, 2, None)
        assert [(line.key, line.spread is None) for line in told.groups] == [
            ("sumy", False),
            ("lviv", True),
            ("odesa", True),
        ]
        said = queries.of_test(session, hall.author, number, by="sex")
        assert [(line.key, line.spread and line.spread.people) for line in said.groups] == [("", 7), ("female", 6)]
        consent.take_back(session, people[0], NOW)
        consent.take_back(session, people[1], NOW)
        again = queries.of_test(session, hall.author, number, by="sex")
        assert all(line.spread is None for line in again.groups)
        for who in people[:12]:
            take(session, who, 4, NOW + timedelta(days=1))
        both = queries.of_test(session, hall.author, number)
        assert (both.people, both.spread, both.repeated) == (13, told.spread, 12)
        assert both.repeat is not None
        assert both.repeat.after == 1
        for ask in (queries.of_test, queries.items):
            with pytest.raises(NotAllowed):
                ask(session, people[0], number)
        whole, lines = queries.items(session, hall.author, number)
        assert (whole is not None, all(line.figures is None for line in lines)) == (True, True)
        assert queries.of_all(session, hall.author, by="month").groups[0].key == "2026-11"


def test_what_people_say_of_themselves_needs_consent_and_is_in_no_log(hall: Hall) -> None:
    with hall.database.writing() as session:
        for answers, agreed in (({"sex": "male"}, False), ({"sex": "unknown"}, True), ({}, True)):
            with pytest.raises(Invalid):
                consent.give(session, hall.learner, answers, NOW, agreed=agreed)
        consent.give(session, hall.learner, {"age_band": "30_44", "settlement": "village"}, NOW, agreed=True)
        own = consent.own(session, hall.learner)
        assert own is not None
        assert (own.age_band, own.sex, own.settlement) == ("30_44", "", "village")
        consent.take_back(session, hall.learner, NOW)
        assert consent.own(session, hall.learner) is None
        logged = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("background."))).all()
        assert [each.action for each in logged] == ["background.consent", "background.revoke"]
        assert not any("village" in str(each.after) for each in logged)
