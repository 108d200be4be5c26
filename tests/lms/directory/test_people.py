"""People: who may see and change whom, places of work, addresses, links to an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory import accounts, people, people_queries
from lms.directory.models import Affiliation, Organisation, Person, RoleName, Scope
from lms.directory.people import PersonDraft
from lms.directory.register_models import ChannelKind
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from tests.lms.facts import NOW, administrator, counted, organisation, organiser, person

TODAY = NOW.date()
OLENA = PersonDraft("Приклад", "Олена")


@dataclass
class Network:
    """Two centres, a lead of the first, and people."""

    boss: Visitor
    lead: Visitor
    lviv: Organisation
    lutsk: Organisation


def network(session: Session) -> Network:
    lviv, lutsk = organisation(session, "lviv"), organisation(session, "lutsk")
    lead = person(session, "lead@x.ua", RoleName.CENTRE_LEAD, home=lviv, scope=Scope.ORGANISATION, scope_id=lviv.id)
    return Network(administrator(session), lead, lviv, lutsk)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        act()
    return refusal.value.code


def test_a_lead_sees_the_own_centres_people_and_nobody_else(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        mine, other = person(session, "mine@x.ua", home=net.lviv), person(session, "other@x.ua", home=net.lutsk)
        left = person(session, "left@x.ua")
        session.add(
            Affiliation(
                person_id=left.person_id, organisation_id=net.lviv.id, from_date=TODAY - timedelta(9), to_date=TODAY
            )
        )
        session.flush()
        found = people_queries.people_list(session, net.lead, NOW)
        assert {entry.id for entry in found.entries} == {net.lead.person_id, mine.person_id}
        assert people_queries.person_page(session, net.lead, mine.person_id or 0, NOW).may_edit
        for hidden in (other, left):
            with pytest.raises(NotFound):
                people_queries.person_page(session, net.lead, hidden.person_id or 0, NOW)
        for nobody in (ANONYMOUS, mine, organiser(session)):
            with pytest.raises(NotAllowed):
                people_queries.people_list(session, nobody, NOW)
            with pytest.raises(NotAllowed):
                people_queries.person_page(session, nobody, mine.person_id or 0, NOW)


def test_a_lead_adds_people_at_the_own_centre_only_and_grants_nothing(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        made = people.create(session, net.lead, OLENA, NOW, email="o@x.ua", organisation_id=net.lviv.id, position="В")
        assert people.invite(session, net.lead, made.id, NOW)
        assert refused(lambda: people.create(session, net.lead, OLENA, NOW)) == "administrators_only"
        other = net.lutsk.id
        assert refused(lambda: people.create(session, net.lead, OLENA, NOW, organisation_id=other)) == (
            "other_organisation"
        )
        place = {"organisation_id": other, "position": "", "from_date": TODAY, "now": NOW}
        assert refused(lambda: people.affiliate(session, net.lead, made.id, **place)) == "other_organisation"  # type: ignore[arg-type]
        stranger = person(session, "stranger@x.ua", home=net.lutsk).person_id or 0
        place["organisation_id"] = net.lviv.id
        assert refused(lambda: people.affiliate(session, net.lead, stranger, **place)) == "person_unknown"  # type: ignore[arg-type]
        with pytest.raises(NotAllowed):
            accounts.grant_role(session, net.lead, person_id=made.id, role=RoleName.ORGANISER, now=NOW)


def test_no_lead_comes_by_the_account_of_somebody_who_may_do_more(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        chief = person(session, "chief@x.ua", RoleName.ADMINISTRATOR, home=net.lviv).person_id or 0
        both = person(session, "both@x.ua", home=net.lviv).person_id or 0
        session.add(Affiliation(person_id=both, organisation_id=net.lutsk.id, from_date=TODAY))
        session.flush()
        for number in (chief, both):
            assert not people_queries.person_page(session, net.lead, number, NOW).may_edit
            assert refused(lambda n=number: people.invite(session, net.lead, n, NOW)) == "person_not_yours"  # type: ignore[misc]
            assert refused(lambda n=number: people.edit(session, net.lead, n, OLENA, NOW)) == "person_not_yours"  # type: ignore[misc]
            assert (
                refused(
                    lambda n=number: people.add_channel(session, net.lead, n, ChannelKind.EMAIL, "evil@x.ua", NOW)  # type: ignore[misc]
                )
                == "person_not_yours"
            )


def test_a_person_works_in_two_organisations_at_once_and_leaves_one(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        made = people.create(session, net.boss, OLENA, NOW, organisation_id=net.lviv.id, position="Спеціалістка")
        place = {"position": "Сумісниця", "from_date": TODAY, "now": NOW}
        second = people.affiliate(session, net.boss, made.id, organisation_id=net.lutsk.id, **place)  # type: ignore[arg-type]
        assert (
            refused(lambda: people.affiliate(session, net.boss, made.id, organisation_id=net.lutsk.id, **place))  # type: ignore[arg-type]
            == "works_there_already"
        )
        page = people_queries.person_page(session, net.boss, made.id, NOW)
        assert {(one.organisation.code, one.position) for one in page.places if one.now} == {
            ("lviv", "Спеціалістка"),
            ("lutsk", "Сумісниця"),
        }
        own = people_queries.person_page(session, net.lead, made.id, NOW)
        assert [one.organisation.code for one in own.places if one.may_end] == ["lviv"]
        assert refused(lambda: people.end_affiliation(session, net.lead, second.id, TODAY, NOW)) == "other_organisation"
        people.end_affiliation(session, net.boss, second.id, TODAY, NOW)
        assert [
            one.organisation.code
            for one in people_queries.person_page(session, net.boss, made.id, NOW).places
            if one.now
        ] == ["lviv"]


def test_somebody_of_the_same_name_is_pointed_out_first(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        people.create(session, net.boss, OLENA, NOW, organisation_id=net.lviv.id)
        again = PersonDraft("PRYKLAD", "Olena")
        assert (
            refused(lambda: people.create(session, net.boss, again, NOW, organisation_id=net.lviv.id))
            == "person_resembles"
        )
        people.create(session, net.boss, again, NOW, organisation_id=net.lutsk.id)
        people.create(session, net.boss, again, NOW, organisation_id=net.lviv.id, sure=True)
        found = people_queries.people_list(session, net.boss, NOW, search="lviv прик")
        assert found.total == 1
        assert people_queries.people_list(session, net.boss, NOW, search="ЦНАП lviv").total == 3


def test_addresses_are_checked_bounded_and_ones_own(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        me, other = person(session, "me@x.ua"), person(session, "other@x.ua")
        number = me.person_id or 0
        people.add_channel(session, me, number, ChannelKind.EMAIL, " Me@Work.UA ", NOW)
        assert [one.address for one in people_queries.channels_of(session, number)] == ["me@work.ua"]

        def add(kind: ChannelKind, address: str) -> str:
            return refused(lambda: people.add_channel(session, me, number, kind, address, NOW))

        assert add(ChannelKind.EMAIL, "me@work.ua") == "channel_twice"
        assert add(ChannelKind.EMAIL, "nobody") == "email_invalid"
        assert add(ChannelKind.PHONE, "12") == "phone_invalid"
        assert add(ChannelKind.MESSENGER, " ") == "address_needed"
        assert refused(lambda: people.add_channel(session, other, number, ChannelKind.EMAIL, "a@b.ua", NOW)) == (
            "people_readers_only"
        )
        for line in range(people.MOST_CHANNELS - 1):
            people.add_channel(session, me, number, ChannelKind.MESSENGER, f"@me{line}", NOW)
        assert add(ChannelKind.MESSENGER, "@more") == "too_many_channels"
        people.edit_own(session, me, PersonDraft("Своє", "Ім’я", language="en"), NOW)
        assert session.get_one(Person, number).display_name == "Ім’я Своє"
        with pytest.raises(Invalid):
            people.edit_own(session, me, PersonDraft("Своє", "Ім’я", time_zone="Mars/Base"), NOW)
        with pytest.raises(NotAllowed):
            people.edit_own(session, ANONYMOUS, OLENA, NOW)
        people.give_account(session, net.boss, people.create(session, net.boss, OLENA, NOW).id, "new@x.ua", NOW)
        with pytest.raises(Conflict):
            people.give_account(session, net.boss, number, "new@x.ua", NOW)


def test_a_long_list_takes_as_many_queries_as_a_short_one(database: Database) -> None:
    with database.writing() as session:
        net = network(session)
        session.add_all(Person(family_name=f"Ї{number:03}", given_name="А", created_at=NOW) for number in range(130))
    with database.reading() as session:
        with counted(database) as said:
            found = people_queries.people_list(session, net.boss, NOW, page=2)
        assert len(said) == 5
        assert (found.total, found.pages, len(found.entries)) == (132, 3, 50)
