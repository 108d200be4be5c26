"""Tables of electronic identities. No number and no name at a service stands in them, only marks (`rules.Marker`)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class LinkedBy(StrEnum):
    """What showed that an identity is this person's."""

    PASSWORD = "password"  # noqa: S105 - a word, not a password
    SESSION = "session"
    """They were signed in, and confirmed it."""
    INVITATION = "invitation"
    TAX_NUMBER = "tax_number"
    EMAIL = "email"


class EidIdentity(Base):
    """What is known of an account that is opened by an electronic identity; the account's subject is its mark."""

    __tablename__ = "eid_identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    provider: Mapped[str] = mapped_column(String(32))
    method: Mapped[str] = mapped_column(String(32))
    number_mark: Mapped[str | None] = mapped_column(String(64), index=True)
    linked_by: Mapped[LinkedBy] = mapped_column(Word(LinkedBy))
    linked_at: Mapped[datetime]


class EidNumber(Base):
    """Whose tax number has this mark: one person's, whichever service tells it."""

    __tablename__ = "eid_number"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


class EidPurpose(StrEnum):
    """What somebody goes to the service for."""

    SIGN_IN = "sign_in"
    LINK = "link"
    INVITATION = "invitation"


class EidAttempt(Base):
    """One way to a service and back, in one browser. Old rows are purged.

    `sealed` is what we need on the way back, `found` who came; `handle_hash` opens the page that asks what to do then.
    """

    __tablename__ = "eid_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[EidPurpose] = mapped_column(Word(EidPurpose))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    handle_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    found: Mapped[bytes | None] = mapped_column(LargeBinary)
    done_at: Mapped[datetime | None]
