"""One WebSocket on `/signal`: hello, requests and answers, bounds, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque

import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from signaling import messages
from signaling.bucket import Bucket
from signaling.live import LiveMeeting
from signaling.media.ports import PeerPort
from signaling.messages import CLIENT_MESSAGE, MAX_FRAME_BYTES, VERSION, ServerMessage
from signaling.model import MeetingState
from signaling.node import Node
from signaling.problems import RefusedError, problem
from signaling.requests import handle
from signaling.tokens import Token, TokenError, verify

CLOSE_FINAL = 4000
"""WebSocket close code after `closing` with a problem that does not go away by itself."""
CLOSE_RETRY = 4001
"""After `closing` with `retry`, or when the client was too slow: come back."""
CLOSE_STOPPING = 1012
"""Service restart (RFC 6455 registry): the node stops."""
CHAT_PER_S = 1.0
CHAT_BURST = 10
CAPTIONS_PER_S = 3.0
CAPTION_BURST = 12
"""Drafts included."""
QUESTIONS_PER_S = 0.1
QUESTION_BURST = 5
DESCRIPTIONS_PER_S = 2.0
DESCRIPTION_BURST = 30
"""`publish` and `restart`: each may open a peer, and reading a large description takes the loop's time."""
CHECK_S = 15.0
FAREWELL_S = 2.0
_log = structlog.get_logger(__name__)


