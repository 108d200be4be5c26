"""Tags of projects in the schedule: an occurrence bears its own, or else its series', or else its programme's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory import projects
from lms.directory.rules import Visitor
from lms.schedule import project_of
from lms.schedule.levels import EDITABLE, Level
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Programme, Series


def put(session: Session, visitor: Visitor, level: Level, slug: str, project: str, now: datetime) -> None:
    """Let something bear a project's tag, or none of its own.

    Raises `NotFound`, `NotAllowed`, `Conflict` (project_closed).
    """
    target = EDITABLE[level](session, visitor, slug)
    before = target.project_id
    number = projects.chosen(session, project, kept=before)
    if number == before:
        return
    target.project_id = number
    session.flush()
    told = {"before": {"project_id": before}, "after": {"project_id": number}}
    record(session, visitor.actor, f"{level}.tag", level, target.id, now=now, **told)


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether an occurrence bears a tag."""
    return select(Occurrence.id).where(Occurrence.id == occurrence_id, project_of.occurrence().is_not(None)).exists()


def of_occurrence(session: Session, occurrence_id: int) -> tuple[int | None, int | None]:
    """Its own project, and the one that is shown."""
    query = select(Occurrence.project_id, project_of.occurrence()).where(Occurrence.id == occurrence_id)
    own, shown = session.execute(query).one()
    return own, shown


def of_series(session: Session, slug: str) -> tuple[int | None, int | None]:
    """The same of a series."""
    own, shown = session.execute(select(Series.project_id, project_of.series()).where(Series.slug == slug)).one()
    return own, shown


def of_programme(session: Session, slug: str) -> int | None:
    """The project of a programme."""
    return session.scalar(select(Programme.project_id).where(Programme.slug == slug))
