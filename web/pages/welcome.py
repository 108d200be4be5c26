"""`/welcome/{token}`: the one-time link of the first administrator, who sets name, e-mail and password here."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lms.directory import accounts, sign_in
from lms.errors import Invalid, Refusal
from web import forms
from web.cookies import Cookie, CookieName
from web.limiting import client_address
from web.security import set_cookie
from web.visits import Acting, Reading, see_other

router = APIRouter()


@router.get("/welcome/{token}")
def show(token: str, visit: Reading) -> Response:
    """The form, if the link is good."""
    visit.site.limits.check("link", visit.request)
    link = accounts.check_link(visit.session, token, visit.now)
    return visit.page("welcome.html", form=forms.Welcome(visit, None), link=link, failure="")


@router.post("/welcome/{token}")
def enter(token: str, visit: Acting) -> Response:
    """Make the account and sign in with it."""
    visit.site.limits.check("link", visit.request)
    link = accounts.check_link(visit.session, token, visit.now)
    form = forms.Welcome(visit, visit.form)
    if not form.validate():
        return visit.page("welcome.html", form=form, link=link, failure="", status=422)
    try:
        accounts.use_administrator_link(
            visit.session,
            token,
            family_name=form.family_name.data,
            given_name=form.given_name.data,
            email=form.email.data,
            password=form.password.data,
            now=visit.now,
        )
    except Invalid as refused:
        return visit.page("welcome.html", form=form, link=link, failure=_failure(form, refused), status=422)
    signed_in = sign_in.sign_in(
        visit.session,
        email=form.email.data,
        password=form.password.data,
        address=client_address(visit.request),
        user_agent=visit.request.headers.get("user-agent", "")[:200],
        now=visit.now,
    )
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.SIGN_IN, signed_in.token)))
    return see_other("/?done=welcome")


def _failure(form: forms.Welcome, refused: Refusal) -> str:
    return "" if form.refuse(refused) else forms.sentence(form.visit, refused)
