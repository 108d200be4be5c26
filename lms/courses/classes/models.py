"""Tables of classes, of who is in them, and of who sat where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base


class CourseClass(Base):
    """People whom one facilitator teaches a course, at one organisation."""

    __tablename__ = "course_class"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    facilitator_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    """Where they meet."""
    room: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ClassMember(Base):
    """Somebody in a class. `name` is as the facilitator wrote it: she learns no other one."""

    __tablename__ = "class_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("course_class.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), default="")
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("class_id", "person_id"),)


class ClassSitting(Base):
    """An hour of a class: while it lasts, its code and a name of the class let somebody sit at a shared computer."""

    __tablename__ = "class_sitting"

    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("course_class.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    """Never given twice; worth nothing after the sitting."""
    lesson_key: Mapped[str] = mapped_column(String(60), default="")
    """The test that is taken under supervision; empty: the course is worked at."""
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ClassSeat(Base):
    """One of the class at one sitting: whether they were there, and the browser in which they sit."""

    __tablename__ = "class_seat"

    id: Mapped[int] = mapped_column(primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("class_sitting.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("class_member.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of what the browser's cookie holds; None: nobody sits here."""
    taken_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    present: Mapped[bool | None]
    """As marked; None while nobody has said so."""
    marked_by: Mapped[str] = mapped_column(String(64), default="")
    marked_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("sitting_id", "member_id"),)
