"""Presence by D4 of the domain: the vectors exactly, and what holds for every input."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.meetings.attendance_models import Verdict
from lms.meetings.presence import (
    Note,
    Opening,
    Plan,
    RoomStay,
    Threshold,
    Window,
    length,
    measure,
    minus,
    official_window,
    share_of,
    verdict_of,
    within,
)
from lms.meetings.rules import Period, union
from tests.lms.meetings.attending import at

ROOM = 5
PLAN = Plan(at(0), at(90))
WINDOW = Window(((at(0), at(90)),), ((at(0), at(90)),))
SHARE = Threshold(min_share=8500)
OWN = [(at(-5), at(20)), (at(18), at(60))]


def test_the_vectors_of_the_domain() -> None:
    """10:00-11:30; 09:55-10:20 and 10:18-11:00 are 3600 s, 66.7 % rounded down to 66.66; the roster makes it whole."""
    own = measure(OWN, [], {}, WINDOW, SHARE)
    assert (own.seconds, own.window_seconds, own.share, own.verdict) == (3600, 5400, 6666, Verdict.PARTLY)
    both = measure(OWN, [RoomStay(ROOM, at(60), at(90))], {ROOM: [(at(-10), at(95))]}, WINDOW, SHARE)
    assert (both.seconds, both.share, both.verdict, both.how) == (5400, 10_000, Verdict.ATTENDED, "both")
    twice = measure([*OWN, *OWN, (at(-60), at(900))], [RoomStay(ROOM)], {ROOM: [(at(0), at(90))]}, WINDOW, SHARE)
    assert (twice.seconds, twice.share, twice.overlap_seconds) == (5400, 10_000, 5400)


@pytest.mark.parametrize(
    ("minutes", "threshold", "verdict"),
    [
        (0, SHARE, Verdict.ABSENT),
        (76, SHARE, Verdict.PARTLY),
        (76.5, SHARE, Verdict.ATTENDED),
        (76.5 - 1e-5, SHARE, Verdict.PARTLY),
        (29.99, Threshold(min_minutes=30), Verdict.PARTLY),
        (30, Threshold(min_minutes=30), Verdict.ATTENDED),
        (30, Threshold(8500, 30), Verdict.ATTENDED),
        (77, Threshold(8500, 80), Verdict.ATTENDED),
        (1, Threshold(), Verdict.PARTLY),
    ],
)
def test_enough_by_the_share_or_by_the_minutes(minutes: float, threshold: Threshold, verdict: Verdict) -> None:
    assert verdict_of(timedelta(minutes=minutes), timedelta(minutes=90), threshold) is verdict


def test_a_listed_person_counts_only_while_the_endpoint_was_connected() -> None:
    rooms = {ROOM: [(at(10), at(40)), (at(60), at(80))]}
    assert measure([], [RoomStay(ROOM)], rooms, WINDOW, SHARE).seconds == 50 * 60
    assert measure([], [RoomStay(ROOM, at(30), at(70))], rooms, WINDOW, SHARE).seconds == 20 * 60
    assert measure([], [RoomStay(6)], rooms, WINDOW, SHARE).verdict is Verdict.ABSENT


def test_listed_by_two_rooms_at_once_is_counted_once_and_told() -> None:
    rooms: dict[int, list[Period]] = {5: [(at(0), at(60))], 6: [(at(30), at(90))]}
    found = measure([], [RoomStay(5), RoomStay(6)], dict(rooms), WINDOW, SHARE)
    assert (found.seconds, found.overlap_seconds, sorted(found.rooms)) == (5400, 1800, [5, 6])


def opening(*announced: tuple[float, float | None], seen: float = 95, died: bool = False) -> Opening:
    told = [(at(begin), None if end is None else at(end)) for begin, end in announced]
    return Opening(told, at(-10), at(seen), died)


@pytest.mark.parametrize(
    ("openings", "plan", "periods", "notes"),
    [
        ([opening((3, 88))], PLAN, [(3, 88)], set()),
        ([opening((0, 40), (50, 90))], PLAN, [(0, 40), (50, 90)], {Note.SEVERAL_OPENINGS}),
        ([opening((0, None), seen=30), opening((35, 90))], PLAN, [(0, 30), (35, 90)],
         {Note.NO_END, Note.SEVERAL_OPENINGS}),
        ([opening((5, None), seen=47, died=True)], PLAN, [(5, 47)], {Note.NO_END, Note.NODE_DIED}),
        ([opening((5, None))], Plan(at(0), at(90), at(5), at(91)), [(5, 91)], set()),
        ([opening(seen=70)], PLAN, [(0, 70)], {Note.NO_BEGIN, Note.NO_END}),
        ([opening(seen=70)], Plan(at(0), at(90), at(4), at(80)), [(4, 80)], set()),
        ([], PLAN, [(0, 90)], {Note.NO_MEETING}),
    ],
)  # fmt: skip
def test_the_official_window_and_what_stands_in_for_it(
    openings: list[Opening], plan: Plan, periods: list[tuple[float, float]], notes: set[Note]
) -> None:
    window = official_window(openings, plan)
    assert window.periods == tuple((at(begin), at(end)) for begin, end in periods)
    assert set(window.notes) == notes


def test_breaks_count_for_nobody() -> None:
    window = official_window([opening((0, 90))], PLAN, [(at(40), at(50)), (at(45), at(55)), (at(85), at(200))])
    assert window.length == timedelta(minutes=70)
    assert measure([(at(0), at(50))], [], {}, window, SHARE).seconds == 40 * 60
    assert measure([(at(40), at(55))], [], {}, window, SHARE).verdict is Verdict.ABSENT


def test_a_window_that_is_all_break_is_no_share() -> None:
    window = official_window([opening((0, 90))], PLAN, [(at(0), at(90))])
    found = measure([(at(0), at(90))], [], {}, window, SHARE)
    assert (found.share, found.seconds, found.verdict) == (0, 0, Verdict.ABSENT)


_PERIOD = st.tuples(st.integers(-6000, 12_000), st.integers(-6000, 12_000)).map(
    lambda pair: (at(min(pair) / 60), at(max(pair) / 60))
)
_PERIODS = st.lists(_PERIOD, max_size=8)


def found(own: list[Period], room: list[Period], breaks: list[Period]) -> tuple[int, int]:
    window = official_window([opening((0, 90))], PLAN, breaks)
    measured = measure(own, [RoomStay(ROOM)], {ROOM: room}, window, SHARE)
    assert 0 <= measured.share <= 10_000
    assert 0 <= measured.seconds <= measured.window_seconds
    return measured.seconds, measured.share


@given(_PERIODS, _PERIODS, _PERIOD, _PERIODS)
def test_more_presence_is_never_less(own: list[Period], room: list[Period], more: Period, breaks: list[Period]) -> None:
    before, after = found(own, room, breaks), found([*own, more], room, breaks)
    assert after >= before


@given(st.data(), _PERIODS, _PERIODS, _PERIODS)
def test_the_order_of_segments_means_nothing(
    data: st.DataObject, own: list[Period], room: list[Period], breaks: list[Period]
) -> None:
    again = found(data.draw(st.permutations(own)), data.draw(st.permutations(room)), data.draw(st.permutations(breaks)))
    assert again == found(own, room, breaks)


@given(_PERIODS, st.floats(0.0, 1.0), st.data())
def test_a_segment_in_two_pieces_is_the_same(own: list[Period], where: float, data: st.DataObject) -> None:
    if not own:
        return
    begin, end = data.draw(st.sampled_from(own))
    middle = begin + (end - begin) * where
    pieces = [each for each in own if each != (begin, end)] + [(begin, middle), (middle, end)]
    assert found(pieces, [], []) == found(own, [], [])


@given(_PERIODS, _PERIODS)
def test_what_a_break_takes_away_is_in_the_break(own: list[Period], breaks: list[Period]) -> None:
    left = minus(own, breaks)
    assert within(left, breaks) == []
    assert length(left) + length(within(own, breaks)) == length(union(own))


@given(st.integers(0, 10**11), st.integers(1, 10**11))
def test_a_share_is_rounded_down(present: int, window: int) -> None:
    share = share_of(timedelta(microseconds=min(present, window)), timedelta(microseconds=window))
    exact = min(present, window) * 10_000 / window
    assert share <= exact < share + 1 + 1e-6


def test_seconds_of_several_days() -> None:
    moment: datetime = at(0)
    assert length([(moment, moment + timedelta(days=2))]) == timedelta(days=2)
