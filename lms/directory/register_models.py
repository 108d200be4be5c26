"""Tables of what is known of organisations and people besides who they are: equipment, workload, addresses, imports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class CapabilityKind(Base):
    """Something that an organisation may have or do: a passport workstation, a mobile case. The list is data."""

    __tablename__ = "capability_kind"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_uk: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[int] = mapped_column(default=0)


class Capability(Base):
    """An organisation has a capability in `[from_date, to_date)`; `quantity` of it, if that is counted."""

    __tablename__ = "capability"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(ForeignKey("capability_kind.code"), index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    note: Mapped[str] = mapped_column(String(300), default="")
    from_date: Mapped[date]
    to_date: Mapped[date | None]


class ChannelKind(StrEnum):
    """How somebody can be reached."""

    EMAIL = "email"
    PHONE = "phone"
    MESSENGER = "messenger"


class ContactChannel(Base):
    """A way to reach a person besides the account's e-mail. The first one of a kind is the preferred one."""

    __tablename__ = "contact_channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[ChannelKind] = mapped_column(Word(ChannelKind))
    address: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("person_id", "kind", "address"), Index(None, "kind", "address"))


class WorkloadSample(Base):
    """How many people an organisation served in one hour: on a date, or on an average weekday (0 is Monday)."""

    __tablename__ = "workload_sample"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    day: Mapped[date | None]
    weekday: Mapped[int]
    hour: Mapped[int]
    """0 to 23, local time; -1 for the whole day."""
    count: Mapped[float]
    source: Mapped[str] = mapped_column(String(200), default="")
    import_id: Mapped[int | None] = mapped_column(ForeignKey("directory_import.id"), index=True)


class ImportKind(StrEnum):
    """What a file holds."""

    ORGANISATIONS = "organisations"
    PEOPLE = "people"
    WORKLOAD = "workload"


class ImportState(StrEnum):
    """How far an import has come."""

    UPLOADED = "uploaded"
    APPLIED = "applied"
    DISCARDED = "discarded"


class DirectoryImport(Base):
    """A file that was sent in: kept until it is applied or thrown away, so that the preview is of these very bytes.

    `mapping` says which column holds what; `report` what became of each row.
    """

    __tablename__ = "directory_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ImportKind] = mapped_column(Word(ImportKind))
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    mapping: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any]]
    state: Mapped[ImportState] = mapped_column(Word(ImportState))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    applied_at: Mapped[datetime | None]


class SubscriptionKind(StrEnum):
    """What somebody wants to hear of."""

    TOPIC = "topic"
    OBLAST = "oblast"
    ORGANISATION = "organisation"
    SERIES = "series"
    PROGRAMME = "programme"


class Subscription(Base):
    """A person wants to be told of what is published about `target` (a code, a name of an oblast, a number)."""

    __tablename__ = "subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[SubscriptionKind] = mapped_column(Word(SubscriptionKind))
    target: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("person_id", "kind", "target"), Index(None, "kind", "target"))


class NotificationPreference(Base):
    """What a person wants by mail, and when not. Quiet hours are minutes after local midnight, may cross it."""

    __tablename__ = "notification_preference"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    reminders: Mapped[bool] = mapped_column(default=True)
    announcements: Mapped[bool] = mapped_column(default=True)
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    reminder_offsets: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Minutes before the beginning; None for those of the occurrence."""
    changed_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")


class Duplicable(StrEnum):
    """What can stand in the directory twice."""

    PERSON = "person"
    ORGANISATION = "organisation"


class ToldApart(Base):
    """Somebody looked at two entries that resemble each other and said that they are not the same."""

    __tablename__ = "told_apart"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Duplicable] = mapped_column(Word(Duplicable))
    lower_id: Mapped[int]
    higher_id: Mapped[int]
    said_by: Mapped[str] = mapped_column(String(64))
    said_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("kind", "lower_id", "higher_id"),)
