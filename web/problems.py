"""What went wrong, told to programs as problem documents (RFC 9457) and to people as a page in their language."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web.i18n import mark as _

JSON_PATHS = ("/api/", "/internal/", "/healthz", "/readyz", "/metrics")


@dataclass
class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer that is not what was asked for. `detail`: an English sentence with the remedy, to be translated."""

    status: int
    code: str
    detail: str
    retry_after: int | None = None
    """Seconds."""

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail}"


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Words of an error page, English, to be translated."""

    title: str
    advice: str


PAGES = {
    400: ErrorPage(_("This request makes no sense to us"), _("Go back, reload the page and try once more.")),
    401: ErrorPage(
        _("Sign in first"), _("This page is for people with an account. Sign in and you will come back here.")
    ),
    403: ErrorPage(
        _("This is not open to you"), _("If you think it should be, ask the organiser or your administrator.")
    ),
    404: ErrorPage(
        _("There is no such page"),
        _("The link may be old or mistyped. The schedule lists everything that is planned."),
    ),
    405: ErrorPage(_("This request makes no sense to us"), _("Go back, reload the page and try once more.")),
    409: ErrorPage(
        _("Somebody was faster"), _("It has changed since you opened it. Go back, reload the page and try again.")
    ),
    410: ErrorPage(_("This link is no longer valid"), _("Ask whoever sent it to you for a new one.")),
    413: ErrorPage(_("That is too much"), _("What you sent is larger than this page takes. Shorten it and try again.")),
    422: ErrorPage(_("Something is missing or wrong"), _("Go back and check what you entered.")),
    429: ErrorPage(_("Too many tries"), _("Wait a moment, then try again.")),
    500: ErrorPage(
        _("Something broke on our side"),
        _("It was noted. Try again in a moment; a meeting that is running is not affected."),
    ),
    503: ErrorPage(_("Not ready yet"), _("Vikno is starting. This page can be reloaded in a moment.")),
}


def page_for(status: int) -> ErrorPage:
    """The words for an HTTP status."""
    return PAGES.get(status, PAGES[500 if status >= 500 else 400])


def wants_json(request: Request) -> bool:
    """Whether a program asks."""
    return request.url.path.startswith(JSON_PATHS)


def document(problem: Problem) -> Response:
    """The problem document."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    return JSONResponse(body, problem.status, headers=headers(problem), media_type="application/problem+json")


def headers(problem: Problem) -> dict[str, str]:
    """Headers that belong to the problem."""
    return {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
