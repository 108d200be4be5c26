"""Putting together what was entered twice: every reference moves, what may exist once gives way by the stated rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory import duplicates, merging, queries, sign_in
from lms.directory.access_models import Endpoint
from lms.directory.accounts import set_password
from lms.directory.models import (
    Account,
    Affiliation,
    Organisation,
    OrganisationStatus,
    Person,
    RoleGrant,
    RoleName,
    Scope,
)
from lms.directory.register_models import ChannelKind, ContactChannel, Duplicable, Subscription, SubscriptionKind
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed
from lms.schedule import actions
from lms.schedule.audience_models import Registration, RegistrationState, Seat
from lms.schedule.models import Occurrence, OccurrenceParty, Part
from lms.tables import metadata
from tests.lms.facts import NOW, administrator, draft, organisation, organiser, person

TODAY = NOW.date()
PASSWORD = "кінь на батареї 7"


def registered(session: Session, occurrence: Occurrence, who: int, state: RegistrationState) -> None:
    session.add(
        Registration(
            occurrence_id=occurrence.id,
            person_id=who,
            seat=Seat.INTERACTIVE,
            state=state,
            answers={},
            created_by=f"person:{who}",
            created_at=NOW,
            queued_at=NOW,
        )
    )
    session.flush()


def references_to(session: Session, table: Any, number: int) -> dict[str, int]:
    found = {}
    for referring, column in merging.referencing(table.__table__):
        count = session.scalar(select(func.count()).select_from(referring).where(column == number))
        if count:
            found[f"{referring.name}.{column.name}"] = count
    return found


def test_everything_moves_to_the_person_who_stays(database: Database) -> None:
    with database.writing() as session:
        boss, home = administrator(session), organisation(session, "lviv")
        keep, drop = (person(session, email, home=home).person_id or 0 for email in ("a@x.ua", "b@x.ua"))
        account = session.scalars(select(Account).where(Account.person_id == drop)).one()
        set_password(session, "x", account.id, PASSWORD, NOW)
        before = sign_in.sign_in(session, email="b@x.ua", password=PASSWORD, address="", user_agent="", now=NOW)
        for number in (keep, drop):
            session.add_all(
                (
                    ContactChannel(person_id=number, kind=ChannelKind.PHONE, address="+380670000000", created_at=NOW),
                    Subscription(person_id=number, kind=SubscriptionKind.TOPIC, target="passports", created_at=NOW),
                    RoleGrant(
                        person_id=number, role=RoleName.TRAINER, scope=Scope.NETWORK, from_at=NOW, granted_by="x"
                    ),
                )
            )
        session.flush()
        merging.merge_people(session, boss, keep, drop, NOW)
        assert references_to(session, Person, drop) == {}, "nothing else points to whoever was merged"
        assert session.get_one(Person, drop).merged_into_id == keep
        assert len(session.scalars(select(ContactChannel)).all()) == 1
        assert len(session.scalars(select(Affiliation).where(Affiliation.person_id == keep)).all()) == 1
        assert len(session.scalars(select(RoleGrant).where(RoleGrant.person_id == keep)).all()) == 1
        with pytest.raises(Conflict):
            merging.merge_people(session, boss, keep, drop, NOW)
    with database.writing() as session:
        state = sign_in.peek(session, before.token, NOW)
        assert state is not None
        assert state.person_id == keep, "the open sign-in goes on for whoever stays"
        again = sign_in.sign_in(session, email="b@x.ua", password=PASSWORD, address="", user_agent="", now=NOW)
        assert again.person_id == keep
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.merge")).one()
        assert {row["table"] for row in (entry.after or {})["gave_way"]} == {"contact_channel", "subscription"}


@pytest.mark.parametrize(
    ("kept", "dropped", "stays"),
    [
        (RegistrationState.WAITLISTED, RegistrationState.CONFIRMED, RegistrationState.CONFIRMED),
        (RegistrationState.CONFIRMED, RegistrationState.WAITLISTED, RegistrationState.CONFIRMED),
        (RegistrationState.CANCELLED, RegistrationState.PENDING, RegistrationState.PENDING),
    ],
)
def test_both_are_registered_for_one_occurrence(
    database: Database, kept: RegistrationState, dropped: RegistrationState, stays: RegistrationState
) -> None:
    with database.writing() as session:
        boss = administrator(session)
        keep, drop = (person(session, email).person_id or 0 for email in ("a@x.ua", "b@x.ua"))
        both = actions.create(session, organiser(session), draft(), NOW)
        single = actions.create(session, boss, draft("Інше"), NOW)
        registered(session, both, keep, kept)
        registered(session, both, drop, dropped)
        registered(session, single, drop, RegistrationState.PENDING)
        merging.merge_people(session, boss, keep, drop, NOW)
        rows = session.scalars(select(Registration).order_by(Registration.occurrence_id)).all()
        assert [(row.occurrence_id, row.person_id, row.state) for row in rows] == [
            (both.id, keep, stays),
            (single.id, keep, RegistrationState.PENDING),
        ]
        assert {row.created_by for row in rows} == {f"person:{keep}"}
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.merge")).one()
        assert [row["table"] for row in (entry.after or {})["gave_way"]] == ["registration"]


def test_organisations_are_put_together_and_the_old_code_leads_on(database: Database) -> None:
    with database.writing() as session:
        boss = administrator(session)
        keep, drop = organisation(session, "lviv"), organisation(session, "lviv-2")
        drop.phone = "+380320000000"
        worker = person(session, "w@x.ua", RoleName.CENTRE_LEAD, home=drop, scope=Scope.ORGANISATION, scope_id=drop.id)
        session.add(Affiliation(person_id=worker.person_id, organisation_id=keep.id, from_date=TODAY - timedelta(9)))
        session.add(Endpoint(organisation_id=drop.id, label="Зала", paired_at=NOW, paired_by="x"))
        session.add(
            Subscription(
                person_id=worker.person_id, kind=SubscriptionKind.ORGANISATION, target=str(drop.id), created_at=NOW
            )
        )
        actions.create(session, boss, draft(parties=[(keep, Part.ORGANISER), (drop, Part.ORGANISER)]), NOW)
        merging.merge_organisations(session, boss, keep.id, drop.id, NOW)
        assert references_to(session, Organisation, drop.id) == {}
        assert session.scalars(select(OccurrenceParty.organisation_id)).all() == [keep.id]
        assert session.scalars(select(Subscription.target)).all() == [str(keep.id)]
        (work,) = session.scalars(select(Affiliation)).all()
        assert (work.organisation_id, work.from_date, work.to_date) == (keep.id, TODAY - timedelta(9), None)
        visitor = queries.visitor_of_person(session, worker.person_id or 0, NOW)
        assert visitor.led_organisations == {keep.id}
        merged = session.get_one(Organisation, drop.id)
        assert (merged.status, merged.merged_into_id) == (OrganisationStatus.CLOSED, keep.id)
        assert session.get_one(Organisation, keep.id).phone == "+380320000000"


def test_every_column_that_may_hold_a_reference_is_found() -> None:
    found = {f"{table.name}.{column.name}" for table, column in merging.referencing(metadata.tables["person"])}
    assert {"account.person_id", "registration.person_id", "roster_entry.person_id", "person.merged_into_id"} <= found


def test_resembling_entries_are_suggested_until_they_are_told_apart(database: Database) -> None:
    with database.writing() as session:
        boss, home = administrator(session), organisation(session, "lviv")
        other = organisation(session, "other")
        home.name_uk, home.name_en = "ЦНАП м. Львова", ""
        other.name_uk, other.name_en = "Центр надання адміністративних послуг м. Львова", ""

        def made(family: str, given: str, place: Organisation) -> int:
            one = Person(family_name=family, given_name=given, created_at=NOW)
            session.add(one)
            session.flush()
            session.add(Affiliation(person_id=one.id, organisation_id=place.id, from_date=date(2020, 1, 1)))
            session.flush()
            return one.id

        cyrillic, latin = made("Щербак", "Юлія", home), made("Shcherbak", "Yuliia", home)
        elsewhere = made("Щербак", "Юлія", other)
        for number, phone in ((cyrillic, "067 111 22 33"), (elsewhere, "+380671112233")):
            session.add(ContactChannel(person_id=number, kind=ChannelKind.PHONE, address=phone, created_at=NOW))
        session.flush()

        def found() -> set[tuple[str, int, int, tuple[str, ...]]]:
            return {
                (one.kind.value, one.one_id, one.other_id, one.reasons) for one in duplicates.suggestions(session, boss)
            }

        organisations = ("organisation", home.id, other.id, ("name",))
        assert found() == {
            ("person", cyrillic, latin, ("name",)),
            ("person", cyrillic, elsewhere, ("phone",)),
            organisations,
        }
        merging.tell_apart(session, boss, Duplicable.PERSON, elsewhere, cyrillic, NOW)
        session.flush()
        assert found() == {("person", cyrillic, latin, ("name",)), organisations}
        left, right = duplicates.sides(session, boss, Duplicable.PERSON, cyrillic, latin)
        assert (left.references["affiliation"], right.facts["family_name"]) == (1, "Shcherbak")
        other.settlement, home.settlement = "Інше", "Львів"
        session.flush()
        assert organisations not in found(), "the same name in two towns is two organisations"


def test_only_administrators_put_together(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        for act in (merging.merge_people, merging.merge_organisations):
            with pytest.raises(NotAllowed):
                act(session, planner, 1, 2, NOW)
        with pytest.raises(NotAllowed):
            duplicates.suggestions(session, planner)
        with pytest.raises(NotAllowed):
            merging.tell_apart(session, Visitor(), Duplicable.PERSON, 1, 2, NOW)
