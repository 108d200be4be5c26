"""An occurrence that one registers for, and people who want to come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.schedule import actions, policies, registering
from lms.schedule.audience_models import Registration
from lms.schedule.policies import PolicyDraft
from lms.schedule.registering import Wish
from tests.lms.facts import NOW, draft, person

BEGINS = datetime(2026, 12, 2, 10, 0)
"""Local; a week after `NOW`."""


def planned(session: Session, planner: Visitor, *, policy: PolicyDraft | None = None, **more: Any) -> str:
    """A published occurrence, with a policy unless it is None."""
    slug = actions.create(session, planner, draft(**{"starts_local": BEGINS, **more}), NOW).slug
    actions.publish(session, planner, slug, NOW)
    if policy is not None:
        policies.set_policy(session, planner, slug, policy, NOW)
    return slug


def people(session: Session, count: int, home: Organisation | None = None, prefix: str = "p") -> list[Visitor]:
    """So many people of an organisation."""
    return [person(session, f"{prefix}{number}@example.org", home=home) for number in range(count)]


def take(session: Session, visitor: Visitor, slug: str, now: datetime = NOW, **wish: Any) -> Registration:
    """Register oneself."""
    return registering.register(session, visitor, slug, Wish(**wish), now)
