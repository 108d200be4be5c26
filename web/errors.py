"""Every way in which a request can fail ends here: a problem document for programs, a page for people."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany
from web import problems, wording
from web.assets import ClientNotBuilt
from web.problems import Problem
from web.seats import ONLY
from web.visits import language_of, site_of

log = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {NotFound: 404, NotAllowed: 403, Invalid: 422, Conflict: 409, TooMany: 429}
"""HTTP status of each kind of refusal by the domain."""

_PLAIN_NOT_BUILT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vikno</title></head>
<body><h1>The browser client is not built</h1><p>{}</p></body></html>"""


def add_error_handlers(app: FastAPI) -> None:
    """Tell the app what to do with each kind of failure."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ClientNotBuilt, _not_built)


def status_of(refusal: Refusal) -> int:
    """The HTTP status that fits a refusal."""
    return next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 422)


def answer(request: Request, problem: Problem) -> Response:
    """The problem, in the form that suits who asks."""
    language = language_of(request)
    sentence = wording.say(language, problem.code, problem.detail)
    if problems.wants_json(request):
        return problems.document(Problem(problem.status, problem.code, sentence, problem.retry_after))
    page = problems.page_for(problem.status)
    context: dict[str, Any] = {"request": request, "page": page, "problem": problem, "sentence": sentence}
    html = site_of(request).templates.render("error.html", language, context)
    return HTMLResponse(html, problem.status, headers=problems.headers(problem))


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if error.status == 401 and not problems.wants_json(request) and request.method == "GET":
        return RedirectResponse(f"/sign-in?next={request.url.path}", 303)
    if error.code == ONLY and not problems.wants_json(request) and request.method == "GET":
        return RedirectResponse("/class?only=yes", 303)
    return answer(request, error)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return answer(request, Problem(status_of(error), error.code, error.detail))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer(request, Problem(error.status_code, f"http_{error.status_code}", ""))


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    where = ", ".join(sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()}))
    return answer(
        request, Problem(422, "invalid_request", f"These parts of the request are missing or wrong: {where}.")
    )


async def _not_built(request: Request, error: Exception) -> Response:
    log.error("%s", error)
    if problems.wants_json(request):
        return answer(request, Problem(503, "client_not_built", str(error)))
    return HTMLResponse(_PLAIN_NOT_BUILT.format(error), 503)


class UnexpectedFailures:
    """ASGI middleware: a bug becomes a page that says so, and a trace in the log; never a trace for a user."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer in its place if it fails before it has answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            route = getattr(scope.get("route"), "path", "unknown route")
            log.exception("A request failed unexpectedly: %s %s", scope["method"], route)
            if begun:
                raise
            request = Request(scope, receive)
            await answer(request, Problem(500, "internal", ""))(scope, receive, send)
