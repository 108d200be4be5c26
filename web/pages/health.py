"""`/healthz`, `/readyz`, `/metrics`: for load balancers, supervisors and Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lms.notify import queries
from web.config import Probe
from web.visits import site_of

PROBE_S = 3.0
_FORMAT = CONTENT_TYPE_LATEST

router = APIRouter()


@router.get("/healthz")
async def health(request: Request) -> Response:
    """200 when every part is ready; else 503 and which part is not, and why."""
    return await _ask(site_of(request).config.probes)


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """200 when pages can be served: the database answers."""
    probes = site_of(request).config.probes
    return await _ask({name: probe for name, probe in probes.items() if name == "database"})


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The web process's figures and those of the mail, in Prometheus' text format."""
    config = site_of(request).config
    own = generate_latest()
    try:
        with config.database.reading() as session:
            return Response(own + _mail(queries.figures(session, config.clock()), config.clock()), media_type=_FORMAT)
    except DBAPIError:  # the other figures are wanted all the more
        return Response(own, media_type=_FORMAT)


def _mail(figures: queries.Figures, now: datetime) -> bytes:
    registry = CollectorRegistry()
    age = (now - figures.oldest_due_at).total_seconds() if figures.oldest_due_at else 0
    for name, meaning, value in (
        ("waiting", "Messages that should have been sent by now", figures.waiting),
        ("oldest_seconds", "For how long the oldest of them waits", age),
        ("trouble", "Messages that failed or came back", figures.trouble),
        ("server_down", "1 while the mail server takes nothing", figures.server.down_since is not None),
        ("inbox_down", "1 while the inbox cannot be read", figures.server.inbox_down_since is not None),
    ):
        Gauge(f"vikno_mail_{name}", meaning, registry=registry).set(value)
    return generate_latest(registry)


async def _ask(probes: Mapping[str, Probe]) -> Response:
    found = await asyncio.gather(*(_probe(probe) for probe in probes.values()))
    parts = {name: problem or "ready" for name, problem in zip(probes, found, strict=True)}
    well = not any(found)
    return JSONResponse({"ready": well, "parts": parts}, 200 if well else 503)


async def _probe(probe: Probe) -> str | None:
    try:
        return await asyncio.wait_for(probe(), PROBE_S)
    except TimeoutError:
        return f"did not answer within {PROBE_S:.0f} s"
    except Exception as error:
        return f"could not be asked: {error}"
