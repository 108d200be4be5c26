"""What people who look after the mail may do: try again, lift a bounce, put a mail that came in aside.

That somebody is one of them is checked by the caller: `lms.directory` knows roles, and stands above.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.errors import Conflict
from lms.notify.models import BouncedAddress, InboundMessage, InboundState, MailServer, OutboxMessage, Reason
from lms.notify.queries import bounced


def retry(session: Session, actor: str, number: int, now: datetime) -> None:
    """Send a message as soon as possible, with fresh patience; one that came back goes out as a new mail.

    Raises `NotFound`, or `Conflict`: message_over (it was sent, or is not wanted any more), address_bounced,
    message_secret_gone (it held a personal link, which was wiped).
    """
    message = lock(session, OutboxMessage, number)
    came_back = message.bounced_at is not None
    if message.dropped_at is not None or (message.sent_at is not None and not came_back):
        raise Conflict("message_over", "This message was sent, or nobody needs it any more.")
    if message.sealed == b"":
        raise Conflict("message_secret_gone", "It held a personal link, which is wiped. Make a new link.")
    if bounced(session, [message.address]):
        raise Conflict("address_bounced", "Its address takes no mail. Correct the address, or lift the block first.")
    _queue_again(message, now)
    if came_back:
        message.message_id = None
    record(session, actor, "mail.retry", "outbox_message", number, now=now)


def lift_bounce(session: Session, actor: str, number: int, now: datetime) -> str:
    """Mail goes to this address again, also what had failed because of it. The address. Raises `NotFound`."""
    row = lock(session, BouncedAddress, number)
    address = row.address
    session.delete(row)
    waiting = select(OutboxMessage).where(
        OutboxMessage.address == address, OutboxMessage.reason == Reason.BOUNCED, OutboxMessage.sent_at.is_(None)
    )
    for message in session.scalars(waiting.with_for_update()):
        if message.sealed != b"":
            _queue_again(message, now)
    record(session, actor, "mail.lift_bounce", "bounced_address", number, now=now, before={"address": address})
    return address


def put_aside(session: Session, actor: str, number: int, now: datetime) -> None:
    """Somebody has dealt with a mail that came in. Raises `NotFound`."""
    mail = lock(session, InboundMessage, number)
    if mail.state is not InboundState.IGNORED:
        record(session, actor, "mail.put_aside", "inbound_message", number, now=now, before={"state": mail.state})
        mail.state = InboundState.IGNORED


def knock(session: Session, actor: str, now: datetime) -> None:
    """Try the mail server at once instead of when its rest ends."""
    server = lock(session, MailServer, 1)
    server.next_try_at = None
    record(session, actor, "mail.knock", "mail_server", 1, now=now)


def _queue_again(message: OutboxMessage, now: datetime) -> None:
    message.failed_at = message.bounced_at = message.sent_at = None
    message.deferred_since = message.next_attempt_at = None
    message.reason = ""
    message.due_at = min(message.due_at, now)
