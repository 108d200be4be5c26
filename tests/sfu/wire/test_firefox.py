"""A real Firefox publishes and is sent its own picture and sound back, each on a connection of its own.

It sends no media to loopback, so it runs in a network namespace of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sfu.media.publication import Publication
from sfu.node import MediaNode, NodeConfig, PeerState
from tests.sfu.wire.conftest import until
from tests.support.namespace import Namespace, namespace, why_not

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "app.update.enabled": False,
    "media.devices.insecure.enabled": True,
    "media.getusermedia.insecure.enabled": True,
}

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("firefox-esr") is None, reason="firefox-esr is not installed"),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]


class Loop:
    """Serves the page and stands between it and the node."""

    def __init__(self, node: MediaNode) -> None:
        self.publisher = node.open_peer(label="publisher")
        self.subscriber = node.open_peer(label="subscriber")
        self.publications: list[Publication] = []
        self.report: dict[str, Any] = {}
        self.offers = 0
        self._page = Path(__file__).with_name("pages") / "both.html"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.lower().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length")), 0)
        body = (await reader.readexactly(length)).decode()
        reply = (await self.answer(head.split(" ")[1], body)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(reply) + reply)
        await writer.drain()
        writer.close()

    async def answer(self, path: str, body: str) -> str:
        if path == "/":
            return self._page.read_text()
        if path == "/publish":
            answer = await self.publisher.accept_offer(body)
            self.publications = list(answer.publications.values())
            return answer.sdp
        if path == "/offer":
            return await self.next_offer()
        if path == "/answer":
            assert await self.subscriber.accept_answer(body) == []
        if path == "/report":
            self.report = json.loads(body)
        return ""

    async def next_offer(self) -> str:
        """First only the transport; once it stands, what is published."""
        if self.offers == 1 and self.subscriber.state is PeerState.CONNECTED:
            for publication in self.publications:
                self.subscriber.subscribe(publication, stream_id="anna")
        if self.offers and not self.subscriber.negotiation_needed:
            return ""
        self.offers += 1
        return await self.subscriber.create_offer()


@contextlib.asynccontextmanager
async def firefox(profile: Path, place: Namespace, port: int) -> AsyncIterator[None]:
    preferences = {**PREFERENCES, "dom.securecontext.allowlist": place.server}
    settings = "\n".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items())
    (profile / "user.js").write_text(settings)
    process = await asyncio.create_subprocess_exec(
        *place.command("firefox-esr", "--headless", "--no-remote", "--profile", str(profile)),
        f"http://{place.server}:{port}/",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "HOME": str(profile)},
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
def place() -> Iterator[Namespace]:
    """There before the node looks for addresses."""
    with namespace() as made:
        yield made


async def test_firefox_sends_and_receives(place: Namespace, tmp_path: Path) -> None:
    """H51: Firefox connects to ICE-lite, before there is media too, and decodes what comes back, with nothing lost."""
    node = MediaNode(NodeConfig(port=0))
    await node.start()
    loop = Loop(node)
    server = await asyncio.start_server(loop.handle, place.server, 0)
    try:
        async with firefox(tmp_path, place, server.sockets[0].getsockname()[1]):
            await until(
                lambda: "error" in loop.report or (loop.report.get("frames", 0) > 30 and loop.report["energy"] > 0.001),
                seconds=60,
            )
            assert "error" not in loop.report
            assert loop.report["state"] == "connected"
            assert loop.report["lost"] == 0
            assert loop.offers == 2
    finally:
        server.close()
        await node.close()
