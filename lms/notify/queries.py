"""Reading the queue of messages, and the addresses that take no mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from lms.notify.models import BouncedAddress, OutboxMessage

_WAITING = (OutboxMessage.sent_at.is_(None), OutboxMessage.dropped_at.is_(None), OutboxMessage.failed_at.is_(None))


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[OutboxMessage]:
    """Messages that should be sent now, oldest first."""
    return session.scalars(due_now(now).limit(limit)).all()


def due_now(now: datetime) -> Select[OutboxMessage]:
    """Messages whose time has come, that do not rest and that nobody is at, oldest first."""
    return (
        select(OutboxMessage)
        .where(
            *_WAITING,
            OutboxMessage.due_at <= now,
            or_(OutboxMessage.next_attempt_at.is_(None), OutboxMessage.next_attempt_at <= now),
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= now),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
    )


def bounced(session: Session, addresses: Collection[str]) -> dict[str, BouncedAddress]:
    """Which of these addresses take no mail, by address in lower case. One query."""
    wanted = {each.lower() for each in addresses}
    if not wanted:
        return {}
    rows = session.scalars(select(BouncedAddress).where(BouncedAddress.address.in_(wanted)))
    return {each.address: each for each in rows}
