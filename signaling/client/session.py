"""The WebSocket side: requests with their answers, and everything the node says unasked."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from signaling.messages import (
    MAX_FRAME_BYTES,
    SERVER_MESSAGE,
    VERSION,
    Closing,
    Problem,
    Refused,
    ServerMessage,
    Waiting,
    Welcome,
)

PING_S = 5.0
ANSWER_S = 10.0
CLIENT = "vikno-participant/1"


class SessionLostError(ConnectionError):
    """The line to the node broke; coming back may help."""


class RefusedError(Exception):
    """The node said no. `problem` says why and whether to try again."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.title}{': ' if problem.detail else ''}{problem.detail} ({problem.code})")
        self.problem = problem


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is not itself a group."""
    first = group.exceptions[0]
    return first_error(first) if isinstance(first, BaseExceptionGroup) else first


def signal_url(server_url: str) -> str:
    """The WebSocket address of a server given by its http(s) address."""
    base = server_url.rstrip("/")
    if base.startswith("http"):
        base = "ws" + base.removeprefix("http")
    return base if base.endswith("/signal") else f"{base}/signal"


class Session:
    """One WebSocket to a node, open from `hello` to `closing`."""

    def __init__(self, socket: ClientConnection, on_message: Callable[[ServerMessage], None]) -> None:
        self._socket = socket
        self._on_message = on_message
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[ServerMessage]] = {}
        self.closing: Problem | None = None
        """Why the node closed, if it said so."""

    @classmethod
    async def open(
        cls,
        server_url: str,
        token: str,
        resume: dict[str, str] | None,
        on_message: Callable[[ServerMessage], None],
    ) -> tuple[Session, Welcome]:
        """Connect, say hello, wait (also in the lobby) until let in. Raises `SessionLostError` or `RefusedError`."""
        try:
            socket = await connect(signal_url(server_url), max_size=None, open_timeout=ANSWER_S, ping_interval=None)
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise SessionLostError(f"{server_url} cannot be reached: {error}.") from error
        session = cls(socket, on_message)
        hello: dict[str, Any] = {"type": "hello", "version": VERSION, "token": token, "client": CLIENT}
        if resume is not None:
            hello["resume"] = resume
        try:
            await session._send(hello)
            while True:
                message = await session._read()
                if isinstance(message, Welcome):
                    return session, message
                if isinstance(message, Closing):
                    raise RefusedError(message.problem)
                if isinstance(message, Refused):
                    raise RefusedError(message.problem)
                if isinstance(message, Waiting):
                    on_message(message)
        except BaseException:
            await socket.close()
            raise

    async def _send(self, message: dict[str, Any]) -> None:
        text = json.dumps(message, ensure_ascii=False)
        if len(text.encode()) > MAX_FRAME_BYTES:
            raise ValueError(f"The message {message['type']} is larger than {MAX_FRAME_BYTES} bytes.")
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise SessionLostError("The connection to the meeting is lost.") from error

    async def _read(self) -> ServerMessage | None:
        """The next message; None for one that this version does not know."""
        try:
            frame = await self._socket.recv()
        except ConnectionClosed as error:
            raise SessionLostError("The connection to the meeting is lost.") from error
        try:
            return SERVER_MESSAGE.validate_json(frame)
        except ValidationError:
            return None

    async def request(self, type_: str, **members: Any) -> ServerMessage:
        """Send a request and wait for its answer. Raises `RefusedError`, `SessionLostError`."""
        number = next(self._ids)
        answer: asyncio.Future[ServerMessage] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            await self._send({"type": type_, "id": number, **members})
            async with asyncio.timeout(ANSWER_S):
                message = await answer
        except TimeoutError as error:
            raise SessionLostError(f"The node did not answer `{type_}` within {ANSWER_S:.0f} s.") from error
        finally:
            self._pending.pop(number, None)
        if isinstance(message, Refused):
            raise RefusedError(message.problem)
        return message

    async def run(self) -> None:
        """Read until the connection ends; always raises `SessionLostError` or `RefusedError`."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ping())
                group.create_task(self._receive())
        except* (SessionLostError, RefusedError) as errors:
            raise first_error(errors) from None

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            await self.request("ping")

    async def _receive(self) -> None:
        while True:
            message = await self._read()
            if message is None:
                continue
            number = getattr(message, "id", None)
            if isinstance(number, int) and number in self._pending:
                if not self._pending[number].done():
                    self._pending[number].set_result(message)
                continue
            if isinstance(message, Closing):
                self.closing = message.problem
                raise RefusedError(message.problem)
            self._on_message(message)

    async def close(self) -> None:
        """Close the socket; requests that wait fail."""
        for answer in self._pending.values():
            answer.cancel()
        await self._socket.close()
