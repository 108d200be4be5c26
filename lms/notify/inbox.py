"""Reading an inbox: what it must give, and one run over what has come in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import InterfaceError, OperationalError

from lms.database import Database, lock
from lms.notify.models import MailServer
from lms.notify.receiving import put_aside, take_in
from lms.notify.replies import ReplyTaker

_log = logging.getLogger(__name__)

BATCH = 100


class InboxError(Exception):
    """The inbox cannot be read now. The text says why, and holds no password."""


class Inbox(Protocol):
    """Gives each mail that has come in, until it is told that the mail was taken in."""

    def new(self, limit: int) -> Iterator[tuple[str, bytes]]:
        """Handle and bytes of each mail not yet taken in, oldest first, at most `limit`. Raises `InboxError`."""

    def done(self, handle: str) -> None:
        """The mail was taken in: it is marked as seen, and not given again. Raises `InboxError`."""

    def close(self) -> None:
        """Give the connection back."""


def read_inbox(database: Database, inbox: Inbox, take_reply: ReplyTaker | None, now: datetime) -> int:
    """Take in what is new; how many mails. Each in a transaction of its own, marked in the inbox after its commit."""
    taken, trouble = 0, ""
    try:
        for handle, raw in inbox.new(BATCH):
            taken += _take(database, raw, now, take_reply)
            inbox.done(handle)
    except InboxError as error:
        trouble = str(error)
    finally:
        inbox.close()
    with database.writing() as session:
        server = lock(session, MailServer, 1)
        server.inbox_error = trouble[:500]
        server.inbox_down_since = (server.inbox_down_since or now) if trouble else None
        if not trouble:
            server.inbox_read_at = now
    return taken


def _take(database: Database, raw: bytes, now: datetime, take_reply: ReplyTaker | None) -> int:
    """Take one mail in. One at which we fail is kept for somebody to look at: it must not stand before the others."""
    try:
        with database.writing() as session:
            return int(take_in(session, raw, now, take_reply) is not None)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        _log.exception("a mail that came in could not be dealt with")
        with database.writing() as session:
            put_aside(session, raw, f"{type(error).__name__}: {error}", now)
        return 1
