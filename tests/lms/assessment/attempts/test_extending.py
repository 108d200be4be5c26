"""More time for everybody at once: the power is cut in a region."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts import extending, finishing, granting, queries, taking
from lms.assessment.attempts.models import Attempt, AttemptEvent, Test
from lms.assessment.attempts.spec import Shown
from lms.assessment.attempts.states import AttemptState
from lms.assessment.attempts.timing import Accommodation
from lms.audit.models import AuditEntry
from lms.directory.models import Affiliation
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.lms.assessment.attempts.conftest import Hall
from tests.lms.facts import NOW, counted, organisation

MINUTE = timedelta(minutes=1)
CLOSES = NOW + 60 * MINUTE


def give(session: Session, who: Visitor, minutes: int, at: Any, seen: int = 0, home: int | None = None) -> int:
    """More time at the hall's test; how many running attempts end later."""
    number = session.scalars(select(Test.id)).first() or 0
    return extending.extend(session, who, number, minutes, "Не було світла", at, seen=seen, organisation_id=home)


def works_at(session: Session, who: Visitor, organisation_id: int) -> None:
    """From long ago on."""
    session.add(
        Affiliation(
            person_id=who.person_id or 0, organisation_id=organisation_id, from_date=date(2020, 1, 1), to_date=None
        )
    )
    session.flush()


