"""Tables of who is invited, who registered, who waits, and of calendars that people subscribe to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word
from lms.schedule.models import MeetingRole


class ParticipationStatus(StrEnum):
    """PARTSTAT of RFC 5545 section 3.2.12, as far as an event has it."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class Invitation(Base):
    """Somebody is asked to come to an occurrence: a person, an organisation, or a guest expert by address alone.

    `told_sequence` is the SEQUENCE of the last calendar message that was queued for this address; -1 for none.
    """

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(254), index=True)
    """ATTENDEE, in lower case."""
    name: Mapped[str] = mapped_column(String(300), default="")
    language: Mapped[str] = mapped_column(String(8), default="uk")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speaker.id", ondelete="SET NULL"), index=True)
    guest_link_id: Mapped[int | None] = mapped_column(ForeignKey("guest_link.id"))
    role: Mapped[MeetingRole] = mapped_column(Word(MeetingRole), default=MeetingRole.PARTICIPANT)
    status: Mapped[ParticipationStatus] = mapped_column(
        Word(ParticipationStatus), default=ParticipationStatus.NEEDS_ACTION
    )
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(16), default="")
    """How the answer came: `mail` or `page`."""
    answered_sequence: Mapped[int | None]
    comment: Mapped[str] = mapped_column(String(1000), default="")
    told_sequence: Mapped[int] = mapped_column(default=-1)
    told_method: Mapped[str] = mapped_column(String(16), default="")
    """METHOD of that message: `request` or `cancel`; empty for none."""
    told_facts: Mapped[dict[str, Any] | None]
    """What it said about time and title (`lms.schedule.telling.facts_told`)."""
    told_at: Mapped[datetime | None]
    asked_sequence: Mapped[int] = mapped_column(default=0)
    """An answer to a lower SEQUENCE is about another time."""
    of_speaker: Mapped[bool] = mapped_column(default=False)
    """Made because its person speaks: it goes when they no longer do."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("occurrence_id", "address"),)


class RegistrationMode(StrEnum):
    """How one gets a seat: by asking, or by asking and being approved."""

    OPEN = "open"
    APPROVAL = "approval"


class RegistrationPolicy(Base):
    """How people register for an occurrence; without such a row nobody needs to.

    Capacities are seats; None is without bound. `questions` is a list of
    `{"id", "text", "text_en", "kind": "text"|"choice"|"yes_no", "options": [...], "required": bool}`.
    """

    __tablename__ = "registration_policy"

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    mode: Mapped[RegistrationMode] = mapped_column(Word(RegistrationMode), default=RegistrationMode.OPEN)
    required: Mapped[bool] = mapped_column(default=False)
    """Whether only those with a confirmed seat may join."""
    capacity: Mapped[int | None]
    per_organisation: Mapped[int | None]
    viewer_capacity: Mapped[int | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    """None: until the occurrence begins."""
    offer_minutes: Mapped[int] = mapped_column(default=24 * 60)
    """How long an offered seat is kept for somebody from the waiting list."""
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)


class Seat(StrEnum):
    """As what somebody takes part: speaking, watching, or in a room behind an endpoint."""

    INTERACTIVE = "interactive"
    VIEWER = "viewer"
    ROOM = "room"


class Attends(StrEnum):
    """From where somebody takes part in a mixed occurrence."""

    ONLINE = "online"
    ON_SITE = "on_site"


class RegistrationState(StrEnum):
    """How far a registration has come."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Registration(Base):
    """A person (or, for a room, an organisation) wants a seat. Changed only under the lock on the occurrence's row."""

    __tablename__ = "registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """On whose behalf: its quota counts. For a room seat, whose room."""
    seat: Mapped[Seat] = mapped_column(Word(Seat), default=Seat.INTERACTIVE)
    state: Mapped[RegistrationState] = mapped_column(Word(RegistrationState))
    attends: Mapped[Attends] = mapped_column(Word(Attends), default=Attends.ONLINE, server_default="online")
    head_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """For a room: how many people will sit in it."""
    answers: Mapped[dict[str, Any]]
    """By question's id: `{"question": its words as they were, "value"}`."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime]
    """Place in the waiting list; a declined or expired offer loses it."""
    offered_until: Mapped[datetime | None] = mapped_column(index=True)
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(1000), default="")
    round: Mapped[int] = mapped_column(default=0)
    """Rises with every change of state, so that each is told once."""

    __table_args__ = (UniqueConstraint("occurrence_id", "person_id"), Index(None, "occurrence_id", "state"))


class CalendarFeed(Base):
    """A person's calendar address. The secret part is stored as a SHA-256 and shown once."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class GuestLinkBrowser(Base):
    """A browser in which a personal link was used; a second one makes the organiser look."""

    __tablename__ = "guest_link_browser"

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_link_id: Mapped[int] = mapped_column(ForeignKey("guest_link.id", ondelete="CASCADE"))
    browser_hash: Mapped[str] = mapped_column(String(64))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (UniqueConstraint("guest_link_id", "browser_hash"),)
