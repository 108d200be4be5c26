"""Signing in by an electronic identity: to the service, back, and what to do with somebody nobody here knows.

Going there is a link and not a form: browsers that obey `form-action 'self'` follow no form to another site. It changes
nothing by itself: what comes back is tied to this browser, and linking has to be confirmed on a page of ours.

Whoever waits for the service holds no transaction.
"""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from lms.directory import accounts
from lms.directory.eid import attempts, linking
from lms.directory.eid.attempts import Attempt, Found
from lms.directory.eid.models import EidPurpose, LinkedBy
from lms.directory.eid.provider import EidError, Provider, Returned
from lms.directory.models import Account
from lms.errors import Conflict, NotAllowed, NotFound, Refusal
from web import forms
from web.errors import status_of
from web.guards import signed_in_only
from web.pages.sign_in import begin_session, checked
from web.pages.start import own_path
from web.problems import Problem
from web.visits import Errand, Reading, Visit, Weighing, looking, see_other, site_of

log = logging.getLogger(__name__)
router = APIRouter(prefix="/sign-in")


@router.get("/with/{key}")
def go(request: Request, key: str, _turn: Errand, next: str = "/", link: bool = False, welcome: str = "") -> Response:
    """To the service: to sign in, to `link` an identity to one's account, or by the invitation `welcome`."""
    provider = _provider(request, key)
    purpose = EidPurpose.INVITATION if welcome else EidPurpose.LINK if link else EidPurpose.SIGN_IN
    with looking(request) as visit:
        visit.site.limits.check("eid", request)
        if link:
            signed_in_only(visit)
        elif welcome:
            accounts.check_link(visit.session, welcome, visit.now)
        elif visit.sign_in:
            return see_other(own_path(next))
    config = visit.config
    journey = attempts.new_journey(f"{config.public_url}/sign-in/with/{key}/back")
    try:
        address = provider.begin(journey, visit.now)
    except EidError as error:
        return _failed(key, error, _home(purpose, next, welcome))
    with config.database.writing() as session:
        attempts.begin(
            session,
            config.sealer,
            journey,
            provider=key,
            purpose=purpose,
            browser=visit.browser,
            now=visit.now,
            next_path=own_path(next),
            invitation=welcome,
        )
    return see_other(address)


@router.get("/with/{key}/back")
def come_back(
    request: Request, key: str, _turn: Errand, state: str = "", code: str = "", error: str = "", iss: str = ""
) -> Response:
    """From the service. Who comes without a way that was begun in this browser is nobody."""
    provider = _provider(request, key)
    with looking(request) as visit:
        visit.site.limits.check("eid", request)
    config = visit.config
    try:
        with config.database.writing() as session:
            attempt = attempts.take(
                session, config.sealer, state=state, provider=key, browser=visit.browser, now=visit.now
            )
    except Refusal as refused:
        return _stopped(refused.code, "/me" if visit.sign_in else "/sign-in")
    home = _home(attempt.purpose, attempt.next, attempt.invitation)
    if error or not code:
        log.info("%s: the way back says %r.", key, error[:60])
        return _stopped("eid_cancelled" if error == "access_denied" else "eid_refused", home)
    try:
        identity = provider.complete(Returned(code, iss), attempt.journey, visit.now)
    except EidError as failure:
        return _failed(key, failure, home)
    try:
        with config.database.writing() as session:
            return _arrive(visit, session, provider, attempt, attempts.understand(config.marker, key, identity))
    except Refusal as refused:
        return _stopped(refused.code, home)


@router.get("/found/{handle}")
def ask(handle: str, visit: Reading) -> Response:
    """Nobody here is known by this identity: what to do."""
    try:
        _number, found, _next = _held(visit, handle)
    except (NotFound, NotAllowed) as refused:
        return _stopped(refused.code, "/me" if visit.sign_in else "/sign-in")
    return _page(visit, handle, found, forms.SignIn(visit, None))


