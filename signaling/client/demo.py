"""The demo's three endpoints, in one process: Kyiv, Lviv and Sumy, for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from signaling.client.card import CARDS, make_card
from signaling.client.cli import run_all
from signaling.client.clip import load_clip
from signaling.client.participant import Participant, Wishes


def make_demo_media(folder: Path) -> dict[str, Path]:
    """The test pictures by name, made where they are missing (about five seconds of CPU each)."""
    return {name: make_card(name, folder) for name in CARDS}


async def run_demo(server_url: str, token: Callable[[str], str], folder: Path) -> list[Participant]:
    """Keep the three in their meeting until SIGINT or SIGTERM. `token(name)` signs a fresh token."""

    async def wishes(name: str) -> Wishes:
        path = await asyncio.to_thread(make_card, name, folder)
        return Wishes(server_url, _source(token, name), load_clip(path), stay=True)

    return await run_all(list(await asyncio.gather(*(wishes(name) for name in CARDS))))


def _source(token: Callable[[str], str], name: str) -> Callable[[], Awaitable[str]]:
    async def source() -> str:
        return token(name)

    return source
