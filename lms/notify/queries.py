"""Reading the queue of messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.notify.models import OutboxMessage


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[OutboxMessage]:
    """Messages that should have been sent by now and were not, oldest first."""
    return session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.due_at <= now)
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    ).all()
