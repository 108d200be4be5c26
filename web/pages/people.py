"""`/people`: who is who, for administrators and leads of centres; a one-time link for a new organiser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import accounts, people_queries
from lms.errors import Conflict, Invalid
from web import forms
from web.guards import administrators_only, people_readers_only
from web.mail.accounts import send_password_link
from web.spreadsheets import XLSX_TYPE, csv_bytes, download, xlsx_bytes
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/people")
EXPORTED = 10_000


@router.get("")
def show(visit: Reading, search: str = "", page: int = 1) -> Response:
    """The list, and for administrators the form to invite an organiser."""
    people_readers_only(visit)
    return _page(visit, forms.Invite(visit, None), search=search[:80], page=page)


@router.post("")
def invite(visit: Acting) -> Response:
    """Make the link, and send it by mail or show it. It is shown once: we keep only its digest."""
    administrators_only(visit)
    form = forms.Invite(visit, visit.form)
    if not form.validate():
        return _page(visit, form, status=422)
    try:
        token = accounts.invite_organiser(
            visit.session,
            visit.visitor,
            family_name=form.value("family_name"),
            given_name=form.value("given_name"),
            email=form.value("email"),
            now=visit.now,
        )
    except (Conflict, Invalid) as refused:
        form.email.errors = [forms.sentence(visit, refused)]
        return _page(visit, form, status=422)
    if forms.text(visit.form, "send"):
        email, name = form.value("email").lower(), f"{form.value('given_name')} {form.value('family_name')}"
        send_password_link(visit.session, visit.config.sealer, token, f"mailto:{email}", name.strip(), visit.now)
        return _page(visit, forms.Invite(visit, None), sent_to=email, status=201)
    return _page(visit, forms.Invite(visit, None), link=f"{visit.config.public_url}/welcome/{token}", status=201)


@router.get("/export")
def export(visit: Reading, search: str = "", form: str = "csv") -> Response:
    """The list as a file, as far as the visitor may see it."""
    people_readers_only(visit)
    found = people_queries.people_list(visit.session, visit.visitor, visit.now, search=search[:80], size=EXPORTED)
    header = ["name", "email", "organisations", "roles", "last_sign_in"]
    rows = [
        [
            one.name,
            one.email,
            ", ".join(home.code for home in one.organisations),
            ", ".join(grant.role.value for grant in one.roles),
            one.last_sign_in_at,
        ]
        for one in found.entries
    ]
    if form == "xlsx":
        return download(xlsx_bytes("People", header, rows), XLSX_TYPE, "people.xlsx")
    return download(csv_bytes(header, rows), "text/csv; charset=utf-8", "people.csv")


def _page(
    visit: Visit,
    form: forms.Invite,
    *,
    search: str = "",
    page: int = 1,
    link: str = "",
    sent_to: str = "",
    status: int = 200,
) -> Response:
    found = people_queries.people_list(visit.session, visit.visitor, visit.now, search=search, page=page)
    asked: dict[str, Any] = {"search": search} if search else {}
    return visit.page(
        "people.html",
        found=found,
        form=form,
        search=search,
        query=urlencode(asked),
        link=link,
        sent_to=sent_to,
        status=status,
    )
