"""What `/healthz` looks at. A probe returns None when its part is ready, else a sentence."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
from sqlalchemy.exc import DBAPIError

from lms.database import Database
from web.assets import MANIFEST
from web.config import STATIC
from web.main.settings import Settings

Probe = Callable[[], Awaitable[str | None]]

LEAST_FREE_BYTES = 200 * 1024 * 1024
"""Below this the disk counts as full: a journal and a database must still be able to grow."""
_PATIENCE_S = 2.0
"""Less than the web app waits for a probe, so that the sentence below is the one that is shown."""


def of_web(settings: Settings, database: Database) -> dict[str, Probe]:
    """The parts of an installation, by name."""
    probes: dict[str, Probe] = {
        "database": partial(_database, database),
        "client": partial(_client, STATIC),
        "disk": partial(_disk, settings.data),
    }
    for node in range(settings.media_nodes):
        probes[f"media-{node}"] = partial(_node, settings.node_url(node))
    return probes


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written where `folder` lies."""
    return shutil.disk_usage(folder).free


async def _database(database: Database) -> str | None:
    try:
        await asyncio.wait_for(asyncio.to_thread(database.check), _PATIENCE_S)
    except TimeoutError:
        return f"The database did not answer within {_PATIENCE_S:g} s."
    except DBAPIError as error:
        return f"The database does not answer: {type(error.orig).__name__}."
    return None


async def _client(static: Path) -> str | None:
    return None if (static / MANIFEST).exists() else "The browser client is not built. Run make client."


async def _disk(folder: Path) -> str | None:
    free = free_bytes(folder)
    if free < LEAST_FREE_BYTES:
        return f"Only {free // 2**20} MiB are left on the disk of the data folder. Free some space."
    return None


async def _node(url: str) -> str | None:
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx.HTTPError as error:
        return f"The media node does not answer: {type(error).__name__}. It is being restarted."
    return None if answer.is_success else f"The media node is not ready: {answer.text[:200]}"
