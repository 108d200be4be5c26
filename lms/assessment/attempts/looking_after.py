"""Who looks after a test, and the attempt that somebody wants to put right."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session

from lms.assessment.attempts import finishing
from lms.assessment.attempts.models import Attempt, Test
from lms.assessment.rules import may_keep, may_write, trained_organisations
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed, NotFound


def kept_by(visitor: Visitor) -> ColumnElement[bool]:
    """The tests that a visitor looks after, as a condition."""
    if may_write(visitor):
        return true()
    homes = trained_organisations(visitor)
    return Test.organisation_id.in_(homes) if homes else false()


def test_kept(session: Session, visitor: Visitor, test_id: int) -> Test:
    """A test that the visitor looks after. Raises `NotFound`, `NotAllowed`."""
    test = session.get(Test, test_id)
    if test is None:
        raise NotFound("test_unknown", "There is no such test.")
    expect_keeper(visitor, test.organisation_id)
    return test


def attempt_kept(session: Session, visitor: Visitor, code: str) -> Attempt:
    """An attempt at such a test, locked, with items and version. Raises `NotFound`, `NotAllowed` (also one's own)."""
    attempt = finishing.found(session, code)
    home = session.scalar(select(Test.organisation_id).where(Test.id == attempt.test_id))
    expect_keeper(visitor, home)
    if attempt.person_id == visitor.person_id:
        raise NotAllowed("attempt_own", "Nobody judges or puts right their own attempt.")
    return attempt


def expect_keeper(visitor: Visitor, organisation_id: int | None) -> None:
    """Raises `NotAllowed`."""
    if not may_keep(visitor, organisation_id):
        raise NotAllowed("attempt_not_yours", "Results are put right by trainers and organisers.")


def reason_of(reason: str) -> str:
    """A reason, without blanks around it. Raises `Invalid`."""
    reason = reason.strip()
    if not reason or len(reason) > 500:
        raise Invalid("attempt_reason", "Say in at most 500 characters why.", "reason")
    return reason


def state_of(attempt: Attempt) -> dict[str, Any]:
    """How an attempt stands, for its history and the log."""
    return {
        "state": attempt.state.value,
        "passed": attempt.passed,
        "total": attempt.total,
        "shares": {str(item.position): item.share for item in attempt.items},
    }
