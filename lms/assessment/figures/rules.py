"""Small groups, buckets, and what a repeat brought. Pure.

Groups of fewer than `FEW` people are hidden. Where the groups come beside their sum, one hidden group could be worked
out from the others, so as many more are hidden, the smallest first, until the hidden ones have `FEW` people together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

FEW = 5
ENOUGH_PAIRS = 10
"""Below it a comparison of two attempts says nothing, and could tell of single people."""
BUCKETS = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One person's result: shares of the points."""

    total: Fraction
    passed: bool
    areas: Mapping[str, Fraction]
    person: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How a group did. Buckets are tenths of the points: 0 to 9 %, … 90 to 100 %.

    Of all tests together somebody may have several results; a group is as large as the people in it.
    """

    people: int
    results: int
    passed: int
    mean: float
    median: float
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AreaSpread:
    """The same of one area."""

    area: str
    people: int
    mean: float
    median: float
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group of a table; `spread` None where it is hidden."""

    key: str
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """First and last attempt of the same people: means, their difference with its interval of 95 %, the effect.

    The effect is the mean difference divided by the deviation of the differences (Cohen's d for pairs); None where
    everybody changed alike.
    """

    pairs: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    effect: float | None


def spread(results: Sequence[Result]) -> Spread | None:
    """How a group did; None below `FEW`."""
    people = _people(results)
    if people < FEW:
        return None
    totals = [each.total for each in results]
    passed = sum(each.passed for each in results)
    return Spread(people, len(results), passed, _mean(totals), _median(totals), buckets(totals))


def area_spreads(results: Iterable[Result]) -> tuple[AreaSpread, ...]:
    """How they did at one test in each area, by number; areas that fewer than `FEW` were asked are left out."""
    found: dict[str, list[Fraction]] = {}
    for each in results:
        for area, share in each.areas.items():
            found.setdefault(area, []).append(share)
    return tuple(
        AreaSpread(area, len(shares), _mean(shares), _median(shares), buckets(shares))
        for area, shares in sorted(found.items(), key=lambda each: _by_number(each[0]))
        if len(shares) >= FEW
    )


def buckets(shares: Iterable[Fraction]) -> tuple[int, ...]:
    """How many in each tenth; the whole counts to the last one."""
    counted = Counter(min(BUCKETS - 1, int(share * BUCKETS)) for share in shares)
    return tuple(counted[number] for number in range(BUCKETS))


def grouped(results: Iterable[tuple[str, Result]]) -> tuple[GroupLine, ...]:
    """Groups by key, the largest first, hidden ones last."""
    found: dict[str, list[Result]] = {}
    for key, result in results:
        found.setdefault(key, []).append(result)
    sizes = {key: _people(each) for key, each in found.items()}
    hidden = hidden_of(sizes)
    shown = sorted((key for key in found if key not in hidden), key=lambda key: (-sizes[key], key))
    return (
        *(GroupLine(key, spread(found[key])) for key in shown),
        *(GroupLine(key, None) for key in sorted(hidden)),
    )


def hidden_of(sizes: Mapping[str, int], repeated: int = 0) -> frozenset[str]:
    """Which groups may not be shown beside their sum.

    `repeated`: by how much the sizes exceed the people, where one person may be in several groups; the hidden groups
    are then taken to hold all of these.
    """
    hidden = {key for key, size in sizes.items() if size < FEW}
    rest = sorted((key for key in sizes if key not in hidden), key=lambda key: (sizes[key], key))

    def few() -> bool:
        several = [sizes[key] for key in hidden]
        return len(several) == 1 or max(max(several), sum(several) - repeated) < FEW

    while hidden and rest and few():
        hidden.add(rest.pop(0))
    return frozenset(hidden)


def compared(pairs: Sequence[tuple[Fraction, Fraction]]) -> Comparison | None:
    """First against last, of the same people; None below `ENOUGH_PAIRS`."""
    if len(pairs) < ENOUGH_PAIRS:
        return None
    count = len(pairs)
    changes = [float(after - before) for before, after in pairs]
    mean = sum(changes) / count
    deviation = math.sqrt(sum((each - mean) ** 2 for each in changes) / (count - 1))
    margin = t_quantile(count - 1) * deviation / math.sqrt(count)
    return Comparison(
        count,
        _mean([before for before, _ in pairs]),
        _mean([after for _, after in pairs]),
        mean,
        mean - margin,
        mean + margin,
        mean / deviation if deviation > 1e-12 else None,
    )


def t_quantile(freedom: int) -> float:
    """The 97.5 % point of Student's t (Abramowitz and Stegun 26.7.5), within 0.001 from 9 degrees on."""
    z, n = NormalDist().inv_cdf(0.975), freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def _people(results: Sequence[Result]) -> int:
    return len({each.person for each in results})


def _mean(shares: Sequence[Fraction]) -> float:
    return float(sum(shares, Fraction(0)) / len(shares))


def _median(shares: Sequence[Fraction]) -> float:
    ordered = sorted(shares)
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def _by_number(area: str) -> tuple[int, ...]:
    return tuple(int(part) for part in area.split("."))
