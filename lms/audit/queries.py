"""Reading the audit log. Who may read it is decided by the caller: `lms.directory` knows roles, and stands above."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import as_link
from lms.audit.models import AuditEntry, AuditHead
from lms.audit.rules import START, digest, first_break


def entries(
    session: Session,
    *,
    object_kind: str = "",
    object_id: str = "",
    actor: str = "",
    action: str = "",
    begin: datetime | None = None,
    end: datetime | None = None,
    before_sequence: int | None = None,
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """The latest entries, newest first; of an object, an actor, an action or the time `[begin, end)`, as far as named.

    At most 500.
    """
    query = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(min(limit, 500))
    if object_kind:
        query = query.where(AuditEntry.object_kind == object_kind)
    if object_id:
        query = query.where(AuditEntry.object_id == object_id)
    if actor:
        query = query.where(AuditEntry.actor == actor)
    if action:
        query = query.where(AuditEntry.action == action)
    if begin is not None:
        query = query.where(AuditEntry.at >= begin)
    if end is not None:
        query = query.where(AuditEntry.at < end)
    if before_sequence is not None:
        query = query.where(AuditEntry.sequence < before_sequence)
    return session.scalars(query).all()


def object_kinds(session: Session) -> Sequence[str]:
    """The kinds of objects in the log."""
    return session.scalars(select(AuditEntry.object_kind).distinct().order_by(AuditEntry.object_kind)).all()


def find_tampering(session: Session) -> int | None:
    """The sequence number of the first entry that was changed, removed or slipped in; None when the log is whole.

    Reads the whole log. Contents that were erased (no salt any more) are not compared with their digests.
    """
    chained = session.scalars(
        select(AuditEntry).where(AuditEntry.sequence.is_not(None)).order_by(AuditEntry.sequence)
    ).yield_per(1000)
    length, last = 0, START
    for entry in chained:
        link = as_link(entry)
        if first_break([link], previous=last, first=length + 1) is not None or not _contents_match(entry):
            return length + 1
        length, last = length + 1, link.hash
    head = session.get_one(AuditHead, 1)
    return None if (head.length, head.hash) == (length, last) else length + 1


def _contents_match(entry: AuditEntry) -> bool:
    if entry.salt is None:
        return entry.before is None and entry.after is None
    return entry.before_digest == digest(entry.before, entry.salt) and entry.after_digest == digest(
        entry.after, entry.salt
    )
