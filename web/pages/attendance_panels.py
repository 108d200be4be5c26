"""Attendance on other pages: one's own result on the occurrence's page, what is to be done on the start page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lms.meetings.access import is_auditor, led
from lms.meetings.roll_call_queries import ToConfirm, to_confirm, to_fill, unconfirmed
from lms.meetings.sheet_queries import own, to_approve
from lms.schedule.cards import OccurrencePage
from web import attendance_words as words
from web.panels import OCCURRENCE, START
from web.visits import Visit


@OCCURRENCE.register("attendance", place=40, column="side")
def of_occurrence(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """Own result and what is to be confirmed; for those who may, the way to the sheet and to the roll-call."""
    card, visitor = page.card, visit.visitor
    if card.status in ("draft", "cancelled") or not (card.live or card.ended):
        return None
    person_id = visitor.person_id
    result = own(visit.session, person_id, card.id) if person_id is not None else None
    asked = to_confirm(visit.session, person_id, occurrence_id=card.id) if person_id is not None else []
    sees = page.may_edit or is_auditor(visitor) or bool(led(visitor))
    enters = page.may_edit or bool(led(visitor))
    if result is None and not asked and not sees:
        return None
    return {"own": result, "asked": asked, "sees": sees, "enters": enters, "slug": card.slug, "words": words}


def _nothing_to_confirm(visit: Visit) -> dict[str, Any] | None:
    return _to_do(visit, ())


@START.register("attendance", place=40, given=unconfirmed, otherwise=_nothing_to_confirm)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """Roll-calls to fill in, presence to confirm, sheets to approve."""
    number = visit.visitor.person_id
    return _to_do(visit, to_confirm(visit.session, number, limit=5) if number is not None else ())


def _to_do(visit: Visit, confirm: Sequence[ToConfirm]) -> dict[str, Any] | None:
    if visit.visitor.person_id is None:
        return None
    fill = to_fill(visit.session, visit.visitor, visit.now)
    approve, total = to_approve(visit.session, visit.visitor)
    if not (fill or confirm or approve):
        return None
    return {"fill": fill, "confirm": confirm, "approve": approve, "total": total}
