"""Beginning, editing, opening and closing a survey."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.needs import figures
from lms.needs.audience import reach
from lms.needs.drafts import SurveyDraft, check
from lms.needs.models import NeedsOrganisation, NeedsPlan, NeedsQuestion, NeedsSurvey, SurveyState
from lms.schedule.plan_models import Topic
from lms.schedule.planners import may_plan_for
from lms.slugs import free_slug, slug_for


def may_edit(survey: NeedsSurvey, visitor: Visitor) -> bool:
    """Organisers of the network, and of the organisation that asks."""
    return may_plan_for(visitor, survey.owner_id)


def create(session: Session, visitor: Visitor, draft: SurveyDraft, now: datetime) -> NeedsSurvey:
    """A survey that nobody else sees yet.

    Raises `NotAllowed` (organisers_only), `NotFound` (an organisation, a topic), `Invalid` as `drafts.check`.
    """
    if not may_plan_for(visitor, draft.owner_id):
        raise NotAllowed("organisers_only", "Only an organiser of the organisation asks on its behalf.")
    check(draft)
    topics = _topics(session, draft)
    _homes(session, draft)
    made = NeedsSurvey(
        slug=free_slug(session, NeedsSurvey.slug, slug_for(draft.title, draft.first_day)),
        owner_id=draft.owner_id,
        created_by=visitor.actor,
        created_at=now,
    )
    _say(made, draft)
    _aim(made, draft)
    session.add(made)
    session.flush()
    _ask(session, made, draft, topics)
    record(session, visitor.actor, "needs_survey.create", "needs_survey", made.id, now=now, after=_state(draft))
    return made


def edit(
    session: Session, visitor: Visitor, slug: str, draft: SurveyDraft, now: datetime, *, expected_version: int
) -> NeedsSurvey:
    """Change a survey. Once it is open its words, its last day and the reminder change, and nothing else: those who
    answered have answered these questions.

    Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (changed_meanwhile, survey_closed).
    """
    found = editable(session, visitor, slug)
    if found.version != expected_version:
        raise Conflict("changed_meanwhile", "Somebody changed this while you were writing.")
    if found.state is SurveyState.CLOSED:
        raise Conflict("survey_closed", "The survey is closed.")
    if draft.owner_id != found.owner_id:
        raise Invalid("owner_stays", "A survey stays with the organisation that asks.", "owner_id")
    check(draft)
    before = {"title": found.title, "closes_at": found.closes_at.isoformat()}
    if found.state is SurveyState.DRAFT:
        topics = _topics(session, draft)
        _homes(session, draft)
        _aim(found, draft)
        session.execute(delete(NeedsQuestion).where(NeedsQuestion.survey_id == found.id))
        session.execute(delete(NeedsOrganisation).where(NeedsOrganisation.survey_id == found.id))
        _ask(session, found, draft, topics)
    elif draft.closes_at <= now:
        raise Invalid(
            "survey_end_past", "The last day has passed. Choose a later one, or close the survey.", "last_day"
        )
    _say(found, draft)
    session.flush()
    after = (
        _state(draft) if found.state is SurveyState.DRAFT else {"title": found.title, "closes_at": str(found.closes_at)}
    )
    record(session, visitor.actor, "needs_survey.edit", "needs_survey", found.id, now=now, before=before, after=after)
    return found


def open_survey(session: Session, visitor: Visitor, slug: str, now: datetime) -> NeedsSurvey:
    """From its first day on it takes answers, and the worker asks everybody by letter.

    Raises `NotFound`, `NotAllowed`, `Conflict` (survey_not_draft, survey_empty, survey_nobody, survey_end_past).
    """
    found = editable(session, visitor, slug)
    if found.state is not SurveyState.DRAFT:
        raise Conflict("survey_not_draft", "It was opened already.")
    if session.scalar(select(NeedsQuestion.id).where(NeedsQuestion.survey_id == found.id).limit(1)) is None:
        raise Conflict("survey_empty", "Choose at least one topic first.")
    if found.closes_at <= now:
        raise Conflict("survey_end_past", "The last day has passed. Choose a later one first.")
    asked = reach(session, found, now.date())
    if asked.people == 0:
        raise Conflict("survey_nobody", "Nobody in these organisations has an account, so nobody can answer.")
    found.state = SurveyState.OPEN
    session.flush()
    after = {"people": asked.people, "organisations": asked.organisations}
    record(session, visitor.actor, "needs_survey.open", "needs_survey", found.id, now=now, after=after)
    return found


def close(session: Session, visitor: Visitor, slug: str, now: datetime) -> NeedsSurvey:
    """No more answers; the result is shown. Raises `NotFound`, `NotAllowed`, `Conflict` (survey_not_open)."""
    found = editable(session, visitor, slug)
    if found.state is not SurveyState.OPEN:
        raise Conflict("survey_not_open", "It is not open.")
    close_now(session, found, visitor.actor, now)
    return found


def close_now(session: Session, survey: NeedsSurvey, actor: str, now: datetime) -> None:
    """Close it, and bring what was planned because of it up to its last figures."""
    survey.state = SurveyState.CLOSED
    survey.closes_at = min(survey.closes_at, now)
    session.flush()
    total = figures.over_all(session, survey.id)
    plans = session.scalars(
        select(NeedsPlan)
        .join(NeedsQuestion, NeedsQuestion.id == NeedsPlan.question_id)
        .where(NeedsQuestion.survey_id == survey.id)
    )
    for plan in plans.all():
        if plan.question_id in total:
            plan.rated, plan.needed = total[plan.question_id].rated, total[plan.question_id].needed
    session.flush()
    record(session, actor, "needs_survey.close", "needs_survey", survey.id, now=now)


def remove(session: Session, visitor: Visitor, slug: str, now: datetime) -> None:
    """A draft that is not wanted any more. Raises `NotFound`, `NotAllowed`, `Conflict` (survey_not_draft)."""
    found = editable(session, visitor, slug)
    if found.state is not SurveyState.DRAFT:
        raise Conflict("survey_not_draft", "It was opened already. Close it instead.")
    record(
        session, visitor.actor, "needs_survey.remove", "needs_survey", found.id, now=now, before={"title": found.title}
    )
    session.execute(delete(NeedsQuestion).where(NeedsQuestion.survey_id == found.id))
    session.execute(delete(NeedsOrganisation).where(NeedsOrganisation.survey_id == found.id))
    session.delete(found)
    session.flush()


def editable(session: Session, visitor: Visitor, slug: str) -> NeedsSurvey:
    """The survey, locked, for a visitor who may change it. Raises `NotFound` or `NotAllowed`."""
    number = session.scalar(select(NeedsSurvey.id).where(NeedsSurvey.slug == slug))
    if number is None:
        raise NotFound("survey_unknown", "There is no such survey, or it is not for you.")
    found = lock(session, NeedsSurvey, number)
    if not may_edit(found, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return found


def _say(survey: NeedsSurvey, draft: SurveyDraft) -> None:
    survey.title, survey.title_en = draft.title.strip(), draft.title_en.strip()
    survey.introduction, survey.introduction_en = draft.introduction.strip(), draft.introduction_en.strip()
    survey.closes_at, survey.reminder_days = draft.closes_at, draft.reminder_days


def _aim(survey: NeedsSurvey, draft: SurveyDraft) -> None:
    survey.opens_at = draft.opens_at
    survey.kinds, survey.oblasts = list(draft.kinds), list(draft.oblasts)


def _ask(session: Session, survey: NeedsSurvey, draft: SurveyDraft, topics: Sequence[Topic]) -> None:
    asked: list[tuple[int | None, str, str]] = [(topic.id, topic.name_uk, topic.name_en) for topic in topics]
    asked += [(None, each.name_uk.strip(), each.name_en.strip()) for each in draft.free_topics]
    session.add_all(
        NeedsQuestion(survey_id=survey.id, position=number, topic_id=topic, name_uk=name_uk, name_en=name_en)
        for number, (topic, name_uk, name_en) in enumerate(asked)
    )
    session.add_all(
        NeedsOrganisation(survey_id=survey.id, organisation_id=number) for number in sorted(set(draft.organisation_ids))
    )
    session.flush()


def _topics(session: Session, draft: SurveyDraft) -> list[Topic]:
    found = {each.id: each for each in session.scalars(select(Topic).where(Topic.id.in_(draft.topic_ids)))}
    if len(found) < len(set(draft.topic_ids)):
        raise NotFound("topic_unknown", "There is no such topic. Choose one from the list.", "topics")
    return [found[number] for number in draft.topic_ids]


def _homes(session: Session, draft: SurveyDraft) -> None:
    wanted = {draft.owner_id, *draft.organisation_ids}
    known = set(session.scalars(select(Organisation.id).where(Organisation.id.in_(wanted))))
    if draft.owner_id not in known:
        raise NotFound("organisation_unknown", f"There is no organisation {draft.owner_id}.", "owner_id")
    if wanted - known:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisations")


def _state(draft: SurveyDraft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "owner_id": draft.owner_id,
        "from": draft.first_day.isoformat(),
        "to": draft.last_day.isoformat(),
        "kinds": list(draft.kinds),
        "oblasts": list(draft.oblasts),
        "organisations": list(draft.organisation_ids),
        "topics": list(draft.topic_ids),
        "free_topics": [each.name_uk for each in draft.free_topics],
    }
