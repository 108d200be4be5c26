"""Tables of evidence: a programme's goals, which courses count for them, and figures that were entered."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.base import Base, Word


class Counting(StrEnum):
    """By which rule the figure of a goal is found."""

    TRAINED = "trained"
    """Distinct persons with any of the next three."""
    ATTENDED = "attended"
    """Distinct persons who attended an occurrence of the programme, by an approved attendance sheet."""
    COMPLETED = "completed"
    """Distinct persons who completed a course that counts."""
    CERTIFIED = "certified"
    """Distinct persons with a certificate of the programme's series or of a course that counts; revoked ones and
    demonstrations left out."""
    ENTERED = "entered"
    """Measured elsewhere; the latest figure that was entered."""


class Goal(Base):
    """What a programme wants to reach between two days, both included."""

    __tablename__ = "goal"

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300), default="")
    counting: Mapped[Counting] = mapped_column(Word(Counting))
    wanted: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(String(40), default="")
    """Of an entered figure: `%`, `services`. Counted ones are persons."""
    from_date: Mapped[date]
    to_date: Mapped[date]
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class GoalCourse(Base):
    """A course that counts for a goal."""

    __tablename__ = "goal_course"

    goal_id: Mapped[int] = mapped_column(ForeignKey("goal.id", ondelete="CASCADE"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), primary_key=True, index=True)


class GoalFigure(Base):
    """A figure that somebody entered, as of a day, with its source. Rows are only added."""

    __tablename__ = "goal_figure"

    id: Mapped[int] = mapped_column(primary_key=True)
    goal_id: Mapped[int] = mapped_column(ForeignKey("goal.id", ondelete="CASCADE"), index=True)
    as_of: Mapped[date]
    value: Mapped[int] = mapped_column(BigInteger)
    estimated: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(500))
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime]
