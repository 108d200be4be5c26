"""What sends mail: the `Mailer` that `web/main` binds (SMTP, or a folder), and how it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from lms.notify.models import OutboxMessage, Reason


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it goes over the line. `content` has CRLF line ends, 7-bit unless `utf8`."""

    message_id: str
    sender: str
    """Envelope sender: bounces come back to it."""
    to: str
    subject: str
    content: bytes
    utf8: bool = False
    """An address in it is not ASCII: the server must know SMTPUTF8 (RFC 6531)."""


@dataclass(frozen=True, slots=True)
class Hopeless:
    """A message of which no mail was made, and none will be. `dropped`: nobody needs it any more."""

    reason: Reason
    detail: str

    @property
    def dropped(self) -> bool:
        """Whether it is merely no longer wanted."""
        return self.reason is Reason.UNWANTED


class Composer(Protocol):
    """Makes a mail of a message at the moment of sending. `session` is a reading one."""

    def __call__(self, session: Session, message: OutboxMessage, now: datetime) -> Mail | Hopeless:
        """Any exception means: not now; it is tried again later."""


class MailerError(Exception):
    """The mail was not taken. The text says why, as the server did; it holds no password."""


class Unavailable(MailerError):  # noqa: N818 - named for what it says of the server
    """The server takes nothing at present: no connection, not signed in, shutting down."""


class Deferred(MailerError):  # noqa: N818
    """This mail was not taken now, later it may be (4xx). `broken`: the line broke or hung, so it may have arrived."""

    def __init__(self, detail: str, *, broken: bool = False) -> None:
        super().__init__(detail)
        self.broken = broken


class Refused(MailerError):  # noqa: N818
    """This mail is not taken, ever (5xx). `address`: because nobody is there."""

    def __init__(self, detail: str, *, address: bool = False) -> None:
        super().__init__(detail)
        self.address = address


class Mailer(Protocol):
    """Hands mails on, one after the other, from one thread."""

    def send(self, mail: Mail) -> str:
        """Returns what the server said when it took the mail. Raises a `MailerError` within `rules.DEADLINE`."""

    def close(self) -> None:
        """Give the connection back; the next `send` makes another."""
