"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from lms.courses.classes import seats
from lms.directory import sign_in
from lms.errors import Refusal
from web import cookies, forms
from web.cookies import Cookie, CookieName
from web.eid import words as eid
from web.errors import status_of
from web.i18n import translate
from web.limiting import client_address
from web.pages.start import own_path
from web.security import set_cookie
from web.visits import Acting, Reading, Visit, Weighing, see_other

router = APIRouter()


@router.get("/sign-in")
def show(visit: Reading, next: str = "/", refused: str = "") -> Response:
    """The form; somebody who is signed in goes on at once. `refused`: why a service outside signed nobody in."""
    if visit.sign_in:
        return see_other(own_path(next))
    failure = eid_refusal(visit, refused)
    return visit.page("sign_in.html", form=forms.SignIn(visit, None), next=own_path(next), failure=failure)


@router.post("/sign-in")
def enter(visit: Weighing) -> Response:
    """Check e-mail and password; a wrong one is counted, in a transaction of its own."""
    visit.site.limits.check("sign_in", visit.request)
    form = forms.SignIn(visit, visit.form)
    next_path = own_path(forms.text(visit.form, "next"))
    if not form.validate():
        return visit.page("sign_in.html", form=form, next=next_path, failure="", status=422)
    try:
        account_id = checked(visit, form.value("email"), form.value("password"))
    except Refusal as refused:
        failure = forms.sentence(visit, refused)
        return visit.page("sign_in.html", form=form, next=next_path, failure=failure, status=status_of(refused))
    with visit.config.database.writing() as session:
        begin_session(visit, session, account_id)
    return see_other(next_path)


def checked(visit: Visit, email: str, password: str) -> int:
    """The account that they open. Raises as `lms.directory.sign_in.check` does, and counts a wrong password."""
    address = client_address(visit.request)
    try:
        return sign_in.check(visit.session, email=email, password=password, address=address, now=visit.now)
    except Refusal as refused:
        if refused.code == "wrong_credentials":
            with visit.config.database.writing() as session:
                sign_in.note_failure(session, email=email, address=address, now=visit.now)
        raise


def eid_refusal(visit: Visit, code: str) -> str:
    """The sentence for a code in an address: only of those with which electronic identities are refused."""
    return translate(visit.language, eid.SENTENCES[code]) if code in eid.SENTENCES else ""


def begin_session(visit: Visit, session: Session, account_id: int) -> None:
    """Sign the account in, in this browser."""
    signed_in = sign_in.begin(
        session,
        account_id,
        address=client_address(visit.request),
        user_agent=visit.request.headers.get("user-agent", "")[:200],
        now=visit.now,
    )
    set_cookie(visit.request, Cookie(CookieName.SIGN_IN, signed_in.token))


@router.post("/sign-out")
def leave(visit: Acting) -> Response:
    """End the sign-in, here and in the database."""
    token = cookies.read(visit.request, CookieName.SIGN_IN, secure=visit.config.secure)
    if token:
        sign_in.sign_out(visit.session, token, visit.now)
    seat = cookies.read(visit.request, CookieName.CLASS, secure=visit.config.secure)
    if seat and not token:
        seats.leave(visit.session, seat, visit.now)
        visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.CLASS, "", 0)))
    visit.after_commit(lambda: set_cookie(visit.request, Cookie(CookieName.SIGN_IN, "", 0)))
    answer = see_other("/?done=signed_out")
    # Files of lessons and the like in the browser's own cache. Not "storage": answers that are on their way lie there,
    # and the service worker itself empties what it kept of this account.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
