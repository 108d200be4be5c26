"""Seats, waiting list and offers as rules: vectors, and whatever order of events hypothesis thinks of."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lms.schedule import seats
from lms.schedule.audience_models import RegistrationState as S
from lms.schedule.audience_models import Seat
from lms.schedule.seats import Place, Step, Terms, Why

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
START = NOW + timedelta(days=3)


def place(number: int, state: S = S.WAITLISTED, home: int | None = None, **more: object) -> Place:
    known = {"seat": Seat.INTERACTIVE, "queued_at": NOW + timedelta(minutes=number), **more}
    return Place(number, organisation_id=home, state=state, **known)  # type: ignore[arg-type]


def changes(steps: list[Step]) -> list[tuple[int, S, Why]]:
    return [(step.id, step.state, step.why) for step in steps]


@pytest.mark.parametrize(
    ("before_start", "minutes", "until"),
    [
        (timedelta(days=3), 24 * 60, timedelta(hours=24)),
        (timedelta(hours=24), 24 * 60, timedelta(hours=23)),  # an hour before the beginning the next must still come
        (timedelta(hours=3), 24 * 60, timedelta(hours=2)),
        (timedelta(minutes=70), 24 * 60, timedelta(minutes=15)),
        (timedelta(minutes=61), 15, timedelta(minutes=15)),
        (timedelta(minutes=15), 24 * 60, timedelta(minutes=15)),
        (timedelta(minutes=14), 24 * 60, None),
        (timedelta(minutes=-10), 24 * 60, None),
    ],
)
def test_how_long_an_offer_holds(before_start: timedelta, minutes: int, until: timedelta | None) -> None:
    end = seats.offer_end(Terms(NOW + before_start, offer_minutes=minutes), NOW)
    assert end == (NOW + until if until is not None else None)


def test_just_before_the_beginning_nobody_is_asked_any_more() -> None:
    terms = Terms(NOW + timedelta(minutes=10), capacity=1)
    freed = seats.cancel(terms, [place(1, S.CONFIRMED), place(2), place(3)], 1, NOW)
    assert changes(freed) == [(1, S.CANCELLED, Why.CANCELLED), (2, S.CONFIRMED, Why.FREED)]


def test_a_share_passes_over_whoever_may_not_sit_down_and_keeps_their_place() -> None:
    terms = Terms(START, capacity=2, per_organisation=1)
    full = [place(1, S.CONFIRMED, 7), place(2, S.CONFIRMED, 8), place(3, home=7), place(4, home=9), place(5, home=9)]
    freed = seats.cancel(terms, full, 2, NOW)
    assert changes(freed) == [(2, S.CANCELLED, Why.CANCELLED), (4, S.OFFERED, Why.FREED)]
    after = seats.applied(full, freed)
    assert [each.id for each in seats.waiting(after)] == [3, 5]
    assert changes(seats.cancel(terms, after, 1, NOW)) == [(1, S.CANCELLED, Why.CANCELLED), (3, S.OFFERED, Why.FREED)]


def test_viewers_have_seats_of_their_own() -> None:
    terms = Terms(START, capacity=1, viewer_capacity=1)
    there = [place(1, S.CONFIRMED), place(2, seat=Seat.VIEWER)]
    assert changes(seats.settle(terms, there, NOW)) == [(2, S.OFFERED, Why.FREED)]
    room = place(3, S.PENDING, 7, seat=Seat.ROOM)
    assert changes(seats.register(terms, there, room, NOW))[-1] == (3, S.WAITLISTED, Why.REGISTERED)


def test_nobody_overtakes_those_who_wait_when_a_seat_is_just_free() -> None:
    """The offer ended a minute ago and the worker has not come yet: the next in line is asked, not the newcomer."""
    terms = Terms(START, capacity=1)
    there = [place(1, S.OFFERED, offered_until=NOW - timedelta(minutes=1)), place(2)]
    steps = seats.register(terms, there, place(3, S.PENDING), NOW)
    assert changes(steps) == [
        (1, S.CANCELLED, Why.OFFER_EXPIRED),
        (2, S.OFFERED, Why.FREED),
        (3, S.WAITLISTED, Why.REGISTERED),
    ]


def test_a_cancelled_occurrence_stands_still() -> None:
    terms = Terms(START, capacity=9, frozen=True)
    there = [place(1, S.OFFERED, offered_until=NOW), place(2), place(3, S.PENDING), place(4, S.CONFIRMED)]
    assert seats.settle(terms, there, NOW + timedelta(days=9)) == []
    for act in (seats.accept, seats.approve, seats.cancel, seats.decline, seats.decline_offer):
        assert [act(terms, there, number, NOW) for number in (1, 2, 3, 4)] == [[], [], [], []]


def test_an_offer_ends_with_the_beginning_even_if_that_was_moved_forward() -> None:
    terms = Terms(NOW + timedelta(hours=1), capacity=1)
    there = [place(1, S.OFFERED, offered_until=NOW + timedelta(days=1))]
    assert seats.accept(terms, there, 1, NOW) != []
    assert seats.accept(terms, there, 1, NOW + timedelta(hours=1)) == []


CAPACITY = st.one_of(st.none(), st.integers(1, 4))


class WaitingList(RuleBasedStateMachine):
    """People of three organisations register, cancel and answer; time passes and the organiser changes the seats."""

    @initialize(
        capacity=CAPACITY, share=CAPACITY, viewers=st.one_of(st.none(), st.integers(0, 3)), approval=st.booleans()
    )
    def plan(self, capacity: int | None, share: int | None, viewers: int | None, approval: bool) -> None:
        self.now = NOW
        self.terms = Terms(START, capacity, share, viewers, offer_minutes=600, approval=approval)
        self.places: list[Place] = []
        self.told: Counter[tuple[int, int]] = Counter()
        self.rounds: Counter[int] = Counter()
        self.over = 0
        self.shares_over: Counter[int] = Counter()

    def shares_beyond(self) -> Counter[int]:
        """By organisation, how many seats it has above its share."""
        most = self.terms.per_organisation
        beyond: Counter[int] = Counter()
        for home in (1, 2, 3):
            share = self.share_of(self.places, place(0, home=home))
            beyond[home] = max(0, share - most) if most is not None else 0
        return beyond

    def take(self, steps: list[Step]) -> None:
        """As the book does; and no event changes one registration to the state it has."""
        by_id = {each.id: each for each in self.places}
        for step in steps:
            assert by_id[step.id].state is not step.state or by_id[step.id].state is S.PENDING
            self.rounds[step.id] += 1
            self.told[step.id, self.rounds[step.id]] += 1
        assert len({step.id for step in steps}) == len(steps), "nobody changes twice at once"
        self.overtaken(steps)
        self.places = seats.applied(self.places, steps)

    def overtaken(self, steps: list[Step]) -> None:
        """Who waited longer and is passed over could not have had the seat, even now."""
        after = seats.applied(self.places, steps)
        for step in steps:
            if step.why is not Why.FREED:
                continue
            served = next(each for each in self.places if each.id == step.id)
            for other in seats.waiting(after):
                same = (other.seat is Seat.VIEWER) == (served.seat is Seat.VIEWER)
                if same and (other.queued_at, other.id) < (served.queued_at, served.id):
                    assert self.terms.per_organisation is not None
                    assert self.share_of(after, other) >= self.terms.per_organisation
                    assert other.organisation_id is not None
                    assert other.seat is not Seat.VIEWER

    @staticmethod
    def share_of(places: list[Place], one: Place) -> int:
        return sum(
            each.state in seats.HOLDING and each.seat is not Seat.VIEWER and each.organisation_id == one.organisation_id
            for each in places
        )

    def some(self, data: st.DataObject, *states: S) -> int | None:
        found = [each.id for each in self.places if each.state in states]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(home=st.sampled_from([None, 1, 2, 3]), seat=st.sampled_from(list(Seat)), by_organiser=st.booleans())
    def register(self, home: int | None, seat: Seat, by_organiser: bool) -> None:
        if len(self.places) > 14 or self.now >= START:
            return
        newcomer = Place(len(self.places) + 1, seat, home, S.PENDING, self.now)
        others = list(self.places)
        self.places.append(newcomer)
        steps = seats.register(self.terms, others, newcomer, self.now, approved=by_organiser)
        self.rounds[newcomer.id] = 0
        self.take(steps)

    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        number = self.some(data, S.PENDING)
        if number is not None:
            self.take(seats.approve(self.terms, self.places, number, self.now))

    @rule(data=st.data(), removed=st.booleans())
    def cancel(self, data: st.DataObject, removed: bool) -> None:
        number = self.some(data, *seats.ALIVE)
        if number is not None:
            self.take(seats.cancel(self.terms, self.places, number, self.now, removed=removed))
            assert seats.cancel(self.terms, self.places, number, self.now) == [], "a second click"

    @rule(data=st.data())
    def decline(self, data: st.DataObject) -> None:
        number = self.some(data, S.PENDING, S.WAITLISTED, S.OFFERED)
        if number is not None:
            self.take(seats.decline(self.terms, self.places, number, self.now))

    @rule(data=st.data(), yes=st.booleans())
    def answer(self, data: st.DataObject, yes: bool) -> None:
        number = self.some(data, S.OFFERED)
        if number is not None:
            act = seats.accept if yes else seats.decline_offer
            self.take(act(self.terms, self.places, number, self.now))

    @rule(minutes=st.sampled_from([1, 14, 60, 599, 601, 1500]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.take(seats.settle(self.terms, self.places, self.now))
        assert seats.settle(self.terms, self.places, self.now) == [], "what is settled is settled"

    @rule(capacity=CAPACITY, share=CAPACITY)
    def change(self, capacity: int | None, share: int | None) -> None:
        held = {each.id for each in self.places if each.state is S.CONFIRMED}
        old = self.terms
        self.terms = Terms(START, capacity, share, old.viewer_capacity, offer_minutes=600, approval=old.approval)
        self.take(seats.settle(self.terms, self.places, self.now))
        assert held <= {each.id for each in self.places if each.state is S.CONFIRMED}, "nobody loses a seat"
        self.over = seats.over(self.terms, self.places)
        self.shares_over = self.shares_beyond()

    @precondition(lambda self: hasattr(self, "terms"))
    @invariant()
    def never_oversold(self) -> None:
        """Beyond the capacity only after it was lowered, and then nobody is let in until enough have left."""
        beyond = seats.over(self.terms, self.places)
        assert beyond <= self.over
        self.over = beyond
        shares = self.shares_beyond()
        assert all(shares[home] <= self.shares_over[home] for home in shares)
        self.shares_over = shares

    @precondition(lambda self: hasattr(self, "terms"))
    @invariant()
    def no_free_seat_while_somebody_may_have_it(self) -> None:
        """No starvation: with nothing to wait for, whoever is first in line and eligible has been asked."""
        if any(each.state is S.OFFERED and (each.offered_until or START) <= self.now for each in self.places):
            return
        assert [step for step in seats.settle(self.terms, self.places, self.now) if step.why is Why.FREED] == []

    @precondition(lambda self: hasattr(self, "terms"))
    @invariant()
    def each_change_is_told_once(self) -> None:
        assert all(count == 1 for count in self.told.values())
        assert len({each.id for each in self.places}) == len(self.places)
        assert all((each.offered_until is not None) == (each.state is S.OFFERED) for each in self.places)


WaitingList.TestCase.settings = settings(
    max_examples=120, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
test_whatever_happens = WaitingList.TestCase
