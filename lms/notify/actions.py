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
    sealed: bytes | None = None,
) -> bool:
    """Queue a message unless one with this `key` was queued before; whether it was new.

    `recipient` is `person:12`, `organisation:5` or `mailto:name@example.org`. `contents` must hold no secrets: it is
    stored as it is; what opens a door goes sealed (`lms.sealing`) into `sealed`.
    """
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)) is not None:
        return False
    session.add(
        OutboxMessage(
            key=key,
            kind=kind,
            recipient=recipient,
            contents=contents,
            sealed=sealed,
            created_at=now,
            due_at=due_at or now,
        )
    )
    session.flush()
    return True
