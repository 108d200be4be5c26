"""Reading the queue of messages, and the addresses that take no mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.notify.models import BouncedAddress, OutboxMessage


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[OutboxMessage]:
    """Messages that should have been sent by now and were not, oldest first."""
    return session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.dropped_at.is_(None),
            OutboxMessage.failed_at.is_(None),
            OutboxMessage.due_at <= now,
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    ).all()


def bounced(session: Session, addresses: Collection[str]) -> dict[str, BouncedAddress]:
    """Which of these addresses take no mail, by address in lower case. One query."""
    wanted = {each.lower() for each in addresses}
    if not wanted:
        return {}
    rows = session.scalars(select(BouncedAddress).where(BouncedAddress.address.in_(wanted)))
    return {each.address: each for each in rows}
