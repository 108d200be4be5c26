"""Which times an expert has, and which are free: pure functions over plain data.

Windows are wall time, slots are instants: on the night when clocks change a window is an hour shorter or longer, and
no slot begins at a time that the clock does not show, or at the second of two equal ones (an occurrence is planned by
wall time, and such a one is the first: `lms.schedule.rules.to_utc`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from lms.directory.models import OrganisationKind, RoleName
from lms.directory.rules import Visitor
from lms.schedule.rules import to_utc, zone_of

DAY = timedelta(days=1)
_OFFERING_ROLES = (RoleName.TRAINER, RoleName.ORGANISER, RoleName.PROGRAMME_MANAGER, RoleName.ADMINISTRATOR)
_ASKING = (OrganisationKind.ASC, OrganisationKind.LIBRARY)
"""People of these ask; those of ministries, enterprises, associations, projects and training centres answer."""


@dataclass(frozen=True, slots=True)
class Window:
    """Times on a weekday, or on one day: minutes after local midnight, `ends` at most 1440."""

    begins: int
    ends: int
    weekday: int | None = None
    day: date | None = None
    from_day: date | None = None
    to_day: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether there are times on this day."""
        if self.day is not None:
            return day == self.day
        if self.from_day is not None and day < self.from_day:
            return False
        return day.weekday() == self.weekday and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Away:
    """Days without any, first and last included."""

    from_day: date
    to_day: date

    def holds_on(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.from_day <= day <= self.to_day


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant to another."""

    starts_at: datetime
    ends_at: datetime

    def meets(self, other: Span) -> bool:
        """Whether both have a moment in common."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def widened(self, by: timedelta) -> Span:
        """Longer at both ends."""
        return Span(self.starts_at - by, self.ends_at + by)


@dataclass(frozen=True, slots=True)
class Plan:
    """When an expert can be booked, as far as the expert says so."""

    zone: str
    slot_minutes: int
    pause_minutes: int
    windows: Sequence[Window] = ()
    away: Sequence[Away] = ()

    @property
    def pause(self) -> timedelta:
        """Between two appointments."""
        return timedelta(minutes=self.pause_minutes)


def spans_of(plan: Plan, day: date) -> Iterator[Span]:
    """The plan's windows on a local day, as instants, earliest first; none where the expert is away."""
    if any(each.holds_on(day) for each in plan.away):
        return
    midnight = datetime.combine(day, time())
    for window in sorted(plan.windows, key=lambda each: (each.begins, each.ends)):
        if window.holds_on(day):
            begin, end = (
                to_utc(midnight + timedelta(minutes=each), plan.zone) for each in (window.begins, window.ends)
            )
            if begin < end:
                yield Span(begin, end)


def slots_of(plan: Plan, day: date) -> Iterator[Span]:
    """The plan's slots on a local day, earliest first, whether free or not."""
    length, zone = timedelta(minutes=plan.slot_minutes), zone_of(plan.zone)
    free_from: datetime | None = None
    for span in spans_of(plan, day):
        at = span.starts_at if free_from is None else max(span.starts_at, free_from)
        while at + length <= span.ends_at:
            local = at.astimezone(zone).replace(tzinfo=None)
            if to_utc(local, plan.zone) == at:
                yield Span(at, at + length)
            at += length + plan.pause
            free_from = at


def free_slots(plan: Plan, days: Iterable[date], taken: Sequence[Span], earliest: datetime) -> list[Span]:
    """The slots of these local days that meet nothing that is taken, from `earliest` on."""
    return [
        slot
        for day in days
        for slot in slots_of(plan, day)
        if slot.starts_at >= earliest and not any(slot.meets(each) for each in taken)
    ]


def days_from(first: date, last: date) -> Iterator[date]:
    """Each day, both included."""
    day = first
    while day <= last:
        yield day
        day += DAY


def fits(plan: Plan, span: Span) -> bool:
    """Whether a time lies within the plan's windows."""
    day = span.starts_at.astimezone(zone_of(plan.zone)).date()
    return any(each.starts_at <= span.starts_at and span.ends_at <= each.ends_at for each in spans_of(plan, day))


def in_time(starts_at: datetime, change_minutes: int, now: datetime, *, by_expert: bool) -> bool:
    """Whether it may still be moved or cancelled: by the expert until it begins, by the other some time before."""
    return now < starts_at - (timedelta() if by_expert else timedelta(minutes=change_minutes))


def may_offer(visitor: Visitor, homes: Iterable[OrganisationKind]) -> bool:
    """Whether the visitor can offer hours: a trainer or organiser, or somebody of a body that sends experts."""
    if visitor.person_id is None:
        return False
    return any(grant.role in _OFFERING_ROLES for grant in visitor.grants) or any(each not in _ASKING for each in homes)


def offers_by_role(visitor: Visitor) -> bool:
    """The part of `may_offer` that follows from roles alone."""
    return may_offer(visitor, ())
