"""Claiming a message and writing down what became of it: each step a transaction of its own, ended by the caller.

A claimed message belongs to one worker until its lease ends. The claim is committed before anything is said to the
server, the outcome after; a worker that is killed in between leaves a lease that runs out, and the message is tried
again (`lms.notify.journal` keeps that from doubling it). `OutboxMessage.attempts` tells the claims of one message
apart: only the latest one may write an outcome, but for `sent`, which is true whoever says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import lock
from lms.notify import rules
from lms.notify.journal import Taken
from lms.notify.models import BouncedAddress, MailAttempt, MailServer, OutboxMessage, Outcome, Reason
from lms.notify.queries import due_now

_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send until its lease ends."""

    id: int
    attempt: int
    message_id: str


def claim(session: Session, now: datetime, *, host: str, per_minute: int) -> Claim | None:
    """The message that is due longest; None when there is none, the server rests, or this minute's bound is reached.

    Workers that ask at once get different messages: they wait for each other on the server's row.
    """
    server = lock(session, MailServer, 1)
    if (server.next_try_at is not None and server.next_try_at > now) or not _within_bound(server, now, per_minute):
        return None
    message = session.scalar(due_now(now).limit(1).with_for_update(skip_locked=True))
    if message is None:
        return None
    server.window_count += 1
    message.attempts += 1
    message.leased_until = now + rules.LEASE
    if message.message_id is None:
        message.message_id = rules.message_id(message.id, message.key, message.attempts, host)
    session.add(MailAttempt(outbox_id=message.id, number=message.attempts, began_at=now))
    return Claim(message.id, message.attempts, message.message_id)


def sent(session: Session, claimed: Claim, taken: Taken, now: datetime) -> None:
    """The server has taken it."""
    message = lock(session, OutboxMessage, claimed.id)
    _end_attempt(session, claimed, Outcome.SENT, taken.answer, now)
    _mark_sent(message, taken)
    _server_is_well(session, now)


def sent_earlier(session: Session, taken: Taken, now: datetime) -> bool:
    """The journal says that the server has taken it, in an attempt whose worker could not write it down."""
    number = session.scalar(select(OutboxMessage.id).where(OutboxMessage.message_id == taken.message_id))
    if number is None:
        return False
    message = lock(session, OutboxMessage, number)
    if message.sent_at is not None:
        return False
    _mark_sent(message, taken)
    open_attempts = session.scalars(
        select(MailAttempt).where(MailAttempt.outbox_id == number, MailAttempt.outcome.is_(None))
    )
    for attempt in open_attempts:
        attempt.outcome, attempt.ended_at, attempt.detail = Outcome.SENT, now, taken.answer
    return True


def deferred(session: Session, claimed: Claim, detail: str, now: datetime, *, server: bool) -> None:
    """The server puts it off (`server`: or hung over it, so that the server rests, too); patience ends in failure."""
    if server:
        _server_is_down(session, detail, now)
    message = _held(session, claimed)
    if message is None:
        return
    message.deferred_since = message.deferred_since or now
    if rules.out_of_patience(message.deferred_since, now):
        _end_attempt(session, claimed, Outcome.FAILED, detail, now)
        _give_up(message, Reason.PATIENCE, detail, now)
        return
    _end_attempt(session, claimed, Outcome.DEFERRED, detail, now)
    message.leased_until = None
    message.last_error = detail[:_ERROR_LENGTH]
    message.next_attempt_at = now + rules.pause_of_message(message.attempts)


def unavailable(session: Session, claimed: Claim, detail: str, now: datetime) -> None:
    """The server takes nothing at present: the message goes back as if nothing had been, the server rests."""
    _server_is_down(session, detail, now)
    message = _held(session, claimed)
    if message is not None:
        _end_attempt(session, claimed, Outcome.UNAVAILABLE, detail, now)
        message.leased_until = None


def failed(session: Session, claimed: Claim, reason: Reason, detail: str, now: datetime) -> None:
    """It will not be sent, and somebody should look."""
    message = _held(session, claimed)
    if message is not None:
        _end_attempt(session, claimed, Outcome.FAILED, detail, now)
        _give_up(message, reason, detail, now)


def dropped(session: Session, claimed: Claim, detail: str, now: datetime) -> None:
    """It has lost its point."""
    message = _held(session, claimed)
    if message is not None:
        _end_attempt(session, claimed, Outcome.DROPPED, detail, now)
        message.dropped_at, message.reason, message.last_error = now, Reason.UNWANTED, detail[:_ERROR_LENGTH]
        _close(message)


def addressed(session: Session, claimed: Claim, to: str, subject: str) -> None:
    """Write down to whom it goes, and what is in it, before it goes."""
    message = _held(session, claimed)
    if message is not None:
        message.address, message.subject = to[:320], subject[:300]


def bounce(session: Session, address: str, reason: str, outbox_id: int | None, now: datetime) -> None:
    """Nobody is at this address: nothing more is sent there until somebody lifts it."""
    address = address.lower()[:320]
    if session.scalar(select(BouncedAddress.id).where(BouncedAddress.address == address)) is None:
        lock(session, MailServer, 1)  # two workers that learn it at once must not both write it
        if session.scalar(select(BouncedAddress.id).where(BouncedAddress.address == address)) is None:
            session.add(BouncedAddress(address=address, at=now, reason=reason[:_ERROR_LENGTH], outbox_id=outbox_id))
            session.flush()


def _within_bound(server: MailServer, now: datetime, per_minute: int) -> bool:
    if server.window_at is None or not timedelta(0) <= now - server.window_at < timedelta(minutes=1):
        server.window_at, server.window_count = now, 0
    return server.window_count < per_minute


def _held(session: Session, claimed: Claim) -> OutboxMessage | None:
    message = lock(session, OutboxMessage, claimed.id)
    return None if message.over or message.attempts != claimed.attempt else message


def _end_attempt(session: Session, claimed: Claim, outcome: Outcome, detail: str, now: datetime) -> None:
    attempt = session.scalar(
        select(MailAttempt).where(MailAttempt.outbox_id == claimed.id, MailAttempt.number == claimed.attempt)
    )
    if attempt is not None:
        attempt.outcome, attempt.ended_at, attempt.detail = outcome, now, detail[:_ERROR_LENGTH]


def _mark_sent(message: OutboxMessage, taken: Taken) -> None:
    if message.sent_at is None:
        message.sent_at = taken.at
    message.failed_at = message.dropped_at = None
    message.reason = message.last_error = ""
    message.address, message.subject = taken.to[:320], taken.subject[:300]
    _close(message)


def _give_up(message: OutboxMessage, reason: Reason, detail: str, now: datetime) -> None:
    message.failed_at, message.reason, message.last_error = now, reason, detail[:_ERROR_LENGTH]
    _close(message)


def _close(message: OutboxMessage) -> None:
    message.leased_until = message.next_attempt_at = None
    if message.sealed is not None:
        message.sealed = b""


def _server_is_well(session: Session, now: datetime) -> None:
    server = lock(session, MailServer, 1)
    server.down_since, server.next_try_at, server.failures, server.last_error = None, None, 0, ""
    server.last_sent_at = now


def _server_is_down(session: Session, detail: str, now: datetime) -> None:
    server = lock(session, MailServer, 1)
    server.down_since = server.down_since or now
    server.failures += 1
    server.last_error = detail[:_ERROR_LENGTH]
    server.next_try_at = now + rules.pause_of_server(server.failures)
