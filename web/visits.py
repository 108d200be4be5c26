"""Who asks, in which language, and the one transaction in which a request is answered.

`Reading` is for GET: a transaction that refuses to write (pages have it in one thread with what they do, see
`in_one_thread`). `Acting` is for what changes something: it checks the CSRF
token first and commits when the handler has returned, before the answer is sent (`scope="function"`); nobody else
commits. What must follow the commit (an order to a media node) is given to `after_commit`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from inspect import Parameter, iscoroutinefunction, signature
from typing import Annotated, Any, get_type_hints

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lms.courses.classes.seats import Seat
from lms.courses.classes.seats import visitor as visitor_of_seat
from lms.directory import endpoints, queries, sign_in
from lms.directory.rules import ANONYMOUS, Visitor
from web import cookies, csrf, i18n, seats, wording
from web.config import WebConfig
from web.cookies import Cookie, CookieName
from web.i18n import mark as _
from web.offline import ACCOUNT, KEEP, NOBODY, account_name
from web.problems import Problem
from web.security import set_cookie
from web.site import Site

log = logging.getLogger(__name__)


@dataclass
class Visit:
    """One request: its transaction, its visitor, its time."""

    request: Request
    session: Session
    now: datetime
    browser: str
    """The browser's random name."""
    visitor: Visitor = ANONYMOUS
    sign_in: sign_in.SignInState | None = None
    seat: Seat | None = None
    """Where the visitor sits in a class, if they came by its code: then only its course is open."""
    device: Visitor | None = None
    """The endpoint whose key this browser holds, whoever else has signed in on it."""
    form: FormData = field(default_factory=FormData)
    callbacks: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def site(self) -> Site:
        """What the app is made of."""
        return site_of(self.request)

    @property
    def config(self) -> WebConfig:
        """The app's configuration."""
        return self.site.config

    @property
    def language(self) -> str:
        """The language to answer in."""
        return language_of(self.request)

    @property
    def csrf(self) -> str:
        """The token that forms and scripts of this page send back."""
        return csrf.token(self.config.session_key, self.browser, self._sign_in_id)

    @property
    def _sign_in_id(self) -> str | None:
        return str(self.sign_in.session_id) if self.sign_in else None

    @property
    def account(self) -> str:
        """Whose pages these are, as the browser's store of kept pages names it."""
        return account_name(self.config.session_key, self.sign_in.person_id if self.sign_in else None)

    def after_commit(self, callback: Callable[[], Any]) -> None:
        """Call once what this request did is safe."""
        self.callbacks.append(callback)

    def page(self, template: str, *, status: int = 200, keep: bool = False, **context: Any) -> HTMLResponse:
        """A page for this visitor. With `keep` their browser may keep it for reading without a network."""
        done = wording.NOTICES.get(self.request.query_params.get("done", ""), "")
        if asked_language(self.request) is not None:
            set_cookie(self.request, Cookie(CookieName.LANGUAGE, self.language))
        context.setdefault("notice", i18n.translate(self.language, done) if done else "")
        context |= {"visit": self, "visitor": self.visitor, "request": self.request, "now": self.now}
        headers = {ACCOUNT: self.account, "Content-Language": self.language}
        if keep and status == 200 and self.account != NOBODY:
            headers[KEEP] = "yes"
        return HTMLResponse(self.site.templates.render(template, self.language, context), status, headers)

    def check_csrf(self, given: str | None) -> None:
        """Raises `Problem` 403 unless our own page sent this."""
        check_csrf(self.request, self.sign_in, given)


def site_of(request: Request) -> Site:
    """What the app that answers this request is made of."""
    site: Site = request.app.state.site
    return site


def asked_language(request: Request) -> str | None:
    """The language that the address itself asks for: a link for partners abroad ends in `?lang=en`."""
    asked = request.query_params.get("lang")
    return asked if asked in i18n.LANGUAGES and request.method in ("GET", "HEAD") else None


def language_of(request: Request) -> str:
    """The language of the address, else the one chosen by cookie, else what the browser prefers."""
    if asked := asked_language(request):
        return asked
    chosen = cookies.read(request, CookieName.LANGUAGE, secure=site_of(request).config.secure)
    return i18n.choose(chosen, request.headers.get("accept-language", ""))


