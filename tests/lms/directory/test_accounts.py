"""The first administrator, invitations, roles, and what of the directory each may see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lms.database import Database
from lms.directory import accounts, queries, sign_in
from lms.directory.models import Affiliation, Membership, OrganisationStatus, RoleGrant, RoleName, Scope
from lms.directory.people_queries import people_list
from lms.directory.rules import ANONYMOUS, Grant
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.lms.facts import NOW, administrator, organisation, organiser, person

PASSWORD = "кінь на батареї 7"
WHO = {"family_name": "Прізвище", "given_name": "Ім’я", "email": "first@example.org", "password": PASSWORD}


def test_the_first_administrator_comes_by_a_link_that_works_once(database: Database) -> None:
    with database.writing() as session:
        token = accounts.administrator_link(session, NOW)
        assert token is not None
    with database.writing() as session:
        assert accounts.check_link(session, token, NOW).used_at is None
        number = accounts.use_administrator_link(session, token, now=NOW, **WHO)
        assert queries.visitor_of_person(session, number, NOW).is_administrator
    with database.writing() as session:
        with pytest.raises(NotAllowed) as refused:
            accounts.use_administrator_link(session, token, now=NOW, **{**WHO, "email": "second@example.org"})
        assert refused.value.code == "link_used"
        assert accounts.administrator_link(session, NOW) is None
        assert accounts.administrator_link(session, NOW, force=True) is not None
        sign_in.sign_in(session, email=WHO["email"], password=PASSWORD, address="", user_agent="", now=NOW)


def test_a_newer_link_replaces_the_older_and_both_expire(database: Database) -> None:
    with database.writing() as session:
        old, new = accounts.administrator_link(session, NOW), accounts.administrator_link(session, NOW)
        assert old is not None
        assert new is not None
        for token, when in ((old, NOW), (new, NOW + accounts.ADMINISTRATOR_LINK_LIFETIME)):
            with pytest.raises(NotAllowed) as refused:
                accounts.check_link(session, token, when)
            assert refused.value.code == "link_expired"
        with pytest.raises(NotFound):
            accounts.check_link(session, "guessed", NOW)


def test_an_invited_organiser_chooses_a_password(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        token = accounts.invite_organiser(
            session, boss, email="new@example.org", family_name="Прізвище", given_name="Ім’я", now=NOW
        )
        with pytest.raises(NotFound):
            accounts.use_administrator_link(session, token, now=NOW, **WHO)
    with database.writing() as session:
        number = accounts.use_organiser_link(session, token, password=PASSWORD, now=NOW)
        visitor = queries.visitor_of_person(session, number, NOW)
        assert visitor.is_organiser
        assert not visitor.is_administrator
        before = sign_in.sign_in(
            session, email="new@example.org", password=PASSWORD, address="", user_agent="", now=NOW
        )
        forgotten = accounts.password_link(session, queries.visitor_of_person(session, 1, NOW), number, NOW)
        accounts.use_organiser_link(session, forgotten, password="quite another one", now=NOW)
        assert sign_in.peek(session, before.token, NOW) is None, "whoever held the old password is out"
        sign_in.sign_in(
            session, email="new@example.org", password="quite another one", address="", user_agent="", now=NOW
        )


def test_only_administrators_invite_grant_and_list_people(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        assert planner.person_id is not None
        with pytest.raises(NotAllowed):
            accounts.invite_organiser(session, planner, email="x@example.org", family_name="x", given_name="y", now=NOW)
        with pytest.raises(NotAllowed):
            accounts.grant_role(session, planner, person_id=planner.person_id, role=RoleName.ADMINISTRATOR, now=NOW)
        for visitor in (ANONYMOUS, planner):
            with pytest.raises(NotAllowed):
                people_list(session, visitor, NOW)


@pytest.mark.parametrize("email", ["", "olena", "a@b", "a b@example.org", "@example.org", f"{'a' * 250}@example.org"])
def test_what_is_no_address_is_refused(database: Database, email: str) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        person(session, email)
    assert refused.value.field == "email"


def test_one_address_has_one_account(database: Database) -> None:
    with database.writing() as session:
        person(session, "olena@example.org")
        with pytest.raises(Conflict, match="already"):
            person(session, "OLENA@example.org")


def test_roles_begin_end_and_reach_as_far_as_their_scope(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        sumy = organisation(session, "sumy")
        lead = person(session, "lead@example.org", RoleName.ORGANISER, scope=Scope.ORGANISATION, scope_id=sumy.id)
        assert lead.person_id is not None
        assert (lead.is_organiser, lead.organises_everything) == (True, False)
        assert lead.organised_organisations == {sumy.id}
        tomorrow = NOW + timedelta(days=1)
        auditor = {"person_id": lead.person_id, "role": RoleName.AUDITOR}
        grant = accounts.grant_role(session, boss, now=NOW, to_at=tomorrow, **auditor)
        assert Grant(RoleName.AUDITOR) in queries.visitor_of_person(session, lead.person_id, NOW).grants
        assert Grant(RoleName.AUDITOR) not in queries.visitor_of_person(session, lead.person_id, tomorrow).grants
        accounts.revoke_role(session, boss, grant.id, NOW)
        assert Grant(RoleName.AUDITOR) not in queries.visitor_of_person(session, lead.person_id, NOW).grants
        with pytest.raises(Invalid):
            accounts.grant_role(session, boss, now=NOW, scope=Scope.ORGANISATION, **auditor)


def test_the_last_administrator_stays(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        grant = session.query(RoleGrant).one()
        with pytest.raises(Conflict, match="last administrator"):
            accounts.revoke_role(session, boss, grant.id, NOW)
        with pytest.raises(Conflict, match="own account"):
            accounts.disable_account(session, boss, boss.person_id or 0, NOW)


def test_people_are_found_in_any_case_and_wildcards_are_plain(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        accounts.create_person(
            session, "system", family_name="Їжакевич", given_name="Юрій", email="y_y@example.org", now=NOW
        )
    with database.reading() as session:
        assert [row.name for row in people_list(session, boss, NOW, search="їЖАК").entries] == ["Юрій Їжакевич"]
        assert [row.email for row in people_list(session, boss, NOW, search="Y_Y").entries] == ["y_y@example.org"]
        assert people_list(session, boss, NOW, search="%").entries == []


def test_membership_and_affiliation_are_half_open(database: Database) -> None:
    with database.writing() as session:
        sumy, rivne = organisation(session, "sumy"), organisation(session, "rivne")
        begin, end = date(2019, 12, 31), date(2020, 6, 1)
        session.add(Membership(organisation_id=sumy.id, network="vikno", from_date=begin, to_date=end))
        session.add(Membership(organisation_id=rivne.id, network="vikno", from_date=end))
        visitor = person(session, "olena@example.org", home=sumy)
        assert visitor.organisation == "ЦНАП sumy"
        session.query(Affiliation).one().to_date = NOW.date()
        session.flush()
        assert queries.visitor_of_person(session, visitor.person_id or 0, NOW).organisation_ids == frozenset()
        days = (begin - timedelta(days=1), begin, end - timedelta(days=1), end)
        members = [[each.code for each in queries.network_on(session, "vikno", day)] for day in days]
        assert members == [[], ["sumy"], ["sumy"], ["rivne"]]


def test_closed_organisations_are_not_offered(database: Database) -> None:
    with database.writing() as session:
        organisation(session, "sumy")
        organisation(session, "gone").status = OrganisationStatus.CLOSED
        session.flush()
        assert [each.code for each in queries.organisations(session)] == ["sumy"]
        assert queries.organisation_by_code(session, "gone").name_en == "gone ASC"
        with pytest.raises(NotFound):
            queries.organisation_by_code(session, "nowhere")
        assert queries.visitor_of_person(session, 404, NOW) is ANONYMOUS
