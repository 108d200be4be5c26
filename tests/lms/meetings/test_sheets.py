"""From the nodes' events and the roll-call to the sheet: counted by D4, never overwritten, frozen once approved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.models import RoleName
from lms.errors import Conflict, Invalid, NotAllowed
from lms.meetings import actions as meetings
from lms.meetings import attendance, computing, sheet_actions
from lms.meetings.attendance_models import Attendance, RosterEntry, SheetState, Verdict
from lms.meetings.merging import merge_organisations, merge_people
from lms.meetings.roll_call import Seat, answer
from lms.meetings.sheet_queries import attendance_view, own
from signaling import events as told
from tests.lms.facts import counted, organisation, person
from tests.lms.meetings.attending import Network, Story, at, computed, list_people, tell


@pytest.fixture
def network(database: Database) -> Network:
    with database.writing() as session:
        return Network(session)


def vector(network: Network) -> Story:
    """Window 10:00-11:30; Olena's own 09:55-10:20 and 10:18-11:00; Kyiv's room all the time."""
    me = network.olena.identity
    story = Story().joined(-5, network.kyiv_room).joined(-5, me, "one").began(0)
    story.joined(18, me, "two").left(20, me, "one").left(60, me, "two")
    return story.ended(90)


def found(database: Database, network: Network, subject: str) -> tuple[int, int, Verdict]:
    with database.reading() as session:
        view = attendance_view(session, network.organiser, network.slug, at(120))
        row = next(row for row in view.rows if row.subject == subject)
        return row.seconds, row.share, row.verdict


def test_the_vector_of_the_domain_end_to_end(database: Database, network: Network) -> None:
    """3600 s are 66.66 %; with the roster 11:00-11:30 it is the whole window."""
    with database.writing() as session:
        tell(session, vector(network))
        computed(session, network.id)
    assert found(database, network, network.olena.identity) == (3600, 6666, Verdict.PARTLY)
    with database.writing() as session:
        seat = Seat(network.olena.person_id, present_from=at(60), present_to=at(90))
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, seat, now=at(100))
        computed(session, network.id)
    assert found(database, network, network.olena.identity)[1] == 6666, "it counts once she has confirmed it"
    with database.writing() as session:
        entry = session.scalars(select(RosterEntry)).one()
        answer(session, network.olena.person_id or 0, entry.id, here=True, via="page", now=at(101))
        computed(session, network.id)
    assert found(database, network, network.olena.identity) == (5400, 10_000, Verdict.ATTENDED)
    with database.reading() as session:
        assert attendance.attended(session, network.id) == {network.olena.person_id}
        mine = own(session, network.olena.person_id or 0, network.id)
        assert mine is not None
        assert (mine.seconds, mine.window_seconds) == (5400, 5400)


def test_a_node_that_died_before_it_said_left(database: Database, network: Network) -> None:
    """Heartbeats until 10:40, then silence: who was connected counts until then, and the end is when they were seen."""
    me = network.olena.identity
    story = Story().joined(0, me).began(0)
    for minute in (10, 20, 40):
        story.say(minute, told.Roster(participants=[me.replace(":", "")]))
    with database.writing() as session:
        tell(session, story, now=at(40))
    with database.writing() as session:
        assert meetings.close_silent(session, at(42)) == 2
        assert computing.compute_stale(session, at(42)) == 0, "nobody has ended it"
    with database.writing() as session:
        assert computing.compute_stale(session, at(90) + timedelta(hours=6)) == 1
        view = attendance_view(session, network.organiser, network.slug, at(600))
        assert view.sheet is not None
        assert set(view.sheet.notes) == {"no_end", "node_died"}
        assert view.rows[0].seconds == 40 * 60
        assert view.rows[0].share == 10_000


def test_each_computation_is_kept_and_the_same_result_adds_nothing(database: Database, network: Network) -> None:
    with database.writing() as session:
        tell(session, vector(network))
        assert computing.compute_stale(session, at(91)) == 0, "it settles first"
        assert computing.compute_stale(session, at(94)) == 1
        assert computing.compute_stale(session, at(94)) == 0
        assert computed(session, network.id).generation == 1
    late = vector(network).say(89, told.Renamed(participant="one", name="Олена"))
    with database.writing() as session:
        tell(session, late, now=at(110))
        assert computing.compute_stale(session, at(110)) == 1
        assert computed(session, network.id).generation == 1
        sheet_actions.set_breaks(session, network.organiser, network.slug, [(at(30), at(40))], at(111))
        assert computed(session, network.id).generation == 2
        assert session.scalar(select(func.count(Attendance.generation.distinct()))) == 2
    assert found(database, network, network.olena.identity)[0] == 3000


def test_several_openings_count_without_the_gap(database: Database, network: Network) -> None:
    me = network.olena.identity
    first = Story("o1").joined(0, me).began(0)
    first.say(30, told.Closed(reason="empty"))
    second = Story("o2")
    second.joined(50, me).began(50).ended(90)
    with database.writing() as session:
        tell(session, first)
        tell(session, second)
        sheet = computed(session, network.id)
        assert "several_openings" in sheet.notes
    assert found(database, network, me)[:2] == (70 * 60, 10_000)


def test_corrections_are_approved_by_somebody_else(database: Database, network: Network) -> None:
    subject = network.olena.identity
    with database.writing() as session:
        tell(session, vector(network))
        sheet = computed(session, network.id)
        with pytest.raises(Invalid, match="why"):
            sheet_actions.correct(
                session,
                network.organiser,
                network.slug,
                subject,
                verdict=Verdict.ATTENDED,
                minutes=None,
                reason=" ",
                now=at(101),
            )
        sheet_actions.correct(
            session,
            network.organiser,
            network.slug,
            subject,
            verdict=Verdict.ATTENDED,
            minutes=80,
            reason="Телефонувала, камера не працювала",
            now=at(101),
        )
        with pytest.raises(Conflict, match="computed"):
            sheet_actions.approve(session, network.second, network.slug, sheet.generation, at(102))
        sheet = computed(session, network.id)
        with pytest.raises(NotAllowed) as refused:
            sheet_actions.approve(session, network.organiser, network.slug, sheet.generation, at(102))
        assert refused.value.code == "corrected_by_self"
        with pytest.raises(NotAllowed):
            sheet_actions.approve(session, network.kyiv_lead, network.slug, sheet.generation, at(102))
        sheet_actions.approve(session, network.second, network.slug, sheet.generation, at(102))
        assert attendance.corrected_by(session, network.id) == {network.organiser.actor}
        assert attendance.is_approved(session, network.id)
    assert found(database, network, subject) == (4800, 8888, Verdict.ATTENDED)


def test_an_approved_sheet_never_changes_silently(database: Database, network: Network) -> None:
    subject = network.olena.identity
    with database.writing() as session:
        tell(session, vector(network))
        sheet = computed(session, network.id)
        sheet_actions.approve(session, network.second, network.slug, sheet.generation, at(102))
        list_people(
            session,
            network.kyiv_lead,
            network.slug,
            network.kyiv,
            Seat(network.olena.person_id),
            now=at(103),
        )
        entry = session.scalars(select(RosterEntry)).one()
        answer(session, network.olena.person_id or 0, entry.id, here=True, via="mail", now=at(104))
        assert computing.compute_stale(session, at(105)) == 1
        with pytest.raises(Conflict):
            sheet_actions.set_breaks(session, network.organiser, network.slug, [], at(106))
    assert found(database, network, subject) == (3600, 6666, Verdict.PARTLY)
    with database.writing() as session:
        view = attendance_view(session, network.organiser, network.slug, at(120))
        assert view.sheet is not None
        assert (view.sheet.newer, view.sheet.state) == (True, SheetState.APPROVED)
        assert attendance.attended(session, network.id) == set()
        sheet_actions.reopen(session, network.organiser, network.slug, "Пізнє підтвердження", at(121))
    assert found(database, network, subject) == (5400, 10_000, Verdict.ATTENDED)


def test_the_page_asks_a_constant_number_of_questions(database: Database, network: Network) -> None:
    said = []
    story = Story().began(0)
    with database.writing() as session:
        tell(session, story.joined(0, network.olena.identity))
        computed(session, network.id)
    with database.reading() as session, counted(database) as few:
        attendance_view(session, network.organiser, network.slug, at(120))
    said.append(len(few))
    for number in range(60):
        story.joined(1, f"guest:{number}")
    with database.writing() as session:
        tell(session, story.ended(90))
        computed(session, network.id)
    with database.reading() as session, counted(database) as many:
        view = attendance_view(session, network.organiser, network.slug, at(120), size=50)
    assert (len(view.rows), view.pages, view.totals.people) == (50, 2, 61)
    assert len(many) == said[0] <= 17


def test_when_two_entries_of_one_person_are_merged_the_sheet_is_computed_anew(
    database: Database, network: Network
) -> None:
    with database.writing() as session:
        tell(session, vector(network))
        assert computing.compute_stale(session, at(94)) == 1
        twin = person(session, "olena-again@example.org")
        boss = person(session, "boss@example.org", RoleName.ADMINISTRATOR)
        assert not computing.stale(session, at(95))
        assert twin.person_id is not None
        assert network.olena.person_id is not None
        merge_people(session, boss, twin.person_id, network.olena.person_id, at(95))
        assert computing.stale(session, at(95)) == [network.id]
        assert computing.compute_stale(session, at(95)) == 1
        view = attendance_view(session, network.organiser, network.slug, at(96))
        assert twin.person_id in {row.person_id for row in view.rows}
        assert network.olena.person_id not in {row.person_id for row in view.rows}


def test_when_two_entries_of_one_organisation_are_merged_the_sheet_is_computed_anew(
    database: Database, network: Network
) -> None:
    """Olena sat in a room of Kyiv that came by two devices, entered as two organisations: 30 minutes each."""
    with database.writing() as session:
        story = Story().joined(0, network.kyiv_room).began(0).left(30, network.kyiv_room)
        tell(session, story.joined(45, network.lviv_room).left(75, network.lviv_room).ended(90))
        list_people(session, network.organiser, network.slug, network.kyiv, Seat(network.olena.person_id), now=at(80))
        entry = session.scalars(select(RosterEntry)).one()
        answer(session, network.olena.person_id or 0, entry.id, here=True, via="page", now=at(81))
        assert computing.compute_stale(session, at(94)) == 1
        boss = person(session, "boss@example.org", RoleName.ADMINISTRATOR)
        others = [organisation(session, code) for code in ("odesa", "odesa2")]
        merge_organisations(session, boss, others[0].id, others[1].id, at(95))
        assert computing.stale(session, at(95)) == [], "neither of these was there"
        assert _seconds(session, network) == 30 * 60
        merge_organisations(session, boss, network.lviv.id, network.kyiv.id, at(95))
        assert computing.stale(session, at(95)) == [network.id]
        assert computing.compute_stale(session, at(95)) == 1
        assert _seconds(session, network) == 60 * 60
        rows = attendance_view(session, network.organiser, network.slug, at(96)).rows
        assert {row.organisation_id for row in rows} == {network.lviv.id}


def _seconds(session: Session, network: Network) -> int:
    rows = attendance_view(session, network.organiser, network.slug, at(96)).rows
    return next(row.seconds for row in rows if row.person_id == network.olena.person_id)
