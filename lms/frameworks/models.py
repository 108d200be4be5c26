"""Tables of frames of competences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base


class Framework(Base):
    """A frame, whatever its version: DigComp."""

    __tablename__ = "framework"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name_uk: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")


class FrameworkVersion(Base):
    """One version of a frame, by the code that tags name."""

    __tablename__ = "framework_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("framework.id"), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(32))
    """As its publisher counts: 2.2."""
    published: Mapped[str] = mapped_column(String(10), default="")
    """Year, or year and month."""
    publication: Mapped[str] = mapped_column(String(500), default="")
    """The address at which it is published; competences have none of their own."""
    licence: Mapped[str] = mapped_column(String(100), default="")
    note: Mapped[str] = mapped_column(String(2000), default="")
    """In English; in Ukrainian in the next."""
    note_uk: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    expected: Mapped[int] = mapped_column(default=0)
    """How many competences it has by its publisher, also when not all of them have been supplied."""
    subjects: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Named groups of areas and competences, in the order of pages: code, name_uk, name_en, numbers."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file it came from."""
    loaded_at: Mapped[datetime]

    framework: Mapped[Framework] = relationship(lazy="raise")
    competences: Mapped[list[Competence]] = relationship(
        lazy="raise", order_by="Competence.position", cascade="all, delete-orphan"
    )
    levels: Mapped[list[ProficiencyLevel]] = relationship(
        lazy="raise", order_by="ProficiencyLevel.position", cascade="all, delete-orphan"
    )


class Competence(Base):
    """An area (`1`) or a competence in it (`1.1`)."""

    __tablename__ = "competence"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("framework_version.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(16))
    area: Mapped[str] = mapped_column(String(16), default="")
    """The number of the area that it stands in; empty for an area."""
    position: Mapped[int]
    name_uk: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (UniqueConstraint("version_id", "number"),)


class LearningOutcome(Base):
    """What somebody of a level knows, can do or is minded to do in a competence; as its publisher says it."""

    __tablename__ = "learning_outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("framework_version.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(16))
    """Of the competence."""
    code: Mapped[str] = mapped_column(String(32))
    """The publisher's: `LO1.1.01`."""
    position: Mapped[int]
    level: Mapped[str] = mapped_column(String(32))
    """A level's code."""
    kind: Mapped[str] = mapped_column(String(16))
    """`knowledge`, `skill` or `attitude`."""
    text_uk: Mapped[str] = mapped_column(String(1000), default="")
    text_en: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (UniqueConstraint("version_id", "code"),)


class ProficiencyLevel(Base):
    """A level; `first` and `last` say which of the eight levels it covers."""

    __tablename__ = "proficiency_level"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("framework_version.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(32))
    position: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    name_uk: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (UniqueConstraint("version_id", "code"),)


class CrosswalkLine(Base):
    """What one number of a version corresponds to in another; one number may have several lines.

    Versions are named by code, so that a file may map to a version that is not loaded (yet). `to_number` is empty where
    nothing corresponds, and the note says so.
    """

    __tablename__ = "crosswalk_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_version: Mapped[str] = mapped_column(String(32))
    from_number: Mapped[str] = mapped_column(String(16))
    to_version: Mapped[str] = mapped_column(String(32))
    to_number: Mapped[str] = mapped_column(String(16), default="")
    position: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index(None, "from_version", "from_number"), Index(None, "to_version", "to_number"))
