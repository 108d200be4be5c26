"""From the nodes' events to meetings and connections: idempotent, in any order, rebuildable."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.database import Database
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Invalid, NotAllowed, NotFound
from lms.meetings import actions, queries
from lms.meetings.models import Connection, Meeting, MeetingEvent
from lms.meetings.rules import cut, time_present, union
from lms.schedule import actions as schedule
from lms.schedule.models import Status
from lms.schedule.queries import occurrence_page
from signaling import events as told
from tests.lms.facts import NOW, draft, organiser

BEGIN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def at(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def event(sequence: int, minute: float, data: Any, *, opening: str = "o1", node: int = 0) -> dict[str, Any]:
    """An event as the node sends it, made with the node's own types."""
    made = told.Event(
        id=f"{opening}-{sequence}",
        node=node,
        meeting="m1",
        opening=opening,
        sequence=sequence,
        at=at(minute).timestamp(),
        data=data,
    )
    return made.model_dump(mode="json")


def joined(who: str, identity: str | None = None) -> told.Joined:
    return told.Joined(
        participant=who,
        identity=identity or f"person:{who}",
        name=f"Ім’я {who}",
        organisation="ЦНАП",
        role="participant",  # type: ignore[arg-type]
        presence="person",  # type: ignore[arg-type]
    )


STORY = [
    event(1, 0, told.Opened(title="Консультація")),
    event(2, 0, joined("a")),
    event(3, 1, joined("b")),
    event(4, 2, told.Began()),
    event(6, 5, told.Roster(participants=["a", "b"])),
    event(7, 10, told.Away(participant="b")),
    event(9, 12, told.Back(participant="b")),
    event(10, 15, told.Renamed(participant="b", name="Олена")),
    event(11, 16, told.RoleChanged(participant="b", role="presenter")),  # type: ignore[arg-type]
    event(12, 20, told.Spoke(participant="b", since=at(18).timestamp())),
    event(13, 30, told.Left(participant="b", reason="left")),
    event(14, 40, told.Ended()),
    event(15, 41, told.Closed(reason="ended")),
]


def plan(database: Database) -> tuple[Visitor, str]:
    with database.writing() as session:
        planner = organiser(session)
        made = schedule.create(session, planner, draft(), NOW, meeting="m1")
        return planner, schedule.publish(session, planner, made.slug, NOW).slug


def apply(database: Database, *batches: list[dict[str, Any]], now: datetime = BEGIN) -> list[actions.Applied]:
    outcomes = []
    for batch in batches:
        with database.writing() as session:
            outcomes.append(actions.apply_events(session, batch, now))
    return outcomes


def periods(database: Database) -> list[tuple[str, str, str, float, float | None, str]]:
    with database.reading() as session:
        rows = session.scalars(select(Connection).order_by(Connection.participant, Connection.joined_at)).all()

    def minute(moment: datetime | None) -> float | None:
        return None if moment is None else (moment - BEGIN).total_seconds() / 60

    return [
        (row.participant, row.name, row.role, minute(row.joined_at) or 0.0, minute(row.left_at), row.reason)
        for row in rows
    ]


WHOLE = [
    ("a", "Ім’я a", "participant", 0.0, 41.0, "closed"),
    ("b", "Ім’я b", "participant", 1.0, 10.0, "away"),
    ("b", "Олена", "presenter", 12.0, 30.0, "left"),
]


def test_a_meeting_from_open_to_close(database: Database) -> None:
    planner, slug = plan(database)
    assert apply(database, STORY) == [actions.Applied(new=13, repeated=0, unknown=0)]
    assert periods(database) == WHOLE
    with database.reading() as session:
        (held,) = queries.meeting_history(session, planner, slug, at(60))
        assert (held.opened_at, held.began_at, held.ended_at, held.closed_at) == (at(0), at(2), at(40), at(41))
        assert [(row.identity, row.connected) for row in held.present] == [
            ("person:a", timedelta(minutes=41)),
            ("person:b", timedelta(minutes=27)),
        ]
        card = occurrence_page(session, planner, slug, at(60)).card
        assert (card.status, card.began_at) == (Status.ENDED, at(2))


