"""Those who look after a test: who is at it, what waits for them, what they put right and for whom."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts import (
    correcting,
    finishing,
    granting,
    inspecting,
    marking,
    publishing,
    queries,
    readings,
    regrading,
    ruling_queries,
    taking,
    telling,
    waiting,
    watching,
)
from lms.assessment.attempts.models import Attempt, AttemptItem, ItemRuling, Test
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import AttemptState
from lms.assessment.attempts.timing import GRACE, Accommodation
from lms.assessment.content import Criterion, Essay, Grade, Option, SingleChoice, dump
from lms.assessment.drafts import digest_of
from lms.assessment.models import Item, ItemVersion, VersionState
from lms.directory.models import RoleName, Scope
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.models import OutboxMessage
from tests.lms.assessment.attempts.conftest import SPEC, Hall
from tests.lms.facts import NOW, counted, organisation, person

F = Fraction
MINUTE = timedelta(minutes=1)
END = NOW + 40 * MINUTE
GRADES = (Grade(points=0, text="ні"), Grade(points=2, text="частково"), Grade(points=4, text="так"))
ESSAY = Essay(text="Розкажіть", criteria=(Criterion(id="a", text="Повнота", grades=GRADES),))


def answered(session: Session, who: Visitor, right: int, *, at: Any = NOW, essay: str = "") -> Attempt:
    """An attempt with so many right answers, and maybe an essay, handed in."""
    attempt = taking.begin(session, who, "t", at, writer="tab")
    for item in attempt.items:
        given: Any = "a" if item.position <= right else "b"
        if essay and item.area == "3":
            given = essay
        taking.save(session, who, attempt.code, item.position, 1, given, at, writer="tab")
    return taking.submit(session, who, attempt.code, at + MINUTE)


def letters(session: Session) -> list[tuple[str, str]]:
    """Kind and recipient of everything that is queued."""
    return [(row.kind, row.recipient) for row in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))]


def the_test(session: Session) -> int:
    """The hall's test."""
    return session.scalars(select(Test.id)).first() or 0


# --- Watching ---------------------------------------------------------------------------------------------------------


