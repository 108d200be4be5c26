"""What the wire tests share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from sfu.node import MediaNode, NodeConfig


@pytest.fixture(params=[False, True], ids=["batched", "portable"])
async def node(request: pytest.FixtureRequest) -> AsyncIterator[MediaNode]:
    """A started node on a free port, once with each way of doing I/O."""
    node = MediaNode(NodeConfig(port=0, portable_io=request.param))
    await node.start()
    yield node
    await node.close()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
