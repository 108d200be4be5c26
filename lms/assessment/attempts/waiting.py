"""What waits for a decision of those who look after tests: appeals, and answers that came late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.correcting import APPEAL_TERM, LATE_ACCEPTED, LATE_REFUSED
from lms.assessment.attempts.looking_after import kept_by
from lms.assessment.attempts.models import (
    Appeal,
    Attempt,
    AttemptEvent,
    AttemptItem,
    Response,
    Test,
    TestVersion,
)
from lms.assessment.attempts.states import OPEN, AttemptState
from lms.assessment.attempts.timing import Lateness
from lms.assessment.rules import keeps_tests
from lms.directory.models import Person
from lms.directory.rules import Visitor

PAGE = 50


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """An appeal, or answers that came late, to be decided."""

    code: str
    test_id: int
    title_uk: str
    title_en: str
    name: str
    at: datetime
    until: datetime | None
    own_work: bool
    """Whether the visitor made the test: somebody else answers."""


def appeals_waiting(session: Session, visitor: Visitor) -> list[WaitingLine]:
    """Appeals that nobody has answered, the oldest first; never one's own."""
    if not keeps_tests(visitor):
        return []
    rows = session.execute(
        select(Attempt.code, Test, Person, Appeal.made_at, TestVersion.published_by)
        .join(Attempt, Attempt.id == Appeal.attempt_id)
        .join(Test, Test.id == Attempt.test_id)
        .join(TestVersion, TestVersion.id == Attempt.version_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(Appeal.answered_at.is_(None), kept_by(visitor), Attempt.person_id != visitor.person_id)
        .order_by(Appeal.made_at)
        .limit(PAGE)
    )
    return [
        WaitingLine(
            code,
            test.id,
            test.title_uk,
            test.title_en,
            person.display_name,
            at,
            at + APPEAL_TERM,
            author == visitor.actor,
        )
        for code, test, person, at, author in rows
    ]


def late_waiting(session: Session, visitor: Visitor) -> list[WaitingLine]:
    """Attempts with answers that came after grace, about which nobody has decided; the newest first."""
    if not keeps_tests(visitor):
        return []
    last = func.max(Response.saved_at)
    rows = session.execute(
        select(Attempt.code, Test.id, Test.title_uk, Test.title_en, Attempt.person_id, last)
        .join(AttemptItem, AttemptItem.id == Response.attempt_item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(
            Response.lateness == Lateness.LATE,
            ~_decided(),
            Attempt.state.not_in([*OPEN, AttemptState.VOIDED]),
            kept_by(visitor),
            Attempt.person_id != visitor.person_id,
        )
        .group_by(Attempt.code, Test.id, Test.title_uk, Test.title_en, Attempt.person_id)
        .order_by(last.desc())
        .limit(PAGE)
    ).all()
    names = {
        person.id: person.display_name
        for person in session.scalars(select(Person).where(Person.id.in_({row.person_id for row in rows})))
    }
    return [
        WaitingLine(code, test_id, uk, en, names[person_id], at, None, False)
        for code, test_id, uk, en, person_id, at in rows
    ]


def _decided() -> ColumnElement[bool]:
    """Whether somebody has decided about a late answer since it came."""
    return exists().where(
        AttemptEvent.attempt_id == Attempt.id,
        AttemptEvent.kind.in_((LATE_ACCEPTED, LATE_REFUSED)),
        AttemptEvent.at >= Response.saved_at,
    )
