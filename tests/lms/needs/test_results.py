"""Results: the sums of the database against counting by hand, who sees what, and what is planned for a need."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.models import Account, Affiliation, Organisation, OrganisationKind, Person, RoleName, Scope
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed, NotFound
from lms.needs import figures, plans, queries, surveys
from lms.needs.board import By
from lms.needs.models import NeedsAnswer, NeedsResponse, NeedsSurvey, ResponseState
from lms.needs.rules import figure_of
from lms.schedule import releases, series, topics
from lms.schedule.models import Kind, Occurrence
from lms.schedule.plan_models import OccurrenceTopic, Series
from lms.schedule.series_drafts import SeriesDraft
from tests.lms.facts import NOW, counted, organisation, organiser, person
from tests.lms.needs.asked import opened, questions, say

CLOSED_AT = NOW + timedelta(hours=2)


def many(session: Session, homes: list[Organisation], count: int) -> list[int]:
    """People with accounts, spread over the organisations."""
    made = [Person(family_name="Демо", given_name=str(number), created_at=NOW) for number in range(count)]
    session.add_all(made)
    session.flush()
    for number, each in enumerate(made):
        home = homes[number % len(homes)]
        session.add(Affiliation(person_id=each.id, organisation_id=home.id, from_date=date(2026, 1, 1)))
        session.add(Account(person_id=each.id, provider="password", subject=f"{number}@many.ua", created_at=NOW))
    session.flush()
    return [each.id for each in made]


def fill(session: Session, survey: NeedsSurvey, homes: list[Organisation], count: int, seed: int) -> None:
    """Random answers, some of them half given."""
    dice = random.Random(seed)
    asked = questions(session, survey)
    for number, person_id in enumerate(many(session, homes, count)):
        answered = dice.random() < 0.7
        response = NeedsResponse(
            survey_id=survey.id,
            person_id=person_id,
            organisation_id=homes[number % len(homes)].id,
            state=ResponseState.BEGUN if answered else ResponseState.ASKED,
            asked_at=NOW,
        )
        session.add(response)
        session.flush()
        for question in asked if answered else ():
            skill, need = (dice.choice((None, 0, 1, 2, 3)) for _ in range(2))
            session.add(NeedsAnswer(response_id=response.id, question_id=question, skill=skill, need=need))
    session.flush()


def closed(session: Session, planner: Visitor, home: Organisation, centres: dict[str, int]) -> NeedsSurvey:
    """A closed survey in which so many at each centre say that they need the first topic and not the second."""
    people = []
    for code, count in centres.items():
        centre = organisation(session, code)
        centre.oblast = "Львівська область"
        people += [person(session, f"{code}{number}@x.ua", home=centre) for number in range(count)]
    survey = opened(session, planner, home)
    for each in people:
        say(session, survey, each, (0, 3), (3, 0), more=f"Бажання {each.name}")
    return surveys.close(session, planner, survey.slug, CLOSED_AT)


def planned(session: Session, planner: Visitor, home: Organisation, title: str = "Лідерство", **more: object) -> Series:
    """A series of two dates."""
    draft = SeriesDraft(
        kind=Kind.TRAINING,
        title=title,
        owner_id=home.id,
        starts_local=datetime.combine(date(2026, 12, 10), time(10)),
        duration_minutes=90,
        rule="FREQ=WEEKLY;COUNT=2",
        **more,  # type: ignore[arg-type]
    )
    return series.create(session, planner, draft, NOW)


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_are_those_of_counting_by_hand(
    session: Session, planner: Visitor, home: Organisation, seed: int
) -> None:
    homes = [organisation(session, f"c{number}") for number in range(4)]
    person(session, "one@x.ua", home=homes[0])
    survey = opened(session, planner, home)
    fill(session, survey, homes, 60, seed)
    answers = session.execute(
        select(NeedsResponse.organisation_id, NeedsAnswer.question_id, NeedsAnswer.skill, NeedsAnswer.need).join(
            NeedsResponse, NeedsResponse.id == NeedsAnswer.response_id
        )
    ).all()
    whole = [row for row in answers if row.skill is not None and row.need is not None]
    by_hand = {
        (question, each.id): figure_of(
            (row.skill, row.need) for row in whole if (row.question_id, row.organisation_id) == (question, each.id)
        )
        for question in questions(session, survey)
        for each in homes
    }
    assert figures.cells(session, survey.id) == {key: each for key, each in by_hand.items() if each.rated}
    assert figures.over_all(session, survey.id) == {
        question: figure_of((row.skill, row.need) for row in whole if row.question_id == question)
        for question in questions(session, survey)
    }
    states = session.execute(select(NeedsResponse.organisation_id, NeedsResponse.state)).all()
    asked, silent = Counter(row[0] for row in states), Counter(row[0] for row in states if row[1] == "asked")
    there = figures.participation(session, survey.id)
    assert {home: (each.asked, each.asked - each.answered) for home, each in there.items()} == {
        home: (asked[home], silent[home]) for home in asked
    }


def test_nothing_is_shown_before_the_close(session: Session, planner: Visitor, home: Organisation) -> None:
    centre = organisation(session, "lviv")
    lead = person(session, "l@x.ua", RoleName.CENTRE_LEAD, home=centre, scope=Scope.ORGANISATION, scope_id=centre.id)
    others = [person(session, f"{number}@x.ua", home=centre) for number in range(4)]
    survey = opened(session, planner, home)
    for each in (lead, *others):
        say(session, survey, each, (0, 3), (1, 1))
    for visitor in (planner, lead):
        shown = queries.survey_page(session, visitor, survey.slug, NOW + timedelta(hours=2))
        assert (shown.topics, shown.wishes, shown.remarks) == ((), {}, ())
        assert shown.participation.answered == 5
    with pytest.raises(NotAllowed) as refused:
        queries.table(session, planner, survey.slug, NOW)
    there = queries.matrix(session, planner, survey.slug, NOW + timedelta(hours=2))
    assert (there.topics, there.everybody, [one.figures for one in there.rows]) == ((), (), [()])
    assert [one.row.participation.answered for one in there.rows] == [5]
    with pytest.raises(NotAllowed):
        queries.matrix(session, lead, survey.slug, NOW)
    assert refused.value.code == "survey_not_closed"


def test_small_groups_are_hidden_from_everybody_also_in_files(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    survey = closed(session, planner, home, {"lviv": 6, "lutsk": 4, "sumy": 2})
    found = queries.matrix(session, planner, survey.slug, CLOSED_AT)
    shown = {one.row.name_uk: [figure is not None for figure in one.figures] for one in found.rows}
    assert shown == {"ЦНАП lviv": [True, True], "ЦНАП lutsk": [False, False], "ЦНАП sumy": [False, False]}, (
        "Lutsk goes with Sumy: else Sumy is what is left when the others are taken from the whole"
    )
    lines = queries.table(session, planner, survey.slug, CLOSED_AT)
    hidden = {row.name_uk for row in lines if row.by is By.CENTRE and row.figure is None}
    assert hidden == {"ЦНАП lutsk", "ЦНАП sumy"}
    assert all(row.withheld for row in lines if row.figure is None)
    whole = [row.figure for row in lines if row.by is By.ALL]
    assert [figure.rated for figure in whole if figure] == [12, 12]


def test_two_answers_in_all_show_nothing(session: Session, planner: Visitor, home: Organisation) -> None:
    survey = closed(session, planner, home, {"lviv": 2})
    shown = queries.survey_page(session, planner, survey.slug, CLOSED_AT)
    assert [topic.figure for topic in shown.topics] == [None, None]
    assert (shown.wishes, shown.remarks) == ({}, ())
    assert plans.link(session, planner, shown.topics[0].question_id, planned(session, planner, home).slug, NOW)
    assert plans.causes(session, session.scalars(select(Series.id)).one())[0].share is None


def test_each_sees_what_is_theirs(session: Session, planner: Visitor, home: Organisation) -> None:
    survey = closed(session, planner, home, {"lviv": 6, "kyiv": 5})
    lviv = session.scalars(select(Organisation).where(Organisation.code == "lviv")).one()
    lead = person(session, "l@x.ua", RoleName.CENTRE_LEAD, home=lviv, scope=Scope.ORGANISATION, scope_id=lviv.id)
    auditor = person(session, "a@x.ua", RoleName.AUDITOR)
    stranger = person(session, "s@x.ua", home=home)
    staff = visitor_of_person(session, session.scalars(select(NeedsResponse.person_id)).first() or 0, NOW)
    own = queries.survey_page(session, lead, survey.slug, CLOSED_AT)
    assert [row.name_uk for row in own.led] == ["ЦНАП lviv"]
    assert [[each.gap for each in topic.own if each] for topic in own.topics] == [[300], [0]]
    assert own.remarks == ()
    plain = queries.survey_page(session, staff, survey.slug, CLOSED_AT)
    assert [topic.figure.rated for topic in plain.topics if topic.figure] == [11, 11]
    assert (plain.led, plain.remarks) == ((), ())
    for visitor in (planner, auditor):
        assert len(queries.survey_page(session, visitor, survey.slug, CLOSED_AT).remarks) == 11
        queries.matrix(session, visitor, survey.slug, CLOSED_AT)
    for visitor in (lead, staff):
        with pytest.raises(NotAllowed):
            queries.matrix(session, visitor, survey.slug, CLOSED_AT)
    with pytest.raises(NotFound):
        queries.survey_page(session, stranger, survey.slug, CLOSED_AT)
    assert queries.surveys(session, stranger, NOW) == []
    assert [row.card.slug for row in queries.surveys(session, lead, NOW)] == [survey.slug]


def test_the_result_takes_as_many_queries_for_many_as_for_few(database: Database) -> None:
    needed = []
    with database.writing() as session:
        planner = organiser(session)
    for number, (people, centres) in enumerate(((12, 3), (300, 60))):
        with database.writing() as session:
            asks = organisation(session, f"asks{number}", OrganisationKind.ASSOCIATION)
            homes = [organisation(session, f"c{number}-{each}") for each in range(centres)]
            many_ids = tuple(each.id for each in homes)
            person(session, f"one{number}@x.ua", home=homes[0])
            survey = opened(session, planner, asks, title=f"Ч{number}", kinds=(), organisation_ids=many_ids)
            asked = questions(session, survey)
            people_there = [Person(family_name="Демо", given_name=str(each), created_at=NOW) for each in range(people)]
            session.add_all(people_there)
            session.flush()
            rows = [
                NeedsResponse(
                    survey_id=survey.id,
                    person_id=each.id,
                    organisation_id=homes[place % centres].id,
                    state=ResponseState.COMPLETE,
                    asked_at=NOW,
                )
                for place, each in enumerate(people_there)
            ]
            session.add_all(rows)
            session.flush()
            session.add_all(
                NeedsAnswer(response_id=row.id, question_id=question, skill=1, need=3)
                for row in rows
                for question in asked
            )
            surveys.close(session, planner, survey.slug, CLOSED_AT)
        with counted(database) as said, database.reading() as session:
            queries.survey_page(session, planner, survey.slug, CLOSED_AT)
            found = queries.matrix(session, planner, survey.slug, CLOSED_AT, page=2)
            queries.table(session, planner, survey.slug, CLOSED_AT)
            queries.surveys(session, planner, CLOSED_AT)
        needed.append(len(said))
    assert needed[0] == needed[1]
    assert (found.page, found.pages, len(found.rows)) == (2, 3, queries.ROWS)


def test_a_need_leads_to_a_series_and_back(session: Session, planner: Visitor, home: Organisation) -> None:
    survey = closed(session, planner, home, {"lviv": 6})
    wanted, unwanted = questions(session, survey)
    staff = visitor_of_person(session, session.scalars(select(NeedsResponse.person_id)).first() or 0, NOW)
    made, other = planned(session, planner, home), planned(session, planner, home, "Інше")
    plans.link(session, planner, wanted, made.slug, NOW)
    plans.link(session, planner, unwanted, other.slug, NOW)
    with pytest.raises(Conflict):
        plans.link(session, planner, wanted, made.slug, NOW)
    cause = plans.causes(session, made.id)[0]
    assert (cause.name_uk, cause.rated, cause.share) == ("Керування командою", 6, 100)
    assert plans.proposed(session, staff, NOW) == [], "a draft is proposed to nobody"
    assert queries.survey_page(session, staff, survey.slug, CLOSED_AT).topics[0].plans == ()
    for each in (made, other):
        releases.release(session, planner, each.slug, NOW)
    proposed = plans.proposed(session, staff, NOW)
    assert [each.name_uk for each in proposed] == ["Керування командою"], "what is not needed is not proposed"
    assert plans.causes_of_occurrence(session, proposed[0].occurrence_id) == [cause]
    shown = queries.survey_page(session, staff, survey.slug, CLOSED_AT)
    assert [[plan.title for plan in topic.plans] for topic in shown.topics] == [["Лідерство"], ["Інше"]]
    for visitor in (staff, Visitor()):
        with pytest.raises(NotFound):
            plans.link(session, visitor, wanted, other.slug, NOW)
    plans.unlink(session, planner, shown.topics[0].plans[0].id, NOW)
    assert plans.causes(session, made.id) == []


def test_the_date_about_the_topic_is_proposed_first(session: Session, planner: Visitor, home: Organisation) -> None:
    topic = topics.create(session, planner, "Соціальні послуги", NOW)
    centre = organisation(session, "lviv")
    staff = person(session, "one@x.ua", home=centre)
    survey = opened(session, planner, home, topic_ids=(topic.id,), free_topics=())
    say(session, survey, staff, (0, 3))
    made = planned(session, planner, home)
    releases.release(session, planner, made.slug, NOW)
    plans.link(session, planner, questions(session, survey)[0], made.slug, NOW)
    first = plans.proposed(session, staff, NOW)[0].occurrence_id
    later = session.scalars(select(Occurrence.id).where(Occurrence.series_id == made.id, Occurrence.id != first)).one()
    session.add(OccurrenceTopic(occurrence_id=later, topic_id=topic.id))
    session.flush()
    assert plans.proposed(session, staff, NOW)[0].occurrence_id == later
    assert plans.proposed(session, staff, NOW, without=[first, later]) == []


def test_what_was_planned_gets_the_last_figures_at_the_close(
    session: Session, planner: Visitor, home: Organisation
) -> None:
    centre = organisation(session, "lviv")
    people = [person(session, f"{number}@x.ua", home=centre) for number in range(4)]
    survey = opened(session, planner, home)
    plan = plans.link(session, planner, questions(session, survey)[0], planned(session, planner, home).slug, NOW)
    assert (plan.rated, plan.needed) == (0, 0)
    for number, each in enumerate(people):
        say(session, survey, each, (1, number))
    surveys.close(session, planner, survey.slug, CLOSED_AT)
    assert (plan.rated, plan.needed) == (4, 2)
