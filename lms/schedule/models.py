"""Tables of what is planned."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    column,
    false,
    select,
    table,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from lms.base import Base, WallTime, Word
from lms.directory.models import Organisation

_SERIES = table("series", column("id"), column("programme_id"))


class Kind(StrEnum):
    """What an occurrence is; people see the word for it."""

    CONSULTATION = "consultation"
    WEBINAR = "webinar"
    TRAINING = "training"
    EXCHANGE = "exchange"
    CROSS_TRAINING = "cross_training"
    MEETING = "meeting"


class Status(StrEnum):
    """How far an occurrence has come. `moved` is published at another time than first announced."""

    DRAFT = "draft"
    PUBLISHED = "published"
    MOVED = "moved"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"


class Access(StrEnum):
    """Who joins: the network (or, when unlisted, the parties), whoever has the link, anybody with a name."""

    NETWORK = "network"
    LINK = "link"
    OPEN = "open"


class Part(StrEnum):
    """What an organisation does in an occurrence."""

    ORGANISER = "organiser"
    EXPERT_BODY = "expert_body"
    SUPPORTER = "supporter"
    FUNDER = "funder"
    PARTICIPANT = "participant"


class MeetingRole(StrEnum):
    """What somebody is in a meeting; the same words as in a token."""

    HOST = "host"
    MODERATOR = "moderator"
    PRESENTER = "presenter"
    PARTICIPANT = "participant"
    INTERPRETER = "interpreter"
    CAPTIONER = "captioner"
    VIEWER = "viewer"


INTERPRETED = ("uk", "en", "pl", "de", "fr", "es", "ro", "lt", "cs", "et", "ja", "ukl", "ils")
"""Languages into which something may be interpreted (BCP 47): `ukl` is Ukrainian Sign Language, `ils` International
Sign. The room's client knows the same."""


class Mode(StrEnum):
    """Where people take part: from anywhere, at a venue, or both."""

    ONLINE = "online"
    MIXED = "mixed"
    ON_SITE = "on_site"


class Streaming(StrEnum):
    """Whether the public may watch a meeting while it runs."""

    NO = "no"
    ALLOWED = "allowed"
    """A host may begin it."""
    PLANNED = "planned"
    """It begins with the meeting."""


class KeepUnit(StrEnum):
    """What the time is counted in for which recordings are kept."""

    DAYS = "days"
    MONTHS = "months"


class Ending(StrEnum):
    """What happens to a recording when its time is over."""

    EVERYTHING = "everything"
    """All of it is deleted."""
    RAW = "raw"
    """What was captured is deleted; what was made of it stays."""
    KEEP_PUBLIC = "keep_public"
    """What was captured is deleted; what was made stays if everybody may watch it, else it is deleted, too."""


class AgendaKind(StrEnum):
    """What happens during one point of the agenda."""

    TALK = "talk"
    DEMONSTRATION = "demonstration"
    QUESTIONS = "questions"
    GROUP_WORK = "group_work"
    TEST = "test"
    BREAK = "break"


