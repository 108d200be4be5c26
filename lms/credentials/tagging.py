"""Whose project a certificate bears: its rule's own, or that of what it is given for, as it is when it is issued."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.courses.models import Course
from lms.credentials.models import AwardRule
from lms.directory import projects
from lms.directory.projects import ProjectTag
from lms.schedule import project_of
from lms.schedule.plan_models import Series


def of_rule(session: Session, rule: AwardRule) -> ProjectTag | None:
    """The project of a rule; its own before the one that it inherits."""
    return projects.tag_of(session, session.scalar(select(project_of_rule()).where(AwardRule.id == rule.id)))


def project_of_rule() -> ColumnElement[int | None]:
    """SQL over `AwardRule`: the number of its project."""
    of_series = select(project_of.series()).where(Series.id == AwardRule.series_id)
    of_course = select(Course.project_id).where(Course.id == AwardRule.course_id)
    return func.coalesce(
        AwardRule.project_id,
        of_series.correlate(AwardRule).scalar_subquery(),
        of_course.correlate(AwardRule).scalar_subquery(),
    )


def facts(tag: ProjectTag | None) -> dict[str, str]:
    """What a snapshot keeps of it; empty for no project."""
    if tag is None:
        return {}
    kept = {
        "name": tag.name,
        "name_en": tag.name_en,
        "number": tag.number,
        "statement": tag.statement,
        "statement_en": tag.statement_en,
        "logo": tag.logo,
        "logo_alt": " / ".join(filter(None, (tag.logo_alt, tag.logo_alt_en))),
    }
    return {name: value for name, value in kept.items() if value}
