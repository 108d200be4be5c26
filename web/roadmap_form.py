"""The form of a road map: rows of steps that are added, moved and removed without losing what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from starlette.datastructures import FormData

from lms.errors import Invalid
from lms.roadmaps.drafts import MOST_STEPS, RoadmapDraft, StepDraft
from lms.roadmaps.models import RoadmapState, StepState
from lms.roadmaps.queries import RoadmapPage
from web import forms

EMPTY_ROWS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A step as it stands in the form."""

    id: str = ""
    text: str = ""
    owner: str = ""
    owner_name: str = ""
    due: str = ""
    state: str = StepState.PLANNED.value
    note: str = ""
    remove: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into it."""
        return not (self.id or self.text or self.owner or self.owner_name or self.due or self.note)


@dataclass(frozen=True, slots=True)
class Typed:
    """A road map as it stands in the form."""

    title: str = ""
    follow_up: str = ""
    state: str = RoadmapState.ACTIVE.value
    rows: list[Row] = field(default_factory=list)
    version: str = ""

    def shown(self) -> Typed:
        """With empty rows to write into."""
        filled = [row for row in self.rows if not row.is_empty]
        return replace(self, rows=[*filled, *[Row()] * min(EMPTY_ROWS, MOST_STEPS - len(filled))])

    def after(self, do: str) -> Typed:
        """With a row moved up or down (`up-3`, `down-0`); else as it is."""
        way, _, text = do.partition("-")
        number = forms.whole(text)
        if way not in ("up", "down") or number is None or number >= len(self.rows):
            return self
        other = number - 1 if way == "up" else number + 1
        if not 0 <= other < len(self.rows):
            return self
        rows = list(self.rows)
        rows[number], rows[other] = rows[other], rows[number]
        return replace(self, rows=rows)

    def draft(self) -> RoadmapDraft:
        """For the domain. Raises `Invalid` (roadmap_date)."""
        rows = [row for row in self.rows if not row.is_empty and not row.remove]
        return RoadmapDraft(
            title=self.title,
            follow_up_on=_day(self.follow_up, "follow_up"),
            state=RoadmapState(self.state) if self.state in set(RoadmapState) else RoadmapState.ACTIVE,
            steps=[_step(number, row) for number, row in enumerate(rows)],
        )


def _step(number: int, row: Row) -> StepDraft:
    return StepDraft(
        text=row.text,
        id=forms.whole(row.id),
        owner_id=forms.whole(row.owner),
        owner_name=row.owner_name,
        due_on=_day(row.due, f"due-{number}"),
        state=StepState(row.state) if row.state in set(StepState) else StepState.PLANNED,
        note=row.note,
    )


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("roadmap_date", f"{text} is no date.", name) from error
    if not 2000 <= day.year <= 2100:
        raise Invalid("roadmap_date", f"{text} is too far away.", name)
    return day


def typed(form: FormData) -> Typed:
    """What was sent."""
    count = min(forms.whole(form.get("rows", "")) or 0, MOST_STEPS + EMPTY_ROWS)
    return Typed(
        title=forms.text(form, "title"),
        follow_up=forms.text(form, "follow_up"),
        state=forms.text(form, "state") or RoadmapState.ACTIVE.value,
        version=forms.text(form, "version"),
        rows=[
            Row(
                id=forms.text(form, f"id-{number}"),
                text=forms.text(form, f"text-{number}"),
                owner=forms.text(form, f"owner-{number}"),
                owner_name=forms.text(form, f"owner_name-{number}"),
                due=forms.text(form, f"due-{number}"),
                state=forms.text(form, f"state-{number}") or StepState.PLANNED.value,
                note=forms.text(form, f"note-{number}"),
                remove=bool(forms.text(form, f"remove-{number}")),
            )
            for number in range(count)
        ],
    )


def saved(page: RoadmapPage) -> Typed:
    """What is kept."""
    return Typed(
        title=page.card.title,
        follow_up=page.card.follow_up_on.isoformat() if page.card.follow_up_on else "",
        state=page.card.state.value,
        version=str(page.version),
        rows=[
            Row(
                id=str(step.id),
                text=step.text,
                owner=str(step.owner_id or ""),
                owner_name="" if step.owner_id else step.owner,
                due=step.due_on.isoformat() if step.due_on else "",
                state=step.state.value,
                note=step.note,
            )
            for step in page.steps
        ],
    )
