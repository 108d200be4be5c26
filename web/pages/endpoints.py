"""`/endpoints`: the network's shared devices; pairing one by the code on its screen, and revoking it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import endpoints, queries
from lms.errors import Conflict, Invalid, NotFound
from web import forms
from web.guards import administrators_only
from web.removing import remove_endpoint
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter(prefix="/endpoints")


@router.get("")
def show(visit: Reading) -> Response:
    """The devices, and the form to pair one more."""
    administrators_only(visit)
    return _page(visit, _form(visit))


@router.post("")
def pair(visit: Acting) -> Response:
    """Pair the device that shows this code."""
    administrators_only(visit)
    visit.site.limits.check("pairing_code", visit.request)
    form = _form(visit)
    if not form.validate():
        return _page(visit, form, status=422)
    try:
        endpoints.approve_pairing(
            visit.session,
            visit.visitor,
            code=form.value("code"),
            organisation_id=form.organisation.data,
            label=form.value("label"),
            now=visit.now,
        )
    except (NotFound, Conflict, Invalid) as refused:
        form.code.errors = [forms.sentence(visit, refused)]
        return _page(visit, form, status=422)
    return see_other("/endpoints?done=paired")


@router.post("/{endpoint_id}/revoke")
def revoke(endpoint_id: int, visit: Acting) -> Response:
    """The device shows a new code from now on and joins nothing; it leaves the meeting where it is."""
    administrators_only(visit)
    endpoints.revoke(visit.session, visit.visitor, endpoint_id, visit.now)
    remove_endpoint(visit, endpoint_id)
    return see_other("/endpoints?done=revoked")


def _form(visit: Visit) -> forms.Pair:
    form = forms.Pair(visit, visit.form or None)
    english = visit.language == "en"
    form.organisation.choices = [
        (one.id, one.name_en if english and one.name_en else one.name_uk)
        for one in queries.organisations(visit.session)
    ]
    return form


def _page(visit: Visit, form: forms.Pair, *, status: int = 200) -> Response:
    rows = queries.endpoints(visit.session, visit.visitor)
    return visit.page("endpoints.html", rows=rows, form=form, status=status)
