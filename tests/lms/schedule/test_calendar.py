"""Lists and calendars: each view and filter shows what the visitor may know of, in a fixed number of queries."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS, Grant, Visitor
from lms.schedule import actions, calendar, queries
from lms.schedule.audience_models import Invitation
from lms.schedule.calendar import Wanted
from lms.schedule.cards import facts_of
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.models import Kind, Occurrence, Part, Status
from lms.schedule.plan_models import OccurrenceTopic, Topic
from lms.schedule.queries import _WITH_PARTIES
from lms.schedule.rules import may_see
from tests.lms.facts import NOW, counted, draft, organisation, organiser, person

FAR = date(2027, 12, 31)
BEGIN = date(2026, 1, 1)


def plan(session: Session, planner: Visitor, title: str, starts_local: datetime, **more: object) -> Occurrence:
    made = actions.create(session, planner, draft(title, starts_local, **more), NOW)  # type: ignore[arg-type]
    return actions.publish(session, planner, made.slug, NOW)


def found(session: Session, visitor: Visitor, **wanted: object) -> list[str]:
    page = calendar.coming(session, visitor, NOW, Wanted(**wanted))  # type: ignore[arg-type]
    return [card.title for card in page.cards]


def test_each_filter_keeps_what_fits(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy, lviv = organisation(session, "sumy"), organisation(session, "lviv")
        sumy.oblast = "Сумська"
        at = datetime(2026, 11, 26, 10, 0)
        passports = plan(session, planner, "Паспорти", at, parties=[(sumy, Part.PARTICIPANT)])
        plan(session, planner, "Вебінар", at, kind=Kind.WEBINAR, parties=[(lviv, Part.EXPERT_BODY)])
        plan(session, planner, "Інше", at, speakers=[SpeakerDraft("Оксана Експертка")])
        topic = Topic(code="passports", name_uk="Документи особи", name_en="Identity documents")
        session.add(topic)
        session.flush()
        session.add(OccurrenceTopic(occurrence_id=passports.id, topic_id=topic.id))
    with database.reading() as session:
        assert found(session, ANONYMOUS) == ["Паспорти", "Вебінар", "Інше"]
        assert found(session, ANONYMOUS, kind=Kind.WEBINAR) == ["Вебінар"]
        assert found(session, ANONYMOUS, topic="passports") == ["Паспорти"]
        assert found(session, ANONYMOUS, oblast="Сумська") == ["Паспорти"]
        assert found(session, ANONYMOUS, organisation="lviv") == ["Вебінар"]
        assert found(session, ANONYMOUS, organisation="nobody") == []
        for words, title in (
            ("ПАСПОРТ", "Паспорти"), ("експертка", "Інше"), ("цнап lviv", "Вебінар"), ("документи", "Паспорти"),
        ):  # fmt: skip
            assert found(session, ANONYMOUS, words=words) == [title], words
        assert found(session, ANONYMOUS, words="паспорт вебінар") == []
        assert found(session, ANONYMOUS, words="100%_") == [], "signs of LIKE are letters like others"
        names = calendar.choices(session, ANONYMOUS, NOW, Wanted(organisation="lviv"))
        assert ([one.value for one in names.topics], names.oblasts) == (["passports"], ["Сумська"])
        assert names.organisation is not None
        assert names.organisation.value == "lviv"


def test_mine_is_what_has_to_do_with_me(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        sumy = organisation(session, "sumy")
        me = person(session, "olena@example.org", home=sumy)
        at = datetime(2026, 11, 26, 10, 0)
        plan(session, planner, "центру", at, parties=[(sumy, Part.PARTICIPANT)])
        plan(session, planner, "доповідаю", at, speakers=[SpeakerDraft("Олена", person_id=me.person_id)])
        invited = plan(session, planner, "запрошено", at)
        session.add(
            Invitation(
                occurrence_id=invited.id, address="olena@example.org", person_id=me.person_id, created_by="system",
                created_at=NOW,
            )
        )  # fmt: skip
        plan(session, planner, "чуже", at)
    with database.reading() as session:
        assert found(session, me, mine=True) == ["центру", "доповідаю", "запрошено"]
        assert found(session, planner, mine=True) == ["центру", "доповідаю", "запрошено", "чуже"]
        assert found(session, ANONYMOUS, mine=True) == []


def test_a_day_of_the_calendar_is_one_in_kyiv_and_lasts_23_to_25_hours(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        # Summer time ends at 04:00 on 25.10.2026: that day has 25 hours. Half an hour before midnight in Warsaw is
        # already the next day in Kyiv.
        for title, start, zone in (
            ("перша", datetime(2026, 10, 25, 0, 0), "Europe/Kyiv"),
            ("остання", datetime(2026, 10, 25, 23, 30), "Europe/Kyiv"),
            ("наступна", datetime(2026, 10, 25, 23, 30), "Europe/Warsaw"),
        ):
            made = actions.create(session, planner, draft(title, start, zone=zone), NOW)
            made.status = Status.ENDED
    with database.reading() as session:
        day = [one.title for one in calendar.of_day(session, ANONYMOUS, NOW, date(2026, 10, 25), Wanted())]
        assert day == ["перша", "остання"]
        marks = calendar.marks(session, ANONYMOUS, date(2026, 10, 26), date(2026, 10, 27), Wanted())
        assert [one.title for one in marks] == ["наступна"]


def test_lists_are_read_page_by_page_without_a_gap(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "PAGE", 3)
    with database.writing() as session:
        planner = organiser(session)
        for number in range(7):
            plan(session, planner, f"№ {number}", datetime(2026, 11, 26, 10, 0))  # all at the same time
    later = NOW + timedelta(days=30)
    with database.reading() as session:
        for look, now in ((calendar.coming, NOW), (calendar.over, later)):
            pages = [look(session, ANONYMOUS, now, Wanted(), number) for number in (1, 2, 3)]
            titles = [card.title for page in pages for card in page.cards]
            assert sorted(titles) == [f"№ {number}" for number in range(7)]
            assert [page.more for page in pages] == [True, True, False]
            assert look(session, ANONYMOUS, now, Wanted(), 99).cards == []


def test_views_take_a_fixed_number_of_queries(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        homes = [organisation(session, f"asc-{number}") for number in range(3)]
    numbers = []
    for _ in range(2):
        with database.writing() as session:
            for number in range(6):
                plan(
                    session, planner, f"№ {number}", datetime(2026, 11, 26, 10, 0),
                    parties=[(home, Part.PARTICIPANT) for home in homes], speakers=[SpeakerDraft("Експерт")],
                )  # fmt: skip
        wanted = Wanted(words="експерт", mine=True, oblast="", organisation="asc-1")
        with counted(database) as said, database.reading() as session:
            calendar.coming(session, planner, NOW, wanted)
            calendar.of_day(session, planner, NOW, date(2026, 11, 26), wanted)
            calendar.marks(session, planner, BEGIN, FAR, wanted)
            calendar.choices(session, planner, NOW, wanted)
        numbers.append(len(said))
    assert numbers[0] == numbers[1]
    assert numbers[0] <= 13


_VISITOR = st.builds(
    Visitor,
    person_id=st.sampled_from([1, 2, 3, 4]),
    organisation_ids=st.frozensets(st.sampled_from([1, 2])),
    in_network=st.just(True),
    grants=st.frozensets(
        st.sampled_from(
            [
                Grant(RoleName.ORGANISER),
                Grant(RoleName.ORGANISER, Scope.ORGANISATION, 1),
                Grant(RoleName.ORGANISER, Scope.OCCURRENCE, 2),
                Grant(RoleName.CENTRE_LEAD, Scope.ORGANISATION, 2),
                Grant(RoleName.AUDITOR),
            ]
        ),
        max_size=2,
    ),
)
_WANTED = st.builds(
    Wanted,
    kind=st.sampled_from([None, Kind.CONSULTATION, Kind.WEBINAR]),
    organisation=st.sampled_from(["", "", "one"]),
    mine=st.booleans(),
    words=st.sampled_from(["", "", "№", "хтось"]),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visitor=_VISITOR | st.just(ANONYMOUS), wanted=_WANTED)
def test_no_view_and_no_filter_shows_more_than_the_visitor_may_see(
    filled: Database, visitor: Visitor, wanted: Wanted
) -> None:
    with filled.reading() as session:
        everything = session.scalars(select(Occurrence).options(*_WITH_PARTIES)).all()
        known = {each.slug for each in everything if may_see(facts_of(each), visitor)}
        seen = {one.slug for one in calendar.marks(session, visitor, BEGIN, FAR, wanted)}
        cards = [
            *calendar.coming(session, visitor, NOW, wanted).cards,
            *calendar.over(session, visitor, NOW, wanted).cards,
        ]
        assert {card.slug for card in cards} == seen, "lists and calendars agree"
        assert seen <= known
        if wanted == Wanted():
            assert seen == known
        day = calendar.of_day(session, visitor, NOW, date(2026, 11, 25), wanted)
        assert {card.slug for card in day} == seen, "all of them are on that day"


@pytest.fixture
def filled(database: Database) -> Database:
    """Occurrences of every status, listed and not, of two organisations, made by three people."""
    with database.writing() as session:
        people = [person(session, f"p{number}@example.org", RoleName.ORGANISER) for number in range(4)]
        homes = [organisation(session, code) for code in ("one", "two")]
        for number, (status, listed) in enumerate((status, listed) for status in Status for listed in (True, False)):
            made = actions.create(
                session,
                people[number % 3],
                draft(
                    f"№ {number}",
                    kind=(Kind.CONSULTATION, Kind.WEBINAR)[number % 2],
                    listed=listed,
                    parties=[(homes[number % 2], list(Part)[number % 5])] if number % 4 else [],
                    speakers=[SpeakerDraft("Хтось", person_id=people[number % 2].person_id)] if number % 3 else [],
                ),
                NOW,
            )
            made.status = status
    return database


def test_a_line_names_the_first_parties_and_knows_the_part_of_everybodys_own(database: Database) -> None:
    with database.writing() as session:
        planner = organiser(session)
        homes = [organisation(session, f"home-{number}") for number in range(7)]
        parts = [Part.ORGANISER, *[Part.PARTICIPANT] * 5, Part.EXPERT_BODY]
        made = actions.create(session, planner, draft("Багато", parties=list(zip(homes, parts, strict=True))), NOW)
        actions.publish(session, planner, made.slug, NOW)
        last = person(session, "last@example.org", home=homes[-1])
        number = made.id
    with database.reading() as session:
        for visitor, of_it in ((last, True), (planner, False), (ANONYMOUS, False)):
            card = calendar.cards(session, visitor, NOW, [number])[number]
            whole = queries.occurrence_page(session, visitor, made.slug, NOW).card
            assert ([each.code for each in card.parties], card.further_parties) == (
                ["home-0", "home-1", "home-2", "home-3"],
                3,
            )
            assert (len(whole.parties), whole.further_parties) == (7, 0)
            assert (card.ours, card.join, card.may_edit) == (whole.ours, whole.join, whole.may_edit)
            assert card.ours is of_it
