"""What somebody who is invited still has to be told: a pure rule over what they know and what holds now.

Nothing is sent because "something happened": whoever asks twice, or after several changes, gets the same answer. So
nobody gets a mail twice, and nobody is forgotten. To one address each calendar message has a higher SEQUENCE than
the one before (RFC 5546 section 2.1.4), and never a lower one than the occurrence's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lms.schedule.models import Occurrence, Status

TIME = ("starts_local", "zone", "duration_minutes")
WORDS = ("title", "title_en", "mode", "venue")
ANNOUNCED = (Status.PUBLISHED, Status.MOVED, Status.LIVE)


class Method(StrEnum):
    """METHOD of the last calendar message to an address (RFC 5546 section 1.4); NONE before the first."""

    NONE = ""
    REQUEST = "request"
    CANCEL = "cancel"


class News(StrEnum):
    """What a message says."""

    INVITED = "invited"
    MOVED = "moved"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Told:
    """What an address knows."""

    method: Method = Method.NONE
    sequence: int = -1
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holds:
    """What holds now: the occurrence as it would be announced."""

    status: Status
    sequence: int
    facts: Mapping[str, Any]
    over: bool = False
    """Whether its end has passed: then there is nothing left to tell."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that has to be sent."""

    news: News
    method: Method
    sequence: int


def facts_told(occurrence: Occurrence) -> dict[str, Any]:
    """Of an occurrence what people note in their calendars, as JSON values."""
    return {
        "starts_local": occurrence.starts_local.isoformat(timespec="minutes"),
        "zone": occurrence.zone,
        "duration_minutes": occurrence.duration_minutes,
        "title": occurrence.title,
        "title_en": occurrence.title_en,
        "mode": occurrence.mode.value,
        "venue": occurrence.venue,
    }


def owed(told: Told, holds: Holds, *, withdrawn: bool) -> Owed | None:
    """The message that this address has to get now; None if it knows what holds."""
    news = _news(told, holds, withdrawn)
    if news is None:
        return None
    gone = news in (News.CANCELLED, News.WITHDRAWN)
    method = Method.CANCEL if gone else Method.REQUEST
    return Owed(news, method, max(holds.sequence, told.sequence + 1))


def asks_again(news: News) -> bool:
    """Whether an answer given before does not count any more: it was about another time, or another invitation."""
    return news in (News.INVITED, News.MOVED)


def _news(told: Told, holds: Holds, withdrawn: bool) -> News | None:
    knows = told.method is Method.REQUEST
    if holds.over:
        return None
    if withdrawn or holds.status is Status.CANCELLED:
        if not knows:
            return None
        return News.WITHDRAWN if withdrawn else News.CANCELLED
    if holds.status not in ANNOUNCED:
        return None
    if not knows:
        return News.INVITED
    if any(told.facts.get(name) != holds.facts.get(name) for name in TIME):
        return News.MOVED
    if any(told.facts.get(name) != holds.facts.get(name) for name in WORDS):
        return News.CHANGED
    return None
