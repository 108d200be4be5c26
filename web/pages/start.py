"""The start page: what is on now, with one press to join, and what comes next; and the choice of language."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from lms.schedule import queries
from web.cookies import Cookie, CookieName
from web.i18n import LANGUAGES
from web.panels import START
from web.problems import Problem
from web.security import set_cookie
from web.templating import TEMPLATES
from web.visits import Reading, see_other

NEXT = 6

router = APIRouter()


@router.get("/")
def start(visit: Reading) -> Response:
    """On now, next."""
    cards = queries.upcoming(visit.session, visit.visitor, visit.now, limit=NEXT + 20)
    live = [card for card in cards if card.live]
    coming = [card for card in cards if not card.live][:NEXT]
    return visit.page("start.html", live=live, coming=coming, panels=START.shown("main", visit))


@router.get("/language/{code}")
def choose_language(code: str, request: Request, next: str = "/") -> Response:
    """Remember the language. A mere preference, so a link may set it."""
    if code not in LANGUAGES:
        raise Problem(404, "not_found", "")
    set_cookie(request, Cookie(CookieName.LANGUAGE, code))
    return see_other(own_path(next))


@router.get("/logo.svg")
def logo() -> Response:
    """The site's icon."""
    return FileResponse(TEMPLATES / "logo.svg", media_type="image/svg+xml")


def own_path(path: str) -> str:
    """`path` if it leads to this site, else the start page: nobody is sent elsewhere by our links."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
