"""`/manage`: the pages from which the network is managed, as far as this visitor may open them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from web import places
from web.i18n import mark as _
from web.problems import Problem
from web.visits import Reading

router = APIRouter()


@router.get("/manage")
def manage(visit: Reading) -> Response:
    """The hub."""
    found = places.open_to(visit.visitor)
    if not found:
        status = 403 if visit.sign_in else 401
        raise Problem(status, "nothing_to_manage", _("This page is for those who organise or administer something."))
    return visit.page("manage.html", found=found)
