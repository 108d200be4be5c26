"""One's own finished attempts with what was answered, as far as each may be seen now: for a learning record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts.allowances import closed_for
from lms.assessment.attempts.models import Attempt, Response, Test, TestVersion
from lms.assessment.attempts.spec import Shown, TestSpec, parse, shown
from lms.assessment.attempts.states import JUDGED, AttemptState
from lms.assessment.content import Body
from lms.assessment.content import parse as parse_body
from lms.assessment.models import Item, ItemVersion
from lms.directory.rules import Visitor

MOST = 200
"""Attempts, the latest ones."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was scored."""

    item: str
    version: int
    body: Body
    answer: Any
    at: datetime
    share: Fraction | None
    """None where it may not be seen, or nobody has read it yet."""
    right: bool
    """Whether right answers may be seen."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A finished attempt."""

    code: str
    test: str
    title_uk: str
    title_en: str
    context: str
    language: str
    started_at: datetime
    finished_at: datetime
    abandoned: bool
    passed: bool | None
    total: Fraction | None
    answers: tuple[Answered, ...]


def own(session: Session, visitor: Visitor, now: datetime) -> list[Recorded]:
    """The visitor's, the first one first; voided ones are none."""
    rows = session.execute(
        select(Attempt, Test, TestVersion.spec)
        .join(Test, Test.id == Attempt.test_id)
        .join(TestVersion, TestVersion.id == Attempt.version_id)
        .where(
            Attempt.person_id == visitor.person_id,
            Attempt.state.in_(JUDGED | {AttemptState.ABANDONED}),
            Attempt.finished_at.is_not(None),
        )
        .options(selectinload(Attempt.items))
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .limit(MOST)
    ).all()
    items = [item for attempt, _, _ in rows for item in attempt.items]
    asked = {
        number: (code, version, parse_body(body))
        for number, code, version, body in session.execute(
            select(ItemVersion.id, Item.code, ItemVersion.number, ItemVersion.body)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(ItemVersion.id.in_({item.item_version_id for item in items}))
        )
    }
    given = {
        row.id: row
        for row in session.scalars(
            select(Response).where(Response.id.in_({item.response_id for item in items} - {None}))
        )
    }
    found = []
    for attempt, test, spec in reversed(rows):
        may = _may_see(session, attempt, parse(spec), now)
        answers = tuple(
            Answered(
                *asked[item.item_version_id],
                answer=row.data.get("answer"),
                at=row.saved_at,
                share=Fraction(item.share) if item.share is not None and Shown.MARKS in may else None,
                right=Shown.RIGHT in may,
            )
            for item in attempt.items
            if (row := given.get(item.response_id or 0)) is not None
        )
        found.append(_recorded(attempt, test, may, answers))
    return found


def _recorded(attempt: Attempt, test: Test, may: frozenset[Shown], answers: tuple[Answered, ...]) -> Recorded:
    judged = attempt.state in JUDGED and Shown.SCORE in may
    return Recorded(
        code=attempt.code,
        test=test.code,
        title_uk=test.title_uk,
        title_en=test.title_en,
        context=attempt.context,
        language=attempt.language,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at or attempt.started_at,
        abandoned=attempt.state is AttemptState.ABANDONED,
        passed=attempt.passed if judged else None,
        total=Fraction(attempt.total) if judged and attempt.total else None,
        answers=answers,
    )


def _may_see(session: Session, attempt: Attempt, spec: TestSpec, now: datetime) -> frozenset[Shown]:
    """As on the result's page. What somebody was granted matters only where a test closes, so only then it is read."""
    closes = spec.closes_at
    if closes is not None:
        closes = closed_for(session, attempt.person_id, attempt.test_id, closes)
    return shown(spec.review, finished_at=attempt.finished_at or now, closes_at=closes, now=now)
