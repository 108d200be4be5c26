"""Organisations: entered, changed, closed, found again; their memberships and equipment have dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory import organisation_queries as queries
from lms.directory import organisations as actions
from lms.directory.models import Membership, Organisation, OrganisationKind, OrganisationStatus, RoleName
from lms.directory.organisation_queries import NETWORK, Wanted
from lms.directory.organisations import OrganisationDraft
from lms.directory.rules import ANONYMOUS
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.lms.facts import NOW, administrator, counted, organisation, organiser, person

TODAY = NOW.date()
DRAFT = OrganisationDraft(OrganisationKind.ASC, " ЦНАП м. Івано-Франківська ", oblast="Івано-Франківська область")


def test_an_organisation_is_entered_changed_and_closed_but_never_deleted(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        made = actions.create(session, boss, DRAFT, NOW)
        assert (made.code, made.name_uk) == ("tsnap-m-ivano-frankivska", "ЦНАП м. Івано-Франківська")
        assert actions.create(session, boss, DRAFT, NOW).code == "tsnap-m-ivano-frankivska-2", "a code of its own"
        actions.join_network(session, boss, made.code, NETWORK, TODAY - timedelta(days=9), NOW)
        actions.edit(session, boss, made.code, replace(DRAFT, phone="+380 342 000000"), NOW)
        actions.close(session, boss, made.code, TODAY, NOW)
        actions.close(session, boss, made.code, TODAY, NOW)
    with database.reading() as session:
        found = session.scalars(select(Organisation).where(Organisation.code == made.code)).one()
        assert found.status is OrganisationStatus.CLOSED
        assert session.scalars(select(Membership.to_date)).all() == [TODAY]
        entries = session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "organisation")).all()
        said = [entry.action for entry in entries if entry.object_id == str(made.id)]
        assert said == ["organisation.create", "membership.begin", "organisation.edit", "organisation.close"]
        edited = next(entry for entry in entries if entry.action == "organisation.edit")
        assert (edited.before, edited.after) == ({"phone": ""}, {"phone": "+380 342 000000"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name_uk": " "}, "name_needed"),
        ({"code": "Ї"}, "code_invalid"),
        ({"code": "new"}, "code_invalid"),
        ({"code": "lviv"}, "code_taken"),
        ({"oblast": "Нарнія"}, "oblast_unknown"),
        ({"email": "nobody"}, "email_invalid"),
        ({"website": "javascript:alert(1)"}, "website_invalid"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(database: Database, changes: dict[str, str], code: str) -> None:
    with database.writing() as session:
        organisation(session, "lviv")
        with pytest.raises((Invalid, Conflict)) as refused:
            actions.create(session, administrator(session), replace(DRAFT, **changes), NOW)  # type: ignore[arg-type]
        assert refused.value.code == code
        assert refused.value.field in changes


def test_only_administrators_change_organisations(database: Database) -> None:
    with database.writing() as session:
        home = organisation(session, "lviv")
        lead = person(session, "lead@x.ua", RoleName.CENTRE_LEAD, home=home)
        for visitor in (ANONYMOUS, lead, organiser(session)):
            for act in (
                lambda v: actions.create(session, v, DRAFT, NOW),
                lambda v: actions.edit(session, v, "lviv", DRAFT, NOW),
                lambda v: actions.close(session, v, "lviv", TODAY, NOW),
                lambda v: actions.join_network(session, v, "lviv", NETWORK, TODAY, NOW),
                lambda v: actions.leave_network(session, v, 1, TODAY, NOW),
                lambda v: actions.add_capability(
                    session, v, "lviv", capability="mobile_case", from_date=TODAY, now=NOW
                ),
                lambda v: actions.end_capability(session, v, 1, TODAY, NOW),
                lambda v: actions.add_capability_kind(session, v, name_uk="x", name_en="x", now=NOW),
            ):
                with pytest.raises(NotAllowed):
                    act(visitor)


def test_membership_has_dates_and_the_network_is_asked_for_as_of_a_day(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        for code in ("vinnytsia", "rivne", "kyiv"):
            organisation(session, code)
        first = actions.join_network(session, boss, "vinnytsia", NETWORK, date(2019, 1, 1), NOW)
        actions.leave_network(session, boss, first.id, date(2019, 12, 31), NOW)
        actions.join_network(session, boss, "rivne", NETWORK, date(2019, 12, 31), NOW)
        with pytest.raises(Conflict) as refused:
            actions.join_network(session, boss, "rivne", NETWORK, date(2024, 1, 1), NOW)
        assert refused.value.code == "already_member"
        with pytest.raises(Invalid) as invalid:
            actions.leave_network(session, boss, first.id, date(2018, 1, 1), NOW)
        assert invalid.value.code == "ends_before_begin"
        with pytest.raises(Invalid):
            actions.join_network(session, boss, "kyiv", NETWORK, date(1, 1, 1), NOW)
        actions.join_network(session, boss, "vinnytsia", NETWORK, date(2022, 5, 1), NOW)

        def members(day: date) -> list[str]:
            found = queries.organisation_list(session, ANONYMOUS, Wanted(member_on=day), TODAY)
            return [entry.code for entry in found.entries]

        assert members(date(2019, 12, 30)) == ["vinnytsia"]
        assert members(date(2019, 12, 31)) == ["rivne"], "half-open: the last day is the day before"
        assert members(date(2022, 5, 1)) == ["rivne", "vinnytsia"]
        actions.close(session, boss, "rivne", TODAY, NOW)
        assert members(date(2022, 5, 1)) == ["rivne", "vinnytsia"], "what left later was a member then"
        history = queries.organisation_page(session, ANONYMOUS, "vinnytsia", TODAY).memberships
        assert [(one.from_date.year, one.now) for one in history] == [(2022, True), (2019, False)]


def test_equipment_has_dates_and_a_catalogue_that_grows(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        organisation(session, "lviv")
        kind = actions.add_capability_kind(session, boss, name_uk="Термінал", name_en="Self-service kiosk", now=NOW)
        assert kind.code == "self_service_kiosk"
        with pytest.raises(Conflict):
            actions.add_capability_kind(session, boss, name_uk="Термінал", name_en="Other", now=NOW)
        add = {"from_date": TODAY, "now": NOW}
        made = actions.add_capability(session, boss, "lviv", capability=kind.code, quantity=2, **add)  # type: ignore[arg-type]
        with pytest.raises(Conflict):
            actions.add_capability(session, boss, "lviv", capability=kind.code, **add)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            actions.add_capability(session, boss, "lviv", capability="broomstick", **add)  # type: ignore[arg-type]
        with pytest.raises(Invalid):
            actions.add_capability(session, boss, "lviv", capability="mobile_case", quantity=0, **add)  # type: ignore[arg-type]

        def having(day: date) -> int:
            return queries.organisation_list(session, boss, Wanted(capability=kind.code), day).total

        assert having(TODAY) == 1
        actions.end_capability(session, boss, made.id, TODAY + timedelta(days=1), NOW)
        assert (having(TODAY), having(TODAY + timedelta(days=1))) == (1, 0)
        actions.add_capability(
            session, boss, "lviv", capability=kind.code, from_date=TODAY + timedelta(days=1), now=NOW
        )


def test_the_list_is_searched_filtered_and_paged_with_a_constant_number_of_queries(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        for number in range(120):
            organisation(session, f"centre-{number:03}").oblast = "Сумська область" if number % 2 else ""
        organisation(session, "іршава").settlement = "Іршава"
        organisation(session, "minjust", OrganisationKind.MINISTRY)
        closed = organisation(session, "closed")
        closed.status = OrganisationStatus.CLOSED
    with database.reading() as session:
        with counted(database) as said:
            found = queries.organisation_list(session, boss, Wanted(), TODAY)
        assert len(said) <= 6
        assert (found.total, found.pages, len(found.entries)) == (122, 3, 50)
        last = queries.organisation_list(session, boss, Wanted(), TODAY, page=99)
        assert (last.page, last.entries[-1].code) == (3, "minjust"), "centres first, and no page past the end"

        def total(**wanted: object) -> int:
            return queries.organisation_list(session, boss, Wanted(**wanted), TODAY).total  # type: ignore[arg-type]

        assert total(search="ІРШ") == 1
        assert total(search="centre 007") == 1
        assert total(search="%") == 0
        assert total(kind=OrganisationKind.MINISTRY) == 1
        assert total(oblast="Сумська область") == 60
        assert total(status=OrganisationStatus.CLOSED) == 1


def test_who_works_somewhere_is_not_for_everybody(database: Database) -> None:
    with database.writing() as session:
        home, other = organisation(session, "lviv"), organisation(session, "lutsk")
        colleague = person(session, "colleague@x.ua", home=home)
        stranger = person(session, "stranger@x.ua", home=other)
        seers = (administrator(session), organiser(session), colleague)

        def sees(visitor: object) -> bool:
            page = queries.organisation_page(session, visitor, "lviv", TODAY)  # type: ignore[arg-type]
            return page.sees_people and len(page.people) == 1

        assert [sees(visitor) for visitor in seers] == [True, True, True]
        assert not sees(stranger)
        assert not sees(ANONYMOUS)
        assert queries.organisation_page(session, stranger, "lviv", TODAY).people == []
