"""One attempt whole, for those who look after its test: each answer, what happened, what was put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts import finishing, rulings
from lms.assessment.attempts.allowances import granted_to
from lms.assessment.attempts.correcting import APPEAL_TERM, LATE_ACCEPTED, LATE_REFUSED, judges_of
from lms.assessment.attempts.looking_after import expect_keeper
from lms.assessment.attempts.models import (
    Appeal,
    Attempt,
    AttemptEvent,
    AttemptItem,
    Regrade,
    Test,
)
from lms.assessment.attempts.passing import PartVerdict, parts_of
from lms.assessment.attempts.presenting import presented
from lms.assessment.attempts.queries import AttemptCard, card_of
from lms.assessment.attempts.saving import Saved, current
from lms.assessment.attempts.states import OPEN, AttemptState
from lms.assessment.attempts.timing import Accommodation, Lateness, remaining_s
from lms.assessment.attempts.watching import PAGE, TestPage, base_deadline, page_of, silent_since
from lms.assessment.content import Body
from lms.assessment.content import parse as parse_body
from lms.assessment.models import Item, ItemVersion
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import NotFound


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One item of an attempt, as its trainer sees it."""

    id: int
    position: int
    area: str
    code: str
    version_id: int
    body: Body
    shown: dict[str, Any]
    answer: Any
    lateness: Lateness
    late_answer: Any
    """What came after the end and does not count (yet); None for nothing."""
    saves: int
    saved_at: datetime | None
    share: Fraction | None
    left_out: bool
    ruled: bool
    comment: str


@dataclass(frozen=True, slots=True)
class AttemptPage:
    """One attempt, whole."""

    card: AttemptCard
    test: TestPage
    person_id: int
    name: str
    deadline: datetime | None
    base_deadline: datetime | None
    granted: Accommodation
    remaining_s: int | None
    silent_since: datetime | None
    parts: tuple[PartVerdict, ...]
    answers: tuple[AnswerLine, ...]
    events: tuple[AttemptEvent, ...]
    regrades: tuple[Regrade, ...]
    actors: dict[str, str]
    """Names of those who put something right."""
    appeal: Appeal | None
    appeal_until: datetime | None
    may_answer: bool
    own: bool
    """The visitor's own attempt: nothing can be done with it."""
    late_open: bool
    """Whether late answers wait for a decision."""


def attempt_page(session: Session, visitor: Visitor, test_id: int, code: str, now: datetime) -> AttemptPage:
    """One attempt: each answer with its points, what happened, what was put right. Raises `NotFound`, `NotAllowed`."""
    row = session.execute(
        select(Attempt, Test, Person)
        .join(Test, Test.id == Attempt.test_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(Attempt.code == code, Attempt.test_id == test_id)
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
    ).one_or_none()
    if row is None:
        raise NotFound("attempt_unknown", "There is no such attempt.")
    attempt, test, person = row
    expect_keeper(visitor, test.organisation_id)
    answers, last = _answers(session, attempt)
    events = session.scalars(
        select(AttemptEvent).where(AttemptEvent.attempt_id == attempt.id).order_by(AttemptEvent.id).limit(500)
    ).all()
    regrades = session.scalars(
        select(Regrade).where(Regrade.attempt_id == attempt.id).order_by(Regrade.id).limit(PAGE)
    ).all()
    appeal = session.scalar(select(Appeal).where(Appeal.attempt_id == attempt.id))
    granted = granted_to(session, attempt.person_id, attempt.test_id)
    own = attempt.person_id == visitor.person_id
    decided = max((each.at for each in events if each.kind in {LATE_ACCEPTED, LATE_REFUSED}), default=None)
    late = [each for each in answers if each.late_answer is not None]
    return AttemptPage(
        card=card_of(attempt),
        test=page_of(test, attempt.version),
        person_id=person.id,
        name=person.display_name,
        deadline=attempt.deadline,
        base_deadline=base_deadline(attempt),
        granted=granted,
        remaining_s=remaining_s(now, attempt.deadline) if attempt.state in OPEN else None,
        silent_since=silent_since(attempt, last, now),
        parts=parts_of(attempt.parts),
        answers=answers,
        events=tuple(events),
        regrades=tuple(regrades),
        actors=_names(session, [*(each.by for each in regrades), appeal.answered_by if appeal else ""]),
        appeal=appeal,
        appeal_until=appeal.made_at + APPEAL_TERM if appeal is not None else None,
        may_answer=appeal is not None
        and appeal.answered_at is None
        and not own
        and visitor.actor not in judges_of(session, attempt),
        own=own,
        late_open=bool(late)
        and attempt.state not in {*OPEN, AttemptState.VOIDED}
        and (decided is None or any(each.saved_at is not None and each.saved_at > decided for each in late)),
    )


def _answers(session: Session, attempt: Attempt) -> tuple[tuple[AnswerLine, ...], datetime | None]:
    saves = finishing.saves_of(session, attempt)
    asked = {
        number: (code, parse_body(body))
        for number, code, body in session.execute(
            select(ItemVersion.id, Item.code, ItemVersion.body)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(ItemVersion.id.in_({item.item_version_id for item in attempt.items}))
        )
    }
    lines = []
    for item in attempt.items:
        kept = saves.get(item.id, [])
        code, body = asked[item.item_version_id]
        counts = finishing.counted(attempt, item, kept)
        lines.append(_answer(item, code, body, kept, counts))
    return tuple(lines), max((each.at for kept in saves.values() for each in kept), default=None)


def _answer(item: AttemptItem, code: str, body: Body, kept: list[Saved], counts: Saved | None) -> AnswerLine:
    last = current(kept, late_too=True)
    late = last if last is not None and last.lateness is Lateness.LATE and last is not counts else None
    return AnswerLine(
        item.id,
        item.position,
        item.area,
        code,
        item.item_version_id,
        body,
        presented(body, item.order),
        counts.data if counts else None,
        counts.lateness if counts else Lateness.IN_TIME,
        late.data if late else None,
        len(kept),
        last.at if last else None,
        Fraction(item.share) if item.share is not None else None,
        item.weight == "0",
        rulings.holds(item),
        item.comment,
    )


def _names(session: Session, actors: Sequence[str]) -> dict[str, str]:
    wanted = {int(each.partition(":")[2]) for each in actors if each.startswith("person:")}
    rows = session.scalars(select(Person).where(Person.id.in_(wanted)))
    return {f"person:{row.id}": row.display_name for row in rows}