def test_events_told_again_change_nothing(database: Database) -> None:
    assert [each.repeated for each in apply(database, STORY[:8], STORY[:10], STORY, STORY)] == [0, 8, 10, 13]
    assert periods(database) == WHOLE
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MeetingEvent)) == 13


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(1, 12), max_size=4))
def test_any_order_and_any_batches_give_the_same_rows(database: Database, seed: int, cuts: list[int]) -> None:
    with database.writing() as session:
        for table in (Connection, Meeting, MeetingEvent):
            session.query(table).delete()
    shuffled = random.Random(seed).sample(STORY, len(STORY))
    bounds = [0, *sorted(cuts), len(shuffled)]
    apply(database, *(shuffled[begin:end] for begin, end in pairwise(bounds)))
    assert periods(database) == WHOLE
    with database.reading() as session:
        meeting = session.scalars(select(Meeting)).one()
        assert (meeting.opened_at, meeting.began_at, meeting.closed_at) == (at(0), at(2), at(41))


def test_rows_are_rebuilt_from_the_events(database: Database) -> None:
    apply(database, STORY)
    with database.writing() as session:
        session.query(Connection).delete()
        session.query(Meeting).delete()
    with database.writing() as session:
        actions.rebuild(session, "o1")
        with pytest.raises(NotFound):
            actions.rebuild(session, "o2")
    assert periods(database) == WHOLE


def test_two_web_processes_that_get_the_same_events(database: Database) -> None:
    apply(database, STORY[:1])
    start = threading.Barrier(2)
    outcomes: list[actions.Applied] = []

    def deliver() -> None:
        start.wait()
        outcomes.extend(apply(database, STORY))

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.new for each in outcomes) == [0, 12]
    assert periods(database) == WHOLE


def test_a_node_that_died_leaves_nobody_connected(database: Database) -> None:
    apply(database, STORY[:5], now=at(5))
    with database.writing() as session:
        assert actions.close_silent(session, at(5) + actions.SILENCE) == 0
        assert actions.close_silent(session, at(6.1)) == 3
        assert actions.close_silent(session, at(7)) == 0
    assert [(row[0], row[4], row[5]) for row in periods(database)] == [("a", 5.0, "silent"), ("b", 5.0, "silent")]
    with database.reading() as session:
        assert session.scalars(select(Meeting.closed_at)).one() == at(5)


def test_a_node_that_was_only_cut_off_tells_the_rest_later(database: Database) -> None:
    apply(database, STORY[:5], now=at(5))
    with database.writing() as session:
        actions.close_silent(session, at(9))
    apply(database, STORY[5:], now=at(45))
    assert periods(database) == WHOLE


def test_a_word_that_is_told_after_the_end_opens_nothing_again(database: Database) -> None:
    late = event(16, 41, told.Spoke(participant="a", since=at(40).timestamp()))
    apply(database, [*STORY, late], now=at(45))
    assert periods(database) == WHOLE
    with database.reading() as session:
        assert session.scalars(select(Meeting.closed_at)).one() == at(41)


def test_a_roster_goes_on_with_whoever_was_taken_for_gone(database: Database) -> None:
    apply(database, STORY[:5], now=at(5))
    with database.writing() as session:
        actions.close_silent(session, at(9))
    apply(database, [event(7, 9, told.Roster(participants=["a"]))], now=at(9))
    assert [(row[0], row[4], row[5]) for row in periods(database)] == [("a", None, ""), ("b", 5.0, "silent")]
    with database.reading() as session:
        assert session.scalars(select(Meeting.closed_at)).one() is None


def test_who_is_not_in_the_roster_was_last_seen_before(database: Database) -> None:
    apply(database, [*STORY[:5], event(7, 6, told.Roster(participants=["a"]))])
    assert [(row[0], row[4], row[5]) for row in periods(database)] == [("a", None, ""), ("b", 5.0, "absent")]


