"""How long somebody was there, and whether that is enough: pure functions over plain data.

Time is counted in whole microseconds and rounded down once, at the end: a share never says more than was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from lms.meetings.attendance_models import Verdict
from lms.meetings.rules import Period, cut, union

WHOLE = 10_000
"""The whole window in hundredths of a percent."""
_SMALLEST = timedelta(microseconds=1)


class Note(StrEnum):
    """What the organiser of a computed sheet should know."""

    NO_BEGIN = "no_begin"
    """No host announced the begin: the planned one was taken."""
    NO_END = "no_end"
    """No host announced the end: when somebody was last seen was taken."""
    NO_MEETING = "no_meeting"
    """Nobody was ever connected: the planned time was taken."""
    NODE_DIED = "node_died"
    """A media node fell silent: whoever was connected counts until its last heartbeat."""
    SEVERAL_OPENINGS = "several_openings"
    """The meeting was interrupted: the time between its parts counts for nobody."""
    LISTED_TWICE = "listed_twice"
    """Somebody was listed in two rooms at once; the time was counted once."""
    UNCONFIRMED = "unconfirmed"
    """Somebody was listed and has not confirmed it yet."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a meeting: when it was officially on, and when its media flowed at all."""

    announced: Sequence[tuple[datetime, datetime | None]]
    """What a host announced, in order: begin, and end if there was one."""
    opened_at: datetime
    last_seen_at: datetime
    """When the meeting was closed, or else when anybody was last seen in it."""
    died: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What the schedule says of an occurrence: planned, and as a host pressed it on the page."""

    starts_at: datetime
    ends_at: datetime
    began_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The official time. `periods` are whole, `counted` is without breaks."""

    periods: tuple[Period, ...]
    counted: tuple[Period, ...]
    notes: tuple[Note, ...] = ()

    @property
    def length(self) -> timedelta:
        """How long somebody can have been there."""
        return length(self.counted)


@dataclass(frozen=True, slots=True)
class RoomStay:
    """Somebody was listed behind an organisation's endpoint; empty ends: as long as it was connected."""

    organisation_id: int
    present_from: datetime | None = None
    present_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """When presence is enough: `min_share` in hundredths of a percent, or `min_minutes`; one or both."""

    min_share: int | None = None
    min_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """What was found for somebody."""

    seconds: int
    window_seconds: int
    share: int
    verdict: Verdict
    own: tuple[Period, ...]
    """By their own devices, within the window."""
    rooms: dict[int, tuple[Period, ...]] = field(default_factory=dict)
    """Behind an endpoint, by organisation, within the window."""
    counted: tuple[Period, ...] = ()
    """Both together, overlaps once."""
    overlap_seconds: int = 0
    """Counted once, but there by own device and in a room, or in two rooms, at the same time."""

    @property
    def how(self) -> str:
        """How it is known: `own`, `room`, `both`, or empty for neither."""
        return "both" if self.own and self.rooms else "own" if self.own else "room" if self.rooms else ""


def length(periods: Iterable[Period]) -> timedelta:
    """How long they last together; they must not overlap."""
    return sum((end - begin for begin, end in periods), timedelta())


def minus(periods: Iterable[Period], holes: Iterable[Period]) -> list[Period]:
    """The periods without what lies in the holes."""
    left = union(periods)
    for begin, end in union(holes):
        left = [
            part
            for one in left
            for part in ((one[0], min(one[1], begin)), (max(one[0], end), one[1]))
            if part[0] < part[1]
        ]
    return left


def within(periods: Iterable[Period], windows: Iterable[Period]) -> list[Period]:
    """What of the periods lies in any of the windows, overlaps once."""
    merged = union(periods)
    return [part for window in union(windows) for part in cut(merged, window)]


