"""Demo data of evidence: two goals of the network's programme, one counted and one entered by hand."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses.models import Course
from lms.directory.rules import Visitor
from lms.evidence import actions
from lms.evidence.drafts import FigureDraft, GoalDraft
from lms.evidence.models import Counting, Goal
from lms.schedule.plan_models import Programme


def seed(session: Session, planner: Visitor, programme: str, now: datetime) -> None:
    """Put it in once; `programme` is its title."""
    if session.scalar(select(Goal.id).limit(1)) is not None:
        return
    home = session.scalars(select(Programme).where(Programme.title == programme)).one()
    until = home.to_date or date(now.year, 12, 31)
    courses = tuple(session.scalars(select(Course.id)))
    trained = GoalDraft(
        "Навчено працівників центрів", Counting.TRAINED, 40, home.from_date, until, "Staff of centres trained",
        course_ids=courses,
    )  # fmt: skip
    actions.set_goal(session, planner, home.slug, trained, now)
    equipped = GoalDraft(
        "Центри з мобільним кейсом", Counting.ENTERED, 28, home.from_date, until, "Centres with a mobile case",
        unit="центрів",
    )  # fmt: skip
    made = actions.set_goal(session, planner, home.slug, equipped, now)
    figure = FigureDraft(now.date(), 11, "Звіти центрів про обладнання")
    actions.enter(session, planner, home.slug, made.id, figure, now)
