"""Who sat in the room: entered by one, confirmed by each, counted by the stated rule."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from lms.database import Database
from lms.directory.models import Affiliation, Organisation
from lms.directory.queries import visitor_of_endpoint
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from lms.meetings import rulebook, sheet_actions
from lms.meetings.attendance_models import HeadCount, RosterEntry, Verdict
from lms.meetings.roll_call import Seat, answer, held
from lms.meetings.roll_call_queries import roll_call, to_confirm, to_fill
from lms.meetings.rulebook import RuleDraft
from lms.meetings.sheet_queries import attendance_view
from lms.notify.models import OutboxMessage
from tests.lms.facts import NOW, counted
from tests.lms.meetings.attending import Network, Story, at, computed, list_people, tell


@pytest.fixture
def network(database: Database) -> Network:
    with database.writing() as session:
        made = Network(session)
        story = Story().joined(-5, made.kyiv_room).joined(10, made.lviv_room).began(0)
        tell(session, story.ended(90))
        return made


def entries(database: Database) -> list[RosterEntry]:
    with database.reading() as session:
        return list(session.scalars(select(RosterEntry).order_by(RosterEntry.id)))


def row(database: Database, network: Network, subject: str) -> tuple[int, Verdict, tuple[str, ...]]:
    with database.writing() as session:
        computed(session, network.id)
    with database.reading() as session:
        view = attendance_view(session, network.organiser, network.slug, at(120))
        found = next(each for each in view.rows if each.subject == subject)
        return found.seconds, found.verdict, found.listed


def test_saved_twice_is_saved_once(database: Database, network: Network) -> None:
    olena = network.olena.person_id
    for _ in range(2):
        with database.writing() as session:
            seats = (Seat(olena), Seat(name="Гостя  Перша"), Seat(name="гостя перша"))
            list_people(session, network.kyiv_lead, network.slug, network.kyiv, *seats, now=at(95), head_count=7)
    assert [(each.person_id, each.name) for each in entries(database)] == [(olena, ""), (None, "Гостя Перша")]
    with database.reading() as session:
        assert [each.people for each in session.scalars(select(HeadCount))] == [7]
        letters = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "attendance.confirm")).all()
        assert [(each.recipient, each.due_at) for each in letters] == [(f"person:{olena}", at(105))]


def test_confirmed_twice_is_confirmed_once_and_a_denial_takes_it_away(database: Database, network: Network) -> None:
    olena = network.olena.person_id or 0
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, Seat(olena), now=at(95))
    number = entries(database)[0].id
    assert row(database, network, f"person:{olena}") == (0, Verdict.ABSENT, ("waiting",))
    for minute in (96, 97):
        with database.writing() as session:
            answer(session, olena, number, here=True, via="mail", now=at(minute))
    assert entries(database)[0].confirmed_at == at(96)
    assert row(database, network, f"person:{olena}") == (5400, Verdict.ATTENDED, ("confirmed",))
    with database.writing() as session:
        answer(session, olena, number, here=False, via="page", now=at(98))
    assert row(database, network, f"person:{olena}") == (0, Verdict.ABSENT, ("denied",))
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, Seat(olena), now=at(99))
    assert entries(database)[0].denied_at == at(98), "listing her again does not overrule her"


def test_nobody_answers_for_somebody_else(database: Database, network: Network) -> None:
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, Seat(network.olena.person_id), now=at(95))
    number = entries(database)[0].id
    with database.writing() as session, pytest.raises(NotFound):
        answer(session, network.petro.person_id or 0, number, here=True, via="page", now=at(96))
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, now=at(96), removed=[number])
    with database.writing() as session, pytest.raises(Conflict, match="taken back"):
        answer(session, network.olena.person_id or 0, number, here=True, via="mail", now=at(97))


def test_listed_by_two_rooms_at_once(database: Database, network: Network) -> None:
    """Olena works at both centres: ninety minutes in one room, eighty in the other, and never more than ninety."""
    olena = network.olena.person_id or 0
    with database.writing() as session:
        session.add(Affiliation(person_id=olena, organisation_id=network.lviv.id, from_date=NOW.date()))
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, Seat(olena), now=at(95))
        list_people(session, network.lviv_lead, network.slug, network.lviv, Seat(olena), now=at(95))
        for number in [each.id for each in session.scalars(select(RosterEntry))]:
            answer(session, olena, number, here=True, via="page", now=at(96))
    assert row(database, network, f"person:{olena}")[:2] == (5400, Verdict.ATTENDED)
    with database.reading() as session:
        view = attendance_view(session, network.organiser, network.slug, at(120))
        found = next(each for each in view.rows if each.person_id == olena)
        assert found.overlap_seconds == 80 * 60
        assert view.sheet is not None
        assert "listed_twice" in view.sheet.notes
        assert view.totals.people == 1


def test_somebody_without_an_account_counts_once_a_person_vouches(database: Database, network: Network) -> None:
    with database.writing() as session:
        device = visitor_of_endpoint(session, int(network.kyiv_room.partition(":")[2]), NOW)
        list_people(session, device, network.slug, network.kyiv, Seat(name="Гостя Перша"), now=at(60))
    number = entries(database)[0].id
    assert row(database, network, f"named:{number}")[1:] == (Verdict.ABSENT, ("waiting",))
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, now=at(95), vouch=[number])
    assert row(database, network, f"named:{number}") == (5400, Verdict.ATTENDED, ("vouched",))


def test_a_rule_may_count_at_once(database: Database, network: Network) -> None:
    olena = network.olena.person_id
    with database.writing() as session:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, Seat(olena), now=at(95))
        draft = RuleDraft("room", "За перекличкою", min_minutes=30, counts_unconfirmed=True)
        made = rulebook.add_version(session, network.organiser, draft, at(96))
        sheet_actions.choose_rule(session, network.organiser, network.slug, made.id, at(96))
    assert row(database, network, f"person:{olena}") == (5400, Verdict.ATTENDED, ("waiting",))


def test_late_comers_have_times_of_their_own(database: Database, network: Network) -> None:
    lead = network.kyiv_lead.person_id
    with database.writing() as session:
        seat = Seat(lead, present_from=at(30), present_to=at(60))
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, seat, now=at(95))
    assert row(database, network, f"person:{lead}") == (1800, Verdict.PARTLY, ("confirmed",))
    seat = Seat(lead, present_from=at(60), present_to=at(30))
    with database.writing() as session, pytest.raises(Invalid, match="before they came"):
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, seat, now=at(95))


def test_who_may_fill_it_in_and_until_when(database: Database, network: Network) -> None:
    week, late = at(90) + timedelta(days=7), at(90) + timedelta(days=7, minutes=1)

    def tried(who: Visitor, home: Organisation, now: datetime, reason: str = "") -> str:
        with database.writing() as session:
            try:
                list_people(session, who, network.slug, home, Seat(name="Хтось"), now=now, reason=reason)
            except Refusal as refused:
                return refused.code
        return ""

    with database.reading() as session:
        device = visitor_of_endpoint(session, int(network.kyiv_room.partition(":")[2]), NOW)
    assert tried(network.kyiv_lead, network.kyiv, week) == ""
    assert tried(network.kyiv_lead, network.kyiv, late) == "roll_call_closed"
    assert tried(network.organiser, network.kyiv, late) == "roll_call_reason"
    assert tried(network.organiser, network.kyiv, late, "Лист центру") == ""
    assert tried(network.kyiv_lead, network.lviv, at(95)) == "roll_call_foreign"
    assert tried(network.olena, network.kyiv, at(95)) == "roll_call_foreign"
    assert tried(ANONYMOUS, network.kyiv, at(95)) == "roll_call_foreign"
    assert tried(device, network.kyiv, at(60)) == ""
    assert tried(device, network.lviv, at(60)) == "roll_call_foreign"
    assert tried(device, network.kyiv, at(90 + 61)) == "roll_call_closed_here"


def test_people_of_other_centres_are_not_named_by_number(database: Database, network: Network) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, Seat(network.petro.person_id), now=at(95))
    assert refused.value.code == "person_not_here"


def test_what_waits_stands_on_start_pages(database: Database, network: Network) -> None:
    with database.reading() as session, counted(database) as said:
        assert [each.organisation_id for each in to_fill(session, network.kyiv_lead, at(100))] == [network.kyiv.id]
    assert len(said) <= 6
    with database.writing() as session:
        seat = Seat(network.olena.person_id)
        list_people(session, network.kyiv_lead, network.slug, network.kyiv, seat, now=at(95))
    with database.reading() as session:
        assert to_fill(session, network.kyiv_lead, at(100)) == []
        assert [each.slug for each in to_confirm(session, network.olena.person_id or 0)] == [network.slug]
        occurrence, editor = held(session, network.kyiv_lead, slug=network.slug)
        assert not editor
        with counted(database) as said:
            call = roll_call(session, occurrence, network.kyiv.id)
        assert len(said) <= 8
        assert [each.state for each in call.rows if each.listed] == ["waiting"]


def test_who_sees_the_sheet(database: Database, network: Network) -> None:
    with database.writing() as session:
        for lead, home in ((network.kyiv_lead, network.kyiv), (network.lviv_lead, network.lviv)):
            list_people(session, lead, network.slug, home, Seat(lead.person_id), now=at(95))
        computed(session, network.id)
    with database.reading() as session:
        for nobody in (ANONYMOUS, network.olena):
            with pytest.raises(NotAllowed):
                attendance_view(session, nobody, network.slug, at(100))
        own = attendance_view(session, network.kyiv_lead, network.slug, at(100))
        assert {each.organisation_id for each in own.rows} == {network.kyiv.id}
        assert {each.organisation_id for each in own.rooms} == {network.kyiv.id}
        assert own.totals.people == 1
        assert attendance_view(session, network.organiser, network.slug, at(100)).totals.people == 2
