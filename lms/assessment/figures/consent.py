"""Answers about oneself: voluntary, for anonymous figures alone, taken back at any time.

The log of changes keeps that consent was given and taken back, never what was answered.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.assessment.figures.models import BackgroundAnswer
from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed

CONSENT = "2026-11"
"""The wording of the consent that the page shows."""
AGE_BANDS = ("under_18", "18_29", "30_44", "45_59", "60_over")
SEXES = ("female", "male")
SETTLEMENTS = ("town", "village")
_CHOICES = {"age_band": AGE_BANDS, "sex": SEXES, "settlement": SETTLEMENTS}


def own(session: Session, visitor: Visitor) -> BackgroundAnswer | None:
    """What the visitor has said; None without consent."""
    return session.scalar(
        select(BackgroundAnswer)
        .where(BackgroundAnswer.person_id == visitor.person_id)
        .order_by(BackgroundAnswer.id.desc())
        .limit(1)
    )


def give(session: Session, visitor: Visitor, answers: dict[str, str], now: datetime, *, agreed: bool) -> None:
    """Keep one's answers, in place of earlier ones. Raises `NotAllowed`, `Invalid` (background_consent, _answer)."""
    person_id = _person(visitor)
    if not agreed:
        raise Invalid("background_consent", "Nothing is kept without your consent.", "agreed")
    given = {name: answers.get(name, "") for name in _CHOICES}
    if any(value and value not in _CHOICES[name] for name, value in given.items()) or not any(given.values()):
        raise Invalid("background_answer", "Choose at least one answer of the lists.", "age_band")
    session.execute(delete(BackgroundAnswer).where(BackgroundAnswer.person_id == person_id))
    session.add(BackgroundAnswer(person_id=person_id, consent=CONSENT, consented_at=now, **given))
    session.flush()
    told = {"wording": CONSENT}
    record(session, visitor.actor, "background.consent", "person", person_id, now=now, after=told)


def take_back(session: Session, visitor: Visitor, now: datetime) -> None:
    """Delete one's answers. Figures count them no more from now on."""
    person_id = _person(visitor)
    if own(session, visitor) is None:
        return
    session.execute(delete(BackgroundAnswer).where(BackgroundAnswer.person_id == person_id))
    session.flush()
    record(session, visitor.actor, "background.revoke", "person", person_id, now=now)


def _person(visitor: Visitor) -> int:
    if visitor.person_id is None:
        raise NotAllowed("attempt_person", "Sign in first.")
    return visitor.person_id
