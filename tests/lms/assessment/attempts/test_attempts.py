"""Attempts in the database: saved as given, ended by the clock, put right with history, shown by the moment."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment import actions
from lms.assessment.attempts import (
    correcting,
    finishing,
    granting,
    item_figures,
    marking,
    publishing,
    queries,
    regrading,
    taking,
)
from lms.assessment.attempts.drawing import order_of
from lms.assessment.attempts.models import Attempt, AttemptEvent, AttemptItem, Regrade, Response, TestVersion
from lms.assessment.attempts.presenting import presented
from lms.assessment.attempts.spec import Shown
from lms.assessment.attempts.states import AttemptState
from lms.assessment.attempts.timing import GRACE, Accommodation, Lateness
from lms.assessment.content import Criterion, Essay, Grade
from lms.assessment.models import Item, ItemVersion
from lms.audit.queries import find_tampering
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.lms.assessment.attempts.conftest import SPEC, Hall, choice
from tests.lms.assessment.bodies import BODIES
from tests.lms.facts import NOW, counted

F = Fraction
MINUTE = timedelta(minutes=1)
END = NOW + 40 * MINUTE


def answer_all(session: Session, who: Visitor, attempt: Attempt, right: int, *, at: Any = NOW) -> None:
    """Answer so many items rightly, the others wrongly."""
    for item in attempt.items:
        answer = "a" if item.position <= right else "b"
        taking.save(session, who, attempt.code, item.position, 1, answer, at, writer="tab")


def done(session: Session, hall: Hall, who: Visitor, right: int) -> Attempt:
    attempt = taking.begin(session, who, "t", NOW)
    answer_all(session, who, attempt, right)
    return taking.submit(session, who, attempt.code, NOW + MINUTE)


# --- Beginning --------------------------------------------------------------------------------------------------------


def test_an_attempt_is_begun_once_and_gone_on_with(hall: Hall) -> None:
    with hall.database.writing() as session:
        first = taking.begin(session, hall.learner, "t", NOW)
        assert taking.begin(session, hall.learner, "t", NOW + MINUTE).id == first.id
        assert (first.deadline, len(first.items)) == (END, 4)
        assert [item.area for item in first.items] == ["1", "1", "2", "2"]
        assert taking.begin(session, hall.another, "t", NOW).id != first.id
        with pytest.raises(NotAllowed):
            taking.begin(session, ANONYMOUS, "t", NOW)
        with pytest.raises(NotFound):
            taking.begin(session, hall.learner, "none", NOW)
        with pytest.raises(NotFound):
            taking.own(session, hall.another, first.code)


def test_the_next_attempt_asks_what_was_not_asked_and_the_number_is_bounded(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.publish(session, attempts=2, wait_hours=24)
        first = done(session, hall, hall.learner, 1)
        with pytest.raises(Conflict) as early:
            taking.begin(session, hall.learner, "t", NOW + 23 * 60 * MINUTE)
        assert early.value.code == "test_wait"
        told = queries.test_card(session, hall.learner, "t", NOW + 23 * 60 * MINUTE, None)
        assert told is not None
        assert (told.refusal, told.again_at) == ("test_wait", (first.finished_at or NOW) + 24 * 60 * MINUTE)
        second = taking.begin(session, hall.learner, "t", NOW + 25 * 60 * MINUTE)
        asked = [{item.item_version_id for item in each.items} for each in (first, second)]
        assert not asked[0] & asked[1]
        taking.submit(session, hall.learner, second.code, NOW + 25 * 60 * MINUTE)
        with pytest.raises(Conflict) as used:
            taking.begin(session, hall.learner, "t", NOW + 99 * 60 * MINUTE)
        assert used.value.code == "test_attempts"
        told = queries.test_card(session, hall.learner, "t", NOW + 99 * 60 * MINUTE, None)
        anew = queries.test_card(session, hall.learner, "t", NOW + 99 * 60 * MINUTE, NOW + 98 * 60 * MINUTE)
        assert told is not None
        assert anew is not None
        assert (told.refusal, told.again_at, anew.refusal) == ("test_attempts", None, "")


def test_a_test_that_the_bank_cannot_fill_is_not_published(hall: Hall) -> None:
    with hall.database.writing() as session:
        with pytest.raises(Invalid) as short:
            hall.publish(session, lines=[{"area": "1", "count": 5}])
        assert short.value.code == "test_short"
        with pytest.raises(Invalid):
            hall.publish(session, passing={"total": "0.5", "areas": {"5": "0.5"}})
        with pytest.raises(NotAllowed):
            publishing.publish(session, hall.learner, "t", publishing_spec(session), NOW, title_uk="Т")
        publishing.close(session, hall.author, "t", NOW)
        with pytest.raises(NotFound):
            taking.begin(session, hall.learner, "t", NOW)


def publishing_spec(session: Session) -> Any:
    from lms.assessment.attempts.spec import parse

    return parse(session.scalars(select(TestVersion.spec)).first())


# --- Saving -----------------------------------------------------------------------------------------------------------


def test_answers_that_come_twice_and_out_of_order(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW, writer="tab")

        def save(sequence: int, answer: str) -> taking.SaveResult:
            return taking.save(session, hall.learner, attempt.code, 1, sequence, answer, NOW + MINUTE, writer="tab")

        assert save(2, "a").stored == 2
        assert save(1, "b").stored == 2  # arrives late, and does not count
        assert save(2, "a").stored == 2  # the same again
        assert save(2, "a").remaining_s == 39 * 60
        assert session.scalar(select(func.count()).select_from(Response)) == 2
        shown = queries.running(session, hall.learner, attempt.code, NOW + MINUTE)
        assert (shown.items[0].answer, shown.items[0].sequence, shown.items[1].answer) == ("a", 2, None)
        taking.submit(session, hall.learner, attempt.code, NOW + MINUTE)
        assert attempt.items[0].share == "1"


def test_a_second_tab_takes_over_and_both_saves_are_kept(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW, writer="first")
        taking.save(session, hall.learner, attempt.code, 1, 1, "b", NOW, writer="first")
        taking.take_over(session, hall.learner, attempt.code, "second", NOW)
        taking.save(session, hall.learner, attempt.code, 1, 2, "a", NOW, writer="second")
        told = taking.save(session, hall.learner, attempt.code, 1, 2, "c", NOW + MINUTE, writer="first")
        assert told.writer == "second"
        assert session.scalar(select(func.count()).select_from(Response)) == 3
        assert queries.running(session, hall.learner, attempt.code, NOW).items[0].answer == "a"


NO_SAVES: list[tuple[dict[str, Any], str]] = [
    ({"sequence": 0}, "answer_invalid"),
    ({"sequence": 10**9}, "answer_invalid"),
    ({"answer": "x" * 70_000}, "answer_invalid"),
    ({"answer": float("nan")}, "answer_invalid"),
    ({"answer": "\x00"}, "answer_invalid"),
    ({"answer": {1, 2}}, "answer_invalid"),
    ({"writer": "a b"}, "answer_invalid"),
    ({"position": 99}, "attempt_unknown"),
    ({"code": "none"}, "attempt_unknown"),
]


def test_a_save_that_is_none_is_refused(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        for more, code in NO_SAVES:
            given = {"code": attempt.code, "position": 1, "sequence": 1, "answer": "a", "writer": "tab"} | more
            with pytest.raises((Invalid, NotFound)) as refused:
                taking.save(session, hall.learner, now=NOW, **given)
            assert refused.value.code == code


def test_a_save_takes_few_queries(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
    with hall.database.writing() as session, counted(hall.database) as said:
        taking.save(session, hall.learner, attempt.code, 1, 1, "a", NOW, writer="tab")
        assert len(said) <= 2


def test_what_was_answered_never_changes_whatever_code_tries(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        taking.save(session, hall.learner, attempt.code, 1, 1, "b", NOW, writer="tab")
        session.scalars(select(Response)).one().data = {"answer": "a"}
        with pytest.raises(RuntimeError, match="only added"):
            session.flush()
        session.rollback()


# --- Ending -----------------------------------------------------------------------------------------------------------


def test_handed_in_and_judged_by_every_part(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = done(session, hall, hall.learner, 3)
        assert (attempt.state, attempt.passed, attempt.total) == (AttemptState.GRADED, True, "3/4")
        failed = done(session, hall, hall.another, 2)  # the whole of area 1, nothing of area 2
        assert (failed.passed, failed.total) == (False, "1/2")
        assert [(part["area"], part["reached"]) for part in failed.parts] == [("", "1/2"), ("1", "1"), ("2", "0")]
        assert taking.submit(session, hall.learner, attempt.code, NOW + 2 * MINUTE).finished_at == NOW + MINUTE
        with pytest.raises(Conflict) as over:
            taking.save(session, hall.learner, attempt.code, 1, 5, "b", NOW + 2 * MINUTE, writer="tab")
        assert over.value.code == "attempt_over"


def test_the_deadline_with_no_network_and_what_arrives_afterwards(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW, writer="tab")

        def save(position: int, at: Any) -> taking.SaveResult:
            return taking.save(session, hall.learner, attempt.code, position, 1, "a", at, writer="tab")

        assert save(1, END).lateness is Lateness.IN_TIME
        in_grace = save(2, END + MINUTE)
        assert (in_grace.lateness, in_grace.remaining_s) == (Lateness.GRACE, 0)
        assert finishing.end_overdue(session, END + GRACE) == 0
        assert finishing.end_overdue(session, END + GRACE + MINUTE) == 1
        assert (attempt.state, attempt.finished_at, attempt.total) == (AttemptState.GRADED, END, "1/2")
        hours_later = END + 300 * MINUTE
        assert save(3, hours_later).lateness is Lateness.LATE
        assert save(4, hours_later).lateness is Lateness.LATE
        assert attempt.total == "1/2"  # kept, and not counted by itself
        correcting.accept_late(session, hall.author, attempt.code, "Відключення світла", hours_later)
        assert (attempt.state, attempt.total, attempt.passed) == (AttemptState.REGRADED, "1", True)
        kept = session.scalars(select(Regrade)).one()
        assert (kept.before["total"], kept.after["total"], kept.reason) == ("1/2", "1", "Відключення світла")


def test_an_attempt_without_an_answer_is_abandoned_and_the_next_begins(hall: Hall) -> None:
    with hall.database.writing() as session:
        first = taking.begin(session, hall.learner, "t", NOW)
        second = taking.begin(session, hall.learner, "t", END + 60 * MINUTE)
        assert (first.state, first.passed, second.number) == (AttemptState.ABANDONED, False, 2)


def test_more_time_in_mid_attempt_moves_the_deadline_and_the_closing(hall: Hall) -> None:
    closes = NOW + 45 * MINUTE
    with hall.database.writing() as session:
        hall.publish(session, closes_at=closes.isoformat())
        attempt = taking.begin(session, hall.learner, "t", NOW)
        grant = Accommodation(F(3, 2), 5, 30)
        person_id = hall.learner.person_id or 0
        granting.accommodate(session, hall.author, person_id, grant, "Екранний диктор", NOW + MINUTE)
        assert attempt.deadline == NOW + 65 * MINUTE
        events = session.scalars(select(AttemptEvent.kind).where(AttemptEvent.attempt_id == attempt.id)).all()
        assert events == ["began", "deadline_moved"]
        other = taking.begin(session, hall.another, "t", NOW + 10 * MINUTE)
        assert other.deadline == closes
        for wrong in (Accommodation(F(1, 2)), Accommodation(F(11)), Accommodation(added_minutes=10**6)):
            with pytest.raises(Invalid):
                granting.accommodate(session, hall.author, person_id, wrong, "x", NOW)
        for who, nothing in ((person_id, grant), (hall.another.person_id or 0, Accommodation(added_minutes=10))):
            with pytest.raises(Invalid) as refused:  # granted already; the test closes before
                granting.accommodate(session, hall.author, who, nothing, "x", NOW)
            assert refused.value.code == "accommodation_same"


def test_an_overdue_attempt_opens_again_when_its_deadline_moves(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        taking.take_over(session, hall.learner, attempt.code, "tab", END + MINUTE)
        assert attempt.state is AttemptState.OVERDUE
        person_id = hall.learner.person_id or 0
        granting.accommodate(session, hall.author, person_id, Accommodation(F(2)), "Потреба", END + MINUTE)
        assert (attempt.state, attempt.deadline) == (AttemptState.IN_PROGRESS, NOW + 80 * MINUTE)


def test_an_essay_waits_for_somebody_else_to_read_it(hall: Hall) -> None:
    grades = (Grade(points=0, text="ні"), Grade(points=4, text="так"))
    body = Essay(text="Розкажіть", criteria=(Criterion(id="a", text="Повнота", grades=grades),), most_words=3)
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", body)
        hall.publish(session, lines=[*SPEC["lines"], {"area": "3", "count": 1}], passing={"total": "0.5"})
        attempt = taking.begin(session, hall.learner, "t", NOW)
        answer_all(session, hall.learner, attempt, 4)
        essay = attempt.items[-1]
        taking.save(session, hall.learner, attempt.code, essay.position, 2, "надто довгий текст тут", NOW, writer="tab")
        taking.submit(session, hall.learner, attempt.code, NOW)
        assert (attempt.state, attempt.passed, essay.share) == (AttemptState.SUBMITTED, None, None)
        with pytest.raises(NotAllowed):
            marking.rate(session, hall.learner, essay.id, {"a": 4}, NOW)
        marking.rate(session, hall.reviewer, essay.id, {"a": 4}, NOW)
        assert (attempt.state, attempt.passed, attempt.total) == (AttemptState.GRADED, True, "1")


# --- What changes meanwhile -------------------------------------------------------------------------------------------


def test_a_test_edited_and_an_item_changed_or_withdrawn_while_an_attempt_runs(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        before = queries.running(session, hall.learner, attempt.code, NOW)
        hall.publish(session, NOW + MINUTE, passing={"total": "1"}, time_limit_minutes=1)
        for number in range(4):
            item = actions.locked(session, f"i-1-{number}")
            draft = actions.ItemDraft(choice("Зовсім інше"), code=item.code)
            actions.save(session, hall.author, item.code, draft, NOW, expected_version=item.lock_version)
            actions.withdraw(session, hall.author, f"i-2-{number}", "Застаріло", NOW)
        assert queries.running(session, hall.learner, attempt.code, NOW) == before
        answer_all(session, hall.learner, attempt, 3)
        taking.submit(session, hall.learner, attempt.code, NOW + 30 * MINUTE)
        assert (attempt.passed, attempt.version.number) == (True, 1)
        with pytest.raises(Invalid) as short:
            taking.begin(session, hall.another, "t", NOW)
        assert short.value.code == "test_short"


def test_the_same_test_published_again_is_no_new_version(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.publish(session, NOW + MINUTE)
        assert session.scalars(select(TestVersion.number)).all() == [1]


# --- Put right --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "total"), [("full", "1/2"), ("left_out", "1/3")])
def test_a_wrong_item_is_regraded_for_everybody_with_history(hall: Hall, how: Any, total: str) -> None:
    with hall.database.writing() as session:
        attempt = done(session, hall, hall.learner, 1)
        wrong = attempt.items[1].item_version_id
        assert regrading.regrade(session, hall.author, wrong, how, "Ключ хибний", NOW) == 1
        with pytest.raises(Conflict):
            regrading.regrade(session, hall.author, wrong, how, "Ключ хибний", NOW)
        assert (attempt.state, attempt.total) == (AttemptState.REGRADED, total)
        kept = session.scalars(select(Regrade)).one()
        assert (kept.before["total"], kept.after["total"]) == ("1/4", total)
        with pytest.raises(NotAllowed):
            regrading.regrade(session, hall.learner, wrong, how, "Бо", NOW)
    with hall.database.reading() as session:
        assert find_tampering(session) is None


def test_a_voided_attempt_uses_up_none(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.publish(session, attempts=1)
        first = done(session, hall, hall.learner, 0)
        with pytest.raises(Conflict):
            taking.begin(session, hall.learner, "t", NOW)
        correcting.void(session, hall.author, first.code, "Збій на місці", NOW)
        assert first.state is AttemptState.VOIDED
        assert taking.begin(session, hall.learner, "t", NOW).number == 2
        with pytest.raises(Conflict):
            correcting.void(session, hall.author, first.code, "Ще раз", NOW)


def test_an_appeal_is_made_once_and_answered_by_somebody_else(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = done(session, hall, hall.learner, 2)
        correcting.appeal(session, hall.learner, attempt.code, "Питання 3 двозначне", NOW)
        with pytest.raises(Conflict):
            correcting.appeal(session, hall.learner, attempt.code, "Ще раз", NOW)
        with pytest.raises(NotAllowed):
            correcting.answer_appeal(session, hall.learner, attempt.code, "Так", NOW, granted=True)
        with pytest.raises(NotAllowed) as own_test:
            correcting.answer_appeal(session, hall.author, attempt.code, "Ні", NOW, granted=False)
        assert own_test.value.code == "appeal_author"
        correcting.answer_appeal(session, hall.trainer, attempt.code, "Справді двозначне", NOW, granted=True)
        appeal = queries.result(session, hall.learner, attempt.code, NOW).appeal
        assert appeal is not None
        assert (appeal.granted, appeal.answer) == (True, "Справді двозначне")


# --- What is shown ----------------------------------------------------------------------------------------------------


@given(BODIES)
def test_nothing_that_is_shown_tells_what_is_right(body: Any) -> None:
    shown = json.dumps(presented(body, order_of(body, "seed", 1)))
    for word in ("share", "answer", "feedback", "correct", "tolerance", "pattern", "weight"):
        assert f'"{word}"' not in shown


def test_a_result_is_shown_by_the_moment_and_beside_the_last_one(hall: Hall) -> None:
    closes = NOW + 24 * 60 * MINUTE
    with hall.database.writing() as session:
        hall.publish(session, closes_at=closes.isoformat())
        done(session, hall, hall.learner, 1)
        attempt = done(session, hall, hall.learner, 4)
        soon = queries.result(session, hall.learner, attempt.code, NOW + 2 * MINUTE)
        assert Shown.FEEDBACK in soon.may_see
        assert soon.items[0].right is None
        assert "Саме так" in soon.items[0].feedback
        assert [(each.area, each.change) for each in soon.areas] == [("", F(3, 4)), ("1", F(1, 2)), ("2", F(1))]
        later = queries.result(session, hall.learner, attempt.code, NOW + 60 * MINUTE)
        assert (later.items, later.card.total) == ((), F(1))
        after = queries.result(session, hall.learner, attempt.code, closes)
        assert after.items[0].right is not None
        with pytest.raises(NotFound):
            queries.result(session, hall.another, attempt.code, NOW)
        card = queries.test_card(session, hall.learner, "t", NOW, None)
        assert card is not None
        assert [each.number for each in card.attempts] == [2, 1]


def test_an_item_has_figures_from_twenty_attempts_on(hall: Hall) -> None:
    with hall.database.writing() as session:
        done(session, hall, hall.learner, 4)
        of_version = (Item.id == ItemVersion.item_id, ItemVersion.id == AttemptItem.item_version_id)
        asked = session.scalars(select(Item.code).where(*of_version).limit(1)).one()
        told = item_figures.of_item(session, hall.author, asked)
        for number in range(80):
            if told.asked == 20:
                break
            assert told.figures is None
            done(session, hall, hall.somebody(session), 4 if number % 2 else 0)
            told = item_figures.of_item(session, hall.author, asked)
        shares = session.scalars(select(AttemptItem.share).where(*of_version, Item.code == asked)).all()
        assert len(shares) == told.asked
        assert told.figures is not None
        assert told.figures.facility == pytest.approx(sum(float(F(share or 0)) for share in shares) / 20)
        assert told.figures.discrimination == pytest.approx(100), "who knew this knew the rest"
        done(session, hall, hall.learner, 0)
        assert item_figures.of_item(session, hall.author, asked) == told, "the second attempt of a person"
        with pytest.raises(NotAllowed):
            item_figures.of_item(session, hall.learner, asked)


def test_results_wait_to_be_passed_on_until_somebody_did(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW, context="enrolment:1:final")
        assert queries.untold(session) == []
        taking.submit(session, hall.learner, attempt.code, NOW)
        (waiting,) = queries.untold(session)
        assert waiting.context == "enrolment:1:final"
        waiting.told_at = NOW
        session.flush()
        assert queries.untold(session) == []
        regrading.regrade(session, hall.author, attempt.items[0].item_version_id, "full", "Хибне", NOW)
        assert len(queries.untold(session)) == 1
