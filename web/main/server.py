"""Serves an ASGI app under uvicorn, on sockets of its own or on those the supervisor keeps."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from signaling.messages import MAX_FRAME_BYTES
from web.main.child import tell_ready

_log = structlog.get_logger("vikno.server")

Asgi = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Listening:
    """How a server is reached."""

    sockets: Sequence[socket.socket]
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: Sequence[str] = field(default_factory=tuple)
    grace_s: int = 5
    """Time for open requests when the server stops; then they are cut."""


_KEEP_ALIVE_S = 75
"""A connection stays open for so long without a request: pages that save and ask now and then need not open another
each time, and a reverse proxy, which keeps them for a minute, closes first."""


class StartupError(Exception):
    """The app could not start; `__cause__` is its own exception."""


def adopt(numbers: Sequence[int]) -> list[socket.socket]:
    """The listening sockets that were inherited under these descriptor numbers."""
    return [socket.socket(fileno=number) for number in numbers]


def serve(app: Asgi, listening: Listening) -> None:
    """Runs until SIGTERM or SIGINT. Raises `StartupError` with the app's own error when its start fails."""
    watched = _Watched(app)
    config = uvicorn.Config(
        watched,
        loop="uvloop",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=None,  # the signaling protocol has its own
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(listening.trusted_proxies),
        forwarded_allow_ips=list(listening.trusted_proxies),
        ssl_certfile=listening.tls_cert and os.fspath(listening.tls_cert),
        ssl_keyfile=listening.tls_key and os.fspath(listening.tls_key),
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=listening.grace_s,
    )
    server = _Server(config)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve(list(listening.sockets)))
    except SystemExit:  # how uvicorn reports a failed start
        raise StartupError(str(watched.failure)) from watched.failure


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _log.info("ready")
            tell_ready()


class _Watched:
    """Passes everything on to the app, and keeps the exception that its start ends with."""

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self._said: set[str] = set()
        self.failure: Exception | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, self._briefly(send))
        except Exception as error:
            if "lifespan.startup.complete" in self._said:
                raise
            self.failure = error
            if not self._said:
                await send({"type": "lifespan.startup.failed"})

    def _briefly(self, send: Any) -> Any:
        """`send` without the traceback that Starlette puts into the message."""

        async def said(message: Any) -> None:
            self._said.add(message["type"])
            await send({"type": message["type"]})

        return said
