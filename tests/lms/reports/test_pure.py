"""Periods, differences and small groups."""

from __future__ import annotations

from datetime import date

import pytest

from lms.reports import measures, periods
from lms.reports.measures import Difference, Measure
from lms.reports.periods import Against, Grain, Span, compared, period_of, steps

TODAY = date(2026, 11, 26)
BEGUN = date(2018, 6, 17)


@pytest.mark.parametrize(
    ("key", "against", "days"),
    [
        ("2025", Against.PREVIOUS, ("2024-01-01", "2024-12-31")),
        ("2026", Against.PREVIOUS, ("2025-01-01", "2025-11-26")),
        ("2026-Q4", Against.PREVIOUS, ("2026-07-01", "2026-08-26")),
        ("2026-Q1", Against.PREVIOUS, ("2025-10-01", "2025-12-31")),
        ("2026-Q1", Against.YEAR, ("2025-01-01", "2025-03-31")),
        ("2026-11", Against.PREVIOUS, ("2026-10-01", "2026-10-26")),
        ("2026-03", Against.PREVIOUS, ("2026-02-01", "2026-02-28")),
        ("2024-02", Against.YEAR, ("2023-02-01", "2023-02-28")),
        ("2025-02", Against.YEAR, ("2024-02-01", "2024-02-29")),
    ],
)
def test_a_period_is_compared_with_as_much_of_another_one(key: str, against: Against, days: tuple[str, str]) -> None:
    span = compared(period_of(key, TODAY, BEGUN), against)
    assert span is not None
    assert (span.first.isoformat(), span.last.isoformat()) == days


def test_what_is_no_period_is_this_year_and_everything_is_compared_with_nothing() -> None:
    assert period_of("2026-Q5", TODAY, BEGUN).key == "2026"
    whole = period_of(periods.ALL, TODAY, BEGUN)
    assert whole.span == Span(BEGUN, date(2026, 11, 27))
    assert compared(whole, Against.YEAR) is None
    ahead = period_of("2027", TODAY, BEGUN)
    assert not ahead.running
    assert list(steps(Span(date(2025, 11, 30), date(2026, 1, 2)), Grain.MONTH)) == ["2025-11", "2025-12", "2026-01"]
    assert list(steps(Span(date(2025, 11, 30), date(2026, 1, 1)), Grain.QUARTER)) == ["2025-Q4"]


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (61_000, 27_000, Difference(34_000, 126)),
        (3, 2, Difference(1, None)),
        (5, 0, Difference(5, None)),
        (9, 10, Difference(-1, -10)),
        (10, 1000, Difference(-990, -99)),
        (10, 10, Difference(0, 0)),
        (None, 10, None),
    ],
)
def test_a_percentage_is_given_where_it_says_something(
    now: int | None, before: int | None, told: Difference | None
) -> None:
    assert measures.difference(now, before) == told


def test_small_groups_are_hidden_with_as_many_more_as_keep_them_from_being_worked_out() -> None:
    groups = {
        name: {**measures.NOTHING, Measure.TESTED: tested, Measure.PASSED: 1}
        for name, tested in (("few", 3), ("next", 6), ("many", 50), ("none", 0))
    }
    shown = measures.without_small(groups, measures.TESTED)
    assert {name: line[Measure.TESTED] for name, line in shown.items()} == {
        "few": None,
        "next": None,
        "many": 50,
        "none": 0,
    }
    assert shown["few"][Measure.PASSED] is None
    assert measures.hidden_alone(groups["few"], measures.TESTED)[Measure.PASSED] is None
    assert measures.middle([groups["few"], groups["next"], groups["many"]])[Measure.TESTED] == 6


def line(**told: int) -> measures.Figures:
    return {**measures.NOTHING, **{Measure(name): value for name, value in told.items()}}


def hidden(shown: dict[str, measures.Figures], measure: Measure) -> set[str]:
    return {name for name, figures in shown.items() if figures[measure] is None}


@pytest.mark.parametrize(
    ("rows", "people"),
    [
        (Measure.ATTENDANCES, Measure.PERSONS),
        (Measure.ENROLMENTS, Measure.ENROLLED),
        (Measure.COMPLETIONS, Measure.LEARNERS),
        (Measure.CERTIFICATES, Measure.CERTIFIED),
    ],
)
def test_what_few_people_did_often_is_hidden_from_everybody(rows: Measure, people: Measure) -> None:
    groups = {
        name: line(**{rows: often, people: who})
        for name, often, who in (("often", 400, 4), ("next", 7, 6), ("many", 90, 50), ("none", 0, 0))
    }
    whole = line(**{rows: 497, people: 60})
    shown = measures.without_small(groups, measures.OPEN_PLACES, whole)
    assert hidden(shown, rows) == hidden(shown, people) == {"often", "next"}, "else the rest is what the sum leaves"
    assert measures.hidden_alone(groups["often"], measures.OPEN)[rows] is None


def test_who_came_in_several_months_hides_nobody_else() -> None:
    """Two months of the same three people are three people: their sum may not be worked out either."""
    months = {
        name: line(persons=who, attendances=who, occurrences=1)
        for name, who in (("2026-01", 3), ("2026-02", 3), ("2026-03", 8), ("2026-04", 40))
    }
    shown = measures.without_small(months, measures.OPEN, line(persons=48, attendances=54, occurrences=4))
    assert hidden(shown, Measure.ATTENDANCES) == {"2026-01", "2026-02", "2026-03"}
    assert not hidden(shown, Measure.OCCURRENCES), "how many were held is nobody's secret"
    apart = measures.without_small(months, measures.OPEN, line(persons=54, attendances=54, occurrences=4))
    assert hidden(apart, Measure.ATTENDANCES) == {"2026-01", "2026-02"}, "six people"


def test_a_place_that_few_attended_from_shows_neither_how_often_nor_how_long() -> None:
    places = {"few": line(persons=1, attendances=9, occurrences=9, minutes=900, centres=1), "all": line(persons=30)}
    shown = measures.without_small(places, measures.OPEN_PLACES, line(persons=31))
    for measure in (Measure.OCCURRENCES, Measure.MINUTES, Measure.CENTRES):
        assert hidden(shown, measure) == {"few", "all"}
    names = {"names": line(attendances=9), "all": line(persons=30, attendances=30)}
    shown = measures.without_small(names, measures.OPEN_PLACES, line(persons=30, attendances=39))
    assert hidden(shown, Measure.ATTENDANCES) == {"names", "all"}, "nine names may be one person"


def test_neither_the_few_who_passed_nor_the_few_who_failed_are_told() -> None:
    groups = {
        "one passed": line(tested=40, passed=1),
        "one failed": line(tested=40, passed=39),
        "half": line(tested=40, passed=20),
        "more": line(tested=80, passed=50),
    }
    shown = measures.without_small(groups, measures.OPEN_PLACES, line(tested=200, passed=110))
    assert hidden(shown, Measure.PASSED) == {"one passed", "one failed", "half"}
    assert not hidden(shown, Measure.TESTED)
