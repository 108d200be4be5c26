"""How much of a right order there is in an answer: nine policies, as gbateson's Ordering question of Moodle has them.

`answer` holds, for each place, which place that element has in the right order: a permutation of 0 … n − 1. Pure, and
quick: subsets are not tried one by one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

Answer = Sequence[int]


def exact(answer: Answer) -> Fraction:
    """All or nothing."""
    return Fraction(int(list(answer) == sorted(answer)))


def place(answer: Answer) -> Fraction:
    """Elements that stand in their place."""
    return Fraction(sum(value == index for index, value in enumerate(answer)), len(answer))


def following(answer: Answer) -> Fraction:
    """Elements that are followed by the right one; the last element is not asked."""
    pairs = pairwise(answer)
    return Fraction(sum(after == value + 1 for value, after in pairs), len(answer) - 1)


def following_or_last(answer: Answer) -> Fraction:
    """The same, and whether the last element is followed by nothing."""
    pairs = pairwise(answer)
    right = sum(after == value + 1 for value, after in pairs) + (answer[-1] == len(answer) - 1)
    return Fraction(right, len(answer))


def neighbours(answer: Answer) -> Fraction:
    """For each element, its neighbour on either side, where no neighbour is one too."""
    known = [-1, *answer, len(answer)]
    right = sum(
        (known[index - 1] == known[index] - 1) + (known[index + 1] == known[index] + 1)
        for index in range(1, len(known) - 1)
    )
    return Fraction(right, 2 * len(answer))


def all_around(answer: Answer) -> Fraction:
    """For each element, everything that must stand before it and after it."""
    count = len(answer)
    agree = sum(answer[i] < answer[j] for i in range(count) for j in range(i + 1, count))
    return Fraction(2 * agree, count * (count - 1))


def longest_ordered(answer: Answer) -> Fraction:
    """The most elements that stand in order, others between them; one alone is no order."""
    tails: list[int] = []
    for value in answer:
        index = bisect_left(tails, value)
        tails[index : index + 1] = [value]
    return _of_at_least_two(len(tails), len(answer))


def longest_run(answer: Answer) -> Fraction:
    """The most elements side by side that stand in order; one alone is no order."""
    best = run = 1
    for value, after in pairwise(answer):
        run = run + 1 if after > value else 1
        best = max(best, run)
    return _of_at_least_two(best, len(answer))


def distance(answer: Answer) -> Fraction:
    """For each element n − 1 less its distance from its place."""
    count = len(answer)
    worth = sum(count - 1 - abs(value - index) for index, value in enumerate(answer))
    return Fraction(worth, count * (count - 1))


def _of_at_least_two(length: int, count: int) -> Fraction:
    return Fraction(length if length > 1 else 0, count)


POLICIES: Mapping[str, Callable[[Answer], Fraction]] = {
    "order_exact": exact,
    "order_place": place,
    "order_next": following,
    "order_next_last": following_or_last,
    "order_neighbours": neighbours,
    "order_all": all_around,
    "order_lcs": longest_ordered,
    "order_run": longest_run,
    "order_distance": distance,
}
