"""`/acts`: laws and orders that occurrences explain, and what is outdated since one has changed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotFound
from lms.meetings import attendance
from lms.schedule import acts
from lms.schedule.acts import ActDraft
from lms.schedule.plan_models import ActState
from web import forms
from web.errors import status_of
from web.i18n import mark as _
from web.visits import Acting, Reading, Visit, see_other

STATES = {"in_force": _("In force"), "changed": _("Changed"), "repealed": _("Repealed")}

router = APIRouter(prefix="/acts")


@router.get("")
def catalogue(visit: Reading, search: Annotated[str, Query(max_length=100)] = "") -> Response:
    """All of them."""
    return _page(visit, search=search)


@router.post("")
def create(visit: Acting) -> Response:
    """A new act."""
    form = visit.form
    try:
        draft = ActDraft(
            forms.text(form, "number"),
            forms.text(form, "title"),
            _day(forms.text(form, "adopted_on"), None),
            _day(forms.text(form, "valid_as_of"), visit.now.date()) or visit.now.date(),
            forms.text(form, "url"),
        )
        acts.create(visit.session, visit.visitor, draft, visit.now)
    except (Conflict, Invalid) as refused:
        return _page(visit, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other("/acts?done=added")


@router.post("/{act_id}/change")
def change(act_id: int, visit: Acting) -> Response:
    """It has changed, was repealed, or is in force as it stands: those who heard of it are told."""
    form = visit.form
    try:
        word = forms.text(form, "state")
        if word not in STATES:
            raise Invalid("note_needed", "Choose what has become of it.", "state")
        came = {number: attendance.attended(visit.session, number) for number in acts.explaining(visit.session, act_id)}
        acts.change(
            visit.session,
            visit.visitor,
            act_id,
            ActState(word),
            _day(forms.text(form, "changed_on"), visit.now.date()) or visit.now.date(),
            forms.text(form, "note"),
            visit.now,
            attended=came,
        )
    except (Conflict, Invalid, NotFound) as refused:
        return _page(visit, status=status_of(refused), failure=forms.sentence(visit, refused), wrong=act_id)
    return see_other("/acts?done=act_changed")


def _day(text: str, default: date | None) -> date | None:
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("time_invalid", "Enter a date.", "day") from error


def _page(visit: Visit, *, search: str = "", status: int = 200, failure: str = "", wrong: int = 0) -> Response:
    return visit.page(
        "acts.html",
        status=status,
        rows=acts.catalogue(visit.session, visit.visitor, search=search),
        search=search,
        states=STATES,
        keeper=visit.visitor.is_organiser,
        failure=failure,
        wrong=wrong,
        typed=visit.form,
    )
