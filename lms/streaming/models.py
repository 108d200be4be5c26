"""Tables of live streams."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word


class TargetKind(StrEnum):
    """Whose service it is; people see its name and its hints."""

    YOUTUBE = "youtube"
    FACEBOOK = "facebook"
    OTHER = "other"


class StreamTarget(Base):
    """A service that takes streams by RTMP or RTMPS. Without owner and programme it is general: for every occurrence.

    `server` is the address without the key, `sealed` the address with it (`lms.sealing`); the key is not shown again.
    """

    __tablename__ = "stream_target"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[TargetKind] = mapped_column(Word(TargetKind))
    server: Mapped[str] = mapped_column(String(500))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    key_set_at: Mapped[datetime]
    page: Mapped[str] = mapped_column(String(500), default="")
    """Where the public sees it there: the channel, the page."""
    enabled: Mapped[bool] = mapped_column(default=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id"), index=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class StreamChoice(Base):
    """To which targets an occurrence is streamed, or each occurrence of a series that has not chosen by itself."""

    __tablename__ = "stream_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), unique=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), unique=True)

    targets: Mapped[list[ChosenTarget]] = relationship(lazy="raise", cascade="all, delete-orphan")


class ChosenTarget(Base):
    """One target of a choice."""

    __tablename__ = "stream_chosen_target"

    id: Mapped[int] = mapped_column(primary_key=True)
    choice_id: Mapped[int] = mapped_column(ForeignKey("stream_choice.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("stream_target.id", ondelete="CASCADE"), index=True)
    post: Mapped[str] = mapped_column(String(500), default="")
    """The public post of this very broadcast, where there is one."""

    __table_args__ = (UniqueConstraint("choice_id", "target_id"),)


class StreamRun(Base):
    """One live stream of a meeting. `code` names it in files: 16 hexadecimal digits."""

    __tablename__ = "stream_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    meeting: Mapped[str] = mapped_column(String(64), index=True)
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime]
    live_at: Mapped[datetime | None]
    """When there was something to watch."""
    ended_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    """When its node said that it is over."""
    begun_by: Mapped[str] = mapped_column(String(120), default="")
    """Who pressed the button, by name; empty where the plan did."""
    ended_by: Mapped[str] = mapped_column(String(120), default="")
    heard_at: Mapped[datetime]
    """When its composer last told how it fares."""
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
    """When its figures and what was kept of it were taken: nothing is to be done about it any more."""
    most_viewers: Mapped[int] = mapped_column(default=0)
    views: Mapped[int] = mapped_column(default=0)
    """How often somebody began to watch."""

    lines: Mapped[list[StreamLine]] = relationship(lazy="raise", order_by="StreamLine.id", cascade="all, delete-orphan")


class StreamLine(Base):
    """What happened to a target during a run: a change of its state, with what its server said."""

    __tablename__ = "stream_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("stream_run.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    target: Mapped[str] = mapped_column(String(64))
    """Its number, or the name it was given on the command line."""
    name: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(16))
    problem: Mapped[str] = mapped_column(String(16), default="")
    detail: Mapped[str] = mapped_column(String(200), default="")
    tries: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "run_id", "target"),)
