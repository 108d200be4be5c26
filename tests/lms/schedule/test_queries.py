"""The lists: right content for each visitor, in a fixed number of queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.access_models import Endpoint
from lms.directory.models import Organisation, RoleName, Scope
from lms.directory.queries import visitor_of_endpoint
from lms.directory.rules import ANONYMOUS, Grant, Visitor
from lms.errors import NotFound
from lms.schedule import actions, queries
from lms.schedule.cards import facts_of, to_join_now
from lms.schedule.drafts import AgendaDraft, SpeakerDraft
from lms.schedule.models import Access, MeetingRole, Occurrence, Part, Status
from lms.schedule.rules import may_see
from tests.lms.facts import NOW, counted, draft, organisation, organiser, person


def endpoint_of(session: Session, home: Organisation) -> Visitor:
    made = Endpoint(organisation_id=home.id, label="Зала", paired_at=NOW, paired_by="system")
    session.add(made)
    session.flush()
    return visitor_of_endpoint(session, made.id, NOW)


def plan(session: Session, planner: Visitor, title: str, starts_local: datetime, **more: object) -> str:
    made = actions.create(session, planner, draft(title, starts_local, **more), NOW)  # type: ignore[arg-type]
    return actions.publish(session, planner, made.slug, NOW).slug


def titles(cards: list[queries.OccurrenceCard]) -> list[str]:
    return [card.title for card in cards]


def test_upcoming_and_past_divide_everything(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        plan(session, planner, "сьогодні", datetime(2026, 11, 25, 10, 0))
        plan(session, planner, "за тиждень", datetime(2026, 12, 2, 10, 0))
        live = plan(session, planner, "вчорашнє, триває", datetime(2026, 11, 25, 9, 30))
        actions.start(session, planner, live, NOW)
        session.scalars(select(Occurrence).where(Occurrence.slug == live)).one().ends_at = NOW - timedelta(hours=1)
        over = plan(session, planner, "закінчене", datetime(2026, 11, 25, 9, 0))
        actions.start(session, planner, over, NOW)
        actions.end(session, planner, over, NOW)
        actions.create(session, planner, draft("чернетка"), NOW)
    with database.reading() as session:
        ahead = queries.upcoming(session, ANONYMOUS, NOW)
        assert titles(ahead) == ["вчорашнє, триває", "сьогодні", "за тиждень"]
        assert titles(queries.past(session, ANONYMOUS, NOW)) == ["закінчене"]
        assert "чернетка" in titles(queries.upcoming(session, planner, NOW))
        later = NOW + timedelta(days=3)
        assert titles(queries.past(session, ANONYMOUS, later)) == ["сьогодні", "закінчене"]
        page = queries.past(session, ANONYMOUS, later, limit=1)
        assert titles(queries.past(session, ANONYMOUS, later, before=page[-1].starts_at)) == ["закінчене"]
        assert [card.ended for card in queries.past(session, ANONYMOUS, later)] == [True, True]


def test_today_is_the_day_in_kyiv(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        for title, start in (
            ("учора пізно", datetime(2026, 11, 24, 22, 0)),
            ("через північ", datetime(2026, 11, 24, 23, 0)),
            ("удень", datetime(2026, 11, 25, 10, 0)),
            ("завтра", datetime(2026, 11, 26, 0, 0)),
        ):
            made = actions.create(session, planner, draft(title, start), NOW)
            made.status = Status.PUBLISHED
    with database.reading() as session:
        # 22:30 UTC on the 24th is half past midnight on the 25th in Kyiv.
        for moment in (datetime(2026, 11, 24, 22, 30, tzinfo=UTC), NOW):
            assert titles(queries.today(session, ANONYMOUS, moment)) == ["через північ", "удень"]


def test_an_endpoint_sees_what_its_organisation_may_join_and_joins_its_own_first(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
        device = endpoint_of(session, sumy)
        at = datetime(2026, 11, 25, 10, 0)
        plan(session, planner, "для всіх", at)
        plan(session, planner, "наша", at, parties=[(sumy, Part.PARTICIPANT)])
        plan(session, planner, "чужа закрита", at, listed=False, parties=[(lviv, Part.PARTICIPANT)])
        plan(session, planner, "увечері", datetime(2026, 11, 25, 18, 0))
        gone = plan(session, planner, "скасована", at)
        actions.cancel(session, planner, gone, "Немає світла", NOW)
    begin = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    with database.reading() as session:
        cards = queries.endpoint_today(session, device, NOW)
        assert set(titles(cards)) == {"для всіх", "наша", "увечері", "скасована"}
        assert to_join_now(cards, NOW) is None
        cards = queries.endpoint_today(session, device, begin)
        chosen = to_join_now(cards, begin)
        assert chosen is not None
        assert chosen.title == "наша"
        others = [card for card in cards if card.title != "наша"]
        second = to_join_now(others, begin)
        assert second is not None
        assert second.title == "для всіх"
        assert to_join_now(cards, begin + timedelta(hours=3)) is None


def test_an_endpoint_joins_what_was_started_early(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        device = endpoint_of(session, organisation(session, "sumy"))
        slug = plan(session, planner, "раніше", datetime(2026, 11, 25, 16, 0))
        actions.start(session, planner, slug, NOW)
    with database.reading() as session:
        cards = queries.endpoint_today(session, device, NOW)
        assert to_join_now(cards, NOW) is cards[0]


def test_private_occurrences_are_unknown_to_others(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
        slug = plan(
            session, planner, "закрита", datetime(2026, 11, 25, 10, 0), listed=False,
            parties=[(sumy, Part.PARTICIPANT)],
        )  # fmt: skip
        insider, outsider = person(session, "in@example.org", home=sumy), person(session, "out@example.org", home=lviv)
    with database.reading() as session:
        assert (
            queries.occurrence_page(session, insider, slug, NOW + timedelta(minutes=40)).join.role
            is MeetingRole.PARTICIPANT
        )
        for visitor in (outsider, ANONYMOUS):
            with pytest.raises(NotFound):
                queries.occurrence_page(session, visitor, slug, NOW)
            assert queries.upcoming(session, visitor, NOW) == []


def test_the_link_is_shown_to_those_who_have_it(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        with_link = plan(session, planner, "за посиланням", datetime(2026, 11, 25, 10, 0), access=Access.LINK)
        opened = plan(session, planner, "відкрита", datetime(2026, 11, 25, 10, 0), access=Access.OPEN)
    with database.reading() as session:
        assert queries.occurrence_page(session, ANONYMOUS, with_link, NOW).card.meeting == ""
        assert queries.occurrence_page(session, ANONYMOUS, opened, NOW).card.meeting != ""
        meeting = queries.occurrence_page(session, planner, with_link, NOW).card.meeting
        door = queries.meeting_door(session, ANONYMOUS, meeting, NOW + timedelta(minutes=40))
        assert (door.join.role, door.join.refusal) == (MeetingRole.PARTICIPANT, "name_needed")
        early = queries.meeting_door(session, ANONYMOUS, meeting, NOW - timedelta(hours=3))
        assert (early.join.refusal, early.opens_at) == ("too_early", NOW + timedelta(minutes=30))
        with pytest.raises(NotFound):
            queries.meeting_door(session, ANONYMOUS, "guessed", NOW)


def test_a_draft_s_door_is_unknown_to_all_but_its_editors(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        made = actions.create(session, planner, draft(), NOW)
        assert queries.meeting_door(session, planner, made.meeting, NOW).join.role is MeetingRole.HOST
        with pytest.raises(NotFound):
            queries.meeting_door(session, person(session, "olena@example.org"), made.meeting, NOW)


def test_lists_and_pages_take_a_fixed_number_of_queries(database: Database) -> None:
    counts = []
    with database.writing() as session:
        planner = organiser(session)
        homes = [organisation(session, f"asc-{number}") for number in range(4)]
    for _ in range(2):
        with database.writing() as session:
            for number in range(4):
                slug = plan(
                    session, planner, f"№ {number}", datetime(2026, 11, 25, 10, 0),
                    parties=[(home, Part.PARTICIPANT) for home in homes],
                    speakers=[SpeakerDraft(f"Експерт {each}", organisation_id=homes[0].id) for each in range(3)],
                    agenda=[AgendaDraft("Вітання", 5)],
                )  # fmt: skip
                actions.invite_guest(session, planner, slug, name="Експерт", now=NOW)
        row = []
        for ask in (queries.upcoming, queries.today, queries.past, queries.endpoint_today):
            with database.reading() as session, counted(database) as said:
                ask(session, planner, NOW)
            row.append(len(said))
        with database.reading() as session, counted(database) as said:
            queries.occurrence_page(session, planner, slug, NOW)
        counts.append([*row, len(said)])
    assert counts[0] == counts[1] == [4, 4, 1, 4, 8]


def test_what_was_not_loaded_on_purpose_raises(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        plan(session, planner, "закрита", datetime(2026, 11, 25, 10, 0))
    with database.reading() as session:
        found = session.scalars(select(Occurrence)).one()
        with pytest.raises(InvalidRequestError, match="raise"):
            _ = found.parties


_PERSON = st.builds(
    Visitor,
    person_id=st.sampled_from([1, 2, 3]),
    organisation_ids=st.frozensets(st.sampled_from([1, 2])),
    in_network=st.just(True),
    grants=st.frozensets(
        st.sampled_from(
            [
                Grant(RoleName.ORGANISER),
                Grant(RoleName.ADMINISTRATOR),
                Grant(RoleName.ORGANISER, Scope.ORGANISATION, 1),
                Grant(RoleName.ORGANISER, Scope.ORGANISATION, 2),
                Grant(RoleName.ORGANISER, Scope.OCCURRENCE, 1),
                Grant(RoleName.AUDITOR),
            ]
        ),
        max_size=2,
    ),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visitor=_PERSON | st.just(ANONYMOUS))
def test_the_rule_in_sql_is_the_rule_in_python(filled: Database, visitor: Visitor) -> None:
    with filled.reading() as session:
        query = select(Occurrence).options(*queries._WITH_PARTIES)
        everything = session.scalars(query).all()
        expected = {each.id for each in everything if may_see(facts_of(each), visitor)}
        assert set(session.scalars(select(Occurrence.id).where(queries.visible_to(visitor)))) == expected


@pytest.fixture
def filled(database: Database) -> Database:
    """Occurrences of every status, listed and not, of two organisations, made by three people."""
    with database.writing() as session:
        people = [person(session, f"p{number}@example.org", RoleName.ORGANISER) for number in range(3)]
        homes = [organisation(session, code) for code in ("one", "two")]
        number = 0
        for status in Status:
            for listed in (True, False):
                number += 1
                made = actions.create(
                    session,
                    people[number % 3],
                    draft(
                        f"№ {number}",
                        listed=listed,
                        parties=[(homes[number % 2], list(Part)[number % 5])] if number % 4 else [],
                        speakers=[SpeakerDraft("Хтось", person_id=people[number % 2].person_id)] if number % 3 else [],
                    ),
                    NOW,
                )
                made.status = status
    return database
