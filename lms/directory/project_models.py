"""Tables of projects: with whose money something is held, taught or given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base
from lms.directory.models import Organisation


class Project(Base):
    """A project, or a funder's grant. What bears its tag names it on pages and certificates."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    """On whose behalf it is run; its organisers edit it."""
    name: Mapped[str] = mapped_column(String(300))
    name_en: Mapped[str] = mapped_column(String(300), default="")
    number: Mapped[str] = mapped_column(String(80), default="")
    """The reference that the funder gave it."""
    statement: Mapped[str] = mapped_column(String(300), default="")
    """As it has to be said: «За підтримки …»; empty: made of the funders' names."""
    statement_en: Mapped[str] = mapped_column(String(300), default="")
    logo: Mapped[str] = mapped_column(String(64), default="")
    """The picture's SHA-256 in the store of files; empty for none."""
    logo_alt: Mapped[str] = mapped_column(String(300), default="")
    logo_alt_en: Mapped[str] = mapped_column(String(300), default="")
    closed_at: Mapped[datetime | None]
    """Since when it is chosen no more; what bears it keeps it."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    funders: Mapped[list[ProjectFunder]] = relationship(
        lazy="raise", order_by="ProjectFunder.position", cascade="all, delete-orphan"
    )


class ProjectFunder(Base):
    """An organisation pays for a project."""

    __tablename__ = "project_funder"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    position: Mapped[int]

    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("project_id", "organisation_id"),)
