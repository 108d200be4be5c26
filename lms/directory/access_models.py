"""Tables of getting in: sign-in sessions, one-time links, endpoints and their pairing. Secrets are stored as hashes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word
from lms.directory.models import Organisation


class SignInSession(Base):
    """A browser in which a person is signed in. The cookie holds a token, the table its SHA-256.

    The token is exchanged from time to time; for a short while the previous one is good as well, because
    several requests may be under way with it.
    """

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    previous_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime]
    rotated_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300))


class SignInFailure(Base):
    """A wrong password. Counted per account name and per address; old rows are purged."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (Index(None, "subject_hash", "at"), Index(None, "address", "at"))


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    FIRST_ADMINISTRATOR = "first_administrator"
    SET_PASSWORD = "set_password"  # noqa: S105 - a word, not a password


class OneTimeLink(Base):
    """A link that works once, until it expires."""

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[LinkPurpose] = mapped_column(Word(LinkPurpose))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Endpoint(Base):
    """An organisation's shared device, which joins meetings as the organisation."""

    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    paired_at: Mapped[datetime]
    paired_by: Mapped[str] = mapped_column(String(64))
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class Pairing(Base):
    """A device that waits to be paired. Its code opens nothing by itself; its own secret is hashed."""

    __tablename__ = "pairing"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    endpoint_id: Mapped[int | None] = mapped_column(ForeignKey("endpoint.id"))

    __table_args__ = (Index(None, "address", "expires_at"),)
