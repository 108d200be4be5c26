"""Attendance across group rooms: time in a group is time in the occurrence, counted once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.meetings import queries
from lms.meetings.actions import close_silent
from lms.meetings.attendance_models import Attendance, AttendanceSheet
from lms.meetings.models import Meeting
from lms.meetings.presence import Note
from lms.schedule.models import Occurrence, Status
from signaling import events as told
from tests.lms.meetings.attending import Network, Story, at, computed, tell

MOVE_S = 1 / 60
"""A second, as minutes: how long going to another room took."""


@dataclass
class Held:
    """An occurrence that is held, and somebody whose seconds are asked for."""

    network: Network

    def seconds(self, session: Session, identity: str) -> tuple[int, int]:
        """Seconds counted, seconds of the window."""
        sheet = session.get_one(AttendanceSheet, self.network.id)
        row = session.scalars(
            select(Attendance).where(
                Attendance.occurrence_id == self.network.id,
                Attendance.generation == sheet.generation,
                Attendance.subject == identity,
            )
        ).one()
        return row.seconds, row.window_seconds


def person_of(network: Network) -> str:
    return f"person:{network.olena.person_id}"


def main_room() -> Story:
    return Story("o1", "m1")


def group(number: int) -> Story:
    return Story(f"og{number}", f"m1.g{number}")


def test_time_in_a_group_counts_and_the_way_there_is_the_only_gap(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        olena = person_of(network)
        main, first = main_room().began(0).joined(0, olena), group(1)
        main.left(30, olena)
        first.joined(30 + MOVE_S, olena, "pg").left(60, olena, "pg")
        main.joined(60 + MOVE_S, olena, "pback").left(90, olena, "pback").ended(90)
        first.say(60, told.Closed(reason="ordered"))
        tell(session, main)
        tell(session, first)
        sheet = computed(session, network.id)
        seconds, window = Held(network).seconds(session, olena)
        assert window == 5400
        assert seconds == 5400 - 2
        assert Note.SEVERAL_OPENINGS not in sheet.notes
        assert Note.NO_END not in sheet.notes


def test_two_devices_in_two_rooms_count_once(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        olena = person_of(network)
        main = main_room().began(0).joined(0, olena).left(90, olena).ended(90)
        first = group(1).joined(20, olena, "pg").left(70, olena, "pg")
        tell(session, main)
        tell(session, first)
        computed(session, network.id)
        assert Held(network).seconds(session, olena) == (5400, 5400)


def test_a_group_neither_begins_nor_ends_the_occurrence(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        tell(session, group(1).joined(10, person_of(network)).say(11, told.Began()).say(12, told.Ended()))
        assert session.get_one(Occurrence, network.id).status is Status.PUBLISHED
        assert session.scalars(select(Meeting.occurrence_id)).all() == [network.id]


def test_whoever_was_last_seen_in_a_group_was_there_when_the_node_died(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        olena = person_of(network)
        main = main_room().began(0).joined(0, olena).left(30, olena)
        first = group(2).joined(30, olena, "pg").say(75, told.Roster(participants=["pg"]))
        tell(session, main, at(75))
        tell(session, first, at(75))
        close_silent(session, at(80))
        sheet = computed(session, network.id)
        assert Held(network).seconds(session, olena) == (75 * 60, 75 * 60)
        assert {Note.NO_END, Note.NODE_DIED} <= set(sheet.notes)


def test_the_history_says_which_opening_was_a_group(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        olena = person_of(network)
        tell(session, main_room().joined(0, olena).left(10, olena))
        tell(session, group(3).joined(10, olena, "pg"), at(11))
        held = queries.meeting_history(session, network.organiser, network.slug, at(60))
        assert [one.group for one in held] == [None, 3]
        assert queries.connected_now(session, network.id, at(60)) == {olena}


def test_whose_line_broke_a_moment_ago_is_as_good_as_there(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        olena = person_of(network)
        tell(session, main_room().joined(0, olena, "p").say(10, told.Away(participant="p")), at(10))
        assert queries.connected_now(session, network.id, at(10.9)) == {olena}
        assert queries.connected_now(session, network.id, at(11.1)) == set()


MOVES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 20), st.integers(0, 30)), min_size=1, max_size=8)
"""Room (0 is the main room), minutes there, seconds on the way to the next."""


class UndoneError(Exception):
    """What an example wrote is not kept."""


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "vikno.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_however_often_somebody_moves_what_counts_is_where_they_were(
    sqlite: Database, moves: list[tuple[int, int, int]]
) -> None:
    """Seconds counted are the window's, less the seconds on the way."""
    with suppress(UndoneError), sqlite.writing() as session:
        network = Network(session)
        olena = person_of(network)
        stories = {0: main_room().began(0)}
        clock, expected = 0.0, 0.0
        for count, (room, minutes, away_s) in enumerate(moves):
            story = stories.setdefault(room, group(room) if room else stories[0])
            end = clock + minutes * 60
            story.joined(clock / 60, olena, f"p{count}").left(end / 60, olena, f"p{count}")
            expected += max(0.0, min(end, 5400) - min(clock, 5400))
            clock = end + away_s
        stories[0].say(90, told.Ended()).say(max(90.0, clock / 60), told.Closed(reason="ended"))
        for story in stories.values():
            tell(session, story, at(200))
        computed(session, network.id, at(200))
        seconds, window = Held(network).seconds(session, olena)
        assert window == 5400
        assert abs(seconds - expected) <= 1
        raise UndoneError
