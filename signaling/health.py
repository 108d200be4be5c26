"""Whether the node is well, and its metrics."""

from __future__ import annotations

import shutil

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from signaling.metrics import registry
from signaling.node import Node

LEAST_FREE_BYTES = 32 * 1024 * 1024
"""Below this, journals will soon not be written."""


def routes(node: Node) -> list[Route]:
    """`/healthz` (every part, for people), `/readyz` (whether to send clients here), `/metrics` (Prometheus)."""
    metrics_registry = registry(node)

    async def healthz(_request: Request) -> JSONResponse:
        parts = check(node)
        well = all(part["ok"] for part in parts.values())
        return JSONResponse({"status": "ok" if well else "degraded", "parts": parts}, 200 if well else 503)

    async def readyz(_request: Request) -> JSONResponse:
        return JSONResponse({"ready": node.ready}, 200 if node.ready else 503)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(metrics_registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def check(node: Node) -> dict[str, dict[str, object]]:
    """Each part and, where something is wrong, why. That events wait for a web process is no fault of the node."""
    free = shutil.disk_usage(node.config.data_dir).free
    disk: dict[str, object] = {"ok": free >= LEAST_FREE_BYTES}
    if free < LEAST_FREE_BYTES:
        disk["cause"] = f"Only {free // 2**20} MiB are free where journals are written; make room."
    media: dict[str, object] = {"ok": node.ready}
    if not node.ready:
        media["cause"] = "The node is stopping." if node.stopping else "The node has not started yet."
    return {"media": media, "journal": disk}
