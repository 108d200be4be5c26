"""`/verify`: is this certificate genuine? By its number for anybody, by a file, and by machine."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response

from lms.credentials import apart, checking, containers, numbers, queries, records, seals
from lms.credentials.profiles import Profiles
from lms.credentials.queries import PublicState, PublicView
from web import credential_words, forms
from web.certificate_files import TOKEN_TYPE, VC_TYPE
from web.i18n import mark as _
from web.i18n import translate
from web.negotiation import HTML, preferred
from web.security import ANYWHERE
from web.visits import Reading, Sending, Visit, before_upload

router = APIRouter()

JSON_TYPES = (VC_TYPE, "application/vc+ld+json", "application/ld+json", "application/json")
TOKEN_TYPES = (TOKEN_TYPE, "application/jwt")
OFFERED = (HTML, *JSON_TYPES, *TOKEN_TYPES)
LOOKING = ["GET", "HEAD"]
"""Programs that follow links ask for the head alone first (RFC 9110 section 9.1: every server knows both)."""
_STATUS = {PublicState.UNKNOWN: 404, PublicState.MISTYPED: 404, PublicState.CLOSED: 403}
_PROBLEMS = {
    PublicState.UNKNOWN: _("No certificate has this number."),
    PublicState.MISTYPED: _("No certificate can have this number: a letter is wrong, missing or too many."),
    PublicState.CLOSED: _("The holder has closed the link to this certificate."),
}


@router.api_route("/verify", methods=LOOKING)
def ask(visit: Reading, number: Annotated[str, Query(max_length=60)] = "") -> Response:
    """A number to type, or a file to hand in."""
    if number.strip():
        return RedirectResponse(f"/verify/{numbers.typed(number) or '-'}", 303)
    return visit.page("verify.html", report=None, failure="")


# Anybody may; how often is counted before a file is read.
@router.post(
    "/verify", dependencies=[before_upload(lambda visit: visit.site.limits.check("verify_file", visit.request))]
)
def check(visit: Sending) -> Response:
    """Check a file. Nothing of it is kept."""
    sent = visit.form.get("file")
    data = sent.file.read(containers.MOST_BYTES + 1) if isinstance(sent, UploadFile) and sent.filename else b""
    if not data:
        data = forms.text(visit.form, "text").encode()
    if not data:
        failure = translate(visit.language, _("Choose a file, or paste the text of a credential."))
        return visit.page("verify.html", status=422, report=None, failure=failure)
    ours = records.Records(visit.session)
    trust = Profiles(visit.config.known_issuers, visit.config.known_lists, ours)
    seal = seals.looker(seals.Records(visit.session), visit.config.seal_authorities, visit.now)
    report = checking.check(data, trust, visit.now, apart.digest, seal)
    told = credential_words.told(report, visit.language)
    standing = credential_words.standing(report, told.issuer_id, ours, trust) if told.issuer_id else ""
    view = queries.public(visit.session, told.number, visit.now) if standing == "ours" and told.number else None
    return visit.page(
        "verify.html",
        report=report,
        told=told,
        standing=standing,
        verdict=credential_words.verdict(report, standing),
        ours=view,
        failure="",
        words=credential_words,
    )


@router.api_route("/verify/{certificate}", methods=LOOKING)
def show(certificate: str, visit: Reading, e: Annotated[int | None, Query(ge=1, le=1000)] = None) -> Response:
    """What anybody may know of a number. `e` is the edition that somebody holds on paper."""
    visit.site.limits.check("verify", visit.request)
    wanted = preferred(visit.request.headers.get("accept", ""), OFFERED)
    view = queries.public(visit.session, certificate, visit.now, edition=e)
    if wanted in JSON_TYPES or wanted in TOKEN_TYPES:
        return _for_machines(visit, view, wanted)
    if view.snapshot is not None and certificate != view.number:
        return RedirectResponse(f"/verify/{view.number}" + (f"?e={e}" if e else ""), 303)
    return _hidden(visit.page("verify_number.html", status=_STATUS.get(view.state, 200), view=view))


def _for_machines(visit: Visit, view: PublicView, wanted: str) -> Response:
    if view.snapshot is None:
        detail = translate(visit.language, _PROBLEMS[view.state])
        told: dict[str, Any] = {
            "type": "about:blank",
            "title": view.state.value,
            "status": _STATUS[view.state],
            "code": f"certificate_{view.state.value}",
            "detail": detail,
        }
        return _told(JSONResponse(told, told["status"], media_type="application/problem+json"))
    if wanted in TOKEN_TYPES:
        return _told(Response(view.token, media_type=wanted))
    if wanted == "application/json":
        # What people read there, too: the credential alone says nothing of having been replaced.
        told = {"state": view.state.value, "number": view.number, "credential": json.loads(view.credential)}
        return _told(JSONResponse(told))
    return _told(Response(view.credential, media_type=wanted))


def _told(answer: Response) -> Response:
    """For verifiers, those that run in a browser included."""
    answer.headers.update(ANYWHERE)
    return _hidden(answer)


def _hidden(answer: Response) -> Response:
    """Not for search engines; caches tell the forms apart."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return answer


def limits_of(visit: Visit) -> None:
    """For the pages beside this one that strangers may ask as often."""
    visit.site.limits.check("verify", visit.request)
