"""What a person does in an attempt: begin, save, take over in another browser, submit. The server's clock decides."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.actions import mark_used
from lms.assessment.attempts import allowances, finishing, publishing
from lms.assessment.attempts.drawing import draw, order_of
from lms.assessment.attempts.keeping import Save, SaveResult, checked_writer, keep, place
from lms.assessment.attempts.models import (
    Attempt,
    AttemptEvent,
    AttemptItem,
    Test,
    TestVersion,
)
from lms.assessment.attempts.saving import MOST_SAVES, MOST_SEQUENCE
from lms.assessment.attempts.spec import TestSpec, parse
from lms.assessment.attempts.states import COUNTED, OPEN, AttemptState
from lms.assessment.attempts.timing import Accommodation, deadline, may_begin
from lms.assessment.content import parse as parse_body
from lms.assessment.models import Item, ItemVersion
from lms.database import lock
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed, NotFound

_REFUSALS = {
    "test_early": "The test has not opened yet.",
    "test_closed": "The test is closed.",
    "test_attempts": "You have used all attempts.",
    "test_wait": "You may try again later: time has to pass between two attempts.",
}
MOST_EVENTS = 500
TAKEN = ("opened", "taken_over")
"""Events of a window that begins to write."""
BEAT = timedelta(seconds=60)
"""How often an open page is noted as open; more often would be a write for nothing."""
SILENCE = timedelta(seconds=150)
"""Without a word for so long a page is held to be gone: the network, or the power, or somebody closed it."""


def begin(
    session: Session,
    visitor: Visitor,
    code: str,
    now: datetime,
    *,
    writer: str = "",
    context: str = "",
    language: str = "uk",
    since: datetime | None = None,
) -> Attempt:
    """A new attempt, or the one that is running. Who may take the test has been decided by whoever calls.

    Of attempts before `since` none counts against the number and the wait; one that still runs is handed in.

    Raises `NotAllowed` (attempt_person), `NotFound` (test_unknown), `Conflict` (test_early, test_closed, test_attempts,
    test_wait), `Invalid` (test_short).
    """
    if visitor.person_id is None:
        raise NotAllowed("attempt_person", "Sign in: an attempt belongs to a person.")
    found = publishing.current(session, code)
    if found is None:
        raise NotFound("test_unknown", "There is no such test, or it may not be taken now.")
    test, version = found
    lock(session, Person, visitor.person_id)  # one attempt at a time, whatever two browsers do at once
    before = _attempts(session, test.id, visitor.person_id)
    for each in before:
        if each.state in OPEN:
            finishing.settle(session, each, now)
            if each.state in OPEN and since is not None and each.started_at < since:
                note(session, each, "submitted", now, None)
                finishing.finish(session, each, AttemptState.SUBMITTED, now)
            if each.state in OPEN:
                return each
    spec = parse(version.spec)
    granted = allowances.of_person(session, visitor.person_id, test.id, spec.closes_at)
    refusal = refusal_of(spec, granted, before, since, now)
    if refusal:
        raise Conflict(refusal, _REFUSALS[refusal])
    attempt = Attempt(
        code=secrets.token_hex(12),
        test_id=test.id,
        version_id=version.id,
        version=version,
        person_id=visitor.person_id,
        number=max((each.number for each in before), default=0) + 1,
        context=context[:160],
        language=language,
        seed=secrets.token_hex(12),
        writer=checked_writer(writer) if writer else "",
        state=AttemptState.IN_PROGRESS,
        started_at=now,
        deadline=deadline(now, spec.time_limit_minutes, spec.closes_at, granted),
        parts=[],
    )
    attempt.items = _items(session, attempt, spec, [each.id for each in before])
    session.add(attempt)
    session.flush()
    mark_used(session, {each.item_version_id for each in attempt.items}, now)
    note(session, attempt, "began", now, {"writer": attempt.writer})
    return attempt


def refusal_of(
    spec: TestSpec, granted: Accommodation, before: Sequence[Attempt], since: datetime | None, now: datetime
) -> str:
    """Why somebody with these attempts may not begin another now (`timing.may_begin`); empty when they may."""
    counted = counted_since(before, since)
    return may_begin(
        now,
        opens_at=spec.opens_at,
        closes_at=spec.closes_at,
        granted=granted,
        made=len(counted),
        most=spec.attempts,
        last_ended_at=last_end(counted),
        wait_hours=spec.wait_hours,
    )


def counted_since(before: Sequence[Attempt], since: datetime | None) -> list[Attempt]:
    """Attempts that count against the limit; of a course that is learnt anew those of this time."""
    return [each for each in before if each.state in COUNTED and (since is None or each.started_at >= since)]


def last_end(attempts: Sequence[Attempt]) -> datetime | None:
    """When the last of them was over."""
    return max((each.finished_at for each in attempts if each.finished_at), default=None)


def running(session: Session, visitor: Visitor, code: str, now: datetime, since: datetime | None) -> Attempt | None:
    """One's own attempt that `begin` would go on with; it asks neither the bank nor whether the test is open."""
    found = session.scalar(
        select(Attempt)
        .join(Test, Test.id == Attempt.test_id)
        .where(Test.code == code, Attempt.person_id == visitor.person_id, Attempt.state.in_(OPEN))
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
        .order_by(Attempt.number.desc())
        .limit(1)
        .with_for_update(of=Attempt)
    )
    if found is None or (since is not None and found.started_at < since):
        return None
    finishing.settle(session, found, now)
    return found if found.state in OPEN else None


