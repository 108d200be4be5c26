"""What the rest of the product asks of the directory: capabilities, oblasts, people of a place, workload."""

from __future__ import annotations

from datetime import date, timedelta

from lms.database import Database
from lms.directory import queries
from lms.directory.models import Affiliation, Membership, OrganisationStatus, RoleName, Scope
from lms.directory.oblasts import OBLASTS, oblast_named
from lms.directory.queries import WorkloadFigure
from lms.directory.register_models import Capability, WorkloadSample
from lms.directory.rules import ukrainian_order
from tests.lms.facts import NOW, organisation, person

TODAY = NOW.date()


def test_organisations_with_a_capability_on_a_day(database: Database) -> None:
    with database.writing() as session:
        lviv, lutsk, gone = (organisation(session, code) for code in ("lviv", "lutsk", "gone"))
        lviv.oblast, lutsk.oblast = "Львівська область", "Волинська область"
        gone.status = OrganisationStatus.CLOSED
        has = [(lviv, "passport_workstation"), (lviv, "mobile_case"), (lutsk, "mobile_case"), (gone, "mobile_case")]
        session.add_all(Capability(organisation_id=home.id, code=code, from_date=TODAY) for home, code in has)
        session.add(
            Capability(organisation_id=lutsk.id, code="passport_workstation", from_date=date(2019, 1, 1), to_date=TODAY)
        )
        session.add(Membership(organisation_id=lutsk.id, network="vikno", from_date=TODAY))
        session.flush()

        def codes(*wanted: str, day: date = TODAY, **more: object) -> list[str]:
            found = queries.organisations_with(session, wanted, day, **more)  # type: ignore[arg-type]
            return sorted(one.code for one in found)

        assert codes("passport_workstation") == ["lviv"], "it ended for Lutsk today"
        assert codes("passport_workstation", day=TODAY - timedelta(days=1)) == ["lutsk"]
        assert codes("passport_workstation", "mobile_case") == ["lutsk", "lviv"]
        assert codes("passport_workstation", "mobile_case", every=True) == ["lviv"]
        assert codes("mobile_case", oblasts=["Волинська область"]) == ["lutsk"]
        assert codes("mobile_case", network="vikno") == ["lutsk"]
        assert codes() == []
        assert queries.oblasts(session) == ["Волинська область", "Львівська область"]


def test_people_of_a_place_and_those_with_a_role_there(database: Database) -> None:
    with database.writing() as session:
        lviv, lutsk = organisation(session, "lviv"), organisation(session, "lutsk")
        lead = person(session, "lead@x.ua", RoleName.CENTRE_LEAD, home=lviv, scope=Scope.ORGANISATION, scope_id=lviv.id)
        both = person(session, "both@x.ua", home=lviv)
        session.add(Affiliation(person_id=both.person_id, organisation_id=lutsk.id, from_date=TODAY))
        former = person(session, "former@x.ua")
        session.add(
            Affiliation(person_id=former.person_id, organisation_id=lviv.id, from_date=date(2020, 1, 1), to_date=TODAY)
        )
        session.flush()

        def ids(*places: int, **more: object) -> set[int | None]:
            return {one.id for one in queries.people_of(session, places, TODAY, **more)}  # type: ignore[arg-type]

        assert ids(lviv.id, lutsk.id) == {lead.person_id, both.person_id}
        assert len(queries.people_of(session, [lviv.id, lutsk.id], TODAY)) == 2, "nobody stands there twice"
        assert ids(lutsk.id) == {both.person_id}
        assert ids(lviv.id, roles=[RoleName.CENTRE_LEAD]) == {lead.person_id}
        assert ids(lutsk.id, roles=[RoleName.CENTRE_LEAD]) == set()


def test_workload_of_dates_goes_before_a_figure_for_the_weekday(database: Database) -> None:
    with database.writing() as session:
        home = organisation(session, "lviv")
        friday = date(2026, 11, 20)
        session.add_all(
            WorkloadSample(organisation_id=home.id, day=day, weekday=weekday, hour=hour, count=count)
            for day, weekday, hour, count in (
                (None, 4, 10, 90.0),
                (friday, 4, 10, 10.0),
                (friday - timedelta(days=7), 4, 10, 20.0),
                (None, 2, 10, 40.0),
                (None, 2, -1, 300.0),
            )
        )
        session.flush()
        assert queries.workload(session, [home.id]) == [
            WorkloadFigure(home.id, 2, -1, 300.0),
            WorkloadFigure(home.id, 2, 10, 40.0),
            WorkloadFigure(home.id, 4, 10, 15.0),
        ]
        assert queries.workload(session, []) == []


def test_oblasts_are_known_however_they_are_written() -> None:
    assert len(OBLASTS) == 27
    for text in ("Львівська область", "львівська обл.", "Львівська", "Lviv oblast", "Lviv"):
        assert oblast_named(text) == "Львівська область", text
    assert oblast_named("м. Київ") == "місто Київ"
    assert oblast_named("Київська обл") == "Київська область"
    assert oblast_named("Нарнія") is None


def test_names_stand_in_the_order_of_the_ukrainian_alphabet() -> None:
    names = ["Ясіня", "Іршава", "Єланець", "Ґрунь", "Городок", "Ївга", "Жмеринка"]
    assert sorted(names, key=ukrainian_order) == ["Городок", "Ґрунь", "Єланець", "Жмеринка", "Іршава", "Ївга", "Ясіня"]
