"""Demo data: true to the facts, there at every start, and the same however often it is put in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from lms import demo_classes, demo_items, demo_projects, demo_protection, demo_results
from lms.assessment import queries as bank
from lms.assessment.attempts import finishing, marking, waiting
from lms.assessment.attempts.models import Attempt, AttemptItem, Test
from lms.assessment.figures import queries as figures
from lms.assessment.queries import Filter
from lms.audit.queries import find_tampering
from lms.base import Base
from lms.courses.models import Course
from lms.database import Database
from lms.demo import DEMO_MEETING, seed
from lms.demo_accounts import ORGANISER
from lms.directory import projects, sign_in
from lms.directory.models import Account
from lms.directory.queries import network_on, visitor_of_endpoint, visitor_of_person
from lms.directory.rules import ANONYMOUS
from lms.meetings import actions as meetings
from lms.schedule import calendar, queries
from lms.schedule.cards import to_join_now
from lms.schedule.models import MeetingRole, Occurrence, Status
from lms.tables import metadata
from tests.support import seeding
from tests.support.postgres import PostgresServer

NOW = datetime(2026, 11, 22, 17, 44, tzinfo=UTC)
PASSWORD = "demo-password-1"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo's data: what is tested is what is in it, and what a second start makes of it."""
    path = tmp_path_factory.mktemp("seeded") / "template.db"
    seeding.seed(f"sqlite:///{path}", NOW, PASSWORD)
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with the demo's data."""
    postgres.execute("CREATE DATABASE vikno_seeded")
    seeding.seed(postgres.url("vikno_seeded"), NOW, PASSWORD)
    return "vikno_seeded"


def rows(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables
        }


def test_seeding_again_changes_nothing(database: Database) -> None:
    before = rows(database)
    with database.writing() as session:
        first = seed(session, NOW, password=PASSWORD)
    assert rows(database) == before
    with database.writing() as session:
        assert seed(session, NOW, password=PASSWORD) == first
    assert before["organisation"] == 19
    with database.reading() as session:
        assert find_tampering(session) is None
    assert Base.metadata is metadata


def test_people_at_crossing_points_are_shielded_and_who_pays_is_named(database: Database) -> None:
    with database.writing() as session:
        demo_protection.seed(session, NOW)
        slug = demo_projects.seed(session, NOW)
    before = rows(database)
    with database.writing() as session:
        demo_protection.seed(session, NOW)
        assert demo_projects.seed(session, NOW) == slug
    assert rows(database) == before
    with database.reading() as session:
        (made,) = session.scalars(select(Occurrence).where(Occurrence.title == demo_protection.TITLE))
        seen = queries.occurrence_page(session, ANONYMOUS, made.slug, NOW).card
        assert {party.code for party in seen.parties} == {"association", "migration-service"}
        tag = projects.tag(session, slug)
        assert [uk for _number, uk, _en in tag.funders] == ["Програма розвитку ООН в Україні", "Уряд Великої Британії"]
        wanted = calendar.Wanted(project=slug)
        assert len(calendar.coming(session, ANONYMOUS, NOW, wanted).cards) == 5, "of the season what is announced, too"
        assert session.scalars(select(Course.slug).where(Course.project_id == tag.id)).all() == [demo_projects.COURSE]
    with database.writing() as session:
        later = NOW + timedelta(days=30)
        demo_protection.seed(session, later)
        again = select(func.count()).select_from(Occurrence).where(Occurrence.title == demo_protection.TITLE)
        assert session.scalar(again) == 2, "what is over is followed by another one"
        session.rollback()


def test_the_live_consultation_is_open_to_anyone_with_a_name_and_to_the_endpoints(database: Database) -> None:
    with database.writing() as session:
        facts = seed(session, NOW, password=PASSWORD)  # again: only to be told what is there
    with database.reading() as session:
        door = queries.meeting_door(session, ANONYMOUS, DEMO_MEETING, NOW)
        assert (door.join.role, door.join.refusal, door.card.live) == (MeetingRole.PARTICIPANT, "name_needed", True)
        assert len(door.agenda) == 5
        assert sum(item.minutes for item in door.agenda) == door.card.duration_minutes
        assert [each.code for each in facts.endpoints] == ["kyiv", "lviv", "sumy"]
        for each in facts.endpoints:
            device = visitor_of_endpoint(session, each.id, NOW)
            assert device.name == each.name
            chosen = to_join_now(queries.endpoint_today(session, device, NOW), NOW)
            assert chosen is not None
            assert chosen.meeting == DEMO_MEETING


