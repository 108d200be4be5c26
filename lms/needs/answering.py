"""Answering: one response for each person and survey, changeable until the survey closes, kept also when incomplete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.needs.audience import places
from lms.needs.drafts import Answers, Ratings, check_answers
from lms.needs.models import NeedsAnswer, NeedsQuestion, NeedsResponse, NeedsSurvey, SurveyState
from lms.needs.rules import Phase, phase, progress


def answer(session: Session, visitor: Visitor, slug: str, answers: Answers, now: datetime) -> NeedsResponse:
    """Keep what the visitor says instead of what they had said before.

    What was there before is not kept, and the log of changes says that somebody answered, not what: answers are
    opinions of people about themselves, and whoever changes one wants the old one gone.

    Raises `NotFound` (survey_unknown: also for whoever is not asked), `NotAllowed` (account_needed), `Conflict`
    (survey_not_open, survey_closed), `Invalid` (organisation_needed, choice_unknown, text_long).
    """
    survey = asked(session, visitor, slug, now)
    state = phase(survey.state, survey.opens_at, survey.closes_at, now)
    if state is Phase.CLOSED:
        raise Conflict("survey_closed", "The survey is closed.")
    if state is not Phase.OPEN:
        raise Conflict("survey_not_open", "It is not open.")
    check_answers(answers)
    assert visitor.person_id is not None
    if answers.organisation_id not in {each.id for each in places(session, survey, visitor.person_id, now.date())}:
        raise Invalid("survey_organisation", "Choose for which of your organisations you answer.", "organisation")
    lock(session, NeedsSurvey, survey.id)  # two tabs of one person, or the last answer and the close, at one instant
    response = _response(session, survey, visitor.person_id, answers.organisation_id, now)
    questions = set(session.scalars(select(NeedsQuestion.id).where(NeedsQuestion.survey_id == survey.id)))
    kept = {number: each for number, each in answers.ratings.items() if number in questions and _says(each)}
    session.execute(delete(NeedsAnswer).where(NeedsAnswer.response_id == response.id))
    session.add_all(
        NeedsAnswer(response_id=response.id, question_id=number, skill=each.skill, need=each.need)
        for number, each in sorted(kept.items())
    )
    response.organisation_id = answers.organisation_id
    response.way, response.weekday, response.part_of_day = answers.way, answers.weekday, answers.part_of_day
    response.more = answers.more.strip()
    response.rated = sum(each.whole for each in kept.values())
    response.state = progress(response.rated, len(questions))
    response.answered_at, response.changed_at = response.answered_at or now, now
    session.flush()
    after = {"survey": survey.id, "organisation_id": answers.organisation_id, "state": response.state.value}
    record(session, visitor.actor, "needs_response.save", "needs_response", response.id, now=now, after=after)
    return response


def asked(session: Session, visitor: Visitor, slug: str, now: datetime) -> NeedsSurvey:
    """A survey that was opened and asks this visitor. Raises `NotAllowed` (account_needed) or `NotFound`."""
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in first.")
    found = session.scalar(select(NeedsSurvey).where(NeedsSurvey.slug == slug))
    if found is None or found.state is SurveyState.DRAFT or not places(session, found, visitor.person_id, now.date()):
        raise NotFound("survey_unknown", "There is no such survey, or it is not for you.")
    return found


def own_answers(session: Session, survey_id: int, person_id: int) -> tuple[NeedsResponse | None, dict[int, Ratings]]:
    """What somebody has said so far, by question. Two queries."""
    response = session.scalar(
        select(NeedsResponse).where(NeedsResponse.survey_id == survey_id, NeedsResponse.person_id == person_id)
    )
    if response is None:
        return None, {}
    rows = session.scalars(select(NeedsAnswer).where(NeedsAnswer.response_id == response.id))
    return response, {each.question_id: Ratings(each.skill, each.need) for each in rows}


def _says(each: Ratings) -> bool:
    return each.skill is not None or each.need is not None


def _response(
    session: Session, survey: NeedsSurvey, person_id: int, organisation_id: int, now: datetime
) -> NeedsResponse:
    """Whoever came before the worker asked them counts as asked from now on."""
    found = session.scalar(
        select(NeedsResponse)
        .where(NeedsResponse.survey_id == survey.id, NeedsResponse.person_id == person_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        found = NeedsResponse(survey_id=survey.id, person_id=person_id, organisation_id=organisation_id, asked_at=now)
        session.add(found)
        session.flush()
    return found