@router.post("/found/{handle}")
def decide(handle: str, visit: Weighing) -> Response:
    """Link it to the account that is signed in, or that the password opens."""
    visit.site.limits.check("sign_in", visit.request)
    try:
        number, found, next_path = _held(visit, handle)
    except (NotFound, NotAllowed) as refused:
        return _stopped(refused.code, "/me" if visit.sign_in else "/sign-in")
    form = forms.SignIn(visit, visit.form)
    if visit.sign_in is None and not form.validate():
        return _page(visit, handle, found, form, status=422)
    try:
        account_id = None if visit.sign_in else checked(visit, form.value("email"), form.value("password"))
        with visit.config.database.writing() as session:
            attempts.finish(session, number, visit.now)
            if account_id is None:
                linking.link(session, found, visit.visitor.person_id or 0, LinkedBy.SESSION, visit.now)
            else:
                owner = session.get_one(Account, account_id).person_id
                linking.link(session, found, owner, LinkedBy.PASSWORD, visit.now)
                begin_session(visit, session, account_id)
    except Refusal as refused:
        failure = forms.sentence(visit, refused)
        return _page(visit, handle, found, form, status=status_of(refused), failure=failure)
    return see_other("/me?done=eid_linked" if account_id is None else next_path)


def _arrive(visit: Visit, session: Session, provider: Provider, attempt: Attempt, found: Found) -> Response:
    now, sealer = visit.now, visit.config.sealer
    if attempt.purpose is EidPurpose.INVITATION:
        person_id = accounts.take_invitation(session, attempt.invitation, now)
        begin_session(visit, session, linking.link(session, found, person_id, LinkedBy.INVITATION, now))
        return see_other("/?done=welcome")
    if attempt.purpose is EidPurpose.LINK:
        known = linking.account_of(session, found)
        if known is not None and visit.sign_in is not None:
            if known.person_id != visit.sign_in.person_id:
                raise Conflict("eid_taken", "This identity is linked to somebody else.")
            return see_other("/me?done=eid_linked")
        return see_other(f"/sign-in/found/{attempts.hold(session, sealer, attempt.id, found, '/me', now)}")
    account_id = linking.recognise(session, found, match_email=provider.match_email, now=now)
    if account_id is None:
        return see_other(f"/sign-in/found/{attempts.hold(session, sealer, attempt.id, found, attempt.next, now)}")
    begin_session(visit, session, account_id)
    return see_other(attempt.next)


def _provider(request: Request, key: str) -> Provider:
    found = site_of(request).config.eid.get(key)
    if found is None:
        raise Problem(404, "eid_no_service", "There is no such sign-in service here.")
    return found


def _held(visit: Visit, handle: str) -> tuple[int, Found, str]:
    return attempts.held(visit.session, visit.config.sealer, handle=handle, browser=visit.browser, now=visit.now)


def _page(
    visit: Visit, handle: str, found: Found, form: forms.SignIn, *, status: int = 200, failure: str = ""
) -> Response:
    provider = visit.config.eid.get(found.provider)
    return visit.page(
        "eid_found.html",
        handle=handle,
        found=found,
        service=provider.names[visit.language] if provider else found.provider,
        form=form,
        failure=failure,
        status=status,
    )


def _home(purpose: EidPurpose, next_path: str, invitation: str) -> str:
    """Where somebody is told that it did not work."""
    if purpose is EidPurpose.INVITATION:
        return f"/welcome/{invitation}"
    return "/me" if purpose is EidPurpose.LINK else f"/sign-in?{urlencode({'next': own_path(next_path)})}"


def _stopped(code: str, home: str) -> Response:
    """Away from the address with the code and the state in it, to a page of ours that says why."""
    return see_other(f"{home}{'&' if '?' in home else '?'}refused={code}")


def _failed(key: str, error: EidError, home: str) -> Response:
    log.warning("Sign-in with %s: %s (%s)", key, error, error.code)
    return _stopped(error.code, home)
