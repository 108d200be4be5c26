"""The media node's app: signaling, WHIP and WHEP, control and health around one SFU, on one loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from signaling import control, health
from signaling.clock import Clock
from signaling.config import NodeAppConfig
from signaling.connection import Connection
from signaling.media.ports import NodePort
from signaling.node import Node
from signaling.whip import http as whip


def create_node_app(
    config: NodeAppConfig,
    *,
    media_node: NodePort | None = None,
    clock: Clock | None = None,
    events_client: httpx.AsyncClient | None = None,
) -> Starlette:
    """The app of media node `config.node`. Its lifespan starts the SFU and restores the meetings.

    Run it on one loop in one process. Raises `sfu.node.PortBusy` at start if the media port is taken.
    `media_node`, `clock` and `events_client` are for tests.
    """
    node = Node(config, media_node or _sfu(config), clock=clock, events_client=events_client)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await node.start()
        try:
            yield
        finally:
            await node.stop()

    async def signal(websocket: WebSocket) -> None:
        await Connection(websocket, node).serve()

    app = Starlette(
        lifespan=lifespan,
        routes=[WebSocketRoute("/signal", signal), *whip.routes(node), *control.routes(node), *health.routes(node)],
    )
    app.state.node = node
    return app


def _sfu(config: NodeAppConfig) -> NodePort:
    from sfu.node import MediaNode, NodeConfig

    return MediaNode(
        NodeConfig(
            port=config.media_port,
            addresses=list(config.media_addresses) or None,
            include_loopback=config.include_loopback,
        )
    )
