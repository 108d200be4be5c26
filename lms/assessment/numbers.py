"""Numbers as people type them, and whether they are near enough. Exact throughout, so no epsilon is needed. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from lms.assessment.content import NumericAnswer, Units

MOST_CHARACTERS = 100
MOST_EXPONENT = 30
"""A number beyond 10³⁰ is a slip, and would take long to compare."""

_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009'’](?=\d)")
_NUMBER = re.compile(
    r"\s*([+\-−]?)\s*(\d{1,40}(?:[.,]\d{0,40})?|[.,]\d{1,40})(?:\s*(?:[eE]|[×x*·]\s*10\^?)([+\-−]?\d{1,4}))?"
)

Policy = Literal["num_nominal", "num_relative", "num_geometric"]


def typed(text: str) -> tuple[Fraction, str] | None:
    """The number and what stands after it (a unit); None if it is none.

    A comma or a point divides; blanks and apostrophes between digits do not count (10 000). Exponents as in 1.5e3 or
    1,5·10^3.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    found = _NUMBER.match(_SPACES.sub("", text))
    if found is None:
        return None
    sign, digits, exponent = found.groups()
    power = int((exponent or "0").replace("−", "-"))
    rest = _SPACES.sub("", text)[found.end() :].strip()
    if abs(power) > MOST_EXPONENT or rest[:1].isdigit() or rest[:1] in {",", "."}:
        return None
    value = Fraction(Decimal(digits.replace(",", "."))) * Fraction(10) ** power
    return (-value if sign in {"-", "−"} else value), rest


def interval(value: Decimal, tolerance: Decimal, policy: Policy) -> tuple[Fraction, Fraction]:
    """From where to where a number counts as this one, both ends included.

    Nominal: ± tolerance. Relative: ± |value| × tolerance. Geometric: from value ÷ q to value × q, q = 1 + tolerance.
    """
    middle, width = Fraction(value), Fraction(tolerance)
    if policy == "num_geometric":
        ends = (middle / (1 + width), middle * (1 + width))
        return min(ends), max(ends)
    reach = abs(middle) * width if policy == "num_relative" else width
    return middle - reach, middle + reach


def first_fitting(number: Fraction, answers: tuple[NumericAnswer, ...], policy: Policy) -> NumericAnswer | None:
    """The first answer whose interval holds the number; one without a value holds every number."""
    for answer in answers:
        if answer.value is None:
            return answer
        low, high = interval(answer.value, answer.tolerance, policy)
        if low <= number <= high:
            return answer
    return None


def in_units(number: Fraction, unit: str, units: Units) -> tuple[Fraction, bool]:
    """The number in the unit of the answers, and whether its unit was known. Without a known unit: as it stands."""
    wanted = unit.casefold().replace(" ", "").removesuffix(".")
    for known in units.known:
        if known.name.casefold().replace(" ", "").removesuffix(".") == wanted:
            return number / Fraction(known.multiplier), True
    return number, False


def less_for_the_unit(share: Fraction, units: Units) -> Fraction:
    """What is left of a share when the unit was wrong or missing: less its part, or less a part of the point."""
    if units.penalty_of == "response":
        return share * (1 - units.penalty)
    return max(Fraction(0), share - units.penalty)
