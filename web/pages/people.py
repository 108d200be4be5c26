"""`/people`: who has an account, and a one-time link for a new organiser."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import accounts, queries
from lms.errors import Conflict, Invalid
from web import forms
from web.guards import administrators_only
from web.mail.accounts import send_password_link
from web.visits import Acting, Reading, Visit

router = APIRouter(prefix="/people")


@router.get("")
def show(visit: Reading, search: str = "") -> Response:
    """The list, and the form to invite."""
    administrators_only(visit)
    return _page(visit, forms.Invite(visit, None), search=search[:80])


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
        email = form.value("email").lower()
        send_password_link(visit.session, visit.config.sealer, token, f"mailto:{email}", _name(form), visit.now)
        return _page(visit, forms.Invite(visit, None), sent_to=email, status=201)
    return _page(visit, forms.Invite(visit, None), link=f"{visit.config.public_url}/welcome/{token}", status=201)


def _name(form: forms.Invite) -> str:
    return f"{form.value('given_name')} {form.value('family_name')}".strip()


def _page(
    visit: Visit, form: forms.Invite, *, search: str = "", link: str = "", sent_to: str = "", status: int = 200
) -> Response:
    rows = queries.people(visit.session, visit.visitor, visit.now, search=search)
    return visit.page("people.html", rows=rows, form=form, search=search, link=link, sent_to=sent_to, status=status)