def test_everybody_gets_more_time_on_top_of_what_each_needs(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.publish(session, closes_at=CLOSES.isoformat())
        early = taking.begin(session, hall.learner, "t", NOW)
        late = taking.begin(session, hall.another, "t", NOW + 30 * MINUTE)
        slow = hall.somebody(session)
        granting.accommodate(
            session, hall.author, slow.person_id or 0, Accommodation(added_minutes=10), "Потреба", NOW, test_code="t"
        )
        needs_more = taking.begin(session, slow, "t", NOW)
        ends = {early.id: NOW + 40 * MINUTE, late.id: CLOSES, needs_more.id: NOW + 50 * MINUTE}
        assert {each.id: each.deadline for each in (early, late, needs_more)} == ends

        assert give(session, hall.author, 20, NOW + 35 * MINUTE) == 3
        later = {number: end + 20 * MINUTE for number, end in ends.items()}
        assert {each.id: each.deadline for each in (early, late, needs_more)} == later
        moved = session.scalars(select(AttemptEvent).where(AttemptEvent.attempt_id == early.id)).all()[-1]
        assert (moved.kind, (moved.data or {})["reason"]) == ("deadline_moved", "Не було світла")
        assert [row.action for row in session.scalars(select(AuditEntry))].count("test.extend") == 1

        begun_after = taking.begin(session, hall.somebody(session), "t", NOW + 36 * MINUTE)
        assert begun_after.deadline == NOW + 76 * MINUTE, "whoever begins later lost nothing"
        after_planned_end = taking.begin(session, hall.somebody(session), "t", CLOSES + 10 * MINUTE)
        assert after_planned_end.deadline == CLOSES + 20 * MINUTE
        assert give(session, hall.author, 10, CLOSES + 11 * MINUTE, seen=1) == 5, "a second cut adds up"
        assert after_planned_end.deadline == CLOSES + 30 * MINUTE

        granting.accommodate(
            session, hall.author, slow.person_id or 0, Accommodation(added_minutes=15), "Потреба", NOW, test_code="t"
        )
        assert needs_more.deadline == NOW + 85 * MINUTE, "a grant of one's own keeps what everybody was given"
        found = extending.closing_of(session, hall.trainer, early.test_id)
        assert (found.planned, found.moved, found.number) == (CLOSES, CLOSES + 30 * MINUTE, 2)
        assert all("Прізвище" in each.by for each in found.given), "by name"


def test_a_centre_gets_more_time_and_nobody_is_shown_what_is_right_before_it_has_ended(hall: Hall) -> None:
    with hall.database.writing() as session:
        home, other = organisation(session, "home"), organisation(session, "other")
        works_at(session, hall.learner, home.id)
        works_at(session, hall.another, other.id)
        hall.publish(session, closes_at=CLOSES.isoformat())
        here, there = (taking.begin(session, who, "t", NOW + 30 * MINUTE) for who in (hall.learner, hall.another))
        assert give(session, hall.author, 45, NOW + 31 * MINUTE, home=home.id) == 1
        assert (here.deadline, there.deadline) == (CLOSES + 45 * MINUTE, CLOSES)
        taking.submit(session, hall.another, there.code, CLOSES)
        with pytest.raises(Conflict) as refused:
            taking.begin(session, hall.another, "t", CLOSES + MINUTE)
        assert refused.value.code == "test_closed"

        def may_see(at: Any) -> frozenset[Shown]:
            return queries.result(session, hall.another, there.code, at).may_see

        assert Shown.RIGHT not in may_see(CLOSES + 44 * MINUTE), "the other centre is still in it"
        assert Shown.RIGHT in may_see(CLOSES + 45 * MINUTE)
        card = queries.test_card(session, hall.learner, "t", NOW, None)
        assert card is not None
        assert card.closes_at == CLOSES + 45 * MINUTE


def test_what_the_clock_ended_stays_ended_and_what_is_in_grace_goes_on(hall: Hall) -> None:
    with hall.database.writing() as session:
        ended, overdue = (taking.begin(session, who, "t", NOW) for who in (hall.learner, hall.another))
        taking.save(session, hall.learner, ended.code, 1, 1, "a", NOW, writer="w")
        end = NOW + 40 * MINUTE
        finishing.settle(session, ended, end + 3 * MINUTE)
        taking.take_over(session, hall.another, overdue.code, "w", end + MINUTE)
        assert overdue.state is AttemptState.OVERDUE
        assert give(session, hall.author, 30, end + MINUTE) == 1
        assert (overdue.state, overdue.deadline) == (AttemptState.IN_PROGRESS, end + 30 * MINUTE)
        assert (ended.state, ended.deadline) == (AttemptState.GRADED, end)


def test_a_later_closing_is_a_decision_of_its_own(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.publish(session, closes_at=CLOSES.isoformat())
        runs = taking.begin(session, hall.learner, "t", NOW + 30 * MINUTE)
        give(session, hall.author, 30, NOW + 31 * MINUTE)
        next_year = CLOSES + timedelta(days=365)
        hall.publish(session, now=NOW + 32 * MINUTE, closes_at=next_year.isoformat())
        new = taking.begin(session, hall.another, "t", next_year - 10 * MINUTE)
        assert new.deadline == next_year, "last year's power cut moves nothing any more"
        give(session, hall.author, 5, NOW + 33 * MINUTE, seen=1)
        assert runs.deadline == CLOSES + 35 * MINUTE, "what runs by an earlier version has its own closing moved"


def test_more_time_for_all_that_is_refused(hall: Hall) -> None:
    with hall.database.writing() as session:
        number = session.scalars(select(Test.id)).first() or 0
        with pytest.raises(Invalid) as nothing:
            give(session, hall.author, 10, NOW)
        assert nothing.value.code == "extension_nothing"
        attempt = taking.begin(session, hall.learner, "t", NOW)
        for minutes in (0, -5, 7 * 24 * 60 + 1):
            with pytest.raises(Invalid):
                give(session, hall.author, minutes, NOW)
        with pytest.raises(Invalid):
            extending.extend(session, hall.author, number, 10, "  ", NOW, seen=0)
        with pytest.raises(NotFound):
            give(session, hall.author, 10, NOW, home=999)
        for ask in (lambda: give(session, hall.learner, 10, NOW), lambda: _closing(session, hall.learner, number)):
            with pytest.raises(NotAllowed):
                ask()
        give(session, hall.author, 10, NOW)
        with pytest.raises(Conflict) as twice:  # pressed twice, or by two organisers at once
            give(session, hall.trainer, 10, NOW)
        assert twice.value.code == "extension_meanwhile"
        assert attempt.deadline == NOW + 50 * MINUTE


def _closing(session: Session, who: Visitor, number: int) -> extending.Closing:
    return extending.closing_of(session, who, number)


def test_a_hall_is_given_more_time_in_as_many_reads_as_one_person(hall: Hall) -> None:
    sizes = []
    for people in (1, 9):
        with hall.database.writing() as session:
            home = organisation(session, f"home{people}")
            for _ in range(people):
                who = hall.somebody(session)
                works_at(session, who, home.id)
                taking.begin(session, who, "t", NOW)
        with hall.database.writing() as session, counted(hall.database) as said:
            assert give(session, hall.author, 10, NOW + MINUTE, seen=len(sizes), home=home.id) == people
            sizes.append(len([each for each in said if each.startswith("SELECT")]))
    with hall.database.reading() as session:
        assert {each.deadline for each in session.scalars(select(Attempt))} == {NOW + 50 * MINUTE}
    assert sizes[0] == sizes[1]
