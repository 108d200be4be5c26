"""Whose project a certificate bears: its rule's own, or that of what it is given for, as it is when it is issued."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses.models import Course
from lms.credentials.models import AwardRule
from lms.directory import projects
from lms.directory.projects import ProjectTag
from lms.schedule import project_of
from lms.schedule.plan_models import Series


def of_rule(session: Session, rule: AwardRule) -> ProjectTag | None:
    """The project of a rule; its own before the one that it inherits."""
    number = rule.project_id
    if number is None and rule.series_id is not None:
        number = session.scalar(select(project_of.series()).where(Series.id == rule.series_id))
    if number is None and rule.course_id is not None:
        number = session.scalar(select(Course.project_id).where(Course.id == rule.course_id))
    return projects.tag_of(session, number)


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
