"""The one way in which a change is logged."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry, AuditHead
from lms.audit.rules import START, Link, digest, link_hash
from lms.database import WritingSession

_PENDING = "audit_pending"


def record(
    session: Session,
    actor: str,
    action: str,
    object_kind: str,
    object_id: object,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Log a change of this transaction: `actor` ("person:12", "system") did `action` ("occurrence.publish").

    `before` and `after` hold JSON values of what changed; no secrets. The entry joins the chain when the session
    commits, so that transactions wait for each other only for that moment.
    """
    salt = secrets.token_hex(16)
    session.add(
        AuditEntry(
            at=now,
            actor=actor,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            before=before,
            after=after,
            salt=salt,
            before_digest=digest(before, salt),
            after_digest=digest(after, salt),
        )
    )
    session.info[_PENDING] = True


@event.listens_for(WritingSession, "before_commit")
def close_chain(session: Session) -> None:
    """Give the entries of this transaction their place at the end of the chain."""
    if session.in_nested_transaction() or not session.info.pop(_PENDING, False):
        return
    session.flush()
    head = session.scalar(select(AuditHead).where(AuditHead.id == 1).with_for_update())
    if head is None:
        raise RuntimeError("The audit log has lost its head (table audit_head is empty): restore the database.")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.hash.is_(None)).order_by(AuditEntry.id))
    for entry in entries.all():
        head.length += 1
        entry.sequence, entry.previous_hash = head.length, head.hash
        entry.hash = link_hash(as_link(entry))
        head.hash = entry.hash
    session.flush()


def as_link(entry: AuditEntry) -> Link:
    """The part of an entry that the chain covers."""
    link = Link(
        sequence=entry.sequence or 0,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        before_digest=entry.before_digest,
        after_digest=entry.after_digest,
        previous_hash=entry.previous_hash or START,
    )
    return replace(link, hash=entry.hash or "")
