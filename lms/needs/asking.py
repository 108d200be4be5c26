"""Asking: letters to everybody who is asked, in batches, and one reminder to those who have not answered.

A duty of the worker. A batch is one transaction; whoever has a row in `needs_response` was asked, so that a worker that
dies goes on where it stopped. Who comes to a centre while the survey is open is asked, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory import addresses
from lms.directory.models import Affiliation, Person
from lms.directory.register_models import NotificationPreference
from lms.needs import surveys
from lms.needs.audience import working
from lms.needs.models import NeedsResponse, NeedsSurvey, ResponseState, SurveyState
from lms.needs.rules import SETTLED, Phase, phase, reminds_from
from lms.notify.actions import enqueue

INVITED = "needs.invited"
REMINDER = "needs.reminder"
BATCH = 250
"""People for each transaction: a fraction of a second, so that nobody waits long for the write lock."""


def due(session: Session, now: datetime, *, without: Collection[int] = ()) -> Sequence[int]:
    """Surveys in which there is something to do: people to ask or to remind, or the end to write down. Only reads."""
    running = session.scalars(
        select(NeedsSurvey)
        .where(NeedsSurvey.state == SurveyState.OPEN, NeedsSurvey.opens_at <= now, NeedsSurvey.id.not_in(without))
        .order_by(NeedsSurvey.id)
    ).all()
    return [
        each.id
        for each in running
        if each.closes_at <= now or _unasked(session, each, now, 1) or _unreminded(session, each, now, 1)
    ]


def see_to(session: Session, survey_id: int, now: datetime) -> int:
    """One batch of one survey: asked, else reminded; or it is closed. How many things were changed."""
    survey = lock(session, NeedsSurvey, survey_id)
    state = phase(survey.state, survey.opens_at, survey.closes_at, now)
    if state is Phase.CLOSED and survey.state is SurveyState.OPEN:
        surveys.close_now(session, survey, "system", now)
        return 1
    if state is not Phase.OPEN:
        return 0
    return _ask(session, survey, now) or _remind(session, survey, now)


def still_wanted(session: Session, survey_id: int, person_id: int, now: datetime) -> NeedsSurvey | None:
    """The survey of a letter that is about to go out; None once it is closed or the person has answered."""
    survey = session.get(NeedsSurvey, survey_id)
    if survey is None or phase(survey.state, survey.opens_at, survey.closes_at, now) is not Phase.OPEN:
        return None
    waits = select(NeedsResponse.id).where(
        NeedsResponse.survey_id == survey_id,
        NeedsResponse.person_id == person_id,
        NeedsResponse.state == ResponseState.ASKED,
    )
    return survey if session.scalar(waits) is not None else None


def _ask(session: Session, survey: NeedsSurvey, now: datetime) -> int:
    found = _unasked(session, survey, now, BATCH)
    if not found:
        return 0
    session.add_all(
        NeedsResponse(survey_id=survey.id, person_id=person, organisation_id=home, asked_at=now)
        for person, home in found
    )
    session.flush()
    told = _write(session, survey, INVITED, [person for person, _home in found], now)
    after = {"people": len(found), "letters": told}
    record(session, "system", "needs_survey.ask", "needs_survey", survey.id, now=now, after=after)
    return len(found)


def _remind(session: Session, survey: NeedsSurvey, now: datetime) -> int:
    found = _unreminded(session, survey, now, BATCH)
    if not found:
        return 0
    for row in found:
        row.reminded_at = now
    people = [row.person_id for row in found]
    unwilling = set(
        session.scalars(
            select(NotificationPreference.person_id).where(
                NotificationPreference.person_id.in_(people), NotificationPreference.reminders.is_(False)
            )
        )
    )
    told = _write(session, survey, REMINDER, [each for each in people if each not in unwilling], now)
    record(session, "system", "needs_survey.remind", "needs_survey", survey.id, now=now, after={"letters": told})
    return len(found)


def _write(session: Session, survey: NeedsSurvey, kind: str, people: Sequence[int], now: datetime) -> int:
    """Queue the letters; those without an address find the survey on their start page."""
    known = addresses.of_people(session, people)
    contents = {"survey": survey.id}
    return sum(
        enqueue(session, f"{kind}:{survey.id}:{person}", kind, f"person:{person}", contents, now=now)
        for person in people
        if person in known
    )


def _unasked(session: Session, survey: NeedsSurvey, now: datetime, most: int) -> list[tuple[int, int]]:
    """People who are to be asked and were not, each with an organisation."""
    before = exists().where(NeedsResponse.survey_id == survey.id, NeedsResponse.person_id == Person.id)
    wanted = working(survey, now.date()).where(~before).order_by(Person.id).limit(most).subquery()
    rows = session.execute(
        select(wanted.c.id, Affiliation.organisation_id)
        .join(Affiliation, Affiliation.id == wanted.c.affiliation)
        .order_by(wanted.c.id)
    )
    return [(person, home) for person, home in rows]


def _unreminded(session: Session, survey: NeedsSurvey, now: datetime, most: int) -> Sequence[NeedsResponse]:
    from_when = reminds_from(survey.opens_at, survey.closes_at, survey.reminder_days)
    if from_when is None or now < from_when:
        return []
    return session.scalars(
        select(NeedsResponse)
        .where(
            NeedsResponse.survey_id == survey.id,
            NeedsResponse.state == ResponseState.ASKED,
            NeedsResponse.reminded_at.is_(None),
            NeedsResponse.asked_at <= now - SETTLED,
        )
        .order_by(NeedsResponse.id)
        .limit(most)
    ).all()
