"""From a need to a series: linking one that is planned already, and taking the link back."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Conflict, NotFound
from lms.needs import plans
from web import forms
from web.pages.needs import show
from web.visits import Acting, see_other

router = APIRouter(prefix="/needs/{slug}")


@router.post("/plans")
def link(slug: str, visit: Acting) -> Response:
    """A series was planned because of a need."""
    question = forms.whole(forms.text(visit.form, "question")) or 0
    try:
        with visit.session.begin_nested():
            plans.link(visit.session, visit.visitor, question, forms.text(visit.form, "series"), visit.now)
    except (Conflict, NotFound) as refused:
        return show(visit, slug, refused=refused)
    return see_other(f"/needs/{slug}?done=needs_linked#topic-{question}")


@router.post("/plans/{plan_id}/remove")
def unlink(slug: str, plan_id: int, visit: Acting) -> Response:
    """It was planned for another reason."""
    plans.unlink(visit.session, visit.visitor, plan_id, visit.now)
    return see_other(f"/needs/{slug}?done=removed#plans")
