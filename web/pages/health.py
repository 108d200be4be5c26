"""`/healthz`, `/readyz`, `/metrics`: for load balancers, supervisors and Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web.config import Probe
from web.visits import site_of

PROBE_S = 3.0

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
def metrics() -> Response:
    """The web process's figures, in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


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
