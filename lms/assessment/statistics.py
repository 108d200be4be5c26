"""How items and a test have done, by the formulas of Moodle's question statistics. Pure.

`marks` is a table: one row for each person, one column for each item. Means, variances and covariances are exact; roots
are floats. What cannot be said (nobody differs, one person) is None. We count the first finished attempt of each
person, and show no figures of items below `ENOUGH` attempts, for small groups give anybody's answers away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

ENOUGH = 20
"""So many attempts before an item's figures are shown."""

Column = Sequence[Fraction]


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """Of one item. Percentages as in Moodle, −100 to 100."""

    count: int
    facility: float
    """Mean mark of the maximum, 0 to 1."""
    deviation: float | None
    """Standard deviation of the mark, of the maximum."""
    discrimination: float | None
    """100 × cov(item, rest) ÷ √(var(item) × var(rest))."""
    efficiency: float | None
    """100 × cov(item, rest) ÷ the covariance of both when each is sorted."""
    weight: float | None
    """100 × √cov(item, total) ÷ the sum of these roots over all items."""


@dataclass(frozen=True, slots=True)
class TestFigures:
    """Of a test. Percentages of the greatest total."""

    __test__ = False

    count: int
    mean: float
    deviation: float | None
    alpha: float | None
    """Internal consistency (Cronbach), in per cent."""
    error_ratio: float | None
    """100 × √(1 − alpha ÷ 100)."""
    standard_error: float | None
    """Error ratio × deviation ÷ 100."""
    skewness: float | None
    kurtosis: float | None
    items: tuple[ItemFigures, ...]


def analyse(marks: Sequence[Column], most: Sequence[Fraction]) -> TestFigures | None:
    """The figures of a table with the maxima of its columns; None for fewer than two people or no items."""
    if len(marks) < 2 or not most:
        return None
    columns = [tuple(row[index] for row in marks) for index in range(len(most))]
    totals = [sum(row, Fraction(0)) for row in marks]
    roots = [_root(covariance(column, totals)) for column in columns]
    whole = sum(root for root in roots if root is not None)
    items = tuple(
        _item(column, totals, greatest, root, whole)
        for column, greatest, root in zip(columns, most, roots, strict=True)
    )
    return _test(columns, totals, sum(most, Fraction(0)), items)


def mean(values: Column) -> Fraction:
    """The mean."""
    return sum(values, Fraction(0)) / len(values)


def covariance(first: Column, second: Column) -> Fraction:
    """With n − 1."""
    middle, other = mean(first), mean(second)
    products = ((a - middle) * (b - other) for a, b in zip(first, second, strict=True))
    return sum(products, Fraction(0)) / (len(first) - 1)


def variance(values: Column) -> Fraction:
    """With n − 1."""
    return covariance(values, values)


def _root(value: Fraction) -> float | None:
    return sqrt(value) if value >= 0 else None


def _item(column: Column, totals: Column, most: Fraction, root: float | None, whole: float) -> ItemFigures:
    rest = [total - mark for total, mark in zip(totals, column, strict=True)]
    together = covariance(column, rest)
    spread = sqrt(variance(column) * variance(rest))
    best = covariance(sorted(column), sorted(rest))
    return ItemFigures(
        count=len(column),
        facility=float(mean(column) / most) if most else 0.0,
        deviation=sqrt(variance(column)) / float(most) if most else None,
        discrimination=100 * float(together) / spread if spread else None,
        efficiency=float(100 * together / best) if best else None,
        weight=100 * root / whole if root is not None and whole else None,
    )


def _test(columns: Sequence[Column], totals: Column, most: Fraction, items: tuple[ItemFigures, ...]) -> TestFigures:
    spread = variance(totals)
    deviation = 100 * sqrt(spread) / float(most) if most else None
    alpha = None
    if len(columns) > 1 and spread:
        parts = sum((variance(column) for column in columns), Fraction(0))
        alpha = float(Fraction(100 * len(columns), len(columns) - 1) * (1 - parts / spread))
    error = 100 * sqrt(1 - alpha / 100) if alpha is not None and alpha <= 100 else None
    return TestFigures(
        count=len(totals),
        mean=float(100 * mean(totals) / most) if most else 0.0,
        deviation=deviation,
        alpha=alpha,
        error_ratio=error,
        standard_error=error * deviation / 100 if error is not None and deviation is not None else None,
        skewness=_skewness(totals),
        kurtosis=_kurtosis(totals),
        items=items,
    )


def _moments(values: Column) -> tuple[int, float, float, float]:
    middle = mean(values)
    gaps = [value - middle for value in values]
    second, third, fourth = (float(sum((gap**power for gap in gaps), Fraction(0))) for power in (2, 3, 4))
    count = len(values)
    return count, second / count, third / count, fourth / count


def _skewness(values: Column) -> float | None:
    """k3 ÷ k2^1.5 (Fisher's k-statistics); needs more than two people."""
    if len(values) < 3:
        return None
    n, m2, m3, _ = _moments(values)
    k2, k3 = n * m2 / (n - 1), n * n * m3 / ((n - 1) * (n - 2))
    return k3 / k2**1.5 if k2 else None


def _kurtosis(values: Column) -> float | None:
    """k4 ÷ k2²; needs more than three people."""
    if len(values) < 4:
        return None
    n, m2, _, m4 = _moments(values)
    k2 = n * m2 / (n - 1)
    k4 = n * n / ((n - 1) * (n - 2) * (n - 3)) * ((n + 1) * m4 - 3 * (n - 1) * m2 * m2)
    return k4 / k2**2 if k2 else None
