"""What the tests of signaling share: a served node app, a protocol client, tokens, conditions to wait for."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from signaling.app import create_node_app
from signaling.clock import Clock
from signaling.config import Limits, NodeAppConfig
from signaling.messages import MAX_FRAME_BYTES
from signaling.model import Presence, Role
from signaling.tokens import Token, issue
from tests.support.fake_media import FakeMediaNode

TOKEN_KEY = b"t" * 32
CONTROL_KEY = b"c" * 32
EVENTS_KEY = b"e" * 32
PATIENCE_S = 40.0


def config(data_dir: Path, **changes: Any) -> NodeAppConfig:
    defaults: dict[str, Any] = {
        "node": 0,
        "data_dir": data_dir,
        "media_port": 0,
        "token_key": TOKEN_KEY,
        "control_key": CONTROL_KEY,
        "events_key": EVENTS_KEY,
        "limits": Limits(messages_per_second=1000, message_burst=1000),
    }
    return NodeAppConfig(**(defaults | changes))


def ticket(
    name: str = "Олена",
    role: Role | str = Role.PARTICIPANT,
    *,
    meeting: str = "demo",
    identity: str | None = None,
    presence: Presence = Presence.PERSON,
    node: int = 0,
) -> Token:
    """A token's claims for somebody of this name."""
    known = identity or "person:" + name.encode().hex()[:40]
    issued = issue(meeting=meeting, identity=known, name=name, role=Role(role), presence=presence, node=node)
    return issued.model_copy(update={"jti": f"jti-{next(_numbers)}"})


_numbers = itertools.count(1)


async def until(condition: Callable[[], Any], what: str = "condition") -> Any:
    """Wait until the condition is true; gives its value."""
    async with asyncio.timeout(PATIENCE_S):
        while not (value := condition()):
            await asyncio.sleep(0.005)
    return value


class FakeTime:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.monotonic_now = 1000.0
        self.wall_now = 1_800_000_000.0

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.monotonic_now, wall=lambda: self.wall_now)

    def pass_(self, seconds: float) -> None:
        self.monotonic_now += seconds
        self.wall_now += seconds


class NodeServer:
    """The node app under uvicorn on a port of 127.0.0.1."""

    def __init__(
        self, node_config: NodeAppConfig, *, clock: Any = None, events_client: Any = None, real: bool = False
    ) -> None:
        self.config = node_config
        self.media = FakeMediaNode()
        self.app = create_node_app(
            node_config, media_node=None if real else self.media, clock=clock, events_client=events_client
        )
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def node(self) -> Any:
        return self.app.state.node

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        # Naming the protocol makes asyncio switch Nagle's algorithm off for the connections accepted.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        settings = uvicorn.Config(
            self.app,
            log_config=None,
            ws_max_size=MAX_FRAME_BYTES,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(settings)
        self._server.config.setup_event_loop = lambda: None  # type: ignore[attr-defined]
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        await until(lambda: self._server and self._server.started)

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = None

    def meeting(self, meeting_id: str = "demo") -> Any:
        return self.node.meetings[meeting_id]

    async def connect(self) -> Client:
        return await Client.open(f"ws://127.0.0.1:{self.port}/signal")

    def connections(self) -> list[Any]:
        """uvicorn's protocols of the connections that are open."""
        assert self._server is not None
        return list(self._server.server_state.connections)

    async def join(self, token: Token | str, **hello: Any) -> Client:
        """A client that has said hello and got the answer, whatever it was."""
        client = await self.connect()
        await client.hello(token, **hello)
        return client

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False)


class Client:
    """Speaks the protocol; keeps everything that came."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.got: list[dict[str, Any]] = []
        self.closed_with: int | None = None
        self._ids = itertools.count(1)
        self._came = asyncio.Event()
        self._answers = False
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str) -> Client:
        return cls(await connect(url, max_size=None, proxy=None, compression=None))

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self.websocket:
                self.got.append(json.loads(frame))
                self._came.set()
                if self._answers and self.got[-1]["type"] == "offer":
                    await self._answer(self.got[-1])
        self.closed_with = self.websocket.close_code
        self._came.set()

    async def hello(self, token: Token | str, **extra: Any) -> dict[str, Any]:
        compact = token if isinstance(token, str) else token.sign(TOKEN_KEY)
        await self.send({"type": "hello", "version": 1, "token": compact} | extra)
        return await self.first(lambda message: message["type"] in ("welcome", "waiting", "closing", "checked"))

    async def send(self, message: dict[str, Any]) -> None:
        await self.websocket.send(json.dumps(message))

    async def request(self, kind: str, **members: Any) -> dict[str, Any]:
        """Send a request; its answer."""
        request_id = next(self._ids)
        await self.send({"type": kind, "id": request_id} | members)
        return await self.first(
            lambda message: message.get("id") == request_id and message["type"] not in ("participant", "chat")
        )

    async def order(self, do: str, **members: Any) -> dict[str, Any]:
        return await self.request("order", action={"do": do} | members)

    async def first(self, wanted: Callable[[dict[str, Any]], bool], *, start: int = 0) -> dict[str, Any]:
        """The first message (from index `start` on) that is wanted; waits for it."""
        async with asyncio.timeout(PATIENCE_S):
            position = start
            while True:
                self._came.clear()
                for message in self.got[position:]:
                    if wanted(message):
                        return message
                position = len(self.got)
                if self.closed_with is not None:
                    raise AssertionError(f"closed with {self.closed_with}; got {[m['type'] for m in self.got]}")
                await self._came.wait()

    async def answer_offers(self) -> None:
        """Answer every offer from now on, and the last that came."""
        self._answers = True
        offers = [message for message in self.got if message["type"] == "offer"]
        if offers:
            await self._answer(offers[-1])

    async def _answer(self, offer: dict[str, Any]) -> None:
        request = {"type": "answer", "id": next(self._ids), "revision": offer["revision"], "sdp": offer["sdp"]}
        await self.send(request)

    async def next(self, kind: str, *, start: int | None = None, **members: Any) -> dict[str, Any]:
        """The first message of a type whose members are as given."""
        return await self.first(
            lambda message: message["type"] == kind and all(message.get(k) == v for k, v in members.items()),
            start=start or 0,
        )

    def mark(self) -> int:
        """Where `first` and `next` may start to see only what comes from now on."""
        return len(self.got)

    @property
    def welcome(self) -> dict[str, Any]:
        return self._one("welcome")

    @property
    def id(self) -> str:
        return str(self.welcome["participant"])

    @property
    def closing(self) -> str:
        """The code of the `closing` message."""
        return str(self._one("closing")["problem"]["code"])

    def _one(self, kind: str) -> dict[str, Any]:
        found = [message for message in self.got if message["type"] == kind]
        assert found, f"no {kind}; got {self.got}"
        return found[0]

    def stop_reading(self) -> None:
        """Take nothing more from the socket: its buffers fill up."""
        self._task.cancel()

    async def ended(self) -> int:
        """Wait for the end; the WebSocket close code."""
        await asyncio.wait_for(asyncio.shield(self._task), PATIENCE_S)
        assert self.closed_with is not None
        return self.closed_with

    async def drop(self) -> None:
        """Break the connection without a goodbye."""
        self.websocket.transport.abort()
        await self.ended()

    async def close(self) -> None:
        await self.websocket.close()
        await self.ended()
