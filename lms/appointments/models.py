"""Tables of consultation hours and of what was booked in them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word
from lms.directory.models import OrganisationKind


class Audience(StrEnum):
    """Who may book."""

    EVERYBODY = "everybody"
    """Whoever has an account."""
    ORGANISATIONS = "organisations"
    """Those who work at an organisation of a kind."""
    LEARNERS = "learners"
    """Those who learn a course, or have completed it."""


class AppointmentState(StrEnum):
    """How far an appointment has come."""

    BOOKED = "booked"
    HELD = "held"
    NOT_ATTENDED = "not_attended"
    CANCELLED = "cancelled"


class ConsultationHours(Base):
    """That and how a person can be booked. Its row is the lock under which times are taken: none is sold twice.

    Minutes everywhere: `notice` is how long before its beginning a time can be booked at the latest, `change` how long
    before the person who booked may still move or cancel.
    """

    __tablename__ = "consultation_hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    open: Mapped[bool] = mapped_column(default=True)
    """Whether anything can be booked at all."""
    about: Mapped[str] = mapped_column(Text, default="")
    about_en: Mapped[str] = mapped_column(Text, default="")
    zone: Mapped[str] = mapped_column(String(64))
    slot_minutes: Mapped[int]
    pause_minutes: Mapped[int]
    notice_minutes: Mapped[int]
    change_minutes: Mapped[int]
    most_each: Mapped[int]
    """So many appointments ahead one person may hold."""
    horizon_days: Mapped[int]
    """So far ahead times are offered."""
    audience: Mapped[Audience] = mapped_column(Word(Audience), default=Audience.EVERYBODY)
    organisation_kind: Mapped[OrganisationKind | None] = mapped_column(Word(OrganisationKind))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ConsultationTopic(Base):
    """What an expert can be asked about."""

    __tablename__ = "consultation_topic"

    hours_id: Mapped[int] = mapped_column(ForeignKey("consultation_hours.id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True, index=True)


class ConsultationWindow(Base):
    """Times on one day of each week, or on a single day, by the clock of the hours' zone. Closed, never deleted.

    `begins` and `ends` are minutes after local midnight, at most 1440.
    """

    __tablename__ = "consultation_window"

    id: Mapped[int] = mapped_column(primary_key=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("consultation_hours.id", ondelete="CASCADE"), index=True)
    weekday: Mapped[int | None]
    """0 is Monday; None for a single day."""
    day: Mapped[date | None]
    begins: Mapped[int]
    ends: Mapped[int]
    from_day: Mapped[date | None]
    """Of a weekly window: the first and the last day on which it counts."""
    to_day: Mapped[date | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ConsultationAbsence(Base):
    """Days, first and last included, on which the expert is away."""

    __tablename__ = "consultation_absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("consultation_hours.id", ondelete="CASCADE"), index=True)
    from_day: Mapped[date]
    to_day: Mapped[date]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Appointment(Base):
    """Somebody has booked a time of an expert, for something that they want to know. Only the two read it."""

    __tablename__ = "appointment"

    id: Mapped[int] = mapped_column(primary_key=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("consultation_hours.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id"), unique=True)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    subject: Mapped[str] = mapped_column(String(200))
    question: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime]
    """The same as the occurrence's, here for the sake of indices."""
    ends_at: Mapped[datetime]
    state: Mapped[AppointmentState] = mapped_column(Word(AppointmentState))
    state_by: Mapped[str] = mapped_column(String(64))
    """Who booked it, cancelled it, or said what became of it."""
    state_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was cancelled or moved last."""
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    booked_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "hours_id", "state", "starts_at"),
        Index(None, "expert_id", "state", "starts_at"),
        Index(None, "person_id", "state", "starts_at"),
    )
