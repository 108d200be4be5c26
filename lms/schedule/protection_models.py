"""Tables of what shields the people of an occurrence, and of the names under which people come."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class Keeping(StrEnum):
    """What may be recorded or streamed; the same words as in a meeting's plan."""

    ALLOWED = "allowed"
    VOICES = "voices"
    """Voices and what is shown; no cameras, no names of participants."""
    NEVER = "never"


class ProtectionRule(Base):
    """What an occurrence asks for its people, or a series or a programme for all that is in it."""

    __tablename__ = "protection_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), unique=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), unique=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), unique=True)
    hide_names: Mapped[bool] = mapped_column(default=False)
    pseudonyms: Mapped[bool] = mapped_column(default=False)
    """Whether people may come under another name."""
    keeping: Mapped[Keeping] = mapped_column(Word(Keeping), default=Keeping.ALLOWED)
    held: Mapped[bool] = mapped_column(default=False)
    """A recording is for the organisers alone until one of them has looked and released it."""


class Pseudonym(Base):
    """Under which name a person, or everybody of a centre, comes to an occurrence. Empty: by a number."""

    __tablename__ = "pseudonym"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(60), default="")

    __table_args__ = (
        UniqueConstraint("occurrence_id", "person_id"),
        UniqueConstraint("occurrence_id", "organisation_id"),
    )
