"""What is put right afterwards, each with a reason and a history: time, late answers, wrong keys, whole attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts import finishing
from lms.assessment.attempts.models import (
    AccommodationGrant,
    Appeal,
    Attempt,
    AttemptEvent,
    AttemptItem,
    Regrade,
    Test,
)
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import JUDGED, OPEN, AttemptState, follow
from lms.assessment.attempts.taking import granted_to, own
from lms.assessment.attempts.timing import MOST_MULTIPLIER, Accommodation, deadline
from lms.assessment.rules import may_write
from lms.audit.actions import record
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

MOST_MINUTES = 7 * 24 * 60
AT_ONCE = 500
How = Literal["full", "left_out"]


def accommodate(
    session: Session,
    visitor: Visitor,
    person_id: int,
    granted: Accommodation,
    reason: str,
    now: datetime,
    *,
    test_code: str = "",
) -> AccommodationGrant:
    """Grant a person more time, for one test or for all. Attempts that run get their new deadline at once.

    Raises `NotAllowed`, `NotFound`, `Invalid` (accommodation).
    """
    _corrector(visitor)
    reason = _reason(reason)
    low = granted.multiplier < 1 or granted.added_minutes < 0 or granted.added_close_minutes < 0
    if low or granted.multiplier > MOST_MULTIPLIER or granted.multiplier.denominator > 1000:
        raise Invalid("accommodation", f"The time is multiplied by 1 to {MOST_MULTIPLIER}, and never made shorter.")
    if max(granted.added_minutes, granted.added_close_minutes) > MOST_MINUTES:
        raise Invalid("accommodation", "At most a week is added.")
    if session.get(Person, person_id) is None:
        raise NotFound("person_unknown", "There is no such person.")
    test_id = session.scalar(select(Test.id).where(Test.code == test_code)) if test_code else None
    if test_code and test_id is None:
        raise NotFound("test_unknown", "There is no such test.")
    grant = AccommodationGrant(
        person_id=person_id,
        test_id=test_id,
        multiplier=str(granted.multiplier),
        added_minutes=granted.added_minutes,
        added_close_minutes=granted.added_close_minutes,
        reason=reason,
        granted_by=visitor.actor,
        granted_at=now,
    )
    session.add(grant)
    session.flush()
    told = {
        "person": person_id,
        "test": test_code,
        "multiplier": grant.multiplier,
        "added_minutes": grant.added_minutes,
        "added_close_minutes": grant.added_close_minutes,
    }
    record(session, visitor.actor, "accommodation.grant", "accommodation", grant.id, now=now, after=told)
    _move_deadlines(session, person_id, test_id, now)
    return grant


def _move_deadlines(session: Session, person_id: int, test_id: int | None, now: datetime) -> None:
    query = (
        select(Attempt)
        .where(Attempt.person_id == person_id, Attempt.state.in_(OPEN))
        .options(selectinload(Attempt.version))
        .with_for_update(of=Attempt)
    )
    if test_id is not None:
        query = query.where(Attempt.test_id == test_id)
    for attempt in session.scalars(query):
        spec = parse(attempt.version.spec)
        granted = granted_to(session, person_id, attempt.test_id)
        moved = deadline(attempt.started_at, spec.time_limit_minutes, spec.closes_at, granted)
        if moved == attempt.deadline:
            continue
        data = {"from": _told(attempt.deadline), "to": _told(moved)}
        session.add(AttemptEvent(attempt_id=attempt.id, at=now, kind="deadline_moved", data=data))
        attempt.deadline = moved
        if attempt.state is AttemptState.OVERDUE and moved is not None and now <= moved:
            attempt.state = follow(attempt.state, AttemptState.IN_PROGRESS)
    session.flush()


def _told(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""


def accept_late(session: Session, visitor: Visitor, code: str, reason: str, now: datetime) -> Attempt:
    """Let answers count that arrived after grace: the power was cut, say. Scored anew, with history."""
    attempt = _judgeable(session, visitor, code)
    before = _state(attempt)
    attempt.late_too = True
    finishing.score_all(session, attempt)
    return _regraded(session, visitor, attempt, before, reason, now)


def regrade(session: Session, visitor: Visitor, item_version_id: int, how: How, reason: str, now: datetime) -> int:
    """An item turned out to be wrong: everybody who had it gets its whole point, or it does not count.

    At most `AT_ONCE` attempts at a time, those not yet put right; how many. Call again until it is 0.
    """
    _corrector(visitor)
    mark = f"regraded: {how}"
    rows = session.scalars(
        select(Attempt)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .where(AttemptItem.item_version_id == item_version_id, Attempt.state.in_(JUDGED), AttemptItem.note != mark)
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
        .order_by(Attempt.id)
        .limit(AT_ONCE)
        .with_for_update(of=Attempt)
    ).all()
    for attempt in rows:
        before = _state(attempt)
        for item in attempt.items:
            if item.item_version_id == item_version_id:
                item.share, item.weight = ("1", "1") if how == "full" else (item.share, "0")
                item.note = mark
        _regraded(session, visitor, attempt, before, reason, now)
    return len(rows)


def void(session: Session, visitor: Visitor, code: str, reason: str, now: datetime) -> Attempt:
    """It does not count, and uses up no attempt."""
    _corrector(visitor)
    reason = _reason(reason)
    attempt = finishing.found(session, code)
    before = _state(attempt)
    attempt.state = follow(attempt.state, AttemptState.VOIDED)
    attempt.finished_at = attempt.finished_at or now
    attempt.passed, attempt.told_at = None, None
    _keep(session, visitor, attempt, before, reason, now)
    record(
        session, visitor.actor, "attempt.void", "attempt", attempt.id, now=now, before=before, after={"reason": reason}
    )
    return attempt


def appeal(session: Session, visitor: Visitor, code: str, text: str, now: datetime) -> Appeal:
    """Hold one's own result to be wrong, once. Raises `Conflict` (appeal_made, attempt_open), `Invalid`."""
    attempt = own(session, visitor, code, locked=True)
    if attempt.state in OPEN or attempt.state is AttemptState.VOIDED:
        raise Conflict("attempt_open", "The attempt is not over, or does not count.")
    if not text.strip() or len(text) > 4000:
        raise Invalid("appeal_text", "Say in at most 4000 characters what is wrong.", "text")
    if session.scalar(select(Appeal.id).where(Appeal.attempt_id == attempt.id)) is not None:
        raise Conflict("appeal_made", "You have appealed already; the answer will stand beside the result.")
    made = Appeal(attempt_id=attempt.id, text=text.strip(), made_at=now)
    session.add(made)
    session.flush()
    record(session, visitor.actor, "attempt.appeal", "attempt", attempt.id, now=now, after={})
    return made


