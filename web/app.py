"""The web app: pages, JSON API, static files. `create_app` puts the parts together; it holds no meeting state."""

from __future__ import annotations

import re

from fastapi import FastAPI

from web import api, pages
from web.assets import BuiltFiles
from web.config import WebConfig
from web.errors import UnexpectedFailures, add_error_handlers
from web.security import BodyLimit, SecurityHeaders
from web.site import build_site

FORM_BYTES = 256 * 1024
BODY_BYTES = (
    (re.compile(r"/internal/events"), 4 * 1024 * 1024),
    (re.compile(r"/imports"), 8 * 1024 * 1024),
    (re.compile(r"/courses/import"), 201 * 1024 * 1024),
    (re.compile(r"/courses/[^/]+/edit/.+"), 201 * 1024 * 1024),
    (re.compile(r"/courses/[^/]+/lessons/[^/]+/task"), 26 * 1024 * 1024),
    (re.compile(r"/schedule/[^/]+/materials"), 32 * 1024 * 1024),
    (re.compile(r"/items/import"), 17 * 1024 * 1024),
    (re.compile(r"/items/(new|[^/]+/edit)(/form)?"), 2 * 1024 * 1024),
    (re.compile(r"/classes/[^/]+/people"), 2 * 1024 * 1024),
    (re.compile(r"/verify|/me/declared/new"), 9 * 1024 * 1024),
    (re.compile(r"/api/meetings/[^/]+/pictures"), 9 * 1024 * 1024),
)
"""Paths that take more than a form."""


def create_app(config: WebConfig) -> FastAPI:
    """The app. The database must be of the current version; nothing is opened before the first request."""
    app = FastAPI(
        title="Vikno",
        summary="Video-conferencing and training network of Administrative Service Centres",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.site = build_site(config)
    app.router.routes.extend(config.extra_routes)
    # Installed last to first: headers stand outermost, so that every answer has them.
    app.add_middleware(BodyLimit, limit=FORM_BYTES, limits=BODY_BYTES)
    app.add_middleware(UnexpectedFailures)
    app.add_middleware(SecurityHeaders, secure=config.secure)
    add_error_handlers(app)
    app.mount("/static", BuiltFiles(directory=config.static_dir, check_dir=False), name="static")
    app.include_router(api.router)
    for section in pages.SECTIONS:
        app.include_router(section, include_in_schema=False)
    return app
