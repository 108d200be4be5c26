"""Demo data of projects: one of UNDP with money of the United Kingdom, named on what it pays for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_accounts, demo_planning, demo_protection
from lms.courses import tagging
from lms.courses.models import Course
from lms.directory import projects
from lms.directory.models import Account, Organisation, OrganisationKind
from lms.directory.project_models import Project
from lms.directory.projects import ProjectDraft
from lms.directory.queries import visitor_of_person
from lms.schedule import tags
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Series

NAME: Final = "Проєкт ПРООН за кошти Великої Британії"
_FUNDERS: Final = (
    ("undp", OrganisationKind.PROJECT, "Програма розвитку ООН в Україні", "UNDP in Ukraine"),
    ("uk-government", OrganisationKind.MINISTRY, "Уряд Великої Британії", "Government of the United Kingdom"),
)
COURSE: Final = "mobile-case"


def seed(session: Session, now: datetime) -> str:
    """Put it in once; its slug. What is planned by `demo_planning` and `demo_protection` bears its tag ever anew."""
    person_id = session.scalars(select(Account.person_id).where(Account.subject == demo_accounts.ORGANISER)).one()
    planner = visitor_of_person(session, person_id, now)
    slug = session.scalar(select(Project.slug).where(Project.name == NAME))
    if slug is None:
        draft = ProjectDraft(
            name=NAME,
            name_en="UNDP project funded by the United Kingdom",
            owner_id=session.scalars(select(Organisation.id).where(Organisation.code == "association")).one(),
            statement="За підтримки ПРООН та фінансування уряду Великої Британії",
            statement_en="Supported by UNDP, funded by the Government of the United Kingdom",
            funders=tuple(_funder(session, *each, now) for each in _FUNDERS),
        )
        slug = projects.create(session, planner, draft, now).slug
        if session.scalar(select(Course.id).where(Course.slug == COURSE)) is not None:
            tagging.put(session, planner, COURSE, slug, now)
    season = select(Series.slug).where(Series.title == demo_planning.SEASON, Series.project_id.is_(None))
    for each in session.scalars(season).all():
        tags.put(session, planner, "series", each, slug, now)
    shielded = select(Occurrence.slug).where(Occurrence.title == demo_protection.TITLE, Occurrence.project_id.is_(None))
    for each in session.scalars(shielded).all():
        tags.put(session, planner, "occurrence", each, slug, now)
    return slug


def _funder(session: Session, code: str, kind: OrganisationKind, uk: str, en: str, now: datetime) -> int:
    number = session.scalar(select(Organisation.id).where(Organisation.code == code))
    if number is not None:
        return number
    made = Organisation(code=code, kind=kind, name_uk=uk, name_en=en, created_at=now)
    session.add(made)
    session.flush()
    return made.id
