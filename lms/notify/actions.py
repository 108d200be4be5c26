"""Queueing messages in the transaction that causes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.notify.models import OutboxMessage


def enqueue(
    session: Session,
    key: str,
    kind: str,
    recipient: str,
    contents: dict[str, Any],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Queue a message to `recipient` (`person:12`) unless one with this `key` was queued before; whether it was new.

    `contents` must hold no secrets: it is stored as it is.
    """
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)) is not None:
        return False
    session.add(
        OutboxMessage(key=key, kind=kind, recipient=recipient, contents=contents, created_at=now, due_at=due_at or now)
    )
    session.flush()
    return True