class Connection:
    """A `Link` over a WebSocket. Outgoing messages wait in a bounded queue; a client too slow for it is cut off."""

    negotiates = True

    def __init__(self, websocket: WebSocket, node: Node) -> None:
        self._websocket = websocket
        self._node = node
        self._clock = node.clock
        limits = node.config.limits
        now = self._clock.monotonic()
        self._frames = Bucket(limits.messages_per_second, limits.message_burst, now)
        self._chat = Bucket(CHAT_PER_S, CHAT_BURST, now)
        self._captions = Bucket(CAPTIONS_PER_S, CAPTION_BURST, now)
        self._questions = Bucket(QUESTIONS_PER_S, QUESTION_BURST, now)
        self._descriptions = Bucket(DESCRIPTIONS_PER_S, DESCRIPTION_BURST, now)
        self._queue: deque[str] = deque()
        self._queued = asyncio.Event()
        self._over = asyncio.Event()
        self._code: int | None = None
        self._meeting: LiveMeeting | None = None
        self.participant: str | None = None
        self.token: Token

    # ------------------------------------------------------------ Link

    def send(self, message: ServerMessage) -> None:
        """Queue a message; never waits."""
        if self._code is not None:
            return
        if len(self._queue) >= self._node.config.limits.queue_messages:
            self._code = CLOSE_RETRY
            self._queue.clear()
            self._over.set()
            _log.info("client_too_slow", participant=self.participant)
            return
        self._queue.append(self._node.encoder.encode(message))
        self._queued.set()

    def close(self, why: messages.Problem) -> None:
        """Say `closing` as the last message and close."""
        if self._code is None:
            self.send(messages.Closing(problem=why))
            self._code = CLOSE_STOPPING if why.code == "node_stopping" else CLOSE_RETRY if why.retry else CLOSE_FINAL
            self._queued.set()

    def entered(self, participant: str) -> None:
        self.participant = participant

    # ------------------------------------------------------------ life

    async def serve(self) -> None:
        """Everything from the handshake to the end. Ends without an exception, whatever the client does."""
        await self._websocket.accept()
        if self._node.stopping:
            self.close(problem("node_stopping"))
        reader = asyncio.create_task(self._read(), name="signal read")
        writer = asyncio.create_task(self._write(), name="signal write")
        over = asyncio.create_task(self._over.wait(), name="signal over")
        tasks = (reader, writer, over)
        self._node.on_stop.append(self._stop)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and not over.done():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(writer), FAREWELL_S if self._code is not None else 0)
        finally:
            self._node.on_stop.remove(self._stop)
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    _log.error("connection_failed", participant=self.participant, exc_info=outcome)
            self._gone()
            await self._hang_up()

    def _stop(self) -> None:
        self.close(problem("node_stopping", "Come back in a moment."))

    def _gone(self) -> None:
        if self._meeting is None or self._node.stopping:
            return
        if self.participant is not None:
            self._meeting.lost(self.participant, self)
        else:
            self._meeting.entrance.gone(self)

    async def _hang_up(self) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError, OSError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._websocket.close(self._code or CLOSE_RETRY)

    async def _write(self) -> None:
        """Send what is queued; ends after the last message."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while True:
                while self._queue:
                    await self._websocket.send_text(self._queue.popleft())
                if self._code is not None:
                    return
                self._queued.clear()
                await self._queued.wait()

    async def _read(self) -> None:
        """Hello, then requests until the client goes or falls silent."""
        limits = self._node.config.limits
        try:
            hello = await self._hello(limits.hello_s)
            if hello.check:
                async with asyncio.timeout(CHECK_S):
                    await self._check()
                return
            self._meeting = self._node.meeting_for(self.token)
            self._meeting.entrance.hello(self, hello)
            while self._code is None:
                async with asyncio.timeout(limits.silence_s):
                    frame = await self._receive()
                await self._request(frame)
        except RefusedError as refused:
            self.close(refused.problem)
        except (WebSocketDisconnect, TimeoutError):
            return

    # ------------------------------------------------------------ frames

    async def _receive(self) -> str:
        """The next text frame. Raises `RefusedError` for what breaks the bounds of the protocol."""
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text = event.get("text")
        if text is None:
            raise RefusedError("bad_message", "Frames are text, one JSON object each.")
        if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
            raise RefusedError("too_large", f"At most {MAX_FRAME_BYTES} bytes.")
        if not self._frames.take(self._clock.monotonic()):
            raise RefusedError("too_many_messages", "Wait before you come back.")
        return str(text)

    async def _hello(self, timeout_s: float) -> messages.Hello:
        """The first message and its token. Raises `RefusedError`."""
        if self._node.unauthenticated >= self._node.config.limits.unauthenticated_connections:
            raise RefusedError("too_many_connections")
        self._node.unauthenticated += 1
        try:
            async with asyncio.timeout(timeout_s):
                frame = await self._receive()
        except TimeoutError as error:
            raise RefusedError("no_hello", f"Say hello within {timeout_s:g} s.") from error
        finally:
            self._node.unauthenticated -= 1
        try:
            hello = CLIENT_MESSAGE.validate_json(frame)
        except ValidationError as error:
            raise RefusedError("bad_message", _what_is_wrong(error)) from error
        if not isinstance(hello, messages.Hello):
            raise RefusedError("bad_message", "The first message is `hello`.")
        if hello.version != VERSION:
            raise RefusedError("version", f"This server speaks version {VERSION}; reload the page.")
        try:
            self.token = self._verified(hello)
        except TokenError as error:
            raise RefusedError(error.code, str(error)) from error
        if self.token.node != self._node.config.node:
            raise RefusedError("wrong_meeting", f"The meeting is on node {self.token.node}.")
        return hello

    def _verified(self, hello: messages.Hello) -> Token:
        """The token's claims. Raises `TokenError`. An expired one still resumes with the right key: clocks jump."""
        key = self._node.config.token_key
        try:
            return verify(hello.token, key)
        except TokenError as error:
            if error.code != "token_expired" or hello.resume is None:
                raise
            token = verify(hello.token, key, allow_expired=True)
            meeting = self._node.running(token.meeting)
            if meeting is None or meeting.entrance.resumable(hello.resume, token) is None:
                raise
            return token

    async def _request(self, frame: str) -> None:
        try:
            message = CLIENT_MESSAGE.validate_json(frame)
        except ValidationError as error:
            self.send(messages.Refused(id=_request_id(frame), problem=problem("bad_message", _what_is_wrong(error))))
            return
        if isinstance(message, messages.Hello):
            self.send(messages.Refused(id=None, problem=problem("bad_message", "You have said hello already.")))
            return
        try:
            self.send(await self._answer(message))
        except RefusedError as refused:
            self.send(messages.Refused(id=message.id, problem=refused.problem))
        if isinstance(message, messages.Leave) and self.participant not in self._in_meeting():
            self._code = self._code or 1000
            self._queued.set()

    def _in_meeting(self) -> set[str | None]:
        return set(self._meeting.state.members) if self._meeting is not None else set()

    async def _answer(self, message: messages.Request) -> ServerMessage:
        written = self._bucket(message)
        if written is not None and not written.take(self._clock.monotonic()):
            raise RefusedError("too_many_messages", "You write very fast; wait a moment.")
        describes = isinstance(message, messages.Publish | messages.Restart)
        if describes and not self._descriptions.take(self._clock.monotonic()):
            raise RefusedError("too_many_messages", "You renegotiate very often; wait a moment.")
        if self._meeting is not None and self.participant is not None:
            return await handle(self._meeting, self.participant, message)
        if isinstance(message, messages.Ping):
            return messages.Pong(id=message.id, now=self._clock.wall())
        if isinstance(message, messages.Leave):
            return messages.Ok(id=message.id)
        raise RefusedError("not_allowed", "You have not been let in yet.")

    def _bucket(self, message: messages.Request) -> Bucket | None:
        """What bounds this kind of message, beside what bounds all."""
        match message:
            case messages.SendChat():
                return self._chat
            case messages.SendCaption():
                return self._captions
            case messages.PutQuestion():
                return self._questions
            case _:
                return None

    # ------------------------------------------------------------ checking the line

    async def _check(self) -> None:
        """Prove the way to this node, and to its media port with one throw-away peer; nobody joins."""
        meeting = self._node.running(self.token.meeting)
        plan = self._node.plans.get(self.token.meeting)
        state = MeetingState(id=self.token.meeting, title=plan.title if plan else self.token.meeting)
        self.send(
            messages.Checked(
                meeting=meeting.state.as_meeting() if meeting else state,
                ice_servers=self._node.ice_servers,
                now=self._clock.wall(),
            )
        )
        peer = self._node.media_node.open_peer(label="check", on_state=lambda _peer, _state: None)
        published = False
        try:
            while True:
                message = CLIENT_MESSAGE.validate_json(await self._receive())
                if isinstance(message, messages.Hello):
                    raise RefusedError("bad_message", "You have said hello already.")
                if isinstance(message, messages.Publish) and not published:
                    published = True
                    self.send(await _check_publish(peer, message))
                else:
                    self.send(await self._answer(message))
                if isinstance(message, messages.Leave):
                    return
        except (ValueError, ValidationError) as error:
            raise RefusedError("bad_message", str(error)[:200]) from error
        finally:
            peer.close()


async def _check_publish(peer: PeerPort, message: messages.Publish) -> messages.Published:
    answer = await peer.accept_offer(message.sdp)
    return messages.Published(id=message.id, sdp=answer.sdp, publications={})


def _what_is_wrong(error: ValidationError) -> str:
    """The first fault, with its place, and without what the client has sent."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}"[:300] if place else fault["msg"][:300]


def _request_id(frame: str) -> int | None:
    """The `id` of a message that is otherwise wrong, so that its sender knows which."""
    with contextlib.suppress(ValueError, RecursionError):
        message = json.loads(frame)
        if isinstance(message, dict) and isinstance(message.get("id"), int) and 0 <= message["id"] < 2**31:
            return int(message["id"])
    return None
