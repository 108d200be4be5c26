"""Passes `/signal`, `/whip` and `/whep` on to the media node that the token names, so that all of Vikno is one port.

Nothing is kept here: a web process may die, and its clients resume through another one. A reverse proxy that knows the
nodes can take this over.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from signaling.connection import CLOSE_FINAL, CLOSE_RETRY
from signaling.http_problems import problem_response
from signaling.messages import MAX_FRAME_BYTES, Closing, Problem
from signaling.problems import problem
from signaling.tokens import TokenError, addressed_node, verify
from signaling.whip.paths import resource_node

NodeUrl = Callable[[int], str]
"""Node number → the base URL of its app, such as `http://127.0.0.1:8701`."""

HELLO_S = 10.0
CONNECT_S = 3.0
FROM_NODE_BYTES = 16 * 1024 * 1024
"""A welcome holds the roster and the chat, so the node's frames may be larger than a client's."""
MAX_BODY_BYTES = 256 * 1024
_PATH = re.compile(r"/(?:whip|whep)/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.:-]{1,64}(?:/[A-Za-z0-9_-]{1,100})?")
"""What is passed on: no dot segment, encoded slash, question mark or hash may lead elsewhere on the node."""
METHODS = ["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
_REQUEST_HEADERS = ("authorization", "content-type", "accept", "if-match", "if-none-match", "origin")
_RESPONSE_HEADERS = re.compile(
    r"^(content-type|location|etag|link|allow|accept-post|accept-patch|retry-after|www-authenticate|access-control-.*)$"
)
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nodes are reached by plain HTTP; loading the system's authorities for each request would cost milliseconds."""
_log = structlog.get_logger(__name__)


def routes(token_key: bytes, node_url: NodeUrl) -> list[BaseRoute]:
    """The routes to mount at the root of the web app."""

    async def signal(websocket: WebSocket) -> None:
        await _SignalPassage(websocket, token_key, node_url).serve()

    async def http(request: Request) -> Response:
        return await _pass_http(request, token_key, node_url)

    return [
        WebSocketRoute("/signal", signal),
        Route("/whip/{path:path}", http, methods=METHODS),
        Route("/whep/{path:path}", http, methods=METHODS),
    ]


# ---------------------------------------------------------------- WebSocket


