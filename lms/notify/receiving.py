"""Taking in a mail: once, whatever it is, and writing down what became of it."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import lock
from lms.notify import sending
from lms.notify.delivery_reports import Report
from lms.notify.models import UNCLEAR, InboundKind, InboundMessage, InboundState, MailServer, OutboxMessage
from lms.notify.reading import Incoming, read
from lms.notify.replies import CalendarReply, ReplyTaker

_log = logging.getLogger(__name__)

MOST_KEPT_BYTES = 256_000
_BOUNCE_WINDOW = timedelta(days=14)
"""A report without the original's headers concerns the latest mail to the address, if it is not older."""


def take_in(session: Session, raw: bytes, now: datetime, take_reply: ReplyTaker | None) -> InboundMessage | None:
    """Take a mail in; None when it was taken in before. Nothing that stands in it raises."""
    incoming = read(raw)
    lock(session, MailServer, 1)  # the same mail must not come in twice at once
    if session.scalar(select(InboundMessage.id).where(InboundMessage.mark == incoming.mark)) is not None:
        return None
    state, detail = _settle(session, incoming, now, take_reply)
    reply = incoming.kind is InboundKind.CALENDAR_REPLY
    row = InboundMessage(
        mark=incoming.mark,
        received_at=now,
        sender=incoming.sender,
        # Of an answer it is what was planned over again, which may be between two people; `detail` tells the rest.
        subject="" if reply else incoming.subject,
        kind=incoming.kind,
        state=state,
        detail=detail[:1000].replace("\x00", ""),
        raw=raw[:MOST_KEPT_BYTES] if state in UNCLEAR else None,
    )
    session.add(row)
    session.flush()
    return row


def put_aside(session: Session, raw: bytes, why: str, now: datetime) -> None:
    """Keep a mail at which `take_in` has failed, unread, among what somebody has to look at; once."""
    mark = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    lock(session, MailServer, 1)
    if session.scalar(select(InboundMessage.id).where(InboundMessage.mark == mark)) is None:
        detail = why[:1000].replace("\x00", "")
        session.add(
            InboundMessage(
                mark=mark,
                received_at=now,
                kind=InboundKind.UNREADABLE,
                state=InboundState.UNMATCHED,
                detail=detail,
                raw=raw[:MOST_KEPT_BYTES],
            )
        )


def _settle(
    session: Session, incoming: Incoming, now: datetime, take_reply: ReplyTaker | None
) -> tuple[InboundState, str]:
    if incoming.kind is InboundKind.CALENDAR_REPLY:
        states = [_apply_reply(session, reply, now, take_reply) for reply in incoming.replies]
        said = "; ".join(f"{reply.attendee}: {reply.status} ({reply.uid})" for reply in incoming.replies)
        return min(states, key=_URGENCY.index), said
    if incoming.kind is InboundKind.BOUNCE:
        fitting = [_apply_report(session, report, now) for report in incoming.reports]
        said = "; ".join(
            f"{report.recipient}: {report.status or '?'} {report.said}".strip() for report in incoming.reports
        )
        return (InboundState.APPLIED if any(fitting) else InboundState.UNMATCHED), said
    if incoming.kind is InboundKind.AUTOMATIC:
        return InboundState.IGNORED, incoming.detail
    return InboundState.UNMATCHED, incoming.detail


_URGENCY = (
    InboundState.STRANGER,
    InboundState.UNMATCHED,
    InboundState.OUTDATED,
    InboundState.APPLIED,
    InboundState.IGNORED,
)


def _apply_reply(session: Session, reply: CalendarReply, now: datetime, take_reply: ReplyTaker | None) -> InboundState:
    if take_reply is None:
        return InboundState.UNMATCHED
    try:
        with session.begin_nested():
            return take_reply(session, reply, now)
    except Exception:
        _log.exception("an answer to an invitation could not be applied")
        return InboundState.UNMATCHED


def _apply_report(session: Session, report: Report, now: datetime) -> bool:
    """Whether the report fits a mail of ours."""
    message = _message_of(session, report, now)
    if message is None:
        return False
    if report.failed:
        message.bounced_at = message.bounced_at or now
        if report.address_is_dead:
            address = message.address.lower() or report.recipient
            sending.bounce(session, address, f"{report.status} {report.said}".strip(), message.id, now)
    message.last_error = f"{report.status} {report.said}".strip()[:500]
    return True


def _message_of(session: Session, report: Report, now: datetime) -> OutboxMessage | None:
    if report.original_id:
        found = session.scalar(select(OutboxMessage).where(OutboxMessage.message_id == report.original_id))
        if found is not None:
            return found
    return session.scalar(
        select(OutboxMessage)
        .where(OutboxMessage.address == report.recipient, OutboxMessage.sent_at >= now - _BOUNCE_WINDOW)
        .order_by(OutboxMessage.sent_at.desc())
        .limit(1)
    )
