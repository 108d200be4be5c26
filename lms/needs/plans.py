"""From a need to what is planned because of it, and back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed, NotFound
from lms.needs import figures
from lms.needs.models import NeedsAnswer, NeedsPlan, NeedsQuestion, NeedsResponse, NeedsSurvey
from lms.needs.rules import LEAST, NAMED, percent
from lms.needs.surveys import may_edit
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import OccurrenceTopic, Series
from lms.schedule.planners import may_edit_series
from lms.schedule.queries import visible_to
from lms.statements import fetch, once


@dataclass(frozen=True, slots=True)
class Need:
    """A topic of a survey, for which something is to be planned."""

    question_id: int
    topic_id: int | None
    name_uk: str
    name_en: str
    survey_slug: str
    survey_uk: str
    survey_en: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a series was planned. `share` is in percent of those who rated; None where they were too few to tell."""

    name_uk: str
    name_en: str
    survey_uk: str
    survey_en: str
    rated: int
    share: int | None


@dataclass(frozen=True, slots=True)
class ForANeed:
    """An occurrence that answers a need which the visitor has named. As `lms.schedule.suggestions.Suggestion`."""

    occurrence_id: int
    name_uk: str
    name_en: str
    survey_uk: str
    survey_en: str
    because: str = "need"


def need(session: Session, visitor: Visitor, question_id: int) -> Need:
    """For those who may edit the survey. Raises `NotFound`."""
    row = session.execute(
        select(NeedsQuestion, NeedsSurvey)
        .join(NeedsSurvey, NeedsSurvey.id == NeedsQuestion.survey_id)
        .where(NeedsQuestion.id == question_id)
    ).one_or_none()
    if row is None or not may_edit(row[1], visitor):
        raise NotFound("need_unknown", "There is no such topic of a survey, or it is not yours.")
    question, survey = row
    return Need(
        question.id,
        question.topic_id,
        question.name_uk,
        question.name_en,
        survey.slug,
        survey.title,
        survey.title_en,
    )


def link(session: Session, visitor: Visitor, question_id: int, series_slug: str, now: datetime) -> NeedsPlan:
    """The series was planned because of this need.

    Raises `NotFound` (need_unknown, series_unknown), `NotAllowed` (editors_only), `Conflict` (plan_there).
    """
    wanted = need(session, visitor, question_id)
    series = session.scalar(select(Series).where(Series.slug == series_slug))
    if series is None:
        raise NotFound("series_unknown", "There is no such series, or it is not for you.", "series")
    if not may_edit_series(series, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    same = select(NeedsPlan.id).where(NeedsPlan.question_id == question_id, NeedsPlan.series_id == series.id)
    if session.scalar(same) is not None:
        raise Conflict("plan_there", "This series is linked to this need already.", "series")
    survey_id = session.scalars(select(NeedsQuestion.survey_id).where(NeedsQuestion.id == question_id)).one()
    figure = figures.over_all(session, survey_id)[question_id]
    made = NeedsPlan(
        question_id=question_id,
        series_id=series.id,
        rated=figure.rated,
        needed=figure.needed,
        created_by=visitor.actor,
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = {"series": series.slug, "survey": wanted.survey_slug, "topic": wanted.name_uk}
    record(session, visitor.actor, "needs_plan.create", "needs_plan", made.id, now=now, after=after)
    return made


def unlink(session: Session, visitor: Visitor, plan_id: int, now: datetime) -> None:
    """The series has another cause after all. Raises `NotFound`."""
    found = session.get(NeedsPlan, plan_id)
    if found is None:
        raise NotFound("plan_unknown", "This link is gone already.")
    wanted = need(session, visitor, found.question_id)
    before = {"series": found.series_id, "survey": wanted.survey_slug, "topic": wanted.name_uk}
    record(session, visitor.actor, "needs_plan.remove", "needs_plan", plan_id, now=now, before=before)
    session.delete(found)
    session.flush()


def causes(session: Session, series_id: int) -> list[Cause]:
    """The needs because of which a series was planned, the most named first. One query."""
    return _causes(session, _linked().where(NeedsPlan.series_id == series_id))


def causes_of_occurrence(session: Session, occurrence_id: int) -> list[Cause]:
    """As `causes`, of the series to which an occurrence belongs. One query."""
    query = _linked().join(Occurrence, Occurrence.series_id == NeedsPlan.series_id)
    return _causes(session, query.where(Occurrence.id == occurrence_id))


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether the series of an occurrence was planned because of a need."""
    return exists().where(
        NeedsPlan.series_id == Occurrence.series_id, Occurrence.id == occurrence_id, Occurrence.series_id.is_not(None)
    )


def _linked() -> Select[NeedsPlan, NeedsQuestion, NeedsSurvey]:
    return (
        select(NeedsPlan, NeedsQuestion, NeedsSurvey)
        .join(NeedsQuestion, NeedsQuestion.id == NeedsPlan.question_id)
        .join(NeedsSurvey, NeedsSurvey.id == NeedsQuestion.survey_id)
        .order_by(NeedsPlan.needed.desc(), NeedsPlan.id)
    )


def _causes(session: Session, query: Select[NeedsPlan, NeedsQuestion, NeedsSurvey]) -> list[Cause]:
    return [
        Cause(
            question.name_uk,
            question.name_en,
            survey.title,
            survey.title_en,
            plan.rated,
            percent(plan.needed, plan.rated) if plan.rated >= LEAST else None,
        )
        for plan, question, survey in session.execute(query)
    ]


def proposed(
    session: Session, visitor: Visitor, now: datetime, *, without: Collection[int] = (), limit: int = 2
) -> list[ForANeed]:
    """What comes of the series that were planned for needs which the visitor has named, one of each: the next date that
    is about the topic, else the next one. One query.
    """
    if visitor.person_id is None:
        return []
    found: dict[int, ForANeed] = {}
    for number, series_id, *named in fetch(session, *_for_needs(visitor, now, without)):
        found.setdefault(series_id or 0, ForANeed(number, *named))
    return list(found.values())[:limit]


@once
def _for_needs(visitor: Visitor, now: datetime, without: Collection[int]) -> Select[*tuple[Any, ...]]:
    fits = exists().where(
        OccurrenceTopic.occurrence_id == Occurrence.id, OccurrenceTopic.topic_id == NeedsQuestion.topic_id
    )
    needs = (NeedsQuestion.name_uk, NeedsQuestion.name_en, NeedsSurvey.title, NeedsSurvey.title_en)
    return (
        select(Occurrence.id, Occurrence.series_id, *needs)
        .join(NeedsPlan, NeedsPlan.series_id == Occurrence.series_id)
        .join(NeedsAnswer, NeedsAnswer.question_id == NeedsPlan.question_id)
        .join(NeedsResponse, NeedsResponse.id == NeedsAnswer.response_id)
        .join(NeedsQuestion, NeedsQuestion.id == NeedsPlan.question_id)
        .join(NeedsSurvey, NeedsSurvey.id == NeedsQuestion.survey_id)
        .where(
            NeedsResponse.person_id == visitor.person_id,
            NeedsAnswer.need >= NAMED,
            Occurrence.status.in_((Status.PUBLISHED, Status.MOVED)),
            Occurrence.starts_at > now,
            Occurrence.id.not_in(without),
            visible_to(visitor),
        )
        .order_by(fits.desc(), Occurrence.starts_at, Occurrence.id, NeedsAnswer.need.desc(), NeedsPlan.id)
        .limit(50)
    )
