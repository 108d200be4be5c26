"""What somebody typed into a road map. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from lms.errors import Invalid
from lms.roadmaps.models import RoadmapState, StepState

MOST_STEPS = 100
LONGEST_TITLE, LONGEST_STEP, LONGEST_OWNER, LONGEST_NOTE = 300, 500, 200, 1000


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A step. `id` keeps the row of an existing one; the place in the list is the order."""

    text: str
    id: int | None = None
    owner_id: int | None = None
    owner_name: str = ""
    due_on: date | None = None
    state: StepState = StepState.PLANNED
    note: str = ""


@dataclass(frozen=True, slots=True)
class RoadmapDraft:
    """A road map."""

    title: str
    follow_up_on: date | None = None
    state: RoadmapState = RoadmapState.ACTIVE
    steps: Sequence[StepDraft] = field(default_factory=list)


def check(draft: RoadmapDraft) -> None:
    """Raises `Invalid`, naming the field."""
    if not draft.title.strip() or len(draft.title) > LONGEST_TITLE:
        raise Invalid("roadmap_title", f"A title has from 1 to {LONGEST_TITLE} characters.", "title")
    if len(draft.steps) > MOST_STEPS:
        raise Invalid("roadmap_steps", f"At most {MOST_STEPS} steps.", "steps")
    for number, step in enumerate(draft.steps):
        if not step.text.strip() or len(step.text) > LONGEST_STEP:
            raise Invalid("roadmap_step_text", f"A step has from 1 to {LONGEST_STEP} characters.", f"text-{number}")
        if len(step.owner_name) > LONGEST_OWNER:
            raise Invalid("roadmap_owner", f"At most {LONGEST_OWNER} characters.", f"owner_name-{number}")
        if len(step.note) > LONGEST_NOTE:
            raise Invalid("roadmap_note", f"At most {LONGEST_NOTE} characters.", f"note-{number}")
