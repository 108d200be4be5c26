"""What surveys of needs ask of one person: the questionnaire, and what stands on the start page."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.needs.answering import own_answers
from lms.needs.audience import places
from lms.needs.board import Home
from lms.needs.drafts import Ratings
from lms.needs.figures import Participation
from lms.needs.models import NeedsQuestion, NeedsResponse, NeedsSurvey, ResponseState, SurveyState
from lms.needs.queries import RECENT, last_day, to_card
from lms.needs.rules import Phase
from lms.needs.views import Asked, OfCentre, Questionnaire, ToAnswer

MOST = 5


def questionnaire(session: Session, visitor: Visitor, slug: str, now: datetime) -> Questionnaire:
    """For those who are asked, and for its editors to look at. Raises `NotFound`, `NotAllowed` (account_needed)."""
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in first.")
    person_id = visitor.person_id
    found = select(NeedsSurvey).where(NeedsSurvey.slug == slug)
    survey = session.scalar(found.options(joinedload(NeedsSurvey.owner, innerjoin=True)))
    if survey is None:
        raise NotFound("survey_unknown", "There is no such survey, or it is not for you.")
    card = to_card(survey, visitor, now)
    # Whoever came to a centre a minute ago may answer before the worker has asked them.
    homes = places(session, survey, person_id, now.date()) if card.phase is not Phase.DRAFT else []
    response, ratings = own_answers(session, card.id, person_id)
    asked = bool(response if card.phase is Phase.CLOSED else homes)
    if not asked and not card.may_edit:
        raise NotFound("survey_unknown", "There is no such survey, or it is not for you.")
    questions = session.scalars(
        select(NeedsQuestion).where(NeedsQuestion.survey_id == card.id).order_by(NeedsQuestion.position)
    )
    return Questionnaire(
        card=card,
        questions=tuple(
            Asked(each.id, each.name_uk, each.name_en, ratings.get(each.id, Ratings())) for each in questions
        ),
        places=tuple(Home(each.id, each.name_uk, each.name_en, each.kind, each.oblast) for each in homes),
        organisation_id=response.organisation_id if response and response.state is not ResponseState.ASKED else None,
        state=response.state if response else ResponseState.ASKED,
        rated=response.rated if response else 0,
        way=response.way if response else None,
        weekday=response.weekday if response else None,
        part_of_day=response.part_of_day if response else None,
        more=response.more if response else "",
    )


def to_answer(session: Session, visitor: Visitor, now: datetime) -> list[ToAnswer]:
    """Open surveys that the visitor has not answered to the end, the first to close first. One query."""
    if visitor.person_id is None:
        return []
    questions = (
        select(func.count()).where(NeedsQuestion.survey_id == NeedsSurvey.id).correlate(NeedsSurvey).scalar_subquery()
    )
    rows = session.execute(
        select(NeedsSurvey, NeedsResponse.rated, questions)
        .join(NeedsResponse, NeedsResponse.survey_id == NeedsSurvey.id)
        .where(
            NeedsResponse.person_id == visitor.person_id,
            NeedsResponse.state != ResponseState.COMPLETE,
            NeedsSurvey.state == SurveyState.OPEN,
            NeedsSurvey.opens_at <= now,
            NeedsSurvey.closes_at > now,
        )
        .order_by(NeedsSurvey.closes_at, NeedsSurvey.id)
        .limit(MOST)
    )
    return [
        ToAnswer(survey.slug, survey.title, survey.title_en, last_day(survey), rated, count)
        for survey, rated, count in rows
    ]


def asked(person_id: int) -> ColumnElement[bool]:
    """SQL: whether there is a survey that a person has not answered to the end."""
    return exists().where(NeedsResponse.person_id == person_id, NeedsResponse.state != ResponseState.COMPLETE)


def of_centres(session: Session, visitor: Visitor, now: datetime, *, recent: timedelta = RECENT) -> list[OfCentre]:
    """For leads: surveys that run, and results of the last weeks, by centre. One query, for others none."""
    if not visitor.led_organisations:
        return []
    running = and_(NeedsSurvey.opens_at <= now, NeedsSurvey.state == SurveyState.OPEN)
    rows = session.execute(
        select(
            NeedsSurvey,
            Organisation.name_uk,
            Organisation.name_en,
            func.count(NeedsResponse.id),
            func.count(NeedsResponse.id).filter(NeedsResponse.state != ResponseState.ASKED),
            func.count(NeedsResponse.id).filter(NeedsResponse.state == ResponseState.COMPLETE),
        )
        .join(NeedsResponse, NeedsResponse.survey_id == NeedsSurvey.id)
        .join(Organisation, Organisation.id == NeedsResponse.organisation_id)
        .where(
            NeedsResponse.organisation_id.in_(visitor.led_organisations),
            NeedsSurvey.state != SurveyState.DRAFT,
            or_(running, NeedsSurvey.closes_at > now - recent),
            NeedsSurvey.opens_at <= now,
        )
        .group_by(NeedsSurvey.id, Organisation.id)
        .order_by(NeedsSurvey.closes_at.desc(), Organisation.name_uk)
        .limit(MOST)
    )
    return [
        OfCentre(
            survey.slug,
            survey.title,
            survey.title_en,
            last_day(survey),
            survey.state is SurveyState.CLOSED or survey.closes_at <= now,
            uk,
            en,
            Participation(*counts),
        )
        for survey, uk, en, *counts in rows
    ]
