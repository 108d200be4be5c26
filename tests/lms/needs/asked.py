"""Small pieces of a survey of needs."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.needs import answering, surveys
from lms.needs.drafts import Answers, FreeTopic, Ratings, SurveyDraft
from lms.needs.models import NeedsQuestion, NeedsSurvey
from tests.lms.facts import NOW

TEAM = FreeTopic("Керування командою", "Leading a team")
TALK = FreeTopic("Розмова у конфлікті")
OPEN_AT = NOW + timedelta(hours=1)


def draft(home: Organisation, **more: object) -> SurveyDraft:
    """A survey about two free topics, open from the day of `NOW` for a week, for all centres."""
    return SurveyDraft(  # type: ignore[arg-type]
        **{
            "title": "Чого навчатися",
            "owner_id": home.id,
            "first_day": date(2026, 11, 25),
            "last_day": date(2026, 12, 1),
            "kinds": ("asc",),
            "free_topics": (TEAM, TALK),
            **more,
        }
    )


def opened(session: Session, planner: Visitor, home: Organisation, **more: object) -> NeedsSurvey:
    """The same, open."""
    made = surveys.create(session, planner, draft(home, **more), NOW)
    return surveys.open_survey(session, planner, made.slug, NOW)


def questions(session: Session, survey: NeedsSurvey) -> list[int]:
    """Numbers of its topics, in order."""
    found = select(NeedsQuestion.id).where(NeedsQuestion.survey_id == survey.id).order_by(NeedsQuestion.position)
    return list(session.scalars(found))


def say(
    session: Session,
    survey: NeedsSurvey,
    visitor: Visitor,
    *ratings: tuple[int | None, int | None],
    at: datetime = OPEN_AT,
    **more: object,
) -> None:
    """Answer the topics in order; for the visitor's organisation."""
    asked = questions(session, survey)
    said = {number: Ratings(*pair) for number, pair in zip(asked, ratings, strict=False)}
    organisation = more.pop("organisation_id", visitor.organisation_id)
    answering.answer(session, visitor, survey.slug, Answers(organisation, said, **more), at)  # type: ignore[arg-type]