def test_who_is_at_a_test_and_whose_connection_is_gone(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        taking.take_over(session, hall.learner, attempt.code, "tab", NOW)
        taking.save(session, hall.learner, attempt.code, 1, 1, "a", NOW + MINUTE, writer="tab")
        taking.heard(session, hall.learner, attempt.code, NOW + 2 * MINUTE)
        taking.begin(session, hall.another, "t", NOW)

        def lines(at: Any) -> dict[str, watching.PersonLine]:
            found, total = watching.people(session, hall.author, the_test(session), at, running=True)
            assert total == 2
            return {each.card.code: each for each in found}

        soon = lines(NOW + 3 * MINUTE)[attempt.code]
        assert (soon.answered, soon.asked, soon.remaining_s, soon.silent_since) == (1, 4, 37 * 60, None)
        assert lines(NOW + 10 * MINUTE)[attempt.code].silent_since == NOW + 2 * MINUTE
        taking.heard(session, hall.learner, attempt.code, NOW + 11 * MINUTE)
        page = inspecting.attempt_page(session, hall.author, the_test(session), attempt.code, NOW + 11 * MINUTE)
        assert page.silent_since is None
        assert [each.kind for each in page.events] == ["began", "opened", "came_back"]
        for ask in (watching.kept_test, watching.grants):
            with pytest.raises(NotAllowed):
                ask(session, hall.learner, the_test(session))
        with pytest.raises(NotAllowed):
            inspecting.attempt_page(session, hall.learner, the_test(session), attempt.code, NOW)
        with pytest.raises(NotFound):
            inspecting.attempt_page(session, hall.author, 999, attempt.code, NOW)


def test_lists_and_an_attempt_take_as_many_queries_for_many_as_for_one(hall: Hall) -> None:
    with hall.database.writing() as session:
        first = answered(session, hall.learner, 1).code
        number = the_test(session)
    sizes = []
    for more in (0, 8):
        with hall.database.writing() as session:
            for right in range(more):
                answered(session, hall.somebody(session), right % 4)
        with hall.database.reading() as session, counted(hall.database) as said:
            watching.kept_tests(session, hall.author)
            watching.people(session, hall.author, number, NOW, running=False)
            inspecting.attempt_page(session, hall.author, number, first, NOW)
            waiting.appeals_waiting(session, hall.author)
            waiting.late_waiting(session, hall.author)
            sizes.append(len(said))
    assert sizes[0] == sizes[1]


def test_trainers_of_an_organisation_look_after_its_tests_alone(hall: Hall) -> None:
    with hall.database.writing() as session:
        home, other = organisation(session, "home"), organisation(session, "other")
        scoped = [
            person(session, f"{each.code}@example.org", RoleName.TRAINER, scope=Scope.ORGANISATION, scope_id=each.id)
            for each in (home, other)
        ]
        publishing.put(session, "system", "t", parse(SPEC), NOW, title_uk="Тест", organisation_id=home.id)
        code = answered(session, hall.learner, 1).code
        assert [len(watching.kept_tests(session, each)[0]) for each in scoped] == [1, 0]
        assert inspecting.attempt_page(session, scoped[0], the_test(session), code, NOW).name
        with pytest.raises(NotAllowed):
            inspecting.attempt_page(session, scoped[1], the_test(session), code, NOW)
        person_id = hall.learner.person_id or 0
        granting.accommodate(session, scoped[0], person_id, Accommodation(F(2)), "Потреба", NOW, test_code="t")
        for who, where in ((scoped[1], "t"), (scoped[0], "")):  # not another's test, not every test
            with pytest.raises(NotAllowed):
                granting.accommodate(session, who, person_id, Accommodation(F(2)), "Потреба", NOW, test_code=where)
        with pytest.raises(NotAllowed):
            correcting.void(session, scoped[1], code, "Бо", NOW)


# --- More time --------------------------------------------------------------------------------------------------------


def test_more_time_is_taken_back_for_attempts_to_come_alone(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        person_id = hall.learner.person_id or 0
        with pytest.raises(Invalid):
            granting.accommodate(session, hall.author, person_id, Accommodation(), "Потреба", NOW, test_code="t")
        grant = granting.accommodate(session, hall.author, person_id, Accommodation(F(2)), "Потреба", NOW)
        page = inspecting.attempt_page(session, hall.author, attempt.test_id, attempt.code, NOW)
        assert (page.base_deadline, page.deadline) == (END, NOW + 80 * MINUTE)
        assert [each.everywhere for each in watching.grants(session, hall.author, attempt.test_id)] == [True]
        granting.revoke(session, hall.author, grant.id, NOW)
        assert attempt.deadline == NOW + 80 * MINUTE
        with pytest.raises(Conflict):
            granting.revoke(session, hall.author, grant.id, NOW)
        granting.accommodate(session, hall.author, person_id, Accommodation(F(1), 5), "Ще", NOW)
        assert attempt.deadline == NOW + 80 * MINUTE, "a smaller grant takes no time away"
        taking.submit(session, hall.learner, attempt.code, NOW)
        assert taking.begin(session, hall.learner, "t", NOW).deadline == END + 5 * MINUTE


# --- Essays -----------------------------------------------------------------------------------------------------------


def test_essays_wait_without_names_and_the_last_points_end_the_waiting(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", ESSAY)
        hall.publish(session, lines=[*SPEC["lines"], {"area": "3", "count": 1}], passing={"total": "0.5"})
        attempt = answered(session, hall.learner, 4, essay="Довга відповідь людини")
        own = answered(session, hall.author, 4, essay="Своя")
        (one,) = marking.waiting(session, hall.author)
        assert (one.words, marking.count_waiting(session, hall.author)) == (3, 1)
        assert marking.count_waiting(session, hall.reviewer) == 2
        page = marking.essay(session, hall.author, one.id)
        assert page.text == "Довга відповідь людини"
        assert not any("Прізвище" in str(getattr(page, name)) for name in page.__slots__)
        with pytest.raises(NotAllowed):
            marking.essay(session, hall.author, own.items[-1].id)
        with pytest.raises(NotAllowed):
            marking.waiting(session, hall.learner)
        with pytest.raises(Invalid):
            marking.rate(session, hall.author, one.id, {"a": 3}, NOW)
        marking.rate(session, hall.author, one.id, {"a": 2}, NOW, comment="Бракує прикладу")
        assert (attempt.state, attempt.total) == (AttemptState.GRADED, "9/10")
        assert letters(session) == [(telling.JUDGED, f"person:{attempt.person_id}")]
        assert queries.result(session, hall.learner, attempt.code, NOW + MINUTE).items[-1].comment == "Бракує прикладу"
        with pytest.raises(Invalid):  # points that were given are changed with a reason
            marking.rate(session, hall.reviewer, one.id, {"a": 4}, NOW)
        marking.rate(session, hall.reviewer, one.id, {"a": 4}, NOW, reason="Недогляд")
        assert (attempt.state, attempt.total) == (AttemptState.REGRADED, "1")


def test_two_read_an_essay_and_a_third_decides_where_they_differ(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", ESSAY)
        lines = [*SPEC["lines"], {"area": "3", "count": 1}]
        hall.publish(session, lines=lines, passing={"total": "0.5"}, two_readers="0.4")
        attempt = answered(session, hall.learner, 4, essay="Довга відповідь")
        (one,) = marking.waiting(session, hall.author)
        marking.rate(session, hall.author, one.id, {"a": 0}, NOW, comment="Не про те")
        assert (attempt.passed, marking.count_waiting(session, hall.author)) == (None, 0), "one is not enough"
        marking.rate(session, hall.author, one.id, {"a": 4}, NOW, comment="Обмовка")
        assert attempt.passed is None, "a slip that is put right is no second reading"
        assert marking.essay(session, hall.author, one.id).own_share == "1"
        (mine,) = marking.read_by(session, hall.author)
        assert (mine.id, mine.share, mine.waits) == (one.id, "1", True)
        marking.rate(session, hall.author, one.id, {"a": 0}, NOW, comment="Не про те")
        assert [each.readings for each in marking.waiting(session, hall.trainer)] == [1]
        assert marking.essay(session, hall.trainer, one.id).readings == (), "the second sees nothing of the first"
        marking.rate(session, hall.trainer, one.id, {"a": 4}, NOW, comment="Саме так")
        assert attempt.passed is None, "they differ"
        for reader in (hall.author, hall.trainer):
            with pytest.raises(Conflict) as refused:
                marking.rate(session, reader, one.id, {"a": 4}, NOW)
            assert refused.value.code == "rating_yours"
        assert letters(session) == []
        assert marking.essay(session, hall.reviewer, one.id).readings == (("0", "Не про те"), ("1", "Саме так"))
        marking.rate(session, hall.reviewer, one.id, {"a": 2}, NOW)
        essay = next(item for item in attempt.items if item.id == one.id)
        assert (essay.share, essay.comment, essay.marked_by) == ("1/2", "Не про те\n\nСаме так", hall.reviewer.actor)
        assert (attempt.state, attempt.total) == (AttemptState.GRADED, "9/10")
        assert letters(session) == [(telling.JUDGED, f"person:{attempt.person_id}")]
        correcting.appeal(session, hall.learner, attempt.code, "Не згоден", NOW)
        for reader in (hall.author, hall.trainer, hall.reviewer):
            assert reader.actor in correcting.judges_of(session, attempt), "each of them has judged it"
        with pytest.raises(NotAllowed):
            correcting.answer_appeal(session, hall.trainer, attempt.code, "Ні", NOW, granted=False)


def test_points_for_an_essay_are_changed_and_its_writer_hears_only_of_a_change(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", ESSAY)
        hall.publish(session, lines=[*SPEC["lines"], {"area": "3", "count": 1}], passing={"total": "0.5"})
        attempt = answered(session, hall.learner, 4, essay="Довга відповідь")
        (one,) = marking.waiting(session, hall.author)
        marking.rate(session, hall.author, one.id, {"a": 0}, NOW)
        (read,) = marking.read_by(session, hall.author)
        assert (read.share, read.waits) == ("0", False)
        assert marking.read_by(session, hall.trainer) == []
        marking.rate(session, hall.author, one.id, {"a": 0}, NOW + MINUTE, reason="Ще раз прочитано")
        assert [kind for kind, _ in letters(session)] == [telling.JUDGED], "nothing has changed"
        marking.rate(session, hall.author, one.id, {"a": 4}, NOW + 2 * MINUTE, reason="Обмовка")
        assert [kind for kind, _ in letters(session)] == [telling.JUDGED, telling.CHANGED]
        page = inspecting.attempt_page(session, hall.trainer, attempt.test_id, attempt.code, NOW)
        assert [each.reason for each in page.regrades] == ["Ще раз прочитано", "Обмовка"]


def test_a_late_text_that_is_accepted_is_read_by_two_again(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", ESSAY)
        lines = [*SPEC["lines"], {"area": "3", "count": 1}]
        hall.publish(session, lines=lines, passing={"total": "0.5"}, two_readers="0.4", time_limit_minutes=40)
        attempt = taking.begin(session, hall.learner, "t", NOW)
        essay = attempt.items[-1]
        taking.save(session, hall.learner, attempt.code, essay.position, 1, "Початок", NOW, writer="w")
        finishing.end_overdue(session, END + 3 * MINUTE)
        taking.save(
            session, hall.learner, attempt.code, essay.position, 2, "Уся відповідь", END + 4 * MINUTE, writer="w"
        )
        for reader in (hall.author, hall.trainer):
            marking.rate(session, reader, essay.id, {"a": 0}, END + 5 * MINUTE)
        assert essay.share == "0"
        correcting.accept_late(session, hall.trainer, attempt.code, "Не було світла", END + 6 * MINUTE)
        assert (essay.share, attempt.passed) == (None, None)
        assert [each.readings for each in marking.waiting(session, hall.author)] == [0]
        marking.rate(session, hall.author, essay.id, {"a": 4}, END + 7 * MINUTE)
        assert essay.share is None, "the two who read the first text did not read this one"
        marking.rate(session, hall.trainer, essay.id, {"a": 4}, END + 7 * MINUTE)
        assert essay.share == "1"


@pytest.mark.parametrize(
    ("shares", "apart", "comes_to"),
    [
        (["1/2"], "1/5", None),
        (["1/2", "7/10"], "1/5", Fraction(3, 5)),
        (["1/2", "3/4"], "1/5", None),
        (["0", "1"], "1", Fraction(1, 2)),
        (["1/3", "1/3"], "0", Fraction(1, 3)),
        (["0", "1", "3/4"], "1/5", Fraction(3, 4)),
    ],
)
def test_what_readings_come_to(shares: list[str], apart: str, comes_to: Fraction | None) -> None:
    assert readings.decide([Fraction(each) for each in shares], Fraction(apart)) == comes_to


# --- Wrong items ------------------------------------------------------------------------------------------------------


def corrected(session: Session, hall: Hall, item_version_id: int, right: str = "b") -> int:
    """The item's next version, in which another option is right."""
    version = session.get_one(ItemVersion, item_version_id)
    body = SingleChoice(
        text="Питання",
        options=tuple(
            Option(id=each, text=each, share=Fraction(int(each == right)), feedback="") for each in ("a", "b", "c")
        ),
    )
    made = ItemVersion(
        item_id=version.item_id,
        number=2,
        kind=body.kind,
        policy=body.policy,
        body=dump(body),
        digest=digest_of(body),
        state=VersionState.USABLE,
        written_by=hall.author.actor,
        writers={},
        written_at=NOW,
        reviewed_by=hall.reviewer.actor,
        reviewed_at=NOW,
    )
    session.add(made)
    session.flush()
    return made.id


def test_a_corrected_key_is_previewed_then_applied_to_all_and_to_what_still_runs(hall: Hall) -> None:
    with hall.database.writing() as session:
        for code in [f"i-{area}-{number}" for area in (1, 2) for number in range(2, 4)]:
            item = session.scalars(select(Item).where(Item.code == code)).one()
            item.usable_id = None  # four items are left, so that everybody has the same
        session.flush()
        winner = answered(session, hall.learner, 0)
        loser = answered(session, hall.another, 4)
        runs = taking.begin(session, hall.somebody(session), "t", NOW)
        wrong = winner.items[0].item_version_id
        key = corrected(session, hall, wrong)
        told = regrading.preview(session, hall.author, wrong, "key", key)
        assert (told.attempts, told.running, len(told.changes), told.lost) == (2, 1, 2, 0)
        assert {each.code: (each.before, each.after) for each in told.changes} == {
            winner.code: (F(0), F(1, 4)),
            loser.code: (F(1), F(3, 4)),
        }
        assert (winner.total, loser.total) == ("0", "1"), "a preview changes nothing"
        assert regrading.regrade(session, hall.author, wrong, "key", "Ключ хибний", NOW, key_version_id=key) == 2
        assert (winner.total, loser.total, winner.state) == ("1/4", "3/4", AttemptState.REGRADED)
        assert {kind for kind, _ in letters(session)} == {telling.CHANGED}
        position = next(item.position for item in runs.items if item.item_version_id == wrong)
        who = Visitor(person_id=runs.person_id)
        taking.save(session, who, runs.code, position, 1, "b", NOW, writer="tab")
        assert taking.submit(session, who, runs.code, NOW).total == "1/4", "what still ran is scored so, too"
        page = ruling_queries.ruling_page(session, hall.author, wrong)
        assert (page.rulings[0].key, page.rulings[0].done, len(page.keys)) == (2, True, 2)
        back = regrading.regrade(session, hall.author, wrong, "key", "Таки правильний", NOW, key_version_id=wrong)
        assert (back, winner.total, loser.total) == (3, "0", "1")


def test_a_ruling_that_fits_not_is_refused_and_the_worker_goes_on(hall: Hall, monkeypatch: Any) -> None:
    monkeypatch.setattr(regrading, "AT_ONCE", 1)
    with hall.database.writing() as session:
        attempts = [answered(session, hall.somebody(session), 0) for _ in range(8)]
        wrong = attempts[0].items[0].item_version_id
        had = session.scalars(select(AttemptItem.id).where(AttemptItem.item_version_id == wrong)).all()
        other = session.scalars(select(ItemVersion.id).where(ItemVersion.id != wrong)).first()
        for how, key in (("key", None), ("key", other), ("full", wrong), ("nothing", None)):
            with pytest.raises(Invalid):
                regrading.regrade(session, hall.author, wrong, how, "Бо", NOW, key_version_id=key)
        with pytest.raises(NotAllowed):
            regrading.preview(session, hall.learner, wrong, "full")
        done = regrading.regrade(session, hall.author, wrong, "full", "Двозначне", NOW)
        while session.scalars(select(ItemRuling.done_at)).one() is None:
            done += regrading.carry_on(session, NOW)
        assert done == len(had)
        assert regrading.carry_on(session, NOW) == 0
        assert set(session.scalars(select(AttemptItem.share).where(AttemptItem.id.in_(had)))) == {"1"}


def test_a_ruling_stays_when_late_answers_are_taken(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW, writer="tab")
        taking.save(session, hall.learner, attempt.code, 1, 1, "b", NOW, writer="tab")
        finishing.end_overdue(session, END + GRACE + MINUTE)
        regrading.regrade(session, hall.author, attempt.items[0].item_version_id, "full", "Хибне", NOW)
        taking.save(session, hall.learner, attempt.code, 2, 1, "a", END + 9 * MINUTE, writer="tab")
        (late,) = waiting.late_waiting(session, hall.author)
        assert (late.code, late.at) == (attempt.code, END + 9 * MINUTE)
        correcting.accept_late(session, hall.author, attempt.code, "Світло", END + 10 * MINUTE)
        assert [item.share for item in attempt.items] == ["1", "1", "0", "0"]
        assert waiting.late_waiting(session, hall.author) == []


# --- Late answers and appeals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["full", "left_out"])
def test_a_ruling_on_an_essay_is_undone_and_its_readers_points_are_there_again(hall: Hall, how: Any) -> None:
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", ESSAY)
        hall.publish(session, lines=[*SPEC["lines"], {"area": "3", "count": 1}], passing={"total": "0.5"})
        read = answered(session, hall.learner, 4, essay="Прочитана")
        unread = answered(session, hall.another, 4, essay="Не прочитана")
        essay = read.items[-1]
        marking.rate(session, hall.trainer, essay.id, {"a": 2}, NOW)
        version = essay.item_version_id
        with pytest.raises(Conflict) as nothing:
            regrading.regrade(session, hall.author, version, "as_asked", "Бо", NOW)
        assert nothing.value.code == "ruling_same"
        regrading.regrade(session, hall.author, version, how, "Натиснув не те", NOW)
        assert (read.total, unread.state) == ("1", AttemptState.GRADED)
        marking.rate(session, hall.trainer, essay.id, {"a": 4}, NOW, reason="Недогляд")
        assert read.total == "1", "a reader does not overrule what was ruled for everybody"
        preview = regrading.preview(session, hall.author, version, "as_asked")
        assert {each.code: each.passed_after for each in preview.changes} == {unread.code: None}
        marking.rate(session, hall.trainer, essay.id, {"a": 2}, NOW, reason="Усе-таки")
        before = len(letters(session))
        regrading.regrade(session, hall.author, version, "as_asked", "Питання правильне", NOW + MINUTE)
        assert (read.total, essay.share, essay.weight) == ("9/10", "1/2", "1")
        assert (unread.passed, unread.items[-1].share) == (None, None), "nobody has read it: it waits again"
        assert [each.id for each in marking.waiting(session, hall.trainer)] == [unread.items[-1].id]
        assert len(letters(session)) == before + 2, "both results changed"
        page = inspecting.attempt_page(session, hall.author, read.test_id, read.code, NOW)
        assert not any(each.ruled for each in page.answers)
        assert len(ruling_queries.ruling_page(session, hall.author, version).rulings) == 2
        correcting.accept_late(session, hall.author, read.code, "Не було світла", NOW)
        assert essay.share == "1/2", "scored anew, the readers' points stay"


def test_a_ruling_is_undone_for_answers_that_have_a_key(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = answered(session, hall.learner, 3)
        version = attempt.items[-1].item_version_id
        regrading.regrade(session, hall.author, version, "full", "Натиснув не те", NOW)
        assert attempt.total == "1"
        regrading.regrade(session, hall.author, version, "as_asked", "Питання правильне", NOW)
        assert attempt.total == "3/4"


def test_a_result_shows_the_key_as_it_was_corrected_and_what_does_not_count(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.publish(session, review={"right_after": ["score", "right", "marks"]})
        attempt = answered(session, hall.learner, 4)
        version, other = (attempt.items[number].item_version_id for number in (0, 1))
        key = corrected(session, hall, version)
        regrading.regrade(session, hall.author, version, "key", "Правильна інша", NOW, key_version_id=key)
        regrading.regrade(session, hall.author, other, "left_out", "Двозначне", NOW)
        first, second = queries.result(session, hall.learner, attempt.code, NOW + 2 * MINUTE).items[:2]
        assert first.share == 0
        assert [each.id for each in first.right.options if each.share == 1] == ["b"]  # type: ignore[union-attr]
        assert (first.left_out, second.left_out) == (False, True)


def test_answers_that_come_after_late_ones_were_accepted_wait_for_a_decision_of_their_own(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW)
        taking.save(session, hall.learner, attempt.code, 1, 1, "b", NOW, writer="w")
        finishing.end_overdue(session, END + 3 * MINUTE)
        taking.save(session, hall.learner, attempt.code, 1, 2, "c", END + 4 * MINUTE, writer="w")
        correcting.accept_late(session, hall.trainer, attempt.code, "Не було світла", END + 5 * MINUTE)
        taking.save(session, hall.learner, attempt.code, 1, 3, "a", END + 6 * MINUTE, writer="w")
        assert [each.code for each in waiting.late_waiting(session, hall.trainer)] == [attempt.code]
        page = inspecting.attempt_page(session, hall.trainer, attempt.test_id, attempt.code, END + 7 * MINUTE)
        assert (page.answers[0].answer, page.answers[0].late_answer, page.late_open) == ("c", "a", True)
        correcting.accept_late(session, hall.trainer, attempt.code, "І далі не було", END + 8 * MINUTE)
        assert attempt.items[0].share == "1"
        page = inspecting.attempt_page(session, hall.trainer, attempt.test_id, attempt.code, END + 9 * MINUTE)
        assert (page.answers[0].answer, page.late_open) == ("a", False)


def test_late_answers_are_decided_before_an_essay_is_read(hall: Hall) -> None:
    with hall.database.writing() as session:
        hall.item(session, "essay", "3.1", ESSAY)
        hall.publish(session, lines=[*SPEC["lines"], {"area": "3", "count": 1}], passing={"total": "0.5"})
        attempt = taking.begin(session, hall.learner, "t", NOW)
        taking.save(session, hall.learner, attempt.code, 5, 1, "Початок", NOW, writer="w")
        finishing.end_overdue(session, END + 3 * MINUTE)
        for position in range(1, 5):
            taking.save(session, hall.learner, attempt.code, position, 1, "a", END + 4 * MINUTE, writer="w")
        correcting.accept_late(session, hall.trainer, attempt.code, "Не було світла", END + 5 * MINUTE)
        assert (attempt.state, attempt.total) == (AttemptState.AUTO_SUBMITTED, "4/5")
        assert letters(session) == [], "the letter comes when all of it has been read"
        marking.rate(session, hall.trainer, attempt.items[-1].id, {"a": 4}, END + 6 * MINUTE)
        assert (attempt.state, attempt.total) == (AttemptState.GRADED, "1")


def test_late_answers_are_refused_with_a_reason_and_wait_again_when_more_come(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = taking.begin(session, hall.learner, "t", NOW, writer="tab")
        taking.save(session, hall.learner, attempt.code, 1, 1, "a", NOW, writer="tab")
        finishing.end_overdue(session, END + GRACE + MINUTE)
        with pytest.raises(Conflict) as none:
            correcting.refuse_late(session, hall.author, attempt.code, "Пізно", END + 5 * MINUTE)
        assert none.value.code == "late_none"
        taking.save(session, hall.learner, attempt.code, 2, 1, "a", END + 9 * MINUTE, writer="tab")
        page = inspecting.attempt_page(session, hall.author, attempt.test_id, attempt.code, END + 10 * MINUTE)
        assert (page.late_open, page.answers[1].late_answer, page.answers[1].answer) == (True, "a", None)
        with pytest.raises(Invalid):
            correcting.refuse_late(session, hall.author, attempt.code, " ", END + 10 * MINUTE)
        correcting.refuse_late(session, hall.author, attempt.code, "Без причини", END + 10 * MINUTE)
        assert (attempt.total, letters(session)) == ("1/4", [(telling.LATE_REFUSED, f"person:{attempt.person_id}")])
        assert waiting.late_waiting(session, hall.author) == []
        taking.save(session, hall.learner, attempt.code, 3, 1, "a", END + 20 * MINUTE, writer="tab")
        assert len(waiting.late_waiting(session, hall.author)) == 1


def test_an_appeal_reaches_those_who_may_answer_and_both_are_told(hall: Hall) -> None:
    with hall.database.writing() as session:
        attempt = answered(session, hall.learner, 2)
        correcting.appeal(session, hall.learner, attempt.code, "Питання 3 двозначне", NOW)
        assert letters(session) == [(telling.APPEALED, hall.trainer.actor)], "not to the test's author"
        (one,) = waiting.appeals_waiting(session, hall.trainer)
        assert (one.until, one.own_work) == (NOW + correcting.APPEAL_TERM, False)
        assert waiting.appeals_waiting(session, hall.author)[0].own_work
        page = inspecting.attempt_page(session, hall.author, attempt.test_id, attempt.code, NOW)
        assert not page.may_answer
        correcting.answer_appeal(session, hall.trainer, attempt.code, "Ні, однозначне", NOW, granted=False)
        assert letters(session)[-1] == (telling.ANSWERED, f"person:{attempt.person_id}")
        assert waiting.appeals_waiting(session, hall.trainer) == []
        (own,), total = queries.own_attempts(session, hall.learner)
        assert (own.appeal, own.card.total, total) == ("refused", F(1, 2), 1)
