"""What is told of an occurrence's changes: everything to its editors, to others what changed since it was announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from lms.schedule.models import Status

TOLD = frozenset(
    {"starts_local", "zone", "duration_minutes", "title", "title_en", "mode", "venue", "status", "kind", "language"}
)
"""What concerns those who come. Parties, speakers and the agenda stand on the page as they are now."""


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """A change: the values that differ, as JSON, and why."""

    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    sequence: int


def told(changes: Sequence[Row[*tuple[Any, ...]]], *, editor: bool) -> tuple[ChangeCard, ...]:
    """The changes, earliest first, as far as the reader is told. What was changed in a draft concerns its editors."""
    found = []
    announced = editor
    for change in changes:
        if announced and (editor or change.after.get("status") != Status.DRAFT.value):
            card = _card(change, editor=editor)
            if card.after or card.before:
                found.append(card)
        announced = announced or change.before.get("status") == Status.DRAFT.value
    return tuple(found)


def _card(change: Row[*tuple[Any, ...]], *, editor: bool) -> ChangeCard:
    keys = [key for key in change.after if editor or key in TOLD]
    before = {key: change.before.get(key) for key in keys}
    after = {key: change.after[key] for key in keys}
    return ChangeCard(change.at, before, after, change.reason if keys else "", change.sequence)