def test_the_demo_goes_on_after_days_and_after_it_was_ended(database: Database) -> None:
    later = NOW + timedelta(days=9)
    with database.writing() as session:
        ended = {
            "id": "o-1", "node": 0, "meeting": DEMO_MEETING, "opening": "o", "sequence": 1,
            "at": later.timestamp(), "data": {"type": "ended"},
        }  # fmt: skip
        meetings.apply_events(session, [ended], later)
    with database.reading() as session:
        assert queries.meeting_door(session, ANONYMOUS, DEMO_MEETING, later).join.refusal == "ended"
    with database.writing() as session:
        seed(session, later, password=PASSWORD)
    with database.reading() as session:
        door = queries.meeting_door(session, ANONYMOUS, DEMO_MEETING, later)
        assert door.card.live
        assert door.card.starts_at <= later < door.card.ends_at
        ahead = [card for card in queries.upcoming(session, ANONYMOUS, later) if not card.live]
        season = [card for card in ahead if card.starts_local.hour == 14]
        assert len({card.starts_local.weekday() for card in season}) == 1
        coming = [card for card in ahead if card not in season]
        assert len(coming) == 3
        assert all(card.starts_local.weekday() == 2 and card.starts_local.hour == 10 for card in coming)


def test_history_is_as_it_was(database: Database) -> None:
    with database.reading() as session:
        past = queries.past(session, ANONYMOUS, NOW)
        days = [f"{card.starts_local:%d.%m.%Y}" for card in reversed(past)]
        assert days == [
            "17.06.2018", "21.05.2019", "19.08.2019", "22.08.2019", "11.09.2019", "20.11.2019", "27.11.2019",
            "04.12.2019", "11.12.2019", "18.12.2019", "29.04.2020",
        ]  # fmt: skip
        assert {card.status for card in past} == {Status.ENDED}
        end_of_2019 = {each.code for each in network_on(session, "vikno", datetime(2019, 12, 31).date())}
        assert len(end_of_2019) == 10
        assert "rivne" not in end_of_2019
        assert all(card.title_en for card in past)


def test_the_demo_accounts_sign_in_and_have_their_roles(database: Database) -> None:
    with database.writing() as session:
        facts = seed(session, NOW, password=PASSWORD)
    with database.writing() as session:
        for email, is_administrator in ((facts.organiser_email, False), (facts.administrator_email, True)):
            signed = sign_in.sign_in(session, email=email, password=PASSWORD, address="", user_agent="", now=NOW)
            visitor = visitor_of_person(session, signed.person_id, NOW)
            assert visitor.is_organiser
            assert visitor.is_administrator is is_administrator


def test_the_bank_of_items_is_there_ready_for_tests_and_put_in_once(database: Database) -> None:
    with database.writing() as session:
        facts = seed(session, NOW, password=PASSWORD)
        put_in = demo_items.seed(session, NOW, author=facts.organiser_email, reviewer=facts.administrator_email)
        assert put_in >= 90
        assert demo_results.seed(session, NOW) == 50
        demo_classes.seed(session, NOW, facilitator=facts.organiser_email)
    before = rows(database)
    with database.writing() as session:
        assert demo_items.seed(session, NOW, author=facts.organiser_email, reviewer=facts.administrator_email) == 0
        assert demo_results.seed(session, NOW) == 0
        demo_classes.seed(session, NOW, facilitator=facts.organiser_email)
    assert rows(database) == before
    with database.reading() as session:
        assert len(list(bank.stored(session, Filter(), usable_only=True))) == put_in + 1, "and the demo's essay"
        assert find_tampering(session) is None
        looked_at(session)


def looked_at(session: Session) -> None:
    """The results of the demo are worth looking at, and scoring them anew changes nothing."""
    account = session.scalars(select(Account).where(Account.subject == ORGANISER)).one()
    planner = visitor_of_person(session, account.person_id, NOW)
    test = session.scalars(select(Test).where(Test.code == "digital-literacy/1/final-test")).one()
    shown = figures.of_test(session, planner, test.id)
    assert shown.repeat is not None, "ten and more took it twice"
    assert shown.repeat.difference > 0
    assert {each.spread is None for each in shown.groups} == {True, False}, "small groups are hidden"
    attempts = session.scalars(
        select(Attempt).where(Attempt.test_id == test.id).options(selectinload(Attempt.items)).limit(8)
    )
    for attempt in attempts:
        before = [item.share for item in attempt.items]
        finishing.score_all(session, attempt)
        assert [item.share for item in attempt.items] == before
    reached: dict[int, list[Fraction]] = {}
    for version, share in session.execute(select(AttemptItem.item_version_id, AttemptItem.share)):
        if share is not None:
            reached.setdefault(version, []).append(Fraction(share))
    asked = {version: sum(shares) / len(shares) for version, shares in reached.items() if len(shares) >= 8}
    assert [version for version, facility in asked.items() if facility < Fraction(1, 4)] == [], (
        "nobody knew it: a false answer"
    )
    assert marking.count_waiting(session, planner) == 2
    assert len(waiting.appeals_waiting(session, planner)) == 1
    session.rollback()