def test_a_meeting_opened_again_is_another_row(database: Database) -> None:
    planner, slug = plan(database)
    again = [event(1, 50, told.Opened(title="x"), opening="o2"), event(2, 51, joined("a"), opening="o2")]
    apply(database, STORY[:4], again)
    with database.reading() as session:
        held = queries.meeting_history(session, planner, slug, at(60))
        assert [each.opened_at for each in held] == [at(0), at(50)]
        assert held[1].present[0].last_left_at is None


def test_a_meeting_without_an_occurrence_is_kept(database: Database) -> None:
    apply(database, STORY)
    with database.reading() as session:
        assert session.scalars(select(Meeting.occurrence_id)).one() is None


def test_what_is_not_known_yet_is_stored_and_what_is_broken_refused(database: Database) -> None:
    strange = {**STORY[0], "data": {"type": "translated", "words": 3}}
    assert apply(database, [strange]) == [actions.Applied(new=1, repeated=0, unknown=1)]
    with database.reading() as session:
        assert session.scalars(select(MeetingEvent.contents)).one() == {"words": 3}
    broken: list[Callable[[dict[str, Any]], object]] = [
        lambda each: each.pop("id"),
        lambda each: each.update(at="soon"),
        lambda each: each.update(at=1e300),
        lambda each: each.update(data=None),
        lambda each: each.update(data={}),
    ]
    for damage in broken:
        wrong = dict(STORY[1])
        damage(wrong)
        with pytest.raises(Invalid):
            apply(database, [STORY[2], wrong])
    assert periods(database) == []


def test_a_name_that_no_column_holds_does_not_hold_up_what_follows(database: Database) -> None:
    """PostgreSQL refuses NUL in text: the batch would be sent again for ever, and everything behind it."""
    strange = joined("a").model_copy(update={"name": "О\0лена", "organisation": "\0"})
    batch = [
        event(1, 0, told.Opened(title="")),
        event(2, 0, strange),
        event(3, 1, told.Renamed(participant="a", name="\0І")),
    ]
    with database.writing() as session:
        assert actions.apply_events(session, batch[:2], NOW).new == 2
    with database.reading() as session:
        assert session.scalars(select(Connection.name)).all() == ["Олена"]
    with database.writing() as session:
        actions.apply_events(session, batch, NOW)
    with database.reading() as session:
        assert session.scalars(select(Connection.name)).all() == ["І"]


def test_every_kind_that_nodes_tell_is_known() -> None:
    from lms.meetings.rules import KNOWN_KINDS

    mapping = told.Event.model_json_schema()["properties"]["data"]["discriminator"]["mapping"]
    assert set(mapping) == KNOWN_KINDS


def test_history_is_for_those_who_organise(database: Database) -> None:
    _, slug = plan(database)
    with database.reading() as session, pytest.raises(NotAllowed):
        queries.meeting_history(session, ANONYMOUS, slug, NOW)


def test_attendance_vector() -> None:
    """Window 10:00-11:30; 09:55-10:20 and 10:18-11:00 give 3600 s; the roster 11:00-11:30 makes it whole."""
    window = (at(0), at(90))
    own = [(at(-5), at(20)), (at(18), at(60))]
    assert time_present(own, window) == timedelta(seconds=3600)
    assert time_present([*own, (at(60), at(90))], window) == timedelta(seconds=5400)
    assert time_present([*own, *own, (at(-60), at(900))], window) == timedelta(seconds=5400)


_PERIODS = st.lists(
    st.tuples(st.integers(-100, 200), st.integers(-100, 200)).map(lambda pair: (at(pair[0]), at(pair[1]))), max_size=12
)


@given(_PERIODS, _PERIODS)
def test_periods_are_counted_once(some: list[tuple[datetime, datetime]], more: list[tuple[datetime, datetime]]) -> None:
    window = (at(0), at(90))
    both = [*some, *more]
    assert union(union(both)) == union(both)
    assert all(first[1] < second[0] for first, second in pairwise(union(both)))
    assert time_present(both, window) <= window[1] - window[0]
    assert time_present(both) <= time_present(some) + time_present(more)
    assert time_present(both) >= time_present(some)
    # Minute by minute, the slow way.
    slow = sum(any(begin <= at(m) < end for begin, end in both) for m in range(90))
    assert time_present(cut(both, window)) == timedelta(minutes=slow)