def check_csrf(request: Request, signed_in: sign_in.SignInState | None, given: str | None) -> None:
    """Raises `Problem` 403 unless our own page sent this."""
    config = site_of(request).config
    browser = cookies.read(request, CookieName.BROWSER, secure=config.secure)
    number = str(signed_in.session_id) if signed_in else None
    if not csrf.genuine(config.session_key, browser, number, given):
        raise Problem(403, "csrf", _("This page was open too long or in another tab. Reload it and try again."))


def signed_in(request: Request, session: Session, now: datetime, *, writing: bool) -> sign_in.SignInState | None:
    """Who has signed in with this browser, or sits in it by a class's code; nothing else is asked about them."""
    state = _account(request, session, now, writing=writing)
    if state is not None:
        return state
    seat = seats.seat_of(request, session, now, secure=site_of(request).config.secure)
    return seats.state(seat) if seat else None


def _account(request: Request, session: Session, now: datetime, *, writing: bool) -> sign_in.SignInState | None:
    """Whose cookie the browser sends. A cookie that is not good is taken away."""
    token = cookies.read(request, CookieName.SIGN_IN, secure=site_of(request).config.secure)
    if token is None:
        return None
    look = sign_in.resume if writing else sign_in.peek
    state = look(session, token, now)
    if state is None:
        set_cookie(request, Cookie(CookieName.SIGN_IN, "", 0))
    return state


def renew_cookie(request: Request, state: sign_in.SignInState | None) -> None:
    """Once it is safe that the browser's token was exchanged: send it the new one."""
    if state is not None and state.new_token:
        set_cookie(request, Cookie(CookieName.SIGN_IN, state.new_token))


def see_other(path: str) -> Response:
    """Go there with GET, after a form was taken."""
    return RedirectResponse(path, 303)


def _visit(request: Request, session: Session, *, writing: bool) -> Visit:
    site = site_of(request)
    secure = site.config.secure
    browser = cookies.read(request, CookieName.BROWSER, secure=secure)
    visit = Visit(request, session, site.config.clock(), browser or csrf.new_browser())
    if browser is None:
        set_cookie(request, Cookie(CookieName.BROWSER, visit.browser))
    device_key = cookies.read(request, CookieName.DEVICE, secure=secure)
    endpoint_id = endpoints.identify(session, device_key) if device_key else None
    if endpoint_id is not None:
        visit.device = queries.visitor_of_endpoint(session, endpoint_id, visit.now)
        visit.visitor = visit.device
    state = _account(request, session, visit.now, writing=writing)
    if state is not None:
        visit.sign_in = state
        visit.visitor = queries.visitor_of_person(visit.session, state.person_id, visit.now)
        visit.after_commit(lambda: renew_cookie(request, state))
    elif seat := seats.seat_of(request, session, visit.now, secure=secure):
        seats.expect_within(request, seat)
        visit.seat, visit.sign_in, visit.visitor = seat, seats.state(seat), visitor_of_seat(seat)
    return visit


async def turn(request: Request) -> AsyncIterator[None]:
    """Wait until few visits hold a transaction: whoever holds one must always find a free thread to finish in."""
    async with site_of(request).turns:
        yield


async def reading_turn(request: Request) -> AsyncIterator[None]:
    """As `turn`, for visits that only look."""
    async with site_of(request).readings:
        yield


Turn = Annotated[None, Depends(turn, scope="function")]
ReadingTurn = Annotated[None, Depends(reading_turn, scope="function")]


async def errand(request: Request) -> AsyncIterator[None]:
    """Wait until few visits wait for something outside; they open no transaction while they do."""
    async with site_of(request).errands:
        yield


Errand = Annotated[None, Depends(errand, scope="function")]


@contextmanager
def looking(request: Request) -> Iterator[Visit]:
    """A visit that only looks, for whoever opens the transaction by themselves (see `errand`)."""
    with site_of(request).config.database.reading() as session:
        yield _visit(request, session, writing=False)


def reading(request: Request, _turn: ReadingTurn) -> Iterator[Visit]:
    """A visit that only looks."""
    with site_of(request).config.database.reading() as session:
        yield _visit(request, session, writing=False)