def answer_appeal(
    session: Session, visitor: Visitor, code: str, answer: str, now: datetime, *, granted: bool
) -> Appeal:
    """Answer it. What follows from a granted one is done by a regrade of its own."""
    _corrector(visitor)
    attempt = finishing.found(session, code)
    made = session.scalar(select(Appeal).where(Appeal.attempt_id == attempt.id).with_for_update())
    if made is None or made.answered_at is not None:
        raise Conflict("appeal_answered", "There is no appeal, or it was answered.")
    if attempt.person_id == visitor.person_id:
        raise NotAllowed("attempt_own", "Nobody answers their own appeal.")
    if not answer.strip() or len(answer) > 4000:
        raise Invalid("appeal_text", "Answer in at most 4000 characters.", "text")
    made.answer, made.granted, made.answered_by, made.answered_at = answer.strip(), granted, visitor.actor, now
    session.flush()
    told = {"granted": granted}
    record(session, visitor.actor, "attempt.answer_appeal", "attempt", attempt.id, now=now, after=told)
    return made


def _judgeable(session: Session, visitor: Visitor, code: str) -> Attempt:
    _corrector(visitor)
    attempt = finishing.found(session, code)
    if attempt.state not in JUDGED | {AttemptState.ABANDONED}:
        raise Conflict("attempt_open", "Only what is over and judged can be put right.")
    if attempt.person_id == visitor.person_id:
        raise NotAllowed("attempt_own", "Nobody puts their own result right.")
    return attempt


def _regraded(
    session: Session, visitor: Visitor, attempt: Attempt, before: dict[str, Any], reason: str, now: datetime
) -> Attempt:
    reason = _reason(reason)
    finishing.judged(attempt)
    attempt.state = follow(attempt.state, AttemptState.REGRADED)
    _keep(session, visitor, attempt, before, reason, now)
    after = _state(attempt) | {"reason": reason}
    record(session, visitor.actor, "attempt.regrade", "attempt", attempt.id, now=now, before=before, after=after)
    return attempt


def _keep(
    session: Session, visitor: Visitor, attempt: Attempt, before: dict[str, Any], reason: str, now: datetime
) -> None:
    session.add(
        Regrade(attempt_id=attempt.id, before=before, after=_state(attempt), reason=reason, by=visitor.actor, at=now)
    )
    session.flush()


def _state(attempt: Attempt) -> dict[str, Any]:
    return {
        "state": attempt.state.value,
        "passed": attempt.passed,
        "total": attempt.total,
        "shares": {str(item.position): item.share for item in attempt.items},
    }


def _corrector(visitor: Visitor) -> None:
    if not may_write(visitor):
        raise NotAllowed("attempt_not_yours", "Results are put right by trainers and organisers.")


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > 500:
        raise Invalid("attempt_reason", "Say in at most 500 characters why.", "reason")
    return reason