class _ClosedError(Exception):
    """One side has ended: the close code for the other side, and what to say to the client before."""

    def __init__(self, code: int, why: Problem | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.why = why


class _SignalPassage:
    """One client's WebSocket and the one to its node. Each side waits for the other, so nothing piles up here."""

    def __init__(self, websocket: WebSocket, token_key: bytes, node_url: NodeUrl) -> None:
        self._client = websocket
        self._token_key = token_key
        self._node_url = node_url

    async def serve(self) -> None:
        """From the handshake to the end of either side."""
        await self._client.accept()
        try:
            hello = await self._first_frame()
            async with self._node(self._node_of(hello)) as node:
                await node.send(hello)
                await self._pump(node)
        except _ClosedError as closed:
            await self._hang_up(closed)

    async def _first_frame(self) -> str:
        try:
            async with asyncio.timeout(HELLO_S):
                return await self._receive()
        except TimeoutError as error:
            raise _ClosedError(CLOSE_RETRY, problem("no_hello", f"Say hello within {HELLO_S:g} s.")) from error

    async def _receive(self) -> str:
        event = await self._client.receive()
        if event["type"] == "websocket.disconnect":
            raise _ClosedError(event.get("code") or 1005)
        text = event.get("text")
        if text is None:
            raise _ClosedError(CLOSE_FINAL, problem("bad_message", "Frames are text, one JSON object each."))
        if len(text) > MAX_FRAME_BYTES:
            raise _ClosedError(CLOSE_FINAL, problem("too_large", f"At most {MAX_FRAME_BYTES} bytes."))
        return str(text)

    def _node_of(self, hello: str) -> str:
        """The node that the token in the hello names. Nobody without a genuine token reaches a node from outside;
        whether it has expired is the node's to say, which lets people resume.
        """
        try:
            message = json.loads(hello)
            compact = message["token"] if isinstance(message, dict) and message.get("type") == "hello" else None
        except (ValueError, KeyError, RecursionError):
            compact = None
        if not isinstance(compact, str):
            raise _ClosedError(CLOSE_FINAL, problem("bad_message", "The first message is `hello` with a token."))
        try:
            return self._node_url(verify(compact, self._token_key, allow_expired=True).node)
        except TokenError as error:
            found = problem(error.code, str(error))
            raise _ClosedError(CLOSE_RETRY if found.retry else CLOSE_FINAL, found) from error
        except (LookupError, ValueError) as error:
            raise _ClosedError(CLOSE_RETRY, problem("node_unavailable", "It is not known here.")) from error

    @contextlib.asynccontextmanager
    async def _node(self, base: str) -> AsyncIterator[ClientConnection]:
        url = "ws" + base.removeprefix("http") + "/signal"
        try:
            connection = await connect(
                url,
                open_timeout=CONNECT_S,
                close_timeout=1,
                ping_interval=None,
                max_size=FROM_NODE_BYTES,
                max_queue=16,
                compression=None,
                proxy=None,
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            _log.warning("node_unavailable", url=url, cause=type(error).__name__)
            raise _ClosedError(CLOSE_RETRY, problem("node_unavailable", "Come back in a moment.")) from error
        try:
            yield connection
        finally:
            await connection.close()

    async def _pump(self, node: ClientConnection) -> None:
        """Both ways until one side ends; raises `_ClosedError`."""
        up = asyncio.create_task(self._upwards(node), name="signal up")
        down = asyncio.create_task(self._downwards(node), name="signal down")
        try:
            done, _ = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            # What the node has said at last goes first: it says why.
            await (down if down in done else up)
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _upwards(self, node: ClientConnection) -> None:
        try:
            while True:
                await node.send(await self._receive())
        except ConnectionClosed:
            await asyncio.Event().wait()  # the way down ends as well, and knows why

    async def _downwards(self, node: ClientConnection) -> None:
        try:
            while True:
                frame = await node.recv(decode=True)
                await self._client.send_text(str(frame))
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                _log.warning("node_lost")
                raise _ClosedError(CLOSE_RETRY, problem("node_unavailable", "The connection to it broke.")) from closed
            raise _ClosedError(closed.rcvd.code) from closed
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise _ClosedError(1001) from gone

    async def _hang_up(self, closed: _ClosedError) -> None:
        if self._client.client_state is not WebSocketState.CONNECTED:
            return
        code = closed.code if closed.code in (1000, 1011, 1012) or closed.code >= 3000 else CLOSE_RETRY
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):
            if closed.why is not None:
                await self._client.send_text(Closing(problem=closed.why).model_dump_json())
            await self._client.close(code)


# ---------------------------------------------------------------- WHIP and WHEP


async def _pass_http(request: Request, token_key: bytes, node_url: NodeUrl) -> Response:
    if not _PATH.fullmatch(request.url.path):
        return problem_response(problem("unknown_meeting", "The address is /whip/{meeting} or /whep/{meeting}."), 404)
    try:
        base = node_url(_http_node(request, token_key))
        body = await _body(request)
    except TokenError as error:
        return problem_response(problem(error.code, str(error)), 401, authenticate=True)
    except OverflowError:
        return problem_response(problem("too_large", f"At most {MAX_BODY_BYTES} bytes."), 413)
    except (LookupError, ValueError):
        return problem_response(problem("node_unavailable", "It is not known here."), 503)
    headers = {name: request.headers[name] for name in _REQUEST_HEADERS if name in request.headers}
    url = f"{base}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
    try:
        patience = httpx.Timeout(10.0, connect=CONNECT_S)
        async with httpx.AsyncClient(timeout=patience, trust_env=False, verify=_NO_AUTHORITIES) as client:
            answer = await client.request(request.method, url, content=body, headers=headers)
    except httpx.HTTPError as error:
        _log.warning("node_unavailable", url=base, cause=type(error).__name__)
        return problem_response(problem("node_unavailable", "Try again in a moment."), 503, retry_after_s=2)
    response = Response(answer.content, status_code=answer.status_code)
    del response.headers["content-length"]
    for name, value in answer.headers.multi_items():
        if _RESPONSE_HEADERS.match(name.lower()):
            response.headers.append(name, value)
    if answer.status_code != 204:
        response.headers["content-length"] = str(len(answer.content))
    return response


def _http_node(request: Request, token_key: bytes) -> int:
    """The node of a resource by its path, of a new one by its token. Raises `TokenError`."""
    node = resource_node(request.url.path)
    if node is not None:
        return node
    if request.method != "POST":
        return 0
    scheme, _, compact = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compact.strip():
        raise TokenError("bad_token", "Send the token as `Authorization: Bearer ...`.")
    return addressed_node(compact.strip(), token_key)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise OverflowError
    return bytes(body)
