"""Tables of group work: the groups of an occurrence, who belongs to them, and whether their rooms are open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base


class GroupWork(Base):
    """How an occurrence works in groups. The rooms are open from `opened_at` until `closes_at`, if there is one."""

    __tablename__ = "group_work"

    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    choose: Mapped[bool] = mapped_column(default=False)
    """Whether somebody without a group may choose one in the meeting."""
    seed: Mapped[str] = mapped_column(String(40), default="")
    """With which the groups were last drawn: the same people and the same seed give the same groups."""
    opened_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]


class Group(Base):
    """A group. Its number names its meeting, so it stays when the name changes."""

    __tablename__ = "work_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120), default="")
    task: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (UniqueConstraint("occurrence_id", "number"),)


class GroupMember(Base):
    """Who belongs to a group: a person, an organisation whose endpoint comes, or a guest with a personal link."""

    __tablename__ = "work_group_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("work_group.id", ondelete="CASCADE"), index=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    guest_link_id: Mapped[int | None] = mapped_column(ForeignKey("guest_link.id", ondelete="CASCADE"), index=True)

    __table_args__ = (
        UniqueConstraint("occurrence_id", "person_id"),
        UniqueConstraint("occurrence_id", "organisation_id"),
        UniqueConstraint("occurrence_id", "guest_link_id"),
    )
