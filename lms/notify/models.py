"""Tables of messages to be sent, of what came in, and of addresses that take no mail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


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

    __table_args__ = (Index(None, "sent_at", "due_at"), Index(None, "created_at"))


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
    OUTDATED = "outdated"
    IGNORED = "ignored"


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
