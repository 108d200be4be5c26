"""Tables of messages to be sent, of what came in, and of addresses that take no mail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word

_WAITING = text("sent_at IS NULL AND dropped_at IS NULL AND failed_at IS NULL")
_TROUBLE = text("failed_at IS NOT NULL OR bounced_at IS NOT NULL")


class OutboxMessage(Base):
    """A message that a change has caused, written in the same transaction; a worker sends it.

    `key` says what the message is about (`guest-link:7`): the same message is never queued twice. `sealed` holds what
    must not stand in the database in the open (`lms.sealing`); it is wiped once the message is sent or given up.
    A message ends in one of `sent_at`, `dropped_at` (it was no longer wanted when its time came) or `failed_at`
    (the address takes no mail, or every attempt within the patience failed); `last_error` says why.
    """

    __tablename__ = "outbox_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(64))
    recipient: Mapped[str] = mapped_column(String(320), index=True)
    contents: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(320), default="")
    """To which address it went in the end."""
    subject: Mapped[str] = mapped_column(String(300), default="")
    message_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    """The mail's Message-ID (RFC 5322 section 3.6.4), the same in every attempt."""
    reason: Mapped[str] = mapped_column(String(32), default="")
    """Why it was dropped or failed, in one word (`Reason`)."""
    deferred_since: Mapped[datetime | None]
    """Since when the server has put this very message off: patience is counted from here."""

    __table_args__ = (
        Index(None, "sent_at", "due_at"),
        Index(None, "created_at"),
        Index("ix_outbox_message_waiting", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_message_trouble", "id", sqlite_where=_TROUBLE, postgresql_where=_TROUBLE),
    )

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done about it."""
        return bool(self.sent_at or self.dropped_at or self.failed_at)


class Reason(StrEnum):
    """Why a message was not sent in the end."""

    UNWANTED = "unwanted"
    """It had lost its point when its time came."""
    NO_ADDRESS = "no_address"
    BOUNCED = "bounced"
    """The address has refused mail before."""
    REFUSED = "refused"
    """The server refused this message or this address for good."""
    PATIENCE = "patience"
    """The server put it off for as long as we are patient."""
    UNREADABLE = "unreadable"
    """What was sealed in it cannot be opened, or nobody knows how to write such a letter."""


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    DEFERRED = "deferred"
    UNAVAILABLE = "unavailable"
    """The server as a whole took nothing; this does not count against the message."""
    DROPPED = "dropped"
    FAILED = "failed"


class MailAttempt(Base):
    """An attempt to send a message, written before it begins; without `outcome`: under way, or its worker died."""

    __tablename__ = "mail_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    detail: Mapped[str] = mapped_column(Text, default="")


class MailServer(Base):
    """How the mail server does: one row. While it is down it is left alone until `next_try_at`.

    `window_at` and `window_count` bound how many attempts begin within a minute, whichever worker makes them.
    """

    __tablename__ = "mail_server"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    down_since: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    last_sent_at: Mapped[datetime | None]
    window_at: Mapped[datetime | None]
    window_count: Mapped[int] = mapped_column(default=0)
    inbox_down_since: Mapped[datetime | None]
    inbox_error: Mapped[str] = mapped_column(Text, default="")
    inbox_read_at: Mapped[datetime | None]


class BouncedAddress(Base):
    """An address that refused mail for good (RFC 3464): nothing more is sent there until somebody lifts it."""

    __tablename__ = "bounced_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))


class InboundKind(StrEnum):
    """What a mail that came in turned out to be."""

    CALENDAR_REPLY = "calendar_reply"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    LETTER = "letter"
    UNREADABLE = "unreadable"


class InboundState(StrEnum):
    """What became of it."""

    APPLIED = "applied"
    UNMATCHED = "unmatched"
    STRANGER = "stranger"
    """An answer from an address that is not known to speak for who was invited; it has changed nothing."""
    OUTDATED = "outdated"
    IGNORED = "ignored"


UNCLEAR = (InboundState.UNMATCHED, InboundState.STRANGER)
"""What somebody has to look at."""


class InboundMessage(Base):
    """A mail that came in, and what became of it. `raw` is kept for those that fitted nothing, up to a bound."""

    __tablename__ = "inbound_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(200), unique=True)
    """Its Message-ID, or a digest of its bytes: a mail is taken in once."""
    received_at: Mapped[datetime] = mapped_column(index=True)
    sender: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    kind: Mapped[InboundKind] = mapped_column(Word(InboundKind))
    state: Mapped[InboundState] = mapped_column(Word(InboundState))
    detail: Mapped[str] = mapped_column(Text, default="")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
