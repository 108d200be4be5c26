"""Who may watch a recording, and when it is no longer kept: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from lms.directory.rules import Visitor
from lms.media.models import DeletionScope, RecordingState, Watching
from lms.schedule.models import Access, Ending, KeepUnit

LEASE = timedelta(seconds=60)
"""A worker that was not heard of for so long has died: another one goes on."""
MOST_ATTEMPTS = 5
"""So often a recording that kills its worker is tried."""
NOTICE = timedelta(days=14)
"""So long before a recording is deleted its organisers are told."""
STOOD_IN = timedelta(days=14)
"""What was kept of a stream stays for so long beside the recording that is made of everything."""
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


def may_be_released_to(private: bool) -> tuple[Watching, ...]:
    """Whom its organisers may let watch; a private talk of two, these two at most."""
    return (Watching.EDITORS, Watching.PARTICIPANTS) if private else tuple(Watching)


def last_day(began: date, keep_for: int | None, unit: KeepUnit) -> date | None:
    """Until when a recording is kept that began on a day; None: for ever. A month later is the same day of it, or its
    last one.
    """
    if keep_for is None:
        return None
    return began + (relativedelta(months=keep_for) if unit is KeepUnit.MONTHS else timedelta(days=keep_for))


def to_delete(ending: Ending, watching: Watching) -> DeletionScope:
    """What goes when the time is over."""
    keeps_made = ending is Ending.RAW or (ending is Ending.KEEP_PUBLIC and watching is Watching.PUBLIC)
    return DeletionScope.RAW if keeps_made else DeletionScope.EVERYTHING


def warns_from(keep_until: date) -> date:
    """From which day on the organisers are told."""
    return keep_until - NOTICE
