"""Tables of planning above and around the single occurrence: programmes, series, topics, materials, legal acts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, WallTime, Word
from lms.directory.models import Organisation
from lms.schedule.models import Access, Ending, KeepUnit, Kind, Streaming


class Programme(Base):
    """What an organisation runs over a year or longer: series belong to it. Its owner may hand it over."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    from_date: Mapped[date]
    to_date: Mapped[date | None]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    owner: Mapped[Organisation] = relationship(lazy="raise")


class Series(Base):
    """Occurrences planned together: by a recurrence rule (RFC 5545 section 3.3.10, no DTSTART) or by a list of dates.

    `rule` is empty for a list of dates. The series holds what new dates begin with; each occurrence is its own from
    then on. `version` refuses an edit of what has changed meanwhile.
    """

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    version: Mapped[int] = mapped_column()
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="uk")
    rule: Mapped[str] = mapped_column(String(300), default="")
    starts_local: Mapped[datetime] = mapped_column(WallTime)
    zone: Mapped[str] = mapped_column(String(64))
    duration_minutes: Mapped[int]
    listed: Mapped[bool] = mapped_column(default=True)
    recorded: Mapped[bool] = mapped_column(default=False)
    streaming: Mapped[Streaming] = mapped_column(Word(Streaming), default=Streaming.ALLOWED)
    questions: Mapped[bool] = mapped_column(default=True)
    public_questions: Mapped[bool] = mapped_column(default=False)
    keep_for: Mapped[int | None]
    """How long its recordings are kept, in `keep_unit`; None: for ever."""
    keep_unit: Mapped[KeepUnit] = mapped_column(Word(KeepUnit), default=KeepUnit.MONTHS)
    keep_ending: Mapped[Ending] = mapped_column(Word(Ending), default=Ending.EVERYTHING)
    access: Mapped[Access] = mapped_column(Word(Access), default=Access.NETWORK)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    owner: Mapped[Organisation] = relationship(lazy="raise")
    programme: Mapped[Programme | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class ScheduleRelease(Base):
    """What was announced together: a numbered version of a series' schedule with its contents as they were then."""

    __tablename__ = "schedule_release"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text, default="")
    contents: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("series_id", "number"),)


class SlotDecision(Base):
    """Why a series takes place when it does: the weekday and hour chosen, the workload figures shown, the reason."""

    __tablename__ = "slot_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    weekday: Mapped[int]
    hour: Mapped[int]
    figures: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text, default="")


class Topic(Base):
    """An entry of the catalogue of administrative services, by which occurrences, questions and reports are tagged."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name_uk: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    retired_at: Mapped[datetime | None]


class OccurrenceTopic(Base):
    """An occurrence is about a topic."""

    __tablename__ = "occurrence_topic"

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True, index=True)


class Material(Base):
    """A link or a file that belongs to an occurrence. A file is named by the SHA-256 of its contents (`lms.files`)."""

    __tablename__ = "material"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(String(2000), default="")
    file_digest: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    media_type: Mapped[str] = mapped_column(String(120), default="")
    size: Mapped[int] = mapped_column(default=0)
    added_by: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class StillPicture(Base):
    """What is known of a material that is a still picture, taken in the meeting. Its title is the caption."""

    __tablename__ = "still_picture"

    material_id: Mapped[int] = mapped_column(ForeignKey("material.id", ondelete="CASCADE"), primary_key=True)
    taken_by: Mapped[str] = mapped_column(String(120))
    """Their name, as the room had it."""
    shows: Mapped[str] = mapped_column(String(120))
    """Name of who, or whose thing, is seen."""
    source: Mapped[str] = mapped_column(String(32))
    """`camera`, `screen`, `document_camera`."""
    width: Mapped[int]
    height: Mapped[int]
    thumbnail_digest: Mapped[str] = mapped_column(String(64))
    thumbnail_width: Mapped[int]
    thumbnail_height: Mapped[int]
    hidden_at: Mapped[datetime | None]
    """Since when its editors alone see it."""


class ActState(StrEnum):
    """Whether a legal act still applies as it did."""

    IN_FORCE = "in_force"
    CHANGED = "changed"
    REPEALED = "repealed"


class LegalAct(Base):
    """A law or an order that occurrences explain; when it changes, what was said about it is marked as outdated."""

    __tablename__ = "legal_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64))
    adopted_on: Mapped[date | None]
    title: Mapped[str] = mapped_column(String(500))
    url: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[ActState] = mapped_column(Word(ActState), default=ActState.IN_FORCE)
    valid_as_of: Mapped[date]
    changed_on: Mapped[date | None]
    change_note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("number", "title"),)


class OccurrenceAct(Base):
    """An occurrence explains a legal act as it was on a day."""

    __tablename__ = "occurrence_act"

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("legal_act.id"), primary_key=True, index=True)
    note: Mapped[str] = mapped_column(String(300), default="")


class SeriesDate(Base):
    """A date that was added to a series or left out of it besides its rule (RDATE and EXDATE of RFC 5545)."""

    __tablename__ = "series_date"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    starts_local: Mapped[datetime] = mapped_column(WallTime)
    excluded: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (UniqueConstraint("series_id", "starts_local"),)


class SeriesDefaults(Base):
    """What a new date of a series begins with besides its times: parties, speakers, agenda, topics; JSON of a draft."""

    __tablename__ = "series_defaults"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    contents: Mapped[dict[str, Any]]
    reminder_offsets: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
