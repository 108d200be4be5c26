"""Needs on other pages: a survey that waits, on the start page; why it was planned, on the occurrence's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lms.needs import own_queries, plans
from lms.needs.views import ToAnswer
from lms.schedule.cards import OccurrencePage
from web.panels import OCCURRENCE, START
from web.visits import Visit


def _of_centres(visit: Visit) -> dict[str, Any] | None:
    return _surveys(visit, ())


@START.register("needs", place=10, given=own_queries.asked, otherwise=_of_centres)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """A survey waits; for leads, how their centre answers and that a result is there."""
    return _surveys(visit, own_queries.to_answer(visit.session, visit.visitor, visit.now))


def _surveys(visit: Visit, waiting: Sequence[ToAnswer]) -> dict[str, Any] | None:
    centres = own_queries.of_centres(visit.session, visit.visitor, visit.now)
    return {"waiting": waiting, "centres": centres} if waiting or centres else None


@OCCURRENCE.register("needs", place=60, column="side", given=plans.any_of)
def of_occurrence(visit: Visit, page: OccurrencePage) -> dict[str, Any] | None:
    """The needs because of which its series was planned."""
    causes = plans.causes_of_occurrence(visit.session, page.card.id)
    return {"causes": causes} if causes else None
