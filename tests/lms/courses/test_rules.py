"""When lessons open, when a course is done, and circles of requirements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.courses.models import MoveOn
from lms.courses.rules import Done, LessonFacts, check_order, onward, satisfied, standing
from lms.errors import Invalid

KEYS = [f"l{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("move_on", "nothing", "completed", "passed", "both"),
    [
        (MoveOn.NOT_APPLICABLE, True, True, True, True),
        (MoveOn.PASSED, False, False, True, True),
        (MoveOn.COMPLETED, False, True, False, True),
        (MoveOn.COMPLETED_AND_PASSED, False, False, False, True),
        (MoveOn.COMPLETED_OR_PASSED, False, True, True, True),
    ],
)
def test_the_words_of_cmi5(move_on: MoveOn, nothing: bool, completed: bool, passed: bool, both: bool) -> None:
    """cmi5, section 13.1.4: what `moveOn` asks for."""
    assert satisfied(move_on, Done()) is nothing
    assert satisfied(move_on, Done(completed=True)) is completed
    assert satisfied(move_on, Done(passed=True)) is passed
    assert satisfied(move_on, Done(completed=True, passed=True)) is both


def test_what_waits_for_its_reviewer_does_not_stand_before_what_can_be_done() -> None:
    lessons = [LessonFacts("task", MoveOn.PASSED), LessonFacts("test", MoveOn.PASSED)]
    assert standing(lessons, {"task": Done(completed=True)}).next == "test"
    both = {"task": Done(completed=True), "test": Done(completed=True)}
    assert standing(lessons, both).next == "task", "both were tried: the first one"
    assert standing(lessons, {}).next == "task"


def test_a_lesson_opens_when_those_before_it_are_done() -> None:
    lessons = [
        LessonFacts("a", MoveOn.COMPLETED),
        LessonFacts("b", MoveOn.PASSED, ("a",)),
        LessonFacts("c", MoveOn.NOT_APPLICABLE, ("b",)),
        LessonFacts("d", MoveOn.COMPLETED),
    ]
    begin = standing(lessons, {})
    assert begin.open == {"a", "d"}
    assert (begin.met, begin.counted, begin.share, begin.next) == (0, 3, 0, "a")
    assert begin.lacking == {"b": ("a",), "c": ("b",)}
    middle = standing(lessons, {"a": Done(completed=True), "b": Done(completed=True)})
    assert middle.open == {"a", "b", "d"}
    assert middle.next == "d"
    done = standing(lessons, {key: Done(completed=True, passed=True) for key in "abd"})
    assert done.complete
    assert done.share == 100
    assert done.next == ""
    assert "c" in done.open


def test_on_from_a_lesson_is_the_one_after_it_whether_it_counts_or_not() -> None:
    lessons = [
        LessonFacts("a", MoveOn.COMPLETED),
        LessonFacts("optional", MoveOn.NOT_APPLICABLE),
        LessonFacts("locked", MoveOn.COMPLETED, ("d",)),
        LessonFacts("c", MoveOn.COMPLETED),
        LessonFacts("d", MoveOn.PASSED),
    ]

    def on(key: str, **done: Done) -> str:
        return onward(lessons, done, key, standing(lessons, done))

    read = Done(completed=True)
    assert on("a", a=read) == "optional"
    assert on("optional", a=read, optional=read) == "c", "over what is not open"
    assert on("a", a=read, optional=read) == "c", "not again to what was gone through"
    assert on("c", a=read, c=read) == "d"
    assert on("d", c=read, d=Done(completed=True, passed=True)) == "a", "back to what was left out"
    assert on("a", a=read, c=read, d=Done(passed=True), locked=read, optional=read) == ""


def test_what_was_done_stays_open_though_the_order_was_changed() -> None:
    """A later version puts a lesson before one that somebody has done: it does not close behind them."""
    lessons = [LessonFacts("new", MoveOn.COMPLETED), LessonFacts("old", MoveOn.COMPLETED, ("new",))]
    assert standing(lessons, {"old": Done(completed=True)}).open == {"new", "old"}


def test_a_requirement_on_a_lesson_that_is_gone_is_met() -> None:
    assert standing([LessonFacts("b", MoveOn.COMPLETED, ("gone",))], {}).open == {"b"}


def test_a_course_without_demands_is_complete() -> None:
    assert standing([LessonFacts("a", MoveOn.NOT_APPLICABLE)], {}).complete


def test_circles_and_unknown_lessons_are_named() -> None:
    with pytest.raises(Invalid, match="Перший → Другий → Перший") as refused:
        check_order(
            [
                LessonFacts("a", MoveOn.COMPLETED, ("b",), "Перший"),
                LessonFacts("b", MoveOn.COMPLETED, ("a",), "Другий"),
            ]
        )
    assert refused.value.code == "course_circle"
    with pytest.raises(Invalid, match="which is no lesson"):
        check_order([LessonFacts("a", MoveOn.COMPLETED, ("z",), "Перший")])
    with pytest.raises(Invalid, match="wait for each other"):
        check_order([LessonFacts("a", MoveOn.COMPLETED, ("a",), "Перший")])


@given(st.lists(st.lists(st.sampled_from(KEYS), max_size=4), min_size=8, max_size=8))
def test_what_the_check_lets_through_can_be_finished(required: list[list[str]]) -> None:
    """Either there is a circle, or going through open lessons one by one ends with all of them done."""
    lessons = [LessonFacts(key, MoveOn.COMPLETED, tuple(need)) for key, need in zip(KEYS, required, strict=True)]
    done: dict[str, Done] = {}
    while following := standing(lessons, done).next:
        done[following] = Done(completed=True)
    try:
        check_order(lessons)
    except Invalid:
        assert not standing(lessons, done).complete
    else:
        assert standing(lessons, done).complete
