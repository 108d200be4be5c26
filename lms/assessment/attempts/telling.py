"""Letters about results: what is queued, and for whom. What stands in them is written in `web/mail/attempts.py`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, Test
from lms.directory.models import RoleGrant, RoleName, Scope
from lms.notify.actions import enqueue

JUDGED, CHANGED, VOIDED = "attempt.judged", "attempt.changed", "attempt.voided"
LATE_REFUSED, ANSWERED, APPEALED = "attempt.late_refused", "attempt.appeal_answered", "attempt.appealed"
MOST_KEEPERS = 20
"""How many hear of an appeal; more would mean that nobody feels asked."""


def tell(session: Session, attempt: Attempt, kind: str, now: datetime) -> None:
    """Whoever made the attempt is told. The letter reads the result afresh."""
    key = f"{kind}:{attempt.id}:{now.isoformat()}"
    enqueue(session, key, kind, f"person:{attempt.person_id}", {"attempt": attempt.id}, now=now)


def tell_keepers(session: Session, attempt: Attempt, author: str, now: datetime) -> None:
    """Those who may answer an appeal are told of it: not the test's author, not the person."""
    home = session.scalar(select(Test.organisation_id).where(Test.id == attempt.test_id))
    network = RoleGrant.scope == Scope.NETWORK
    here = (RoleGrant.scope == Scope.ORGANISATION) & (RoleGrant.scope_id == home)
    people = session.scalars(
        select(RoleGrant.person_id)
        .where(
            RoleGrant.role.in_((RoleName.TRAINER, RoleName.ORGANISER)),
            or_(network, here) if home is not None else network,
            RoleGrant.from_at <= now,
            or_(RoleGrant.to_at.is_(None), RoleGrant.to_at > now),
            RoleGrant.person_id != attempt.person_id,
        )
        .distinct()
        .order_by(RoleGrant.person_id)
        .limit(MOST_KEEPERS)
    )
    for person_id in people:
        if f"person:{person_id}" != author:
            key = f"{APPEALED}:{attempt.id}:{person_id}"
            enqueue(session, key, APPEALED, f"person:{person_id}", {"attempt": attempt.id}, now=now)
