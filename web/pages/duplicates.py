"""`/duplicates`: what may have been entered twice; side by side; put together or told apart."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import duplicates, merging
from lms.directory.register_models import Duplicable
from lms.errors import Conflict
from lms.meetings.merging import merge_organisations, merge_people
from web.forms import sentence, text
from web.guards import administrators_only
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/duplicates")


@router.get("")
def show(visit: Reading) -> Response:
    """The suggestions, and a form for two numbers that somebody knows of."""
    administrators_only(visit)
    return visit.page("duplicates.html", found=duplicates.suggestions(visit.session, visit.visitor))


@router.get("/{kind}/{one}/{other}")
def compare(kind: Duplicable, one: int, other: int, visit: Reading) -> Response:
    """Side by side."""
    administrators_only(visit)
    return _page(visit, kind, one, other)


@router.post("/{kind}/{one}/{other}/merge")
def merge(kind: Duplicable, one: int, other: int, visit: Acting) -> Response:
    """Put them together; the chosen one stays."""
    administrators_only(visit)
    keep = int(text(visit.form, "keep")) if text(visit.form, "keep") in (str(one), str(other)) else one
    drop = other if keep == one else one
    act = merge_people if kind is Duplicable.PERSON else merge_organisations
    try:
        act(visit.session, visit.visitor, keep, drop, visit.now)
    except Conflict as refused:
        return _page(visit, kind, one, other, status=409, failure=sentence(visit, refused))
    return see_other("/duplicates?done=merged")


@router.post("/{kind}/{one}/{other}/apart")
def tell_apart(kind: Duplicable, one: int, other: int, visit: Acting) -> Response:
    """They are two; they are not suggested again."""
    administrators_only(visit)
    merging.tell_apart(visit.session, visit.visitor, kind, one, other, visit.now)
    return see_other("/duplicates?done=told_apart")


def _page(visit: Visit, kind: Duplicable, one: int, other: int, *, status: int = 200, failure: str = "") -> Response:
    sides = duplicates.sides(visit.session, visit.visitor, kind, one, other)
    return visit.page("duplicate.html", kind=kind, sides=sides, failure=failure, status=status)
