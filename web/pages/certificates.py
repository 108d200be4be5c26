"""`/me/certificates` and a certificate: for its holder files, link, name; for those who approve what is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from lms.credentials import changing, external_queries, queries, seals
from lms.credentials.keys import Issuer
from lms.credentials.models import Certificate
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound
from web import forms, panels
from web.certificate_files import FILES, Given, kept_document, logo_of
from web.credential_words import SEAL_TROUBLES
from web.errors import status_of
from web.i18n import mark as _
from web.problems import Problem
from web.spreadsheets import download
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()

Change = Callable[[Session, Issuer, Visitor, str, datetime], Certificate]
_CHANGES: dict[str, Change] = {
    "replace": changing.replace_name,
    "renew": changing.renew,
    "name": changing.show_name,
}
MENDABLE = (Conflict, Invalid)
_SHOWN_AT_START = 3


@router.get("/me/certificates")
def mine(visit: Reading) -> Response:
    """The visitor's own."""
    if visit.visitor.person_id is None:
        raise Problem(401, "sign_in_needed", _("Your certificates are yours alone. Sign in first."))
    found = queries.mine(visit.session, visit.visitor, visit.now)
    declared = external_queries.mine(visit.session, visit.visitor)
    return visit.page("my_certificates.html", found=found, declared=declared)


@router.get("/certificates/{certificate}")
def show(certificate: str, visit: Reading) -> Response:
    """For its holder, and for those who may change it."""
    return _page(visit, certificate)


@router.get("/certificates/{certificate}/{name}")
def file(certificate: str, name: str, visit: Reading) -> Response:
    """One of its files."""
    page = queries.held_page(visit.session, visit.visitor, certificate, visit.now)
    if name not in FILES:
        raise NotFound("certificate_unknown", "There is no such file.")
    media_type, make = FILES[name]
    store, sealed = visit.config.files, seals.of(visit.session, page.card.number, page.card.edition)
    given = Given(
        page.snapshot,
        page.card.edition,
        page.credential,
        page.token,
        logo_of(page.snapshot, store),
        kept_document(sealed.digest if sealed else "", store),
    )
    stem, _dot, ending = name.rpartition(".")
    return download(make(given), media_type, f"{stem}-{certificate}.{ending}")


@router.post("/certificates/{certificate}/share")
def share(certificate: str, visit: Acting) -> Response:
    """Open the link to strangers, or close it."""
    wanted = forms.text(visit.form, "open") == "yes"
    changing.share(visit.session, visit.visitor, certificate, visit.now, open_=wanted)
    return see_other(f"/certificates/{certificate}?done=certificate_{'opened' if wanted else 'closed'}")


@router.post("/certificates/{certificate}/revoke")
def revoke(certificate: str, visit: Acting) -> Response:
    """Take it back, for good."""
    queries.held_page(visit.session, visit.visitor, certificate, visit.now)
    because = forms.text(visit.form, "reason")
    try:
        with visit.session.begin_nested():
            changing.revoke(visit.session, visit.config.issuer, visit.visitor, certificate, because, visit.now)
    except MENDABLE as refused:
        return _page(
            visit, certificate, status=status_of(refused), failure=forms.sentence(visit, refused), reason=because
        )
    return see_other(f"/certificates/{certificate}?done=certificate_revoked")


@router.post("/certificates/{certificate}/edition")
def change(certificate: str, visit: Acting) -> Response:
    """A new edition: another name, another term, the name in the credential."""
    queries.held_page(visit.session, visit.visitor, certificate, visit.now)
    what = forms.text(visit.form, "do")
    if what not in _CHANGES:
        return _page(visit, certificate, status=422)
    try:
        with visit.session.begin_nested():
            _CHANGES[what](visit.session, visit.config.issuer, visit.visitor, certificate, visit.now)
    except MENDABLE as refused:
        return _page(visit, certificate, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/certificates/{certificate}?done=certificate_changed")


@panels.START.register("certificates", place=60, given=queries.any_of)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """The latest of the visitor's own."""
    found = queries.mine(visit.session, visit.visitor, visit.now, limit=_SHOWN_AT_START + 1)
    return {"found": found[:_SHOWN_AT_START], "more": len(found) > _SHOWN_AT_START} if found else None


@panels.START.register("seals", place=2)
def seals_refused(visit: Visit) -> dict[str, Any] | None:
    """For administrators: documents go out without their seal, and why."""
    if not (visit.config.seals and visit.visitor.is_administrator):
        return None
    found = seals.trouble(visit.session, visit.now)
    return {"found": found, "why": SEAL_TROUBLES.get(found.code, SEAL_TROUBLES["seal_failed"])} if found else None


def _page(visit: Visit, number: str, *, status: int = 200, failure: str = "", reason: str = "") -> Response:
    page = queries.held_page(visit.session, visit.visitor, number, visit.now)
    link = f"{visit.config.public_url}/verify/{page.card.number}"
    return visit.page(
        "certificate.html",
        status=status,
        page=page,
        card=page.card,
        snapshot=page.snapshot,
        link=link,
        failure=failure,
        reason=reason,
        files=tuple(FILES),
        seal=seals.of(visit.session, page.card.number, page.card.edition),
        seal_follows=visit.config.seals and page.card.state is queries.PublicState.VALID,
    )
