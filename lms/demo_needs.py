"""Demo data of surveys of needs: one that is closed, with answers of nobody real, and one that is open.

The answers are made up. Beside the demo's accounts they are those of made-up people who worked at the centres in 2019
and do not any more, so that they stand in no list of today's staff.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts
from lms.directory.models import Account, Affiliation, Organisation, Person
from lms.directory.rules import Visitor
from lms.needs import asking, plans, surveys
from lms.needs.drafts import ZONE, FreeTopic, SurveyDraft
from lms.needs.models import (
    NeedsAnswer,
    NeedsQuestion,
    NeedsResponse,
    NeedsSurvey,
    PartOfDay,
    SurveyState,
    Way,
)
from lms.needs.rules import progress
from lms.schedule.plan_models import Series, Topic
from lms.schedule.rules import zone_of

CLOSED = "Чого ми хочемо навчитися: лідерство та послуги"
OPEN = "Чого навчатися далі"
_ACTOR = "demo"
_TEAM = FreeTopic("Керування командою та лідерство", "Leading a team")
_TALK = FreeTopic("Розмова у конфлікті", "Talking in a conflict")
# How many answered at which centre, and how many more were asked. Two centres are too small to be shown.
_CENTRES = {"lviv": (6, 2), "kyiv": (9, 3), "lutsk": (5, 1), "vinnytsia": (4, 2), "sumy": (2, 1), "rivne": (1, 1)}
# Skill and need of each topic: what most say.
_LEAN = ((1, 3), (1, 2), (2, 2), (2, 1), (1, 2), (2, 3))
_REMARKS = (
    "Як вводити в роботу новачків (демо)",
    "Жестова мова для адміністраторів (демо)",
    "Робота з ветеранами та їхніми родинами (демо)",
    "Безбар’єрність у приміщенні центру (демо)",
)


def seed(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """Put it in where it is missing; the open one stays open."""
    topics = {each.name_uk: each.id for each in session.scalars(select(Topic))}
    _closed(session, planner, homes, topics, now)
    _open(session, planner, homes, topics, now)


def _closed(
    session: Session, planner: Visitor, homes: dict[str, Organisation], topics: dict[str, int], now: datetime
) -> None:
    if session.scalar(select(NeedsSurvey.id).where(NeedsSurvey.title == CLOSED)) is not None:
        return
    draft = SurveyDraft(
        title=CLOSED,
        title_en="What we want to learn: leadership and services",
        introduction="Демонстраційні дані: відповіді вигадані. За ними запланували серію «Надихаюче лідерство».",
        introduction_en="Demonstration data: the answers are made up. A series on leadership was planned for them.",
        owner_id=homes["association"].id,
        first_day=date(2019, 6, 3),
        last_day=date(2019, 6, 28),
        kinds=("asc",),
        topic_ids=tuple(
            topics[name]
            for name in (
                "Соціальні послуги",
                "Паспортні послуги",
                "Реєстрація місця проживання",
                "Акти цивільного стану",
            )
        ),
        free_topics=(_TEAM, _TALK),
    )
    survey = surveys.create(session, planner, draft, now)
    survey.state = SurveyState.CLOSED
    session.flush()
    asked = select(NeedsQuestion).where(NeedsQuestion.survey_id == survey.id).order_by(NeedsQuestion.position)
    questions = session.scalars(asked).all()
    # The free topics lead; the catalogue's follow.
    leans = dict(zip([*questions[4:], *questions[:4]], _LEAN, strict=True))
    number = 0
    accounts = {each.subject: each.person_id for each in session.scalars(select(Account))}
    known = [accounts[name] for name in (demo_accounts.LEAD, demo_accounts.STAFF, demo_accounts.STAFF_TWO_PLACES)]
    for code, (answered, silent) in _CENTRES.items():
        for place in range(answered + silent):
            number += 1
            person = (
                known[place] if code == "lviv" and place < len(known) else _somebody(session, homes[code], number, now)
            )
            _respond(session, survey, homes[code].id, person, number, leans if place < answered else {})
    _link(session, planner, questions[4].id, "Надихаюче лідерство", now)
    _link(session, planner, questions[0].id, "Осінні консультації", now)


def _respond(
    session: Session,
    survey: NeedsSurvey,
    home: int,
    person: int,
    number: int,
    leans: dict[NeedsQuestion, tuple[int, int]],
) -> None:
    at = survey.opens_at + timedelta(days=number % 20, hours=9)
    rated = len(leans)
    said = bool(leans)
    response = NeedsResponse(
        survey_id=survey.id,
        person_id=person,
        organisation_id=home,
        state=progress(rated, rated or 1),
        rated=rated,
        asked_at=survey.opens_at,
        answered_at=at if said else None,
        changed_at=at if said else None,
        way=tuple(Way)[number % 4] if said else None,
        weekday=(2, 2, 4, 1)[number % 4] if said else None,
        part_of_day=tuple(PartOfDay)[number % 3] if said else None,
        more=_REMARKS[number // 5] if said and number % 5 == 0 and number // 5 < len(_REMARKS) else "",
    )
    session.add(response)
    session.flush()
    session.add_all(
        NeedsAnswer(
            response_id=response.id,
            question_id=question.id,
            skill=_mark(skill, number + place),
            need=_mark(need, 3 * number + place),
        )
        for place, (question, (skill, need)) in enumerate(leans.items())
    )


def _mark(usual: int, number: int) -> int:
    """What most say, and now and then a little more or less."""
    return min(3, max(0, usual + (0, 0, 1, 0, -1, -2, 0)[number % 7]))


def _somebody(session: Session, home: Organisation, number: int, now: datetime) -> int:
    made = Person(family_name="Демо", given_name=f"Колишня працівниця {number}", created_at=now)
    session.add(made)
    session.flush()
    session.add(
        Affiliation(person_id=made.id, organisation_id=home.id, from_date=date(2019, 1, 1), to_date=date(2019, 12, 31))
    )
    return made.id


def _link(session: Session, planner: Visitor, question_id: int, title: str, now: datetime) -> None:
    newest = select(Series.slug).where(Series.title == title).order_by(Series.id.desc()).limit(1)
    slug = session.scalar(newest)
    if slug is not None:
        plans.link(session, planner, question_id, slug, now)


def _open(
    session: Session, planner: Visitor, homes: dict[str, Organisation], topics: dict[str, int], now: datetime
) -> None:
    today = now.astimezone(zone_of(ZONE)).date()
    found = session.scalar(select(NeedsSurvey).where(NeedsSurvey.title == OPEN))
    if found is None:
        draft = SurveyDraft(
            title=OPEN,
            title_en="What to learn next",
            introduction="За вашими відповідями плануємо навчання на наступний рік. Дев’ять тем, дві хвилини.",
            introduction_en="Your answers decide what is taught next year. Nine topics, two minutes.",
            owner_id=homes["association"].id,
            first_day=today - timedelta(days=3),
            last_day=today + timedelta(days=14),
            kinds=("asc",),
            topic_ids=tuple(sorted(topics.values()))[:7],
            free_topics=(_TEAM, _TALK),
        )
        found = surveys.create(session, planner, draft, now)
        surveys.open_survey(session, planner, found.slug, now)
    elif found.closes_at <= now + timedelta(days=1):
        found.state, found.closes_at = SurveyState.OPEN, now + timedelta(days=14)
        session.flush()
    while asking.see_to(session, found.id, now):
        pass
