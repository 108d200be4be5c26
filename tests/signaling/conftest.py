"""A media node's app on a real socket of its own, with the fake SFU behind it, and clients that speak the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.signaling.support import NodeServer, config


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[NodeServer]]]:
    """Starts node apps that are stopped after the test. `serve(limits=..., clock=..., ...)`."""
    servers: list[NodeServer] = []

    async def start(**changes: object) -> NodeServer:
        clock = changes.pop("clock", None)
        events_client = changes.pop("events_client", None)
        data_dir = changes.pop("data_dir", tmp_path / "data")
        server = NodeServer(config(data_dir, **changes), clock=clock, events_client=events_client)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def node(serve: Callable[..., Awaitable[NodeServer]]) -> NodeServer:
    return await serve()
