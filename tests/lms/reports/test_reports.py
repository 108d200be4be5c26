"""Reports of a small network, against figures counted by hand (`world`)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, Test, TestVersion
from lms.assessment.attempts.states import AttemptState
from lms.courses.models import Course, CourseRound, Enrolment, EnrolmentState
from lms.credentials.models import AwardRule, Certificate, RuleKind, StatusList
from lms.database import Database
from lms.directory import merging
from lms.directory.models import RoleName, Scope
from lms.directory.project_models import Project
from lms.directory.rules import Visitor
from lms.errors import NotAllowed
from lms.meetings.attendance_models import AttendanceCorrection, StreamMetric, Verdict
from lms.reports import open_data
from lms.reports.asked import Asked, By, Where
from lms.reports.counting import count
from lms.reports.measures import Measure
from lms.reports.open_data import Table
from lms.reports.periods import Against, Grain, Span
from lms.reports.queries import Report, report
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Series
from tests.lms.facts import NOW, administrator, counted, person
from tests.lms.reports.world import COMMUNITY, LVIV, SUMY, World

YEAR = Asked("2026", By.OBLAST, Against.YEAR)


@pytest.fixture
def world(database: Database) -> World:
    with database.writing() as session:
        return World(session)


def of(session: Session, world: World, **asked: object) -> Report:
    return report(session, world.planner, Asked(**{"period": "2026", **asked}), NOW)  # type: ignore[arg-type]


ATTENDED = (Measure.PERSONS, Measure.ATTENDANCES)


def figures(found: Report, *measures: Measure) -> list[int | None]:
    return [found.total[each] for each in measures]


def groups(found: Report, measure: Measure) -> dict[str, int | None]:
    return {each.key: each.figures[measure] for each in found.groups}


def test_each_person_counts_once_and_the_year_begins_at_midnight_in_kyiv(database: Database, world: World) -> None:
    with database.reading() as session:
        found = of(session, world)
        assert figures(found, Measure.OCCURRENCES, Measure.ATTENDANCES, Measure.PERSONS, Measure.CENTRES) == [
            5,
            9,
            4,
            2,
        ]
        assert found.total[Measure.MINUTES] == 60 + 90 + 30 + 45 + 120, "as it was held, else as planned"
        assert {each.key: each.figures[Measure.PERSONS] for each in found.trend} == {
            **{f"2026-{month:02}": 0 for month in range(5, 12)},
            "2026-01": 2,
            "2026-02": 3,
            "2026-03": 1,
            "2026-04": 2,
        }, "the clock of summer, and no person of the sheet that nobody approved"
        assert found.before is not None
        assert (found.before[Measure.PERSONS], found.before[Measure.ATTENDANCES]) == (0, 0)
        assert found.against == Span(date(2025, 1, 1), date(2025, 11, 26)), "as many days as have passed"
        december = of(session, world, period="2025-12")
        assert figures(december, Measure.OCCURRENCES, Measure.PERSONS, Measure.ATTENDANCES) == [1, 1, 1]
        assert figures(of(session, world, period="all"), Measure.OCCURRENCES, Measure.PERSONS) == [6, 4]


def test_a_person_counts_for_where_she_worked_on_that_day(database: Database, world: World) -> None:
    with database.reading() as session:
        found = of(session, world)
        assert groups(found, Measure.PERSONS) == {LVIV: 3, SUMY: 1, "": 1}
        assert groups(found, Measure.ATTENDANCES) == {LVIV: 6, SUMY: 2, "": 1}, "a name without an entry is no person"
        assert groups(found, Measure.OCCURRENCES) == {LVIV: 4, SUMY: 2, "": 1}
        assert groups(found, Measure.MINUTES) == {LVIV: 60 + 90 + 30 + 45, SUMY: 60 + 90, "": 45}
        assert groups(found, Measure.ENROLMENTS) == {LVIV: 1, SUMY: 1, "": 1}, "Ivan had begun in the old year"
        assert groups(found, Measure.COMPLETIONS) == {LVIV: 3, SUMY: 0, "": 0}, "of two places the one entered first"
        assert found.total[Measure.LEARNERS] == 3
        sumy = of(session, world, oblast=SUMY, by=By.QUARTER)
        assert figures(sumy, Measure.PERSONS, Measure.ATTENDANCES, Measure.OCCURRENCES, Measure.MINUTES) == [
            1,
            2,
            2,
            150,
        ]
        assert [each.key for each in sumy.trend] == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
        assert [each.figures[Measure.ATTENDANCES] for each in sumy.trend] == [2, 0, 0, 0]
        assert sumy.total[Measure.VIEWS] is None
        assert groups(of(session, world, by=By.COMMUNITY), Measure.PERSONS) == {"": 4, COMMUNITY: 1}
        assert groups(of(session, world, by=By.KIND), Measure.PERSONS) == {"asc": 3, "ministry": 1}
        centres = of(session, world, by=By.ORGANISATION, community=COMMUNITY)
        assert groups(centres, Measure.PERSONS) == {"sumy": 1}
        assert centres.groups[0].name is not None
        assert centres.groups[0].name.uk == "ЦНАП sumy"


def test_programmes_and_series_count_what_belongs_to_them(database: Database, world: World) -> None:
    with database.reading() as session:
        found = of(session, world, by=By.SERIES)
        assert groups(found, Measure.OCCURRENCES) == {"case": 2, "": 3}
        assert groups(found, Measure.PERSONS) == {"case": 3, "": 3}
        assert groups(found, Measure.ENROLMENTS) == {"case": None, "": None}, "courses belong to no series"
        inside = of(session, world, programme=world.programme.slug)
        assert figures(inside, Measure.OCCURRENCES, Measure.PERSONS, Measure.ENROLMENTS) == [2, 3, 0]


def test_what_was_completed_before_a_course_is_done_again_still_counts(database: Database, world: World) -> None:
    with database.writing() as session:
        before = figures(of(session, world), Measure.COMPLETIONS, Measure.LEARNERS)
        ended = select(Enrolment).where(Enrolment.completed_at.is_not(None)).order_by(Enrolment.id).limit(1)
        one = session.scalars(ended).one()
        session.add(
            CourseRound(
                enrolment_id=one.id, number=1, version_id=one.version_id, began_at=one.enrolled_at,
                completed_at=one.completed_at, progress=[],
            )
        )  # fmt: skip
        one.state, one.completed_at, one.again_at = EnrolmentState.ACTIVE, None, NOW
        session.flush()
        assert figures(of(session, world), Measure.COMPLETIONS, Measure.LEARNERS) == before
        assert before[0]


def test_comparison_with_another_time_and_another_place(database: Database, world: World) -> None:
    with database.reading() as session:
        february = of(session, world, period="2026-02", against=Against.PREVIOUS)
        assert february.before is not None
        assert (february.total[Measure.PERSONS], february.before[Measure.PERSONS]) == (3, 2)
        quarter = of(session, world, period="2026-Q2", against=Against.PREVIOUS)
        assert quarter.against == Span(date(2026, 1, 1), date(2026, 4, 1))
        assert [each.before and each.before[Measure.PERSONS] for each in quarter.trend] == [2, 3, 1]
        beside = of(session, world, oblast=LVIV, beside=f"oblast:{SUMY}")
        assert beside.beside is not None
        assert beside.before is not None
        assert (beside.beside.code, beside.total[Measure.PERSONS], beside.before[Measure.PERSONS]) == (
            "UA59000000000057109",
            3,
            1,
        )


def test_corrections_and_merged_entries_count_as_they_are_now(database: Database, world: World) -> None:
    with database.writing() as session:
        session.add(
            AttendanceCorrection(
                occurrence_id=world.february.id, subject=world.ivan.identity, verdict=Verdict.ABSENT,
                reason="Помилка", corrected_by="person:1", corrected_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        assert of(session, world).total[Measure.PERSONS] == 3
        boss = administrator(session)
        merging.merge_organisations(session, boss, world.lviv.id, world.sumy.id, NOW)
        assert groups(of(session, world), Measure.PERSONS) == {LVIV: 2, "": 1}
        assert of(session, world).total[Measure.CENTRES] == 1
        merging.merge_people(session, boss, number(world.petro), number(world.mariia), NOW)
        assert of(session, world).total[Measure.PERSONS] == 2


def test_a_lead_sees_her_centre_beside_the_network_and_nobody_elses(database: Database, world: World) -> None:
    with database.writing() as session:
        lead = person(
            session, "lead@example.org", RoleName.CENTRE_LEAD, scope=Scope.ORGANISATION, scope_id=world.lviv.id
        )
        found = report(session, lead, Asked("2026", By.OBLAST, oblast=SUMY, organisation="sumy"), NOW)
        assert (found.asked.by, found.asked.organisation, found.asked.oblast) == (By.MONTH, "", "")
        assert (found.total[Measure.PERSONS], found.groups) == (3, ())
        assert found.network is not None
        assert found.median is not None
        assert (found.network[Measure.PERSONS], found.median[Measure.PERSONS]) == (4, 1)
        assert list(found.choices.organisations) == ["lviv"]
        manager = person(
            session, "m@example.org", RoleName.PROGRAMME_MANAGER, scope=Scope.PROGRAMME, scope_id=world.programme.id
        )
        whole = report(session, manager, Asked("2026"), NOW)
        assert (whole.asked.programme, groups(whole, Measure.PERSONS)) == (world.programme.slug, {LVIV: 3, SUMY: 0})
        with pytest.raises(NotAllowed):
            report(session, world.olena, Asked(), NOW)


def test_as_many_statements_for_one_group_as_for_many(database: Database, world: World) -> None:
    with database.reading() as session:
        of(session, world)
        with counted(database) as statements:
            of(session, world, by=By.KIND)
        few = len(statements)
        with counted(database) as statements:
            of(session, world, by=By.ORGANISATION)
        assert len(statements) == few <= 17


def number(visitor: Visitor) -> int:
    assert visitor.person_id is not None
    return visitor.person_id


def test_open_data_hide_what_few_people_did(database: Database, world: World) -> None:
    with database.writing() as session:
        for place in range(6):
            visitor = person(session, f"more-{place}@example.org")
            world.came(session, world.february, visitor, world.lviv)
            again = world.held(session, datetime(2026, 6, 1 + place, 10), 60)
            world.came(session, again, world.olena, world.sumy)
            world.came(session, world.held(session, datetime(2026, 9, 1 + place, 10), 60), visitor, world.lviv)
        session.flush()
        oblasts = [row for row in open_data.rows(session, Table.OBLASTS, NOW) if row.step == "2026"]
        told = {row.name_uk: row.figures[Measure.PERSONS] for row in oblasts}
        assert told == {"": 10, LVIV: None, SUMY: None, "невідомо": None}, "else Sumy would be the rest"
        assert {row.name_uk: row.figures[Measure.OCCURRENCES] for row in oblasts}[SUMY] is None, "her two attendances"
        assert {row.span.last for row in oblasts} == {date(2026, 10, 31)}, "months that are over"
        months = {row.step: row.figures for row in open_data.rows(session, Table.MONTHS, NOW)}
        assert months["2026-02"][Measure.PERSONS] == 9
        assert months["2026-03"][Measure.PERSONS] is None
        assert months["2026-05"][Measure.PERSONS] == 0
        assert "2026-11" not in months
        assert {row.name_uk: row.figures[Measure.ATTENDANCES] for row in oblasts} == {
            "": 27,
            LVIV: None,
            SUMY: None,
            "невідомо": None,
        }, "one person came eight times from Sumy"
        assert (months["2026-06"][Measure.ATTENDANCES], months["2026-06"][Measure.OCCURRENCES]) == (None, 6)
        assert months["2026-02"][Measure.ATTENDANCES] == 10


def test_views_count_of_what_counts_alone(database: Database, world: World) -> None:
    with database.writing() as session:
        cancelled = world.held(session, datetime(2026, 7, 1, 10), 60)
        cancelled.status = Status.CANCELLED
        talk = world.held(session, datetime(2026, 7, 2, 10), 60)
        talk.private = True
        for occurrence in (cancelled, talk, world.february):
            session.add(
                StreamMetric(
                    occurrence_id=occurrence.id, source="tube", at=NOW, concurrent=None, total=7, entered_by="x",
                    entered_at=NOW,
                )
            )  # fmt: skip
        session.flush()
        found = of(session, world)
        assert found.total[Measure.VIEWS] == 7
        assert {each.key for each in found.trend if each.figures[Measure.VIEWS]} == {"2026-02"}


def tagged(session: Session, world: World) -> str:
    """The slug of a project that pays for the series and the course, and for one more occurrence."""
    project = Project(slug="uk-aid", owner_id=world.ministry.id, name="Допомога", created_by="system", created_at=NOW)
    session.add(project)
    session.flush()
    session.get_one(Series, world.series.id).project_id = project.id
    session.get_one(Course, world.course_id).project_id = project.id
    april = session.scalars(select(Occurrence).where(Occurrence.title.contains("2026-04-01"))).one()
    april.project_id = project.id
    test = Test(code="course/test", title_uk="Тест", created_by="system", created_at=NOW)
    other = Test(code="other", title_uk="Інший", created_by="system", created_at=NOW)
    rule = AwardRule(
        code="rule", version=1, kind=RuleKind.ATTENDANCE, series_id=world.series.id, name="Сертифікат",
        criteria="Участь", organisation_id=world.ministry.id, created_by="system", created_at=NOW,
    )  # fmt: skip
    bits = StatusList(issuer="x", bits=b"", taken=b"", used=0, signed_at=NOW)
    session.add_all([test, other, rule, bits])
    session.flush()
    for place, (number_of_rule, which) in enumerate(((rule.id, test), (None, other))):
        version = TestVersion(test_id=which.id, number=1, spec={}, digest="", published_by="system", published_at=NOW)
        session.add(version)
        session.flush()
        session.add_all(
            [
                Attempt(
                    code=f"a{place}", test_id=which.id, version_id=version.id, person_id=world.petro.person_id,
                    number=1, language="uk", seed="0", state=AttemptState.GRADED, started_at=NOW, passed=True, parts=[],
                    finished_at=datetime(2026, 3, 1, tzinfo=UTC),
                ),
                Certificate(
                    number=f"{place}", rule_id=number_of_rule, person_id=world.petro.person_id, list_id=bits.id,
                    list_index=place, awarded_at=datetime(2026, 3, 1, tzinfo=UTC), issued_by="system",
                ),
                StreamMetric(
                    occurrence_id=world.february.id if place else april.id, source="tube", at=NOW, concurrent=None,
                    total=7, entered_by="x", entered_at=NOW,
                ),
            ]
        )  # fmt: skip
    session.flush()
    return project.slug


def test_a_project_counts_what_it_pays_for(database: Database, world: World) -> None:
    with database.writing() as session:
        slug = tagged(session, world)
        found = of(session, world, by=By.PROJECT)
        assert groups(found, Measure.OCCURRENCES) == {slug: 3, "": 2}, "of the series, and one by its own tag"
        assert groups(found, Measure.PERSONS) == {slug: 4, "": 2}
        assert groups(found, Measure.ENROLMENTS) == {slug: 3, "": 0}
        assert groups(found, Measure.COMPLETIONS) == {slug: 3, "": 0}
        assert groups(found, Measure.CERTIFICATES) == groups(found, Measure.VALID) == {slug: 1, "": 1}
        assert groups(found, Measure.VIEWS) == {slug: 14, "": 0}
        assert found.groups[0].name is not None
        assert (found.groups[0].name.uk, found.before is not None) == ("Допомога", True)
        inside = of(session, world, by=By.OBLAST, project=slug)
        of_it = (Measure.OCCURRENCES, Measure.PERSONS, Measure.ENROLMENTS, Measure.CERTIFICATES)
        assert figures(inside, *of_it) == [3, 4, 3, 1]
        assert groups(inside, Measure.PERSONS) == {LVIV: 3, "": 1, SUMY: 0}
        spring = of(session, world, by=By.PROJECT, period="2026-Q2", against=Against.PREVIOUS)
        assert [(each.key, each.before and each.before[Measure.OCCURRENCES]) for each in spring.groups] == [
            (slug, 2),
            ("", 2),
        ]
        several = [each.person_id for each in (world.olena, world.ivan, world.mariia, world.petro)]
        for place, who in enumerate(several):
            attempt = session.scalars(select(Attempt).where(Attempt.code == "a0")).one()
            session.add(
                Attempt(
                    code=f"more-{place}", test_id=attempt.test_id, version_id=attempt.version_id, person_id=who,
                    number=2, language="uk", seed="0", state=AttemptState.GRADED, started_at=NOW, passed=False,
                    parts=[],
                    finished_at=datetime(2026, 3, 2, tzinfo=UTC),
                )
            )  # fmt: skip
        session.flush()
        project_id = session.scalars(select(Project.id)).one()
        span = Span(date(2026, 1, 1), date(2027, 1, 1))
        counted_by = count(session, span, Where(), By.PROJECT, Grain.MONTH, NOW).groups
        assert {key: (line[Measure.TESTED], line[Measure.PASSED]) for key, line in counted_by.items()} == {
            slug: (4, 1),
            "": (1, 1),
        }
        alone = count(session, span, Where(project_id=project_id), By.YEAR, Grain.YEAR, NOW).total
        assert (alone[Measure.TESTED], alone[Measure.PASSED]) == (4, 1)
