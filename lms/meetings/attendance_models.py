"""Tables of attendance: who sat behind an endpoint, by which rule presence counts, what was found and corrected."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class AttendanceRule(Base):
    """When somebody counts as having attended. Never changed: a new version is a new row.

    Attended is who was there for `min_share` of the official window, or for `min_minutes`; a rule has one or both.
    """

    __tablename__ = "attendance_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    name_uk: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    min_share: Mapped[int | None]
    """Hundredths of a percent: 8500 is 85 %."""
    min_minutes: Mapped[int | None]
    counts_unconfirmed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether somebody listed behind an endpoint counts before anybody has confirmed it."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("code", "version"),)


class RosterEntry(Base):
    """Somebody sat behind an organisation's endpoint during an occurrence: entered by one, confirmed by the person.

    `[present_from, present_to)` is when; empty ends mean as long as the endpoint was connected. A person without an
    account is known by `name` alone, and counts once the centre's lead has vouched for them.
    """

    __tablename__ = "roster_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    present_from: Mapped[datetime | None]
    present_to: Mapped[datetime | None]
    added_by: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str] = mapped_column(String(64), default="")
    denied_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("occurrence_id", "organisation_id", "person_id"), Index(None, "occurrence_id"))


class HeadCount(Base):
    """How many people were in an organisation's room: a number, kept apart from named persons. The latest counts."""

    __tablename__ = "head_count"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    people: Mapped[int]
    said_by: Mapped[str] = mapped_column(String(64))
    said_at: Mapped[datetime]


class SheetState(StrEnum):
    """How far an attendance sheet has come."""

    OPEN = "open"
    COMPUTED = "computed"
    APPROVED = "approved"


class AttendanceSheet(Base):
    """The attendance of one occurrence as a whole. `breaks` are pairs of instants (ISO 8601) within the window.

    What is in force is `approved_generation` once the sheet is approved, before that the latest one: facts that come
    after the approval make a newer generation, which is shown beside and replaces nothing by itself.
    """

    __tablename__ = "attendance_sheet"

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("attendance_rule.id"))
    state: Mapped[SheetState] = mapped_column(Word(SheetState), default=SheetState.OPEN, index=True)
    breaks: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    generation: Mapped[int] = mapped_column(default=0)
    """Rises with every computation."""
    computed_at: Mapped[datetime | None]
    stale: Mapped[bool] = mapped_column(default=True, index=True)
    """Whether something was learnt since the last computation."""
    approved_by: Mapped[str] = mapped_column(String(64), default="")
    approved_at: Mapped[datetime | None]
    approved_generation: Mapped[int | None]
    windows: Mapped[list[list[str]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    """The official time of the latest computation without breaks: pairs of instants (ISO 8601)."""
    notes: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    """What the organiser should know of the latest computation (`presence.Note`)."""

    @property
    def in_force(self) -> int:
        """The generation that counts."""
        return self.generation if self.approved_generation is None else self.approved_generation


class Verdict(StrEnum):
    """Whether somebody attended, by the rule."""

    ATTENDED = "attended"
    PARTLY = "partly"
    ABSENT = "absent"


COUNTED = ("verdict", "person_id", "organisation_id", "subject")
"""What reports look at of an attendance."""


class Attendance(Base):
    """What was found for one subject in one computation; rows are only added (`AttendanceSheet.in_force`).

    `subject` is `person:12`, `guest:7`, `named:5` (a roster entry of somebody without an account), or `endpoint:3`
    (a room, shown for itself and never counted as a person).
    """

    __tablename__ = "attendance"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    generation: Mapped[int]
    subject: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    organisation: Mapped[str] = mapped_column(String(300), default="")
    """Its name at that time."""
    role: Mapped[str] = mapped_column(String(32), default="")
    seconds: Mapped[int]
    window_seconds: Mapped[int]
    share: Mapped[int]
    """Hundredths of a percent, rounded down."""
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict))
    rule_id: Mapped[int] = mapped_column(ForeignKey("attendance_rule.id"))
    evidence: Mapped[dict[str, Any]]
    """The segments that were counted, own and of rooms, and the window."""

    __table_args__ = (
        UniqueConstraint("occurrence_id", "generation", "subject"),
        # What reports count stands in this index alone: the evidence makes the rows themselves long.
        Index("ix_attendance_counted", "occurrence_id", "generation", *COUNTED),
    )


class AttendanceCorrection(Base):
    """Somebody decides otherwise, with a reason. Rows are only added; the latest one for a subject counts."""

    __tablename__ = "attendance_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(64))
    seconds: Mapped[int | None]
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict))
    reason: Mapped[str] = mapped_column(Text)
    corrected_by: Mapped[str] = mapped_column(String(64))
    corrected_at: Mapped[datetime]

    __table_args__ = (Index(None, "occurrence_id", "subject"),)


class StreamMetric(Base):
    """How many watched a stream, at a moment, from a source. Never mixed with attendance."""

    __tablename__ = "stream_metric"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(120))
    concurrent: Mapped[int | None]
    total: Mapped[int | None]
    evidence: Mapped[str] = mapped_column(String(2000), default="")
    """An address or a note that shows it."""
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime]
