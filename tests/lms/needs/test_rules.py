"""Phases, the gap, ranks, and who stays hidden: pure functions against vectors and against counting by hand."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.directory.models import OrganisationKind
from lms.needs import rules
from lms.needs.board import EVERYBODY, By, Home, board
from lms.needs.figures import Participation
from lms.needs.models import ResponseState, SurveyState
from lms.needs.rules import LEAST, Figure, Phase, Sum
from tests.lms.facts import NOW

RATINGS = st.tuples(st.integers(0, 3), st.integers(0, 3))
KINDS = (OrganisationKind.ASC, OrganisationKind.LIBRARY)


@pytest.mark.parametrize(
    ("state", "opens", "closes", "phase"),
    [
        (SurveyState.DRAFT, -1, 1, Phase.DRAFT),
        (SurveyState.OPEN, 1, 2, Phase.WAITING),
        (SurveyState.OPEN, 0, 1, Phase.OPEN),
        (SurveyState.OPEN, -2, 0, Phase.CLOSED),
        (SurveyState.CLOSED, -1, 1, Phase.CLOSED),
    ],
)
def test_the_clock_opens_and_closes(state: SurveyState, opens: int, closes: int, phase: Phase) -> None:
    day = timedelta(days=1)
    assert rules.phase(state, NOW + opens * day, NOW + closes * day, NOW) is phase


def test_the_reminder_is_due_some_days_before_the_end_and_not_before_the_beginning() -> None:
    end = NOW + timedelta(days=10)
    assert rules.reminds_from(NOW, end, 3) == NOW + timedelta(days=7)
    assert rules.reminds_from(NOW, end, 20) == NOW
    assert rules.reminds_from(NOW, end, 0) is None


def test_how_far_somebody_has_come() -> None:
    states = [rules.progress(rated, 3) for rated in range(4)]
    assert states == [ResponseState.ASKED, ResponseState.BEGUN, ResponseState.BEGUN, ResponseState.COMPLETE]


def test_a_gap_is_never_made_up_for_by_others() -> None:
    assert [rules.gap_of(*pair) for pair in ((0, 3), (1, 3), (3, 3), (3, 0))] == [3, 2, 0, 0]
    figure = rules.figure_of([(1, 3), (3, 0), (0, 1)])
    assert (figure.rated, figure.needed, figure.gaps, figure.gap, figure.share) == (3, 1, 3, 100, 33)
    assert (figure.skill, figure.need) == ((1, 1, 0, 1), (1, 1, 0, 1))


def test_halves_are_rounded_up_and_nobody_is_nothing() -> None:
    assert (rules.percent(1, 8), rules.percent(1, 200), rules.percent(0, 0)) == (13, 1, 0)
    assert (Figure().gap, Figure().share) == (0, 0)
    assert Figure(8, 0, 1).gap == 13


def test_rank_is_by_gap_then_by_those_who_name_it() -> None:
    figures = {"a": Figure(10, 5, 10), "b": Figure(10, 9, 10), "c": None, "d": Figure(10, 1, 20)}
    assert rules.ranked(figures) == ["d", "b", "a", "c"]


@given(st.lists(st.tuples(st.integers(1, 6), RATINGS), max_size=60))
def test_figures_of_groups_are_those_of_counting_everybody(answers: list[tuple[int, tuple[int, int]]]) -> None:
    homes = {n: Home(n, f"Ц{n}", "", KINDS[n % 2], ("Львівська область", "", "місто Київ")[n % 3]) for n in range(1, 7)}
    cells = {
        (7, home): rules.figure_of(pair for where, pair in answers if where == home)
        for home in {where for where, _pair in answers}
    }
    found = board(homes, cells, {home: Participation(2, 1, 1) for home in homes})
    for group in {group for home in homes.values() for group in home.groups}:
        pairs = [pair for where, pair in answers if group in homes[where].groups]
        figure = found.figures.get((7, group), Figure())
        assert figure == rules.figure_of(pairs)
        assert figure.gaps == sum(max(0, need - skill) for skill, need in pairs)
        assert figure.needed == len([need for _skill, need in pairs if need >= 2])
        shown = found.figure(7, group)
        assert shown is None or shown.rated >= LEAST
    assert found.participation[EVERYBODY] == Participation(12, 6, 6)


@given(
    st.dictionaries(st.integers(0, 11), st.integers(0, 9), min_size=1),
    st.lists(st.integers(0, 2), min_size=12, max_size=12),
)
def test_what_is_hidden_is_not_found_by_taking_the_rest_away(counts: dict[int, int], oblast: list[int]) -> None:
    totals: dict[Hashable, int] = dict(counts)
    parts: dict[str, list[Hashable]] = {}
    for centre in counts:
        parts.setdefault(f"o{oblast[centre]}", []).append(centre)
    for name, centres in parts.items():
        totals[name] = sum(counts[each] for each in counts if each in centres)
    sums: list[Sum[Hashable]] = [Sum(None, tuple(counts)), Sum(None, tuple(parts))]
    sums += [Sum(name, tuple(centres)) for name, centres in parts.items()]
    hidden = rules.hidden(totals, sums)
    assert all(key in hidden for key, count in totals.items() if 0 < count < LEAST)
    assert all(totals[key] > 0 for key in hidden)
    for one in sums:
        concealed = [totals[key] for key in one.parts if key in hidden]
        others = [key for key in one.parts if totals[key] and key not in hidden]
        if one.total not in hidden and concealed and (others or one.total is not None):
            assert len(concealed) > 1
            assert sum(concealed) >= LEAST


def test_one_small_centre_takes_the_next_smallest_with_it() -> None:
    homes = {n: Home(n, f"Ц{n}", "", OrganisationKind.ASC, "Львівська область") for n in (1, 2, 3)}
    cells = {(1, home): rules.figure_of([(1, 2)] * count) for home, count in ((1, 9), (2, 2), (3, 5))}
    found = board(homes, cells, {})
    shown = [home for home in homes if found.figure(1, (By.CENTRE, str(home)))]
    assert shown == [1]
    few = board(homes, {(1, 2): rules.figure_of([(1, 2)] * 2)}, {})
    assert few.figure(1, EVERYBODY) is None
