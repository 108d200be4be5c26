"""Who gets a seat: registering, waiting and timed offers as pure rules over plain data.

There are two pools of seats: at the table (`interactive` and `room`), bounded by `capacity` and, for each
organisation, by `per_organisation`; and among those who watch (`viewer`), bounded by `viewer_capacity`. A seat is
taken by whoever is confirmed or holds an offer. Who waits is served in the order of `queued_at`; whoever may not sit
down because their organisation has its share is passed over, and keeps the place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lms.schedule.audience_models import RegistrationState, Seat

LAST_CALL = timedelta(hours=1)
"""So long before the beginning an offer ends, if that leaves `SHORTEST_OFFER`: the next one must still find the way."""
SHORTEST_OFFER = timedelta(minutes=15)
"""With less time than this before the beginning nobody is asked any more: the next one simply gets the seat."""

ALIVE = frozenset(
    {RegistrationState.PENDING, RegistrationState.WAITLISTED, RegistrationState.OFFERED, RegistrationState.CONFIRMED}
)
"""States in which somebody still wants to come."""
HOLDING = frozenset({RegistrationState.OFFERED, RegistrationState.CONFIRMED, RegistrationState.NO_SHOW})
"""States that take a seat."""


class Why(StrEnum):
    """What changed a registration."""

    REGISTERED = "registered"
    APPROVED = "approved"
    FREED = "freed"
    ACCEPTED = "accepted"
    OFFER_DECLINED = "offer_declined"
    OFFER_EXPIRED = "offer_expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    REMOVED = "removed"
    ABSENT = "absent"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Terms:
    """What bounds the seats of one occurrence. None is without bound; `frozen`: cancelled or over, nothing moves."""

    starts_at: datetime
    capacity: int | None = None
    per_organisation: int | None = None
    viewer_capacity: int | None = None
    offer_minutes: int = 24 * 60
    approval: bool = False
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A registration, as far as seats are concerned."""

    id: int
    seat: Seat
    organisation_id: int | None
    state: RegistrationState
    queued_at: datetime
    offered_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one registration; each is logged and told once."""

    id: int
    state: RegistrationState
    why: Why
    offered_until: datetime | None = None
    queued_at: datetime | None = None
    """A new place in the waiting list; None keeps the old one."""


def register(
    terms: Terms, places: Sequence[Place], newcomer: Place, now: datetime, *, approved: bool = False
) -> list[Step]:
    """Somebody asks for a seat. In approval mode the organiser decides first, unless it was the organiser who asked."""
    if terms.approval and not approved:
        return [Step(newcomer.id, RegistrationState.PENDING, Why.REGISTERED, queued_at=now)]
    return _admit(terms, places, newcomer, now, Why.REGISTERED)


def approve(terms: Terms, places: Sequence[Place], number: int, now: datetime) -> list[Step]:
    """A request is granted: a seat if one is free, else the end of the waiting list. Others are left as they are."""
    asking = _named(places, number)
    if asking is None or asking.state is not RegistrationState.PENDING or terms.frozen:
        return []
    return _admit(terms, [place for place in places if place.id != number], asking, now, Why.APPROVED)


def decline(terms: Terms, places: Sequence[Place], number: int, now: datetime) -> list[Step]:
    """The organiser says no to somebody without a confirmed seat."""
    return _leave(terms, places, number, RegistrationState.DECLINED, Why.DECLINED, now)


def cancel(terms: Terms, places: Sequence[Place], number: int, now: datetime, *, removed: bool = False) -> list[Step]:
    """Somebody does not come after all (or is removed by the organiser); what becomes free is offered to the next."""
    why = Why.REMOVED if removed else Why.CANCELLED
    return _leave(terms, places, number, RegistrationState.CANCELLED, why, now)


def decline_offer(terms: Terms, places: Sequence[Place], number: int, now: datetime) -> list[Step]:
    """Somebody does not want the offered seat and leaves the list: the next one is asked."""
    asked = _named(places, number)
    if asked is None or asked.state is not RegistrationState.OFFERED:
        return []
    return _leave(terms, places, number, RegistrationState.CANCELLED, Why.OFFER_DECLINED, now)


def accept(terms: Terms, places: Sequence[Place], number: int, now: datetime) -> list[Step]:
    """The offered seat is taken; nothing if the offer has ended (then `settle` sees to it)."""
    asked = _named(places, number)
    if asked is None or asked.state is not RegistrationState.OFFERED or terms.frozen or _expired(terms, asked, now):
        return []
    return [Step(number, RegistrationState.CONFIRMED, Why.ACCEPTED)]


def settle(terms: Terms, places: Sequence[Place], now: datetime) -> list[Step]:
    """Take back offers that have ended and offer every free seat to whoever waits longest and may have it.

    To be called when time passes and when capacities change. Whoever let an offer pass leaves the list.
    """
    if terms.frozen:
        return []
    steps = [
        Step(place.id, RegistrationState.CANCELLED, Why.OFFER_EXPIRED)
        for place in places
        if place.state is RegistrationState.OFFERED and _expired(terms, place, now)
    ]
    room = _Room(terms, applied(places, steps))
    until = offer_end(terms, now)
    for place in waiting(places):
        if room.has_a_seat_for(place):
            state = RegistrationState.CONFIRMED if until is None else RegistrationState.OFFERED
            steps.append(Step(place.id, state, Why.FREED, offered_until=until))
            room.take(place)
    return steps


def waiting(places: Iterable[Place]) -> list[Place]:
    """The waiting list, first come first."""
    found = [place for place in places if place.state is RegistrationState.WAITLISTED]
    return sorted(found, key=lambda place: (place.queued_at, place.id))


def offer_end(terms: Terms, now: datetime) -> datetime | None:
    """Until when a seat that is offered now is kept; None if there is no time left to ask."""
    until = min(now + timedelta(minutes=terms.offer_minutes), max(terms.starts_at - LAST_CALL, now + SHORTEST_OFFER))
    return until if until <= terms.starts_at else None


def over(terms: Terms, places: Sequence[Place]) -> int:
    """How many hold a seat beyond the capacity, after it was lowered: nobody loses a seat, the organiser is told."""
    room = _Room(terms, places)
    beyond = [
        max(0, room.table - terms.capacity) if terms.capacity is not None else 0,
        max(0, room.viewers - terms.viewer_capacity) if terms.viewer_capacity is not None else 0,
    ]
    return sum(beyond)


def applied(places: Sequence[Place], steps: Iterable[Step]) -> list[Place]:
    """The registrations after these steps."""
    after = {place.id: place for place in places}
    for step in steps:
        old = after.get(step.id)
        if old is not None:
            after[step.id] = replace(
                old,
                state=step.state,
                offered_until=step.offered_until,
                queued_at=step.queued_at or old.queued_at,
            )
    return list(after.values())


class _Room:
    """How many seats are taken."""

    def __init__(self, terms: Terms, places: Iterable[Place]) -> None:
        self._terms = terms
        self.table = 0
        self.viewers = 0
        self._shares: Counter[int] = Counter()
        for place in places:
            if place.state in HOLDING:
                self.take(place)

    def take(self, place: Place) -> None:
        if place.seat is Seat.VIEWER:
            self.viewers += 1
            return
        self.table += 1
        if place.organisation_id is not None:
            self._shares[place.organisation_id] += 1

    def has_a_seat_for(self, place: Place) -> bool:
        terms = self._terms
        if place.seat is Seat.VIEWER:
            return terms.viewer_capacity is None or self.viewers < terms.viewer_capacity
        if terms.capacity is not None and self.table >= terms.capacity:
            return False
        if terms.per_organisation is None or place.organisation_id is None:
            return True
        return self._shares[place.organisation_id] < terms.per_organisation


def _admit(terms: Terms, places: Sequence[Place], newcomer: Place, now: datetime, why: Why) -> list[Step]:
    """Those who wait come first; what is left then is the newcomer's."""
    steps = settle(terms, places, now)
    free = _Room(terms, applied(places, steps)).has_a_seat_for(newcomer)
    state = RegistrationState.CONFIRMED if free else RegistrationState.WAITLISTED
    return [*steps, Step(newcomer.id, state, why, queued_at=now)]


def _leave(
    terms: Terms, places: Sequence[Place], number: int, state: RegistrationState, why: Why, now: datetime
) -> list[Step]:
    leaving = _named(places, number)
    if leaving is None or leaving.state not in ALIVE or terms.frozen:
        return []
    step = Step(number, state, why)
    return [step, *settle(terms, applied(places, [step]), now)]


def _expired(terms: Terms, place: Place, now: datetime) -> bool:
    return place.offered_until is None or min(place.offered_until, terms.starts_at) <= now


def _named(places: Iterable[Place], number: int) -> Place | None:
    return next((place for place in places if place.id == number), None)
