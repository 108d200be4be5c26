"""Who has earned a certificate: pure functions over plain data."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from dateutil.relativedelta import relativedelta

_AMOUNT = re.compile(r"[0-9]{1,6}([.,][0-9]{1,2})?")
REMIND_DAYS = 30
"""So long before its end the holder of a certificate is reminded, where the rule says nothing else."""
HOURS_OF_CREDIT = 30
"""One ECTS credit (order 226-19 of the civil-service agency)."""
LEAST_HOURS = 6
"""Of a short programme: 0.2 credit. A single consultation is none."""
SHORT_HOURS, LONG_HOURS = 30, 60
"""A short programme has at most 1 credit, a long one at least 2; there is nothing between them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands by a rule: dates of a series attended, or one thing done."""

    person_id: int
    attended: int
    held: int
    earned: bool
    at: datetime | None = None
    """When it was earned, where that can be done again."""
    passed: bool | None = None
    """Whether the test that the rule asks for besides was passed; None where it asks for none."""

    @property
    def share(self) -> int:
        """Percent of the dates held, rounded down: 80 is never said of somebody who lacks a part of it."""
        return self.attended * 100 // self.held if self.held else 0


def standings(held: Collection[int], attended: Mapping[int, Collection[int]], min_share: int) -> list[Standing]:
    """Everybody who came to one of the dates held, best first. `attended`: by date, the people who attended it.

    Earned is compared exactly, not by the rounded percent. Where nothing took place, nobody has earned anything.
    """
    counts: dict[int, int] = {}
    for occurrence in set(held):
        for person in set(attended.get(occurrence, ())):
            counts[person] = counts.get(person, 0) + 1
    number = len(set(held))
    found = [Standing(person, count, number, count * 100 >= min_share * number) for person, count in counts.items()]
    return sorted(found, key=lambda each: (-each.attended, each.person_id))


def ends(issued: datetime, months: int | None) -> datetime | None:
    """Until when it is valid: so many months later, on the same day or the last of the month."""
    return None if months is None else issued + relativedelta(months=months)


class Step(StrEnum):
    """What follows for somebody who has earned a certificate."""

    ISSUE = "issue"
    RENEW = "renew"
    """They hold one, and have earned it again since."""
    NONE = "none"
    """They hold one for this."""


def next_step(earned: datetime | None, held_for: datetime, until: datetime | None, now: datetime) -> Step:
    """`earned`: when it was earned last, None where it cannot be earned twice; `held_for`: when, for the one held."""
    if earned is not None:
        return Step.RENEW if until is not None and earned > held_for else Step.NONE
    return Step.NONE if until is None or until > now else Step.ISSUE


def remind(until: datetime | None, days: int | None, now: datetime) -> datetime | None:
    """When the holder is to be reminded. A term shorter than the offset is reminded of in its middle."""
    if until is None or until <= now:
        return None
    return max(until - timedelta(days=REMIND_DAYS if days is None else days), now + (until - now) / 2)


def credits_of(hours: str) -> str:
    """ECTS credits of so many hours; empty where no programme has so many.

    In tenths, rounded down: nobody is told more than was learned.
    """
    number = Decimal(hours or 0)
    if number < LEAST_HOURS or SHORT_HOURS < number < LONG_HOURS:
        return ""
    return f"{(number / HOURS_OF_CREDIT).quantize(Decimal('0.1'), ROUND_DOWN).normalize():f}"


def amount(text: str) -> str:
    """Hours or credits as typed (`0,2` or `0.2`), with a point and without idle zeros. Raises `ValueError`.

    With three figures after the comma it is refused: `1,500` may be meant as a thousand and more.
    """
    text = text.strip()
    if not text:
        return ""
    if not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    number = Decimal(text.replace(",", "."))
    if not 0 < number <= 10_000:
        raise ValueError(text)
    return f"{number.normalize():f}"
