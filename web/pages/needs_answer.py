"""`/needs/{slug}/answer`: the questionnaire, and keeping what was said so far."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid, Refusal
from lms.needs import answering, own_queries
from lms.needs.drafts import LONGEST_MORE, Answers, Ratings
from lms.needs.models import ResponseState
from lms.needs.views import Questionnaire
from web import forms, needs_words
from web.errors import status_of
from web.guards import signed_in_only
from web.needs_form import answers_of
from web.visits import Acting, Reading, Visit, see_other

MONDAY = date(2024, 1, 1)

router = APIRouter(prefix="/needs/{slug}")


@router.get("/answer")
def questionnaire(slug: str, visit: Reading) -> Response:
    """The topics, with what was said so far."""
    signed_in_only(visit)
    return _page(visit, own_queries.questionnaire(visit.session, visit.visitor, slug, visit.now))


@router.post("/answer")
def keep(slug: str, visit: Acting) -> Response:
    """Keep it, whole or not. A script that keeps it when the page is left sends `quiet` and wants no page back."""
    found = own_queries.questionnaire(visit.session, visit.visitor, slug, visit.now)
    said = answers_of(visit.form, [each.id for each in found.questions], [each.id for each in found.places])
    try:
        with visit.session.begin_nested():
            response = answering.answer(visit.session, visit.visitor, slug, said, visit.now)
    except (Conflict, Invalid) as refused:
        return _page(visit, found, said, refused)
    if forms.text(visit.form, "quiet"):
        return Response(status_code=204)
    if response.state is ResponseState.COMPLETE:
        return see_other(f"/needs/{slug}?done=needs_answered")
    return see_other(f"/needs/{slug}/answer?done=needs_kept")


def _page(visit: Visit, found: Questionnaire, typed: Answers | None = None, refused: Refusal | None = None) -> Response:
    said = typed or Answers(
        found.organisation_id or 0,
        {each.id: each.ratings for each in found.questions},
        found.way,
        found.weekday,
        found.part_of_day,
        found.more,
    )
    return visit.page(
        "needs_answer.html",
        status=status_of(refused) if refused else 200,
        found=found,
        card=found.card,
        said=said,
        ratings=lambda number: said.ratings.get(number, Ratings()),
        failure=forms.sentence(visit, refused) if refused else "",
        wrong=refused.field if refused else "",
        words=needs_words,
        days=[(number, MONDAY + timedelta(days=number)) for number in range(7)],
        longest=LONGEST_MORE,
    )
