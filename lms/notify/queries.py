"""Reading the queue of messages, what came in, and the addresses that take no mail.

Who may read it is decided by the caller: `lms.directory` knows roles, and stands above.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from lms.errors import NotFound
from lms.notify.models import (
    UNCLEAR,
    BouncedAddress,
    InboundMessage,
    InboundState,
    MailAttempt,
    MailServer,
    OutboxMessage,
)

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


class Box(StrEnum):
    """Messages sorted by what became of them."""

    WAITING = "waiting"
    TROUBLE = "trouble"
    """Failed, or sent and come back."""
    SENT = "sent"
    DROPPED = "dropped"


_BOXES = {
    Box.WAITING: _WAITING,
    Box.TROUBLE: (or_(OutboxMessage.failed_at.is_not(None), OutboxMessage.bounced_at.is_not(None)),),
    Box.SENT: (OutboxMessage.sent_at.is_not(None),),
    Box.DROPPED: (OutboxMessage.dropped_at.is_not(None),),
}


def messages(
    session: Session, box: Box, *, search: str = "", before: int | None = None, limit: int = 50
) -> Sequence[OutboxMessage]:
    """Messages of a box, newest first, older than number `before`; `search` is part of address, subject or key."""
    query = select(OutboxMessage).where(*_BOXES[box]).order_by(OutboxMessage.id.desc()).limit(min(limit, 200))
    if before is not None:
        query = query.where(OutboxMessage.id < before)
    if words := search.strip().lower():
        columns = (OutboxMessage.address, OutboxMessage.recipient, OutboxMessage.subject, OutboxMessage.key)
        query = query.where(or_(*(func.lower(column).contains(words, autoescape=True) for column in columns)))
    return session.scalars(query).all()


def message(session: Session, number: int) -> OutboxMessage:
    """One message. Raises `NotFound`."""
    found = session.get(OutboxMessage, number)
    if found is None:
        raise NotFound("message_unknown", f"There is no message {number}.")
    return found


def attempts(session: Session, number: int, limit: int = 50) -> Sequence[MailAttempt]:
    """The latest attempts to send a message, newest first."""
    query = select(MailAttempt).where(MailAttempt.outbox_id == number).order_by(MailAttempt.id.desc())
    return session.scalars(query.limit(limit)).all()


def inbound(session: Session, *, state: InboundState | None = None, limit: int = 50) -> Sequence[InboundMessage]:
    """What came in, newest first; what somebody has to look at comes before the rest."""
    unclear_first = InboundMessage.state.not_in(UNCLEAR).asc()
    query = select(InboundMessage).order_by(unclear_first, InboundMessage.id.desc()).limit(min(limit, 200))
    return session.scalars(query if state is None else query.where(InboundMessage.state == state)).all()


def inbound_one(session: Session, number: int) -> InboundMessage:
    """One mail that came in. Raises `NotFound`."""
    found = session.get(InboundMessage, number)
    if found is None:
        raise NotFound("message_unknown", f"There is no mail {number}.")
    return found


def dead_addresses(session: Session, limit: int = 200) -> Sequence[BouncedAddress]:
    """Addresses to which nothing is sent, the latest first."""
    return session.scalars(select(BouncedAddress).order_by(BouncedAddress.id.desc()).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class Figures:
    """How the mail does."""

    waiting: int
    """Whose time has come, and that were not sent yet."""
    later: int
    """Whose time has not come."""
    oldest_due_at: datetime | None
    """Since when the oldest waiting one should have gone out."""
    trouble: int
    unmatched: int
    """Mails that came in and that somebody has to look at."""
    server: MailServer


def figures(session: Session, now: datetime) -> Figures:
    """Counted afresh. Four queries over indexes."""
    is_due = OutboxMessage.due_at <= now
    waiting, later, oldest = session.execute(
        select(
            func.count().filter(is_due), func.count().filter(OutboxMessage.due_at > now), func.min(OutboxMessage.due_at)
        ).where(*_WAITING)
    ).one()
    trouble = session.scalar(select(func.count()).select_from(OutboxMessage).where(*_BOXES[Box.TROUBLE]))
    unmatched = session.scalar(
        select(func.count()).select_from(InboundMessage).where(InboundMessage.state.in_(UNCLEAR))
    )
    server = session.get_one(MailServer, 1)
    return Figures(waiting, later, oldest if waiting else None, trouble or 0, unmatched or 0, server)
