"""Reading an inbox: what it must give, and one run over what has come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from lms.database import Database, lock
from lms.notify.models import MailServer
from lms.notify.receiving import take_in
from lms.notify.replies import ReplyTaker

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
            with database.writing() as session:
                taken += take_in(session, raw, now, take_reply) is not None
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
