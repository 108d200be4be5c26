"""`/organisations`: who is in the network."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import queries
from lms.directory.models import OrganisationKind
from web.visits import Reading

router = APIRouter()


@router.get("/organisations")
def organisations(visit: Reading) -> Response:
    """Grouped by kind, the centres first."""
    found = queries.organisation_rows(visit.session, visit.visitor)
    groups = [(kind, [one for one in found if one.kind == kind]) for kind in OrganisationKind]
    return visit.page("organisations.html", groups=[(kind, rows) for kind, rows in groups if rows], count=len(found))
