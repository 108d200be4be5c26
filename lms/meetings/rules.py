"""Events as plain data, and how long somebody was there: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lms.errors import Invalid

KNOWN_KINDS = frozenset(
    {
        "opened",
        "joined",
        "away",
        "back",
        "left",
        "renamed",
        "role_changed",
        "roster",
        "began",
        "ended",
        "spoke",
        "asked",
        "question_moved",
        "consented",
        "said",
        "chat_erased",
        "recording",
        "streaming",
        "closed",
    }
)
"""What `signaling.events` tells. Anything else is stored and left alone until a version comes that knows it."""

Period = tuple[datetime, datetime]
"""Half-open: `[from, to)`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a node told. Within an opening of a meeting `sequence` grows."""

    id: str
    node: int
    meeting: str
    opening: str
    sequence: int
    at: datetime
    kind: str
    data: Mapping[str, Any]


def parse_event(told: Mapping[str, Any]) -> Event:
    """An event from its JSON form (`signaling.events.Event`). Raises `Invalid` (event_invalid)."""
    try:
        data = dict(told["data"])
        return Event(
            id=str(told["id"]),
            node=int(told["node"]),
            meeting=str(told["meeting"]),
            opening=str(told["opening"]),
            sequence=int(told["sequence"]),
            at=datetime.fromtimestamp(float(told["at"]), UTC),
            kind=str(data.pop("type")),
            data=data,
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Invalid("event_invalid", f"An event of a media node cannot be read: {error!r}.") from error


def union(periods: Iterable[Period]) -> list[Period]:
    """The same time, without overlaps, in order."""
    merged: list[Period] = []
    for begin, end in sorted(period for period in periods if period[0] < period[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def cut(periods: Iterable[Period], window: Period) -> list[Period]:
    """What of the periods lies in the window."""
    return [
        (max(begin, window[0]), min(end, window[1])) for begin, end in periods if begin < window[1] and end > window[0]
    ]


def time_present(periods: Iterable[Period], window: Period | None = None) -> timedelta:
    """How long somebody was there, counting overlaps once; within the window, if there is one."""
    merged = union(periods if window is None else cut(periods, window))
    return sum((end - begin for begin, end in merged), timedelta())
