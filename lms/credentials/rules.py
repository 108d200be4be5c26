"""Who has earned a certificate: pure functions over plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands by a rule of attendance."""

    person_id: int
    attended: int
    held: int
    earned: bool

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


def amount(text: str) -> str:
    """Hours or credits as typed (`0,2`), with a point and without idle zeros. Raises `ValueError`."""
    text = text.strip().replace(",", ".")
    if not text:
        return ""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite() or not 0 < number <= 10_000 or number != round(number, 2):
        raise ValueError(text)
    return f"{number.normalize():f}"
