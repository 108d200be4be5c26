"""Who may watch a recording, and when it is no longer kept: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lms.directory.rules import Visitor
from lms.media.models import RecordingState, Watching
from lms.schedule.models import Access

LEASE = timedelta(seconds=60)
"""A worker that was not heard of for so long has died: another one goes on."""
MOST_ATTEMPTS = 5
"""So often a recording that kills its worker is tried."""
SILENT_NODE = timedelta(minutes=15)
"""A recording under way of which nothing was heard for so long has lost its node: what there is gets processed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a visitor is to the occurrence of a recording."""

    edits: bool = False
    took_part: bool = False
    """Was there, was invited, or is registered."""


def may_watch(watching: Watching, state: RecordingState, visitor: Visitor, standing: Standing) -> bool:
    """Whether the visitor may see the recording and its files."""
    if standing.edits:
        return True
    if state is not RecordingState.READY:
        return False
    match watching:
        case Watching.PUBLIC:
            return True
        case Watching.NETWORK:
            return visitor.in_network
        case Watching.PARTICIPANTS:
            return standing.took_part
        case _:
            return False


def first_watching(access: Access, listed: bool) -> Watching:
    """Who may watch until somebody decides: never more people than were let into the meeting."""
    if not listed:
        return Watching.PARTICIPANTS
    return Watching.PUBLIC if access is Access.OPEN else Watching.NETWORK


def may_be_deleted(keep_until: date | None, held: bool, today: date) -> bool:
    """Whether the time for which it was to be kept is over, and nothing holds it."""
    return keep_until is not None and keep_until < today and not held