class Occurrence(Base):
    """One planned event. Wall time and zone are what was decided; `starts_at` and `ends_at` are computed from them.

    `uid` and `sequence` are those of iCalendar (RFC 5545 sections 3.8.4.7 and 3.8.7.4). `meeting` names the meeting
    in tokens and addresses; who knows it has "the link". `version` refuses an edit of what has changed meanwhile.
    """

    __tablename__ = "occurrence"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    meeting: Mapped[str] = mapped_column(String(64), unique=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    programme_id: Mapped[int | None] = column_property(
        select(_SERIES.c.programme_id).where(_SERIES.c.id == series_id).correlate_except(_SERIES).scalar_subquery()
    )
    """Of its series: whoever plans a programme plans what is in it."""
    planned_local: Mapped[datetime | None] = mapped_column(WallTime)
    """In a series: the date that it was planned for at first, by which the series' rule knows it (RECURRENCE-ID)."""
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="uk")
    starts_local: Mapped[datetime] = mapped_column(WallTime)
    zone: Mapped[str] = mapped_column(String(64))
    duration_minutes: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[Status] = mapped_column(Word(Status), default=Status.DRAFT)
    cancel_reason: Mapped[str] = mapped_column(Text, default="")
    listed: Mapped[bool] = mapped_column(default=True)
    private: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A talk of those alone who speak in it: nobody else learns of it, and only the part that made it changes it."""
    recorded: Mapped[bool] = mapped_column(default=False)
    """Whether its recording begins with it, without anybody pressing a button."""
    streaming: Mapped[Streaming] = mapped_column(Word(Streaming), default=Streaming.ALLOWED)
    """What was decided; `rules.streaming_of` says what follows for this kind and access."""
    questions: Mapped[bool] = mapped_column(default=True)
    """Whether those in the room may ask questions."""
    public_questions: Mapped[bool] = mapped_column(default=False)
    """Whether those who watch its live stream may; those who lead look at each first."""
    interpretation: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Languages into which it is interpreted (BCP 47), beside those of its interpreters; `rules.languages_of`."""
    access: Mapped[Access] = mapped_column(Word(Access), default=Access.NETWORK)
    mode: Mapped[Mode] = mapped_column(Word(Mode), default=Mode.ONLINE)
    venue: Mapped[str] = mapped_column(String(300), default="")
    reminder_offsets: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Minutes before the beginning at which people are reminded; None for the usual ones."""
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    """Whose tag it bears itself; else its series' or programme's (`lms.schedule.tags`)."""
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    parties: Mapped[list[OccurrenceParty]] = relationship(
        lazy="raise", order_by="OccurrenceParty.position", cascade="all, delete-orphan"
    )
    speakers: Mapped[list[Speaker]] = relationship(
        lazy="raise", order_by="Speaker.position", cascade="all, delete-orphan"
    )
    agenda: Mapped[list[AgendaItem]] = relationship(
        lazy="raise", order_by="AgendaItem.position", cascade="all, delete-orphan"
    )
    guest_links: Mapped[list[GuestLink]] = relationship(lazy="raise", order_by="GuestLink.id")
    changes: Mapped[list[OccurrenceChange]] = relationship(lazy="raise", order_by="OccurrenceChange.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "starts_at"), Index(None, "status", "ends_at"), Index(None, "series_id", "starts_at"))


class OccurrenceParty(Base):
    """An organisation has a part in an occurrence."""

    __tablename__ = "occurrence_party"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    part: Mapped[Part] = mapped_column(Word(Part))
    position: Mapped[int]

    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("occurrence_id", "organisation_id", "part"),)


class Speaker(Base):
    """Somebody with a task in an occurrence: a person of the system, or a guest expert known by name only."""

    __tablename__ = "speaker"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), default="")
    """Where a guest expert gets the personal link; a person of the system has addresses of their own."""
    position_title: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[MeetingRole] = mapped_column(Word(MeetingRole), default=MeetingRole.PRESENTER)
    interprets: Mapped[str] = mapped_column(String(12), default="")
    """Of an interpreter: into which language (BCP 47)."""
    position: Mapped[int]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")


class AgendaItem(Base):
    """One point of the agenda."""

    __tablename__ = "agenda_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[AgendaKind] = mapped_column(Word(AgendaKind), default=AgendaKind.TALK)
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    minutes: Mapped[int]
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speaker.id", ondelete="SET NULL"))


class OccurrenceChange(Base):
    """One change of an announced or planned occurrence: what it was, what it is, why, by whom."""

    __tablename__ = "occurrence_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text, default="")
    sequence: Mapped[int]


class GuestLink(Base):
    """A personal link for somebody without an account. Its token is shown once and stored as a SHA-256.

    Without `expires_at` it works until a day after the occurrence, also when that is moved.
    """

    __tablename__ = "guest_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speaker.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(120))
    organisation: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(254), default="")
    """The e-mail to which it is sent; empty when the organiser hands it over."""
    sealed_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The token, sealed, so that later mails can carry it again (`lms.sealing`)."""
    role: Mapped[MeetingRole] = mapped_column(Word(MeetingRole))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_count: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None]
