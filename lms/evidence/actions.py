"""Setting goals of a programme, and entering figures that were measured elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.models import Course
from lms.days import day_of
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotFound, TooMany
from lms.evidence.drafts import FigureDraft, GoalDraft, check_figure, check_goal
from lms.evidence.models import Counting, Goal, GoalCourse, GoalFigure
from lms.schedule import programmes

MOST_GOALS = 20
"""Of one programme."""
MOST_FIGURES = 500
"""Of one goal."""


def set_goal(session: Session, visitor: Visitor, programme: str, draft: GoalDraft, now: datetime) -> Goal:
    """A goal. Raises `NotFound`, `NotAllowed` (editors_only), `TooMany` (goals_many) or `Invalid`."""
    home = programmes.editable(session, visitor, programme)
    check_goal(draft)
    count = session.scalar(select(func.count()).where(Goal.programme_id == home.id)) or 0
    if count >= MOST_GOALS:
        raise TooMany("goals_many", f"A programme has at most {MOST_GOALS} goals. Take one back first.")
    made = Goal(programme_id=home.id, created_by=visitor.actor, created_at=now)
    _fill(made, draft)
    session.add(made)
    session.flush()
    _choose_courses(session, made, draft.course_ids)
    after = _state(session, made)
    record(session, visitor.actor, "goal.set", "goal", made.id, now=now, after=after)
    return made


def change_goal(
    session: Session, visitor: Visitor, programme: str, goal_id: int, draft: GoalDraft, now: datetime
) -> Goal:
    """Another number, period or rule; figures that were entered stay. Raises as `set_goal` does."""
    found = _editable(session, visitor, programme, goal_id)
    check_goal(draft)
    before = _state(session, found)
    _fill(found, draft)
    _choose_courses(session, found, draft.course_ids)
    session.flush()
    after = _state(session, found)
    record(session, visitor.actor, "goal.change", "goal", found.id, now=now, before=before, after=after)
    return found


def take_back(session: Session, visitor: Visitor, programme: str, goal_id: int, now: datetime) -> None:
    """The goal and its figures are gone; the log says what they were. Raises `NotFound` or `NotAllowed`."""
    found = _editable(session, visitor, programme, goal_id)
    before = _state(session, found)
    session.execute(delete(GoalFigure).where(GoalFigure.goal_id == found.id))
    session.execute(delete(GoalCourse).where(GoalCourse.goal_id == found.id))
    session.delete(found)
    session.flush()
    record(session, visitor.actor, "goal.take_back", "goal", goal_id, now=now, before=before)


def enter(
    session: Session, visitor: Visitor, programme: str, goal_id: int, draft: FigureDraft, now: datetime
) -> GoalFigure:
    """A figure as of a day.

    Raises `NotFound`, `NotAllowed`, `Conflict` (goal_counted), `TooMany` (figures_many) or `Invalid`.
    """
    found = _editable(session, visitor, programme, goal_id)
    if found.counting is not Counting.ENTERED:
        raise Conflict("goal_counted", "This figure is counted by the system; nothing is entered for it.")
    check_figure(draft, day_of(now))
    if (session.scalar(select(func.count()).where(GoalFigure.goal_id == found.id)) or 0) >= MOST_FIGURES:
        raise TooMany("figures_many", f"A goal has at most {MOST_FIGURES} figures. Set a new goal.")
    made = GoalFigure(
        goal_id=found.id,
        as_of=draft.as_of,
        value=draft.value,
        estimated=draft.estimated,
        source=draft.source.strip(),
        entered_by=visitor.actor,
        entered_at=now,
    )
    session.add(made)
    session.flush()
    after = {"value": made.value, "as_of": made.as_of.isoformat(), "estimated": made.estimated, "source": made.source}
    record(session, visitor.actor, "goal.enter", "goal", found.id, now=now, after=after)
    return made


def _editable(session: Session, visitor: Visitor, programme: str, goal_id: int) -> Goal:
    home = programmes.editable(session, visitor, programme)
    found = session.scalar(select(Goal).where(Goal.id == goal_id, Goal.programme_id == home.id))
    if found is None:
        raise NotFound("goal_unknown", "The programme has no such goal.")
    return found


def _fill(found: Goal, draft: GoalDraft) -> None:
    found.title, found.title_en = draft.title.strip(), draft.title_en.strip()
    found.counting, found.wanted = draft.counting, draft.wanted
    found.unit = draft.unit.strip() if draft.counting is Counting.ENTERED else ""
    found.from_date, found.to_date = draft.from_date, draft.to_date


def _choose_courses(session: Session, goal: Goal, chosen: Iterable[int]) -> None:
    session.execute(delete(GoalCourse).where(GoalCourse.goal_id == goal.id))
    known = session.scalars(select(Course.id).where(Course.id.in_(set(chosen))).order_by(Course.id))
    session.add_all(GoalCourse(goal_id=goal.id, course_id=number) for number in known.all())
    session.flush()


def _state(session: Session, found: Goal) -> dict[str, Any]:
    courses = select(GoalCourse.course_id).where(GoalCourse.goal_id == found.id).order_by(GoalCourse.course_id)
    return {
        "title": found.title,
        "counting": found.counting.value,
        "wanted": found.wanted,
        "unit": found.unit,
        "from": found.from_date.isoformat(),
        "to": found.to_date.isoformat(),
        "courses": list(session.scalars(courses)),
    }
