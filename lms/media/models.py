"""Tables of recordings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word


class RecordingState(StrEnum):
    """How far a recording is."""

    CAPTURING = "capturing"
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    EMPTY = "empty"
    """Nobody sent anything while it ran."""
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    """Its media is deleted; the row says that it was."""


class Watching(StrEnum):
    """Who may watch."""

    EDITORS = "editors"
    """Whoever manages the occurrence: before it is released."""
    PARTICIPANTS = "participants"
    """Whoever was there, was invited or registered."""
    NETWORK = "network"
    PUBLIC = "public"


class Recording(Base):
    """One recording of a meeting. `code` names it in addresses and folders: 16 hexadecimal digits."""

    __tablename__ = "recording"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    meeting: Mapped[str] = mapped_column(String(64), index=True)
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id"), index=True)
    title: Mapped[str] = mapped_column(String(300), default="")
    instant: Mapped[bool] = mapped_column(default=False)
    """Whether it was kept of a live stream while it ran: nothing can be made of it anew."""
    state: Mapped[RecordingState] = mapped_column(Word(RecordingState))
    watching: Mapped[Watching] = mapped_column(Word(Watching))
    downloadable: Mapped[bool] = mapped_column(default=False)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    heard_at: Mapped[datetime]
    """When its node last told of it."""
    phase: Mapped[str] = mapped_column(String(32), default="")
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    """Of processing: 0 to 1."""
    problem: Mapped[str] = mapped_column(Text, default="")
    """Why processing failed and what to do, or what is missing in the recording."""
    duration_s: Mapped[float] = mapped_column(Float, default=0.0)
    version: Mapped[str] = mapped_column(String(16), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    """While it is processed: when somebody else may take it over."""
    leased_by: Mapped[str] = mapped_column(String(64), default="")
    ready_at: Mapped[datetime | None]
    keep_until: Mapped[date | None] = mapped_column(Date)
    held: Mapped[bool] = mapped_column(default=False)
    """A legal hold: it is not deleted, whatever else says so."""
    withdrawn_at: Mapped[datetime | None]

    files: Mapped[list[Rendition]] = relationship(lazy="raise", order_by="Rendition.name", cascade="all, delete-orphan")

    __table_args__ = (Index(None, "state", "leased_until"),)


class Rendition(Base):
    """A file made from a recording."""

    __tablename__ = "rendition"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    """Its path within the published version."""
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    sha256: Mapped[str] = mapped_column(String(64))
    duration_s: Mapped[float | None] = mapped_column(Float)
    source: Mapped[str] = mapped_column(String(32), default="")
    """`composition`, or what a participant sent."""
    label: Mapped[str] = mapped_column(String(300), default="")
