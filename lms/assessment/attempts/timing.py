"""When an attempt may begin and when it ends. The server's clock alone decides. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

GRACE = timedelta(minutes=2)
"""After the deadline what was given before it may still arrive; it counts, and is marked."""
MOST_MULTIPLIER = 10


@dataclass(frozen=True, slots=True)
class Accommodation:
    """What a person is granted: a longer time, more minutes, and a later closing."""

    multiplier: Fraction = Fraction(1)
    added_minutes: int = 0
    added_close_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Extension:
    """What everybody, or everybody of a centre, was given at once while the test was open."""

    minutes: int
    given_at: datetime
    closes_at: datetime | None
    """The closing that it moves."""


class Lateness(StrEnum):
    """When an answer arrived."""

    IN_TIME = ""
    GRACE = "grace"
    """After the deadline, within grace: it counts."""
    LATE = "late"
    """Later: it is kept, and counts when somebody decides so."""


def combined(granted: Iterable[Accommodation]) -> Accommodation:
    """Several at once: of each the most."""
    every = [Accommodation(), *granted]
    return Accommodation(
        max(each.multiplier for each in every),
        max(each.added_minutes for each in every),
        max(each.added_close_minutes for each in every),
    )


def extended(
    granted: Accommodation,
    given: Collection[Extension],
    closes_at: datetime | None,
    started_at: datetime | None = None,
) -> Accommodation:
    """With what was given to all on top: two power cuts add up, and take nothing from what a person needs anyhow.

    The closing moves for everybody; the time of an attempt only if it ran then: who begins later loses nothing.
    """
    ran = [each for each in given if started_at is not None and started_at <= each.given_at]
    later = [each for each in given if each in ran or each.closes_at == closes_at]
    return replace(
        granted,
        added_minutes=granted.added_minutes + sum(each.minutes for each in ran),
        added_close_minutes=granted.added_close_minutes + sum(each.minutes for each in later),
    )


def closing(closes_at: datetime | None, granted: Accommodation) -> datetime | None:
    """When the test closes for this person."""
    return closes_at + timedelta(minutes=granted.added_close_minutes) if closes_at is not None else None


def deadline(
    started_at: datetime, limit_minutes: int | None, closes_at: datetime | None, granted: Accommodation
) -> datetime | None:
    """The earlier of start + limit × multiplier + added minutes, and the closing with its added time; None for none."""
    ends = [each for each in (closing(closes_at, granted),) if each is not None]
    if limit_minutes is not None:
        seconds = limit_minutes * 60 * granted.multiplier + granted.added_minutes * 60
        ends.append(started_at + timedelta(seconds=float(seconds)))
    return min(ends) if ends else None


def lateness(at: datetime, ends_at: datetime | None) -> Lateness:
    """How an answer that arrives at this moment counts. The deadline itself is in time."""
    if ends_at is None or at <= ends_at:
        return Lateness.IN_TIME
    return Lateness.GRACE if at <= ends_at + GRACE else Lateness.LATE


def remaining_s(now: datetime, ends_at: datetime | None) -> int | None:
    """Whole seconds that are left, never below 0; None without a deadline."""
    return None if ends_at is None else max(0, int((ends_at - now).total_seconds()))


def may_begin(
    now: datetime,
    *,
    opens_at: datetime | None,
    closes_at: datetime | None,
    granted: Accommodation,
    made: int,
    most: int | None,
    last_ended_at: datetime | None,
    wait_hours: int,
) -> str:
    """Why an attempt may not begin now; empty when it may: test_early, test_closed, test_attempts, test_wait."""
    closes = closing(closes_at, granted)
    if opens_at is not None and now < opens_at:
        return "test_early"
    if closes is not None and now >= closes:
        return "test_closed"
    if most is not None and made >= most:
        return "test_attempts"
    if wait_hours and last_ended_at is not None and now < last_ended_at + timedelta(hours=wait_hours):
        return "test_wait"
    return ""
