"""Tables of what is done to many certificates: one line each, marked in the transaction that does it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class BatchKind(StrEnum):
    """What is done."""

    ISSUE = "issue"
    REVOKE = "revoke"


class LineState(StrEnum):
    """How far one line is."""

    WAITING = "waiting"
    DONE = "done"
    NOTHING = "nothing"
    """There was nothing to do: they hold one, or it was revoked already."""
    REFUSED = "refused"


class CertificateBatch(Base):
    """An approval, or a revocation, of many; the worker sees to it."""

    __tablename__ = "certificate_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("award_rule.id"), index=True)
    kind: Mapped[BatchKind] = mapped_column(Word(BatchKind))
    reason: Mapped[str] = mapped_column(String(500), default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    """Who decided it: done with the rights that they have when it is done."""
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)


class CertificateBatchLine(Base):
    """A person who is to get one, or a certificate that is to be revoked."""

    __tablename__ = "certificate_batch_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("certificate_batch.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(32))
    """The person's id, or the certificate's number."""
    state: Mapped[LineState] = mapped_column(Word(LineState), default=LineState.WAITING)
    note: Mapped[str] = mapped_column(String(64), default="")
    """The code of a refusal."""

    __table_args__ = (UniqueConstraint("batch_id", "subject"), Index(None, "batch_id", "state"))
