"""Whose right has ended, and in which running rooms they may be; on both databases."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.database import Database
from lms.meetings.showing_out import Holder, Room, rooms_by_link, rooms_of, rooms_with, shut_before
from lms.schedule import actions, guests, policies, queries, registering
from lms.schedule.audience_models import Seat
from lms.schedule.models import MeetingRole
from lms.schedule.policies import PolicyDraft
from lms.schedule.registering import Wish
from signaling import events as told
from tests.lms.facts import NOW
from tests.lms.meetings.attending import Network, Story, at, tell


def test_rooms_that_run_now(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        guests.invite_guest(
            session, network.organiser, network.slug, name="Г", role=MeetingRole.PARTICIPANT, organisation="", now=NOW
        )
        (link,) = queries.occurrence_page(session, network.organiser, network.slug, NOW).guest_links
        olena = f"person:{network.olena.person_id}"
        tell(session, Story("o1", "m1").joined(1, olena).left(2, olena), at(3))
        tell(session, Story("og1", "m1.g1").joined(1, olena), at(3))
        assert rooms_of(session, network.id) == rooms_by_link(session, link.id) == [Room("m1", 0), Room("m1.g1", 0)]
        assert rooms_with(session, olena) == [Room("m1", 0), Room("m1.g1", 0)]
        assert rooms_with(session, f"person:{network.petro.person_id}") == []
        assert rooms_by_link(session, link.id + 99) == []
        tell(session, Story("og1", "m1.g1").joined(1, olena).say(5, told.Closed(reason="ended")), at(5))
        assert rooms_of(session, network.id) == [Room("m1", 0)]


def test_the_door_is_shut_for_whoever_has_no_seat_any_more(database: Database) -> None:
    with database.writing() as session:
        network = Network(session)
        policy = PolicyDraft(required=True)
        policies.set_policy(session, network.organiser, network.slug, policy, NOW)
        seat = registering.register(session, network.olena, network.slug, Wish(), NOW)
        room = registering.register(session, network.kyiv_lead, network.slug, Wish(seat=Seat.ROOM, head_count=4), NOW)
        actions.start(session, network.organiser, network.slug, at(0))
        assert _shut(session, network) == []
        registering.cancel(session, network.organiser, seat.id, at(1))
        registering.cancel(session, network.organiser, room.id, at(1))
        assert _shut(session, network) == [f"person:{network.olena.person_id}", network.kyiv_room]


def _shut(session: Session, network: Network) -> list[str]:
    holders = [
        Holder(network.olena.person_id),
        Holder(organisation_id=network.kyiv.id),
        Holder(network.organiser.person_id),
        Holder(person_id=987_654),
    ]
    return shut_before(session, network.id, holders, at(2))
