"""What is put right in one attempt afterwards, each with a reason and a history: late answers, void, appeal.

A wrong item is put right for everybody by `regrading`, more time is given by `granting`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts import finishing, telling
from lms.assessment.attempts.looking_after import attempt_kept, reason_of, state_of
from lms.assessment.attempts.models import Appeal, Attempt, AttemptEvent, AttemptItem, EssayMark, Regrade, Response
from lms.assessment.attempts.states import OPEN, UNREAD, AttemptState, follow
from lms.assessment.attempts.taking import own
from lms.assessment.attempts.timing import Lateness
from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed

APPEAL_TERM = timedelta(days=14)
"""Within which an appeal is answered."""
LATE_ACCEPTED, LATE_REFUSED = "late_accepted", "late_refused"


def accept_late(session: Session, visitor: Visitor, code: str, reason: str, now: datetime) -> Attempt:
    """Let answers count that arrived after grace: the power was cut, say. Scored anew, with history."""
    attempt = _judgeable(session, visitor, code)
    reason = reason_of(reason)
    before, unread = state_of(attempt), attempt.state in UNREAD
    attempt.late_too = True
    finishing.score_all(session, attempt)
    _note(session, attempt, LATE_ACCEPTED, now, reason)
    regraded(session, visitor.actor, attempt, before, reason, now)
    if attempt.state not in UNREAD:  # else the letter comes when all of it has been read
        telling.tell(session, attempt, telling.JUDGED if unread else telling.CHANGED, now)
    return attempt


def refuse_late(session: Session, visitor: Visitor, code: str, reason: str, now: datetime) -> Attempt:
    """They do not count; the reason stands with the result. Raises `Conflict` (late_none) where none came late."""
    attempt = _judgeable(session, visitor, code)
    reason = reason_of(reason)
    late = select(Response.id).join(AttemptItem, AttemptItem.id == Response.attempt_item_id)
    late = late.where(AttemptItem.attempt_id == attempt.id, Response.lateness == Lateness.LATE)
    if session.scalar(late.limit(1)) is None:
        raise Conflict("late_none", "No answers came after the end of this attempt.")
    _note(session, attempt, LATE_REFUSED, now, reason)
    after = {"reason": reason}
    record(session, visitor.actor, "attempt.refuse_late", "attempt", attempt.id, now=now, after=after)
    telling.tell(session, attempt, telling.LATE_REFUSED, now)
    return attempt


def void(session: Session, visitor: Visitor, code: str, reason: str, now: datetime) -> Attempt:
    """It does not count, and uses up no attempt."""
    attempt = attempt_kept(session, visitor, code)
    reason = reason_of(reason)
    before = state_of(attempt)
    attempt.state = follow(attempt.state, AttemptState.VOIDED)
    attempt.finished_at = attempt.finished_at or now
    attempt.passed, attempt.told_at = None, None
    keep(session, visitor.actor, attempt, before, reason, now)
    told = {"reason": reason}
    record(session, visitor.actor, "attempt.void", "attempt", attempt.id, now=now, before=before, after=told)
    telling.tell(session, attempt, telling.VOIDED, now)
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
    telling.tell_keepers(session, attempt, attempt.version.published_by, now)
    return made


def answer_appeal(
    session: Session, visitor: Visitor, code: str, answer: str, now: datetime, *, granted: bool
) -> Appeal:
    """Answer it. What follows from a granted one is done by a regrade of its own.

    Nobody answers who made the test, who read its essays, or whose attempt it is. Raises `NotAllowed` (attempt_own,
    appeal_author), `Conflict` (appeal_answered), `Invalid` (appeal_text).
    """
    attempt = attempt_kept(session, visitor, code)
    made = session.scalar(select(Appeal).where(Appeal.attempt_id == attempt.id).with_for_update())
    if made is None or made.answered_at is not None:
        raise Conflict("appeal_answered", "There is no appeal, or it was answered.")
    if visitor.actor in judges_of(session, attempt):
        raise NotAllowed("appeal_author", "An appeal is answered by somebody who neither made the test nor marked it.")
    if not answer.strip() or len(answer) > 4000:
        raise Invalid("appeal_text", "Answer in at most 4000 characters.", "text")
    made.answer, made.granted, made.answered_by, made.answered_at = answer.strip(), granted, visitor.actor, now
    session.flush()
    told = {"granted": granted}
    record(session, visitor.actor, "attempt.answer_appeal", "attempt", attempt.id, now=now, after=told)
    telling.tell(session, attempt, telling.ANSWERED, now)
    return made


def judges_of(session: Session, attempt: Attempt) -> frozenset[str]:
    """Who made the test, and whoever read its essays, alone or as one of two: they judge no appeal against it."""
    read = select(EssayMark.by).where(EssayMark.attempt_item_id.in_([item.id for item in attempt.items]))
    last = {item.marked_by for item in attempt.items}
    return frozenset({attempt.version.published_by, *last, *session.scalars(read)} - {""})


def regraded(
    session: Session, actor: str, attempt: Attempt, before: dict[str, Any], reason: str, now: datetime
) -> None:
    """Judge anew what was scored anew, and keep what was before."""
    if attempt.state in UNREAD:
        finishing.go_on_waiting(attempt)
    else:
        finishing.judged(attempt)
        attempt.state = follow(attempt.state, AttemptState.REGRADED)
    keep(session, actor, attempt, before, reason, now)
    after = state_of(attempt) | {"reason": reason}
    record(session, actor, "attempt.regrade", "attempt", attempt.id, now=now, before=before, after=after)


def keep(session: Session, actor: str, attempt: Attempt, before: dict[str, Any], reason: str, now: datetime) -> None:
    """A line of the attempt's history."""
    session.add(Regrade(attempt_id=attempt.id, before=before, after=state_of(attempt), reason=reason, by=actor, at=now))
    session.flush()


def _judgeable(session: Session, visitor: Visitor, code: str) -> Attempt:
    attempt = attempt_kept(session, visitor, code)
    if attempt.state in OPEN or attempt.state is AttemptState.VOIDED:
        raise Conflict("attempt_open", "Only what is over, and counts, can be put right.")
    return attempt


def _note(session: Session, attempt: Attempt, kind: str, now: datetime, reason: str) -> None:
    session.add(AttemptEvent(attempt_id=attempt.id, at=now, kind=kind, data={"reason": reason}))
    session.flush()
