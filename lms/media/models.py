"""Tables of recordings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word
from lms.schedule.models import Ending


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
    lighter_at: Mapped[datetime | None]
    """When versions for weak lines were made of it, or given up."""
    keep_until: Mapped[date | None] = mapped_column(Date)
    held: Mapped[bool] = mapped_column(default=False)
    """A legal hold: it is not deleted, whatever else says so."""
    ending: Mapped[Ending] = mapped_column(Word(Ending), default=Ending.EVERYTHING)
    """What happens when `keep_until` is over."""
    own_terms: Mapped[bool] = mapped_column(default=False)
    """Whether somebody has decided how long it is kept; else the rule of its series holds."""
    ruled_at: Mapped[datetime | None]
    """When the rule of its series was last looked at."""
    warned_for: Mapped[date | None] = mapped_column(Date)
    """Of which last day the organisers have been told, and when."""
    warned_at: Mapped[datetime | None]
    raw_deleted_at: Mapped[datetime | None]
    """Since when what was captured is to be deleted: nothing can be made of it anew."""
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


class DeletionScope(StrEnum):
    """What of a recording is deleted."""

    EVERYTHING = "everything"
    RAW = "raw"
    """What was captured; what was made of it stays."""


class DeletionReason(StrEnum):
    """Why."""

    ORDERED = "ordered"
    EXPIRED = "expired"
    """Its time was over."""


class Deletion(Base):
    """That something was deleted: ordered in one transaction, carried out after it, and kept for good as a record."""

    __tablename__ = "recording_deletion"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"), index=True)
    scope: Mapped[DeletionScope] = mapped_column(Word(DeletionScope))
    reason: Mapped[DeletionReason] = mapped_column(Word(DeletionReason))
    ordered_by: Mapped[str] = mapped_column(String(64))
    ordered_at: Mapped[datetime]
    listing: Mapped[str] = mapped_column(Text, default="")
    """A line for each file before it was deleted: bytes, a space, its path among the recordings."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the listing; empty: nothing has been deleted yet."""
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the last file was gone."""


class ConsentAnswer(StrEnum):
    """What somebody has answered to being recorded."""

    TOLD = "told"
    """The notice was shown to them in the room; they stayed without an answer, or left."""
    JOINED = "joined"
    """They came in after the notice."""
    UNDERSTOOD = "understood"
    QUIET = "quiet"
    """They went on without camera and microphone."""


class Consent(Base):
    """That somebody knew that they were recorded or streamed. It outlives the recording."""

    __tablename__ = "recording_consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16))
    """Of the recording, or of the live stream."""
    meeting: Mapped[str] = mapped_column(String(64), index=True)
    identity: Mapped[str] = mapped_column(String(64))
    """`person:12`, `endpoint:3`, `guest:k7...`."""
    name: Mapped[str] = mapped_column(String(120))
    told_at: Mapped[datetime]
    answer: Mapped[ConsentAnswer] = mapped_column(Word(ConsentAnswer))
    answered_at: Mapped[datetime | None]
    notice: Mapped[str] = mapped_column(String(40), default="")
    """Which wording they were shown; docs/recordings.md has each."""

    __table_args__ = (UniqueConstraint("code", "identity"),)
