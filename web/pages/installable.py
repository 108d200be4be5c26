"""What makes the site an app: its manifest, icons and service worker, and the pages that need no network.

The worker's file changes with every build and with the words of the offline page, so that browsers fetch both anew.
"""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web import icons
from web.i18n import LANGUAGES, translate
from web.i18n import mark as _
from web.offline import NOBODY
from web.problems import Problem
from web.visits import Reading, language_of, site_of

router = APIRouter()

PAPER = "#f6f4ee"
"""What an installed app shows before its first page (`--color-bg`)."""
DAY_S = 24 * 3600
SHORTCUTS = ((_("Schedule"), "/schedule"), (_("Courses"), "/courses"), (_("My certificates"), "/me/certificates"))


@router.get("/app.webmanifest")
def manifest(request: Request, language: str = "") -> Response:
    """The app to be installed, in the language of the page that names it."""
    chosen = language if language in LANGUAGES else language_of(request)

    def say(words: str) -> str:
        return translate(chosen, words)

    body: dict[str, Any] = {
        "id": "/",
        "name": say(_("Vikno: meetings and learning")),
        "short_name": say(_("Vikno")),
        "description": say(_("Vikno: the meeting place of Ukraine's Administrative Service Centres")),
        "lang": chosen,
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": icons.BAND,
        "background_color": PAPER,
        "categories": ["education", "government"],
        "icons": [
            *(_icon(name, "maskable" if name.startswith("maskable") else "any") for name in icons.SIZES),
            {"src": "/logo.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        ],
        "shortcuts": [{"name": say(name), "url": url, "icons": [_icon("icon-192", "any")]} for name, url in SHORTCUTS],
    }
    headers = {"Cache-Control": "no-cache", "Content-Language": chosen}
    return JSONResponse(body, headers=headers, media_type="application/manifest+json")


@router.get("/icons/{name}.png")
def icon(name: str) -> Response:
    """An icon of the app."""
    if name not in icons.SIZES:
        raise Problem(404, "not_found", "")
    return Response(icons.png(name), media_type="image/png", headers={"Cache-Control": f"public, max-age={DAY_S}"})


@router.get("/sw.js")
def worker(request: Request) -> Response:
    """The service worker. It stands at the root, so that it may answer for every page."""
    site = site_of(request)
    script = site.assets.worker()
    made = hashlib.sha256(script + site.assets.digest())
    for language in LANGUAGES:
        made.update(_offline(request, language).encode())
    head = f"self.VIKNO_BUILD = {made.hexdigest()[:16]!r};\n"
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"}
    return Response(head.encode() + script, media_type="text/javascript", headers=headers)


@router.get("/offline")
def kept(visit: Reading) -> Response:
    """What this browser keeps for reading without a network. The list is made by the page's script alone."""
    return visit.page("offline.html", keep=True)


@router.get("/offline/account")
def account(visit: Reading) -> Response:
    """Whose sign-in this is, and the token to send what waits in the browser with."""
    return JSONResponse({"account": visit.account, "csrf": visit.csrf if visit.account != NOBODY else ""})


@router.get("/offline/{language}")
def without_network(request: Request, language: str) -> Response:
    """What the worker shows in place of a page that cannot be fetched. It is the same for everybody."""
    if language not in LANGUAGES:
        raise Problem(404, "not_found", "")
    return Response(_offline(request, language), media_type="text/html")


def _offline(request: Request, language: str) -> str:
    return site_of(request).templates.render("no_network.html", language, {"request": request})


def _icon(name: str, purpose: str) -> dict[str, str]:
    side = icons.SIZES[name]
    return {"src": f"/icons/{name}.png", "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
