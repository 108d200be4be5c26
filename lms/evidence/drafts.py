"""What somebody typed of a goal or of a figure, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lms.errors import Invalid
from lms.evidence.models import Counting

MOST = 10**12
"""The largest figure."""


@dataclass(frozen=True, slots=True)
class GoalDraft:
    """A goal, from a day to a day, both included."""

    title: str
    counting: Counting
    wanted: int
    from_date: date
    to_date: date
    title_en: str = ""
    unit: str = ""
    course_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureDraft:
    """A figure that was measured elsewhere."""

    as_of: date
    value: int
    source: str
    estimated: bool = False


def check_goal(draft: GoalDraft) -> None:
    """Raises `Invalid`: title_needed, wanted_invalid, period_invalid, goal_courses or goal_unit."""
    if not draft.title.strip() or max(len(draft.title), len(draft.title_en)) > 300:
        raise Invalid("title_needed", "Give it a title of at most 300 characters.", "title")
    if not 1 <= draft.wanted <= MOST:
        raise Invalid("wanted_invalid", "How many is a whole number from 1.", "wanted")
    if draft.to_date < draft.from_date:
        raise Invalid("period_invalid", "The end lies before the beginning.", "to_date")
    if draft.counting is Counting.COMPLETED and not draft.course_ids:
        raise Invalid("goal_courses", "Choose at least one course that counts.", "courses")
    if draft.counting is Counting.ENTERED and not draft.unit.strip():
        raise Invalid("goal_unit", "Say in what it is counted: services, centres, percent.", "unit")
    if len(draft.unit) > 40:
        raise Invalid("goal_unit", "The unit has at most 40 characters.", "unit")


def check_figure(draft: FigureDraft, today: date) -> None:
    """Raises `Invalid`: figure_invalid, figure_ahead or figure_source."""
    if not 0 <= draft.value <= MOST:
        raise Invalid("figure_invalid", "The figure is a whole number from 0.", "figure")
    if draft.as_of > today:
        raise Invalid("figure_ahead", "A figure is of today or of a day before.", "as_of")
    if not draft.source.strip() or len(draft.source) > 500:
        raise Invalid("figure_source", "Say in at most 500 characters where the figure comes from.", "source")
