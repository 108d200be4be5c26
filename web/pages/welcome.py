"""`/welcome/{token}`: a one-time link that makes the first administrator, or lets an organiser choose a password."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import accounts, sign_in
from lms.directory.access_models import LinkPurpose, OneTimeLink
from lms.errors import Conflict, Invalid, NotAllowed
from web import forms
from web.cookies import Cookie, CookieName
from web.limiting import client_address
from web.pages.sign_in import eid_refusal
from web.problems import Problem
from web.security import set_cookie
from web.visits import Acting, Reading, Visit, see_other

router = APIRouter()


@router.get("/welcome/{token}")
def show(token: str, visit: Reading, refused: str = "") -> Response:
    """The form, if the link is good. `refused`: why an electronic identity did not open it."""
    visit.site.limits.check("link", visit.request)
    form = _form(visit, _link(visit, token))
    return visit.page("welcome.html", form=form, token=token, failure=eid_refusal(visit, refused))


@router.post("/welcome/{token}")
def enter(token: str, visit: Acting) -> Response:
    """Make the account, or set its password; then somebody who made one is signed in."""
    visit.site.limits.check("link", visit.request)
    form = _form(visit, _link(visit, token))
    if not form.validate():
        return visit.page("welcome.html", form=form, token=token, failure="", status=422)
    try:
        _use(visit, token, form)
    except (Invalid, Conflict) as refused:
        failure = "" if form.refuse(refused) else forms.sentence(visit, refused)
        # Nothing was written yet when the domain refuses what was typed; the link stays good.
        return visit.page("welcome.html", form=form, token=token, failure=failure, status=422)
    return see_other("/?done=welcome" if "email" in form else "/sign-in?done=password_set")


def _link(visit: Visit, token: str) -> OneTimeLink:
    try:
        return accounts.check_link(visit.session, token, visit.now)
    except NotAllowed as refused:
        raise Problem(410, refused.code, refused.detail) from refused


def _form(visit: Visit, link: OneTimeLink) -> forms.VisitForm:
    kind = forms.Welcome if link.purpose is LinkPurpose.FIRST_ADMINISTRATOR else forms.NewPassword
    return kind(visit, visit.form or None)


def _use(visit: Visit, token: str, form: forms.VisitForm) -> None:
    if "email" not in form:
        accounts.use_organiser_link(visit.session, token, password=form.value("password"), now=visit.now)
        return
    names = ("family_name", "given_name", "email", "password")
    accounts.use_administrator_link(visit.session, token, **{name: form.value(name) for name in names}, now=visit.now)
    signed_in = sign_in.sign_in(
        visit.session,
        email=form.value("email"),
        password=form.value("password"),
        address=client_address(visit.request),
        user_agent=visit.request.headers.get("user-agent", "")[:200],
        now=visit.now,
    )
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.SIGN_IN, signed_in.token)))
