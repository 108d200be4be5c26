"""Tests and attempts, the pure rules: draws, orders, deadlines, saves, states, passing, profiles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.assessment.attempts.drawing import Candidate, draw, fits, order_of, shuffled
from lms.assessment.attempts.passing import Mark, judge, parts_of
from lms.assessment.attempts.profile import gaps, standing, suggested
from lms.assessment.attempts.saving import Saved, current, is_known, last_number
from lms.assessment.attempts.spec import Line, Passing, Review, Shown, digest_of, dump, parse, shown
from lms.assessment.attempts.states import FOLLOWS, AttemptState, follow
from lms.assessment.attempts.timing import (
    GRACE,
    Accommodation,
    Lateness,
    closing,
    combined,
    deadline,
    lateness,
    may_begin,
    remaining_s,
)
from lms.assessment.content import ItemKind, Ordering
from lms.errors import Conflict, Invalid
from tests.lms.assessment.bodies import BODIES

F = Fraction
START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

# --- Drawing ----------------------------------------------------------------------------------------------------------

COMPETENCES = ["1.1", "1.2", "2.1", "2.2", "10.1"]
CANDIDATES = st.lists(
    st.tuples(st.sampled_from(COMPETENCES), st.integers(1, 8), st.sampled_from(["citizen", "teacher"])),
    max_size=30,
).map(
    lambda facts: [
        Candidate(
            version_id=number,
            family=f"f{number}",
            kind=ItemKind.SINGLE if number % 3 else ItemKind.ESSAY,
            competences=frozenset({competence}),
            levels=frozenset({level}),
            audiences=frozenset({audience}),
        )
        for number, (competence, level, audience) in enumerate(facts)
    ]
)
LINES = st.lists(
    st.builds(
        Line,
        area=st.sampled_from([None, "1", "2", "1.1"]),
        levels=st.tuples(st.integers(1, 8), st.integers(1, 8)).map(lambda pair: (min(pair), max(pair))),
        audience=st.sampled_from(["", "citizen"]),
        count=st.integers(1, 4),
    ),
    min_size=1,
    max_size=4,
)


def greatest(lines: list[Line], candidates: list[Candidate]) -> int:
    """The most seats that can be filled, by trying all ways of growing a matching, one seat at a time."""
    seats = [line for line in lines for _ in range(line.count)]
    beside: dict[int, int] = {}

    def place(seat: int, tried: set[int]) -> bool:
        for index, candidate in enumerate(candidates):
            if index in tried or not fits(seats[seat], candidate, ()):
                continue
            tried.add(index)
            if index not in beside or place(beside[index], tried):
                beside[index] = seat
                return True
        return False

    return sum(place(seat, set()) for seat in range(len(seats)))


@given(LINES, CANDIDATES, st.text(max_size=5))
def test_a_draw_is_what_the_lines_ask_or_there_is_none(
    lines: list[Line], candidates: list[Candidate], seed: str
) -> None:
    wanted = sum(line.count for line in lines)
    if greatest(lines, candidates) < wanted:
        with pytest.raises(Invalid) as refused:
            draw(lines, candidates, seed)
        assert refused.value.code == "test_short"
        return
    drawn = draw(lines, candidates, seed)
    assert len(drawn) == wanted == len({each.version_id for each in drawn})
    assert [sum(each.line == number for each in drawn) for number in range(len(lines))] == [
        each.count for each in lines
    ]
    assert all(fits(lines[each.line], candidates[each.version_id], ()) for each in drawn)
    assert draw(lines, list(reversed(candidates)), seed) == drawn


def some(count: int, competence: str = "1.1", **more: Any) -> list[Candidate]:
    facts = {"kind": ItemKind.SINGLE, "competences": frozenset({competence}), "levels": frozenset({3})} | more
    return [Candidate(version_id=n, family=f"{competence}/{n}", **facts) for n in range(count)]


def test_different_seeds_give_different_tests_and_every_item_has_its_chance() -> None:
    line = Line(area="1", count=5)
    draws = [tuple(each.version_id for each in draw([line], some(20), f"seed {n}")) for n in range(200)]
    assert len(set(draws)) > 190
    counts = [sum(number in each for each in draws) for number in range(20)]
    assert min(counts) > 20  # of 50 expected


def test_an_area_is_not_another_that_begins_alike() -> None:
    assert not fits(Line(area="1", count=1), some(1, "10.1")[0], ())
    assert fits(Line(area="1", count=1), some(1, "1.3")[0], ())
    assert not fits(Line(area="1", count=1), some(1, "1.3")[0], {ItemKind.ESSAY})


def test_what_somebody_has_had_comes_last_and_translations_are_one() -> None:
    line = Line(area="1", count=3)
    seen = {f"1.1/{number}" for number in range(5)}
    for n in range(20):
        assert {each.version_id for each in draw([line], some(8), str(n), seen=seen)} == {5, 6, 7}
    assert len(draw([Line(area="1", count=8)], some(8), "x", seen=seen)) == 8
    twins = [
        Candidate(version_id=n, family="one", kind=ItemKind.SINGLE, competences=frozenset({"1.1"})) for n in range(3)
    ]
    with pytest.raises(Invalid):
        draw([Line(area="1", count=2)], twins, "x")


@given(BODIES, st.text(max_size=5))
def test_orders_hold_every_part_once_and_stay(body: Any, seed: str) -> None:
    order = order_of(body, seed, 7)
    assert order == order_of(body, seed, 7)
    for ids in order.values():
        assert len(ids) == len(set(ids))
    if isinstance(body, Ordering):
        right = [element.id for element in body.elements]
        assert sorted(order[""]) == sorted(right)
        assert order[""] != right


@given(st.lists(st.integers(), unique=True).map(lambda numbers: [str(each) for each in numbers]), st.text())
def test_shuffling_loses_nothing(ids: list[str], seed: str) -> None:
    assert sorted(shuffled(ids, seed)) == sorted(ids)
    assert shuffled(list(reversed(ids)), seed) == shuffled(ids, seed)


# --- Time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "closes", "granted", "minutes"),
    [
        (40, None, Accommodation(), 40),
        (40, 30, Accommodation(), 30),
        (40, 60, Accommodation(F(3, 2)), 60),
        (40, 60, Accommodation(F(3, 2), 5), 60),
        (40, 60, Accommodation(F(3, 2), 5, 30), 65),
        (None, 60, Accommodation(F(2), 10, 15), 75),
        (40, None, Accommodation(F(1), 10), 50),
        (None, None, Accommodation(F(2)), None),
    ],
)
def test_the_deadline_is_the_earlier_of_two(
    limit: int | None, closes: int | None, granted: Accommodation, minutes: int | None
) -> None:
    closes_at = START + timedelta(minutes=closes) if closes else None
    ends = deadline(START, limit, closes_at, granted)
    assert ends == (None if minutes is None else START + timedelta(minutes=minutes))


GRANTS = st.builds(
    Accommodation,
    multiplier=st.fractions(1, 10, max_denominator=10),
    added_minutes=st.integers(0, 600),
    added_close_minutes=st.integers(0, 600),
)


@given(st.none() | st.integers(1, 600), st.none() | st.integers(1, 900), GRANTS, GRANTS)
def test_an_accommodation_never_takes_time_away(
    limit: int | None, closes: int | None, first: Accommodation, second: Accommodation
) -> None:
    closes_at = START + timedelta(minutes=closes) if closes is not None else None
    plain = deadline(START, limit, closes_at, Accommodation())
    with_one = deadline(START, limit, closes_at, first)
    with_both = deadline(START, limit, closes_at, combined([first, second]))
    if plain is None:
        assert with_one is with_both is None
        return
    assert with_one is not None
    assert with_both is not None
    assert plain <= with_one <= with_both
    latest = closing(closes_at, first)
    assert latest is None or with_one <= latest


def test_answers_count_up_to_the_deadline_and_within_grace() -> None:
    ends = START + HOUR
    assert lateness(ends, ends) is Lateness.IN_TIME
    assert lateness(ends + timedelta(microseconds=1), ends) is Lateness.GRACE
    assert lateness(ends + GRACE, ends) is Lateness.GRACE
    assert lateness(ends + GRACE + timedelta(seconds=1), ends) is Lateness.LATE
    assert lateness(ends, None) is Lateness.IN_TIME
    assert (remaining_s(START, ends), remaining_s(ends + HOUR, ends), remaining_s(START, None)) == (3600, 0, None)


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({}, ""),
        ({"opens_at": START + HOUR}, "test_early"),
        ({"closes_at": START}, "test_closed"),
        ({"closes_at": START, "granted": Accommodation(added_close_minutes=30)}, ""),
        ({"made": 3, "most": 3}, "test_attempts"),
        ({"last_ended_at": START - HOUR, "wait_hours": 2}, "test_wait"),
        ({"last_ended_at": START - 2 * HOUR, "wait_hours": 2}, ""),
    ],
)
def test_when_an_attempt_may_begin(more: dict[str, Any], refusal: str) -> None:
    facts: dict[str, Any] = {
        "opens_at": None,
        "closes_at": None,
        "granted": Accommodation(),
        "made": 0,
        "most": None,
        "last_ended_at": None,
        "wait_hours": 0,
    }
    assert may_begin(START, **(facts | more)) == refusal


# --- Saves ------------------------------------------------------------------------------------------------------------

SAVES = st.lists(
    st.builds(
        Saved,
        sequence=st.integers(1, 6),
        writer=st.sampled_from("ab"),
        data=st.integers(),
        at=st.integers(0, 100).map(lambda seconds: START + timedelta(seconds=seconds)),
        lateness=st.sampled_from(list(Lateness)),
        id=st.integers(0, 5),
    ),
    max_size=10,
    unique_by=lambda each: each.id,
)


@given(SAVES, st.randoms())
def test_the_last_number_counts_whatever_order_they_arrive_in(saves: list[Saved], random: Any) -> None:
    mixed = list(saves)
    random.shuffle(mixed)
    found = current(mixed)
    assert found == current(saves)
    counting = [each for each in saves if each.lateness is not Lateness.LATE]
    assert (found is None) == (not counting)
    if found is not None:
        assert found.sequence == max(each.sequence for each in counting)
        assert not any(each.sequence == found.sequence and each.at < found.at for each in counting)
    assert last_number(saves) == max((each.sequence for each in saves), default=0)
    assert all(is_known(saves, each.sequence, each.writer) for each in saves)


def test_what_came_too_late_counts_when_somebody_decides_so() -> None:
    early = Saved(1, "a", "early", START)
    late = Saved(2, "a", "late", START + HOUR, Lateness.LATE)
    assert current([early, late]) == early
    assert current([early, late], late_too=True) == late


# --- States -----------------------------------------------------------------------------------------------------------


def test_every_state_is_known_and_nothing_follows_a_voided_attempt() -> None:
    assert set(FOLLOWS) == set(AttemptState)
    assert follow(AttemptState.IN_PROGRESS, AttemptState.SUBMITTED) is AttemptState.SUBMITTED
    for then in AttemptState:
        with pytest.raises(Conflict):
            follow(AttemptState.VOIDED, then)
    with pytest.raises(Conflict):
        follow(AttemptState.GRADED, AttemptState.IN_PROGRESS)


# --- Passing ----------------------------------------------------------------------------------------------------------

MARKS = [Mark("1", F(1)), Mark("1", F(0)), Mark("2", F(1)), Mark("2", F(1)), Mark("10", F(1, 2), F(2))]


def test_every_part_must_hold_and_the_result_says_which_did_not() -> None:
    verdict = judge(MARKS, Passing(total=F(3, 5), each_area=F(2, 5), areas={"2": F(1), "10": F(3, 4)}))
    assert verdict.total == F(2, 3)
    assert [(part.area, part.reached, part.needed, part.met) for part in verdict.parts] == [
        ("", F(2, 3), F(3, 5), True),
        ("1", F(1, 2), F(2, 5), True),
        ("2", F(1), F(1), True),
        ("10", F(1, 2), F(3, 4), False),
    ]
    assert verdict.passed is False
    assert parts_of(verdict.data()) == verdict.parts
    assert judge(MARKS, Passing(total=F(2, 3))).passed is True
    assert judge(MARKS, Passing(total=F(2, 3), areas={"3": F(1, 10)})).passed is False


def test_an_area_whose_only_item_was_left_out_asks_nothing_any_more() -> None:
    verdict = judge([Mark("1", F(1)), Mark("2", F(0), F(0))], Passing(total=F(3, 5), each_area=F(1, 2)))
    assert (verdict.total, verdict.passed) == (1, True)
    assert [part.needed for part in verdict.parts] == [F(3, 5), F(1, 2), None]
    assert judge([Mark("1", F(1), F(0))], Passing(total=F(1, 10))).passed is False, "of nothing nothing is passed"


def test_an_essay_that_waits_leaves_the_verdict_open() -> None:
    assert judge([*MARKS, Mark("1", None)], Passing(total=F(0))).passed is None


@given(
    st.lists(
        st.builds(
            Mark,
            area=st.sampled_from(["1", "2", ""]),
            share=st.none() | st.fractions(-1, 1, max_denominator=12),
            weight=st.fractions(0, 5, max_denominator=4),
        )
    ),
    st.fractions(0, 1, max_denominator=10),
)
def test_any_marks_give_a_share_between_nothing_and_the_whole(marks: list[Mark], total: Fraction) -> None:
    verdict = judge(marks, Passing(total=total, each_area=total))
    assert all(0 <= part.reached <= 1 for part in verdict.parts)
    if verdict.passed:
        assert verdict.total >= total
    better = [Mark(mark.area, F(1), mark.weight) for mark in marks]
    assert judge(better, Passing(total=total)).total >= verdict.total


def test_a_profile_beside_the_last_one_and_what_to_learn_next() -> None:
    now = judge(MARKS, Passing(total=F(1, 2), each_area=F(3, 4))).parts
    before = judge([Mark("1", F(1)), Mark("2", F(0))], Passing(total=F(1, 2))).parts
    beside = [(each.area, each.change) for each in standing(now, before)]
    assert beside == [("", now[0].reached - F(1, 2)), ("1", F(-1, 2)), ("2", F(1)), ("10", None)]
    assert gaps(now) == ["1", "10"]
    courses = [("a", ["2.1"]), ("b", ["10.2"]), ("c", ["1.1", "10.1"]), ("d", ["1.3"])]
    assert suggested(gaps(now), courses) == [("c", ["1", "10"]), ("d", ["1"]), ("b", ["10"])]


# --- What a test is ---------------------------------------------------------------------------------------------------

SPEC: dict[str, Any] = {
    "lines": [{"area": "1", "levels": [1, 6], "count": 5}],
    "kinds": ["single", "cloze"],
    "time_limit_minutes": 40,
    "attempts": 3,
    "wait_hours": 24,
    "passing": {"total": "0.6", "each_area": "0.4"},
}


def test_a_test_is_stored_as_it_is() -> None:
    spec = parse(SPEC)
    assert parse(dump(spec)) == spec
    assert digest_of(parse(dump(spec))) == digest_of(spec)
    assert (spec.count, spec.passing.total) == (5, F(3, 5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{"area": "1", "count": 0}]},
        {"lines": [{"area": "1", "levels": [5, 2], "count": 1}]},
        {"passing": {"total": "1.1"}},
        {"passing": {"total": 0.6}},
        {"kinds": ["poem"]},
        {"opens_at": "2026-01-02T00:00:00Z", "closes_at": "2026-01-01T00:00:00Z"},
        {"opens_at": "2026-01-02T00:00:00"},
        {"more": 1},
    ],
)
def test_what_is_no_test_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        parse(SPEC | wrong)
    assert refused.value.code == "test_spec"


def test_what_is_shown_depends_on_the_moment() -> None:
    review = Review()
    closes = START + 10 * HOUR
    soon, later = START + timedelta(minutes=5), START + HOUR
    assert Shown.FEEDBACK in shown(review, finished_at=START, closes_at=closes, now=soon)
    assert Shown.RIGHT not in shown(review, finished_at=START, closes_at=closes, now=soon)
    assert shown(review, finished_at=START, closes_at=closes, now=later) == {Shown.SCORE, Shown.AREAS}
    assert Shown.RIGHT in shown(review, finished_at=START, closes_at=closes, now=closes)
    assert Shown.RIGHT in shown(review, finished_at=START, closes_at=None, now=later)
