"""`/topics`: the catalogue by which occurrences, questions and reports are tagged."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, Invalid, NotFound
from lms.schedule import topics
from web import forms
from web.errors import status_of
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/topics")


@router.get("")
def catalogue(visit: Reading) -> Response:
    """The tree."""
    return _page(visit)


@router.post("")
def create(visit: Acting) -> Response:
    """A new topic."""
    form = visit.form
    try:
        topics.create(
            visit.session,
            visit.visitor,
            forms.text(form, "name_uk"),
            visit.now,
            name_en=forms.text(form, "name_en"),
            parent_id=_parent(visit),
        )
    except (Conflict, Invalid, NotFound) as refused:
        return _page(visit, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other("/topics?done=added")


@router.post("/{topic_id}")
def save(topic_id: int, visit: Acting) -> Response:
    """Rename it, hang it elsewhere, retire it or take it back."""
    form = visit.form
    try:
        if forms.text(form, "retire") or forms.text(form, "back"):
            topics.retire(visit.session, visit.visitor, topic_id, visit.now, back=bool(forms.text(form, "back")))
        else:
            topics.edit(
                visit.session,
                visit.visitor,
                topic_id,
                forms.text(form, "name_uk"),
                visit.now,
                name_en=forms.text(form, "name_en"),
                parent_id=_parent(visit),
            )
    except (Conflict, Invalid, NotFound) as refused:
        return _page(visit, status=status_of(refused), failure=forms.sentence(visit, refused), wrong=topic_id)
    return see_other(f"/topics?done=saved#topic-{topic_id}")


def _parent(visit: Visit) -> int | None:
    value = forms.text(visit.form, "parent")
    return int(value) if value.isdecimal() and len(value) < 10 else None


def _page(visit: Visit, *, status: int = 200, failure: str = "", wrong: int = 0) -> Response:
    keeper = visit.visitor.is_organiser
    rows = topics.tree(visit.session, with_retired=keeper)
    return visit.page(
        "topics.html", status=status, rows=rows, keeper=keeper, failure=failure, wrong=wrong, typed=visit.form
    )