async def posted_form(request: Request) -> FormData:
    """What a form sent; empty for anything else. Files are not taken."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return await request.form(max_files=0, max_fields=1000)
    return FormData()


def before_upload(guard: Callable[[Visit], object]) -> Any:
    """For the `dependencies` of a route that takes a file: `guard` refuses before a byte of the file is read.

    It only looks, in a transaction of its own that ends before the file comes: a line may take minutes for it. So the
    endpoint asks again, under the locks that it needs; and what stands in the form itself (the CSRF token, whose
    organisation is meant) is looked at when the form has been read, as large as `web.app.BODY_BYTES` allows.
    """

    def look(request: Request) -> None:
        with looking(request) as visit:
            guard(visit)

    async def ask(request: Request) -> None:
        async with site_of(request).readings:
            await run_in_threadpool(look, request)

    return Depends(ask)


async def posted_upload(request: Request) -> FormData:
    """A form that brings a file with it, a film its captions, too; how large it may be, `web.app.BODY_BYTES` says.

    Who may send one is asked before, by `before_upload`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0]
    return await request.form(max_files=2, max_fields=200) if kind == "multipart/form-data" else FormData()


def weighing(request: Request, form: Annotated[FormData, Depends(posted_form)], _turn: Turn) -> Iterator[Visit]:
    """A visit from our own page that must not hold the write lock while it thinks (an Argon2 digest takes long)."""
    with site_of(request).config.database.reading() as session:
        visit = _visit(request, session, writing=False)
        visit.check_csrf(given_token(request, form))
        visit.form = form
        yield visit


def acting(request: Request, form: Annotated[FormData, Depends(posted_form)], _turn: Turn) -> Iterator[Visit]:
    """A visit that changes something, for which our own page has asked."""
    with site_of(request).config.database.writing() as session:
        visit = _visit(request, session, writing=True)
        visit.check_csrf(given_token(request, form))
        visit.form = form
        yield visit
    for callback in visit.callbacks:
        callback()


def linked(request: Request, form: Annotated[FormData, Depends(posted_form)], _turn: Turn) -> Iterator[Visit]:
    """A visit for which its signed address is enough: mail programs post without our page and cookies (RFC 8058)."""
    with site_of(request).config.database.writing() as session:
        visit = _visit(request, session, writing=False)
        visit.form = form
        yield visit


def uploading(request: Request, form: Annotated[FormData, Depends(posted_upload)], _turn: Turn) -> Iterator[Visit]:
    """As `acting`, for a form with a file."""
    yield from acting(request, form, _turn)


def sending(request: Request, form: Annotated[FormData, Depends(posted_upload)], _turn: Turn) -> Iterator[Visit]:
    """As `weighing`, for a form with a file."""
    yield from weighing(request, form, _turn)


def given_token(request: Request, form: FormData) -> str | None:
    """The CSRF token that came with a form."""
    given = form.get(csrf.FIELD) or request.headers.get(csrf.HEADER)
    return given if isinstance(given, str) else None


Reading = Annotated[Visit, Depends(reading, scope="function")]
Weighing = Annotated[Visit, Depends(weighing, scope="function")]
Sending = Annotated[Visit, Depends(sending, scope="function")]
Acting = Annotated[Visit, Depends(acting, scope="function")]
Linked = Annotated[Visit, Depends(linked, scope="function")]
Uploading = Annotated[Visit, Depends(uploading, scope="function")]


def in_one_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """A page that takes a `Reading`, with the visit opened and closed in the thread that makes the page.

    As dependencies the three would be three ways to a thread and back; each time the page would stand in line again
    behind all that the process computes meanwhile. Other endpoints are given back as they are.
    """
    hints = get_type_hints(endpoint, include_extras=True)
    name = next((name for name, hint in hints.items() if hint == Reading), None)
    if name is None or iscoroutinefunction(endpoint):
        return endpoint

    def look(request: Request, given: dict[str, Any]) -> Any:
        with site_of(request).config.database.reading() as session:
            return endpoint(**given, **{name: _visit(request, session, writing=False)})

    @wraps(endpoint)
    async def page(_request: Request, **given: Any) -> Any:
        async with site_of(_request).readings:
            return await run_in_threadpool(look, _request, given)

    asked = [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name])
        for each in signature(endpoint).parameters.values()
        if each.name != name
    ]
    ours = Parameter("_request", Parameter.KEYWORD_ONLY, annotation=Request)
    page.__signature__ = signature(endpoint).replace(  # type: ignore[attr-defined]
        parameters=[ours, *asked], return_annotation=hints.get("return", Any)
    )
    return page
