"""Tables of meetings held. `meeting_event` is the source; `meeting` and `connection` can be rebuilt from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base


class MeetingEvent(Base):
    """What a media node told, as it told it. Rows are only added; an event is stored once, however often it comes."""

    __tablename__ = "meeting_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(100), unique=True)
    node: Mapped[int]
    meeting: Mapped[str] = mapped_column(String(64))
    opening: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    contents: Mapped[dict[str, Any]]

    __table_args__ = (Index(None, "opening", "sequence"),)


class NodePulse(Base):
    """When a node was last heard of."""

    __tablename__ = "node_pulse"

    node: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_seen_at: Mapped[datetime]


class Meeting(Base):
    """An occurrence while media flowed: one row for each time that a node opened it.

    `began_at` to `ended_at` is the official window, announced by a host. `last_sequence` is the last event
    applied, `last_heartbeat_at` when its node was last heard, by our clock.
    """

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id"), index=True)
    name: Mapped[str] = mapped_column(String(64), index=True)
    opening: Mapped[str] = mapped_column(String(64), unique=True)
    node: Mapped[int]
    last_sequence: Mapped[int]
    opened_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    last_heartbeat_at: Mapped[datetime]

    connections: Mapped[list[Connection]] = relationship(lazy="raise", order_by="Connection.joined_at")


class Connection(Base):
    """Somebody was connected in `[joined_at, left_at)`; open while `left_at` is empty."""

    __tablename__ = "connection"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    participant: Mapped[str] = mapped_column(String(64))
    identity: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    organisation: Mapped[str] = mapped_column(String(300), default="")
    role: Mapped[str] = mapped_column(String(32))
    presence: Mapped[str] = mapped_column(String(32))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(64), default="")

    __table_args__ = (UniqueConstraint("meeting_id", "participant", "joined_at"),)
