"""Tables of road maps, and of everything that happened to them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.base import Base, Word


class RoadmapState(StrEnum):
    """How a road map stands."""

    ACTIVE = "active"
    DONE = "done"
    DROPPED = "dropped"


class StepState(StrEnum):
    """How far a step has come."""

    PLANNED = "planned"
    UNDER_WAY = "under_way"
    DONE = "done"
    DROPPED = "dropped"


class Roadmap(Base):
    """What an organisation has set out to do; where it came from, and when one looks back."""

    __tablename__ = "roadmap"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    occurrence_id: Mapped[int | None] = mapped_column(ForeignKey("occurrence.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    state: Mapped[RoadmapState] = mapped_column(Word(RoadmapState), default=RoadmapState.ACTIVE)
    follow_up_on: Mapped[date | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column()
    """Refuses an edit of what has changed meanwhile."""
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    steps: Mapped[list[RoadmapStep]] = relationship(
        lazy="raise", order_by="RoadmapStep.position", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}


class RoadmapStep(Base):
    """One thing to do. Its owner is a person of the system, or somebody by name."""

    __tablename__ = "roadmap_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    roadmap_id: Mapped[int] = mapped_column(ForeignKey("roadmap.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    owner_name: Mapped[str] = mapped_column(String(200), default="")
    due_on: Mapped[date | None]
    state: Mapped[StepState] = mapped_column(Word(StepState), default=StepState.PLANNED)
    note: Mapped[str] = mapped_column(String(1000), default="")

    __table_args__ = (Index(None, "due_on", "state"),)


class RoadmapChange(Base):
    """One thing that happened to a road map; rows are only added. `step` is its text at that time, empty for the whole.

    `kind`: `made`, `edited`, `added`, `removed`, `changed`.
    """

    __tablename__ = "roadmap_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    roadmap_id: Mapped[int] = mapped_column(ForeignKey("roadmap.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(500), default="")
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]

    __table_args__ = (Index(None, "roadmap_id", "at"),)