def _attempts(session: Session, test_id: int, person_id: int) -> list[Attempt]:
    return list(
        session.scalars(
            select(Attempt)
            .where(Attempt.test_id == test_id, Attempt.person_id == person_id)
            .options(selectinload(Attempt.items), selectinload(Attempt.version))
            .order_by(Attempt.number)
            .limit(500)
        )
    )


def _items(session: Session, attempt: Attempt, spec: TestSpec, before: list[int]) -> list[AttemptItem]:
    seen = set(
        session.scalars(
            select(Item.family)
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .join(AttemptItem, AttemptItem.item_version_id == ItemVersion.id)
            .where(AttemptItem.attempt_id.in_(before))
        )
    )
    there = publishing.candidates(session, spec, attempt.language)
    drawn = draw(spec.lines, there, attempt.seed, kinds=spec.kinds, seen=seen)
    bodies: dict[int, dict[str, Any]] = dict(
        session.execute(
            select(ItemVersion.id, ItemVersion.body).where(ItemVersion.id.in_({each.version_id for each in drawn}))
        ).all()
    )
    return [
        AttemptItem(
            position=position,
            item_version_id=each.version_id,
            line=each.line,
            area=each.area,
            order=order_of(parse_body(bodies[each.version_id]), attempt.seed, each.version_id),
        )
        for position, each in enumerate(drawn, start=1)
    ]


def save(
    session: Session,
    visitor: Visitor,
    code: str,
    position: int,
    sequence: int,
    answer: Any,
    now: datetime,
    *,
    writer: str,
) -> SaveResult:
    """Keep one answer. The same save again changes nothing; a lower number than the stored one never counts.

    After the deadline it counts within grace; later it is kept and does not count by itself. Raises `NotFound`,
    `Conflict` (attempt_over: it was handed in), `Invalid` (answer_invalid), `TooMany` (answer_often).
    """
    one = Save(code, position, sequence, writer)
    return keep(session, place(session, visitor.person_id, one), one, answer, now)


def take_over(session: Session, visitor: Visitor, code: str, writer: str, now: datetime) -> Attempt:
    """Go on in this browser; another one is told so at its next save, and what it saves is kept."""
    attempt = own(session, visitor, code, locked=True)
    finishing.settle(session, attempt, now)
    if attempt.state in OPEN and attempt.writer != checked_writer(writer):
        kind = TAKEN[1] if attempt.writer else TAKEN[0]
        note(session, attempt, kind, now, {"from": attempt.writer, "to": writer})
        attempt.writer = writer
    if attempt.state in OPEN:
        _seen(session, attempt, now)
    return attempt


def floor(session: Session, attempt: Attempt) -> int:
    """Above which a window numbers its saves: above all of those that wrote before it took over.

    Else an old answer that waited in another device without a network would count instead of what was given since.
    """
    taken = select(func.count()).where(AttemptEvent.attempt_id == attempt.id, AttemptEvent.kind.in_(TAKEN))
    return MOST_SAVES * min(session.scalar(taken) or 0, MOST_SEQUENCE // MOST_SAVES - 1)


def submit(session: Session, visitor: Visitor, code: str, now: datetime) -> Attempt:
    """Hand it in. Again, or after the clock did so, it stays as it is."""
    attempt = own(session, visitor, code, locked=True)
    finishing.settle(session, attempt, now)
    if attempt.state in OPEN:
        note(session, attempt, "submitted", now, None)
        finishing.finish(session, attempt, AttemptState.SUBMITTED, now)
    return attempt


def heard(session: Session, visitor: Visitor, code: str, now: datetime) -> Attempt:
    """The attempt's page is open somewhere: noted once a minute, and when it comes back after a silence."""
    attempt = own(session, visitor, code)
    if attempt.state in OPEN and (attempt.seen_at is None or now - attempt.seen_at >= BEAT):
        _seen(session, attempt, now)
    return attempt


def _seen(session: Session, attempt: Attempt, now: datetime) -> None:
    if attempt.seen_at is not None and now - attempt.seen_at > SILENCE:
        count = session.scalar(
            select(func.count()).select_from(AttemptEvent).where(AttemptEvent.attempt_id == attempt.id)
        )
        if (count or 0) < MOST_EVENTS:
            note(session, attempt, "came_back", now, {"gone": attempt.seen_at.isoformat()})
    attempt.seen_at = now
    session.flush()


def own(session: Session, visitor: Visitor, code: str, *, locked: bool = False) -> Attempt:
    """One's own attempt with its items. Raises `NotFound`."""
    query = (
        select(Attempt)
        .where(Attempt.code == code, Attempt.person_id == visitor.person_id)
        .options(selectinload(Attempt.items), selectinload(Attempt.version).selectinload(TestVersion.test))
        .execution_options(populate_existing=True)
    )
    attempt = session.scalar(query.with_for_update(of=Attempt) if locked else query)
    if attempt is None or visitor.person_id is None:
        raise NotFound("attempt_unknown", "There is no such attempt of yours.")
    return attempt


def note(session: Session, attempt: Attempt, kind: str, now: datetime, data: dict[str, Any] | None) -> None:
    """Add to the attempt's log of events."""
    session.add(AttemptEvent(attempt_id=attempt.id, at=now, kind=kind, data=data))
    session.flush()
