"""Figures of items and tests: the vector worked out by the documented formulas."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.assessment.statistics import analyse

VECTOR = [[Fraction(int(mark)) for mark in row] for row in ("111", "110", "101", "010", "000")]
ONE = Fraction(1)


def test_the_vector() -> None:
    figures = analyse(VECTOR, [ONE] * 3)
    assert figures is not None
    assert [item.facility for item in figures.items] == [0.6, 0.6, 0.4]
    assert [item.discrimination for item in figures.items] == pytest.approx([64.55, 0.0, 32.73], abs=0.005)
    assert [item.efficiency for item in figures.items] == pytest.approx([100, 0, 37.5])
    assert [item.weight for item in figures.items] == pytest.approx([37.83, 27.94, 34.22], abs=0.005)
    assert figures.alpha == pytest.approx(46.15, abs=0.005)
    assert figures.error_ratio == pytest.approx(73.38, abs=0.005)
    assert figures.deviation == pytest.approx(38.01, abs=0.005)
    assert figures.standard_error == pytest.approx(27.89, abs=0.005)


def test_nothing_is_said_of_one_person_or_of_nobody() -> None:
    assert analyse([], [ONE]) is None
    assert analyse([[ONE]], [ONE]) is None


def test_what_does_not_differ_discriminates_nothing() -> None:
    figures = analyse([[ONE, ONE], [ONE, Fraction(0)]], [ONE, ONE])
    assert figures is not None
    assert (figures.items[0].discrimination, figures.items[0].efficiency) == (None, None)
    assert figures.skewness is None


def test_skewness_from_three_people_kurtosis_from_four() -> None:
    column = [[Fraction(value)] for value in (0, 0, 1)]
    three = analyse(column, [ONE])
    assert three is not None
    assert three.skewness == pytest.approx(1.732, abs=0.001)
    assert three.kurtosis is None
    four = analyse([*column, [Fraction(1)]], [ONE])
    assert four is not None
    assert four.kurtosis == pytest.approx(-6.0)


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=12))
def test_any_table_of_marks_gives_figures_in_their_range(rows: list[list[int]]) -> None:
    figures = analyse([[Fraction(mark, 4) for mark in row] for row in rows], [ONE] * 3)
    assert figures is not None
    assert 0 <= figures.mean <= 100
    for item in figures.items:
        assert 0 <= item.facility <= 1
        assert item.discrimination is None or -100.01 <= item.discrimination <= 100.01
        assert item.efficiency is None or item.efficiency <= 100.01
    weights = [item.weight for item in figures.items if item.weight is not None]
    assert not weights or sum(weights) == pytest.approx(100)