def official_window(openings: Sequence[Opening], plan: Plan, breaks: Iterable[Period] = ()) -> Window:
    """From the announced begin to the announced end of every opening; what is missing is filled in and noted."""
    notes: list[Note] = []
    periods = [period for one in openings for period in _announced(one, plan, notes, last=one is openings[-1])]
    if not openings:
        notes.append(Note.NO_MEETING)
        periods = [(plan.began_at or plan.starts_at, plan.ended_at or plan.ends_at)]
    elif not periods:
        periods = [_unannounced(openings, plan, notes)]
    if any(one.died for one in openings):
        notes.append(Note.NODE_DIED)
    merged = union(periods)
    if len(merged) > 1:
        notes.append(Note.SEVERAL_OPENINGS)
    return Window(tuple(merged), tuple(minus(merged, breaks)), tuple(dict.fromkeys(notes)))


def measure(
    own: Iterable[Period],
    stays: Iterable[RoomStay],
    rooms: dict[int, Sequence[Period]],
    window: Window,
    threshold: Threshold,
) -> Presence:
    """Somebody's presence. `rooms` holds when each organisation's endpoints were connected."""
    mine = within(own, window.counted)
    found: dict[int, list[Period]] = {}
    for stay in stays:
        seated = within(_narrowed(rooms.get(stay.organisation_id, ()), stay), window.counted)
        found[stay.organisation_id] = union([*found.get(stay.organisation_id, ()), *seated])
    seats = {number: tuple(periods) for number, periods in found.items() if periods}
    counted = union([*mine, *(period for periods in seats.values() for period in periods)])
    told = length(mine) + sum((length(periods) for periods in seats.values()), timedelta())
    share = share_of(length(counted), window.length)
    seconds = int(length(counted).total_seconds())
    return Presence(
        seconds=seconds,
        window_seconds=int(window.length.total_seconds()),
        share=share,
        verdict=verdict_of(length(counted), window.length, threshold),
        own=tuple(mine),
        rooms=seats,
        counted=tuple(counted),
        overlap_seconds=int((told - length(counted)).total_seconds()),
    )


def share_of(present: timedelta, window: timedelta) -> int:
    """Hundredths of a percent, rounded down; an empty window is no share at all."""
    if window <= timedelta():
        return 0
    return min(WHOLE, (present // _SMALLEST) * WHOLE // (window // _SMALLEST))


def verdict_of(present: timedelta, window: timedelta, threshold: Threshold) -> Verdict:
    """Whether it is enough: by the share, or by the minutes."""
    if present <= timedelta():
        return Verdict.ABSENT
    enough_share = threshold.min_share is not None and share_of(present, window) >= threshold.min_share
    enough_time = threshold.min_minutes is not None and present >= timedelta(minutes=threshold.min_minutes)
    return Verdict.ATTENDED if enough_share or enough_time else Verdict.PARTLY


def _announced(one: Opening, plan: Plan, notes: list[Note], *, last: bool) -> list[Period]:
    periods = []
    for begin, end in one.announced:
        if end is None:
            by_page = plan.ended_at if last else None
            if by_page is None or by_page < begin:
                notes.append(Note.NO_END)
                by_page = one.last_seen_at
            end = by_page
        if begin < end:
            periods.append((begin, end))
    return periods


def _unannounced(openings: Sequence[Opening], plan: Plan, notes: list[Note]) -> Period:
    """Nothing was announced in the meeting: what was pressed on the page, else the plan and who was last seen."""
    begin, end = plan.began_at, plan.ended_at
    if begin is None:
        notes.append(Note.NO_BEGIN)
        begin = plan.starts_at
    if end is None:
        notes.append(Note.NO_END)
        end = max(one.last_seen_at for one in openings)
    return begin, end


def _narrowed(connected: Sequence[Period], stay: RoomStay) -> list[Period]:
    return [
        (
            max(begin, stay.present_from) if stay.present_from else begin,
            min(end, stay.present_to) if stay.present_to else end,
        )
        for begin, end in connected
    ]
