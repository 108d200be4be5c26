"""A participant without a screen: joins, publishes a clip or a camera, receives, and comes back by itself.

The ladder when something breaks, each step only when the one before did not help: the same line again as the same
participant (resume, 60 s), another way for the media (ICE restart), new media connections (rebuild), a new start
(rejoin).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from signaling.client.clip import Clip
from signaling.client.description import DECODABLE, DescriptionError
from signaling.client.live import LiveSource
from signaling.client.publisher import Publisher
from signaling.client.recorder import Recorder
from signaling.client.session import RefusedError, Session, SessionLostError, first_error
from signaling.client.subscriber import Subscriber
from signaling.client.transport import SILENT_S, MediaTransport
from signaling.messages import (
    Offer,
    ParticipantChanged,
    ParticipantLeft,
    Section,
    ServerMessage,
    SpeakerChanged,
    TokenRenewed,
    Undecodable,
    Welcome,
)
from signaling.model import Participant as Present

RESUME_S = 60.0
GIVE_UP_S = 90.0
"""Without `stay`: how long to try to come back."""
CLOSING_S = 5.0
"""How long what is still at work may take to end when the participant does."""
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
_COME_BACK = {"node_stopping", "token_expired", "full", "too_many_messages"}
"""Reasons for closing after which a rejoin makes sense."""

log = structlog.get_logger("participant")


@dataclass(frozen=True)
class Wishes:
    """What a participant shall do."""

    server_url: str
    token: Callable[[], Awaitable[str]]
    """Gives a token whenever a fresh one is needed."""
    clip: Clip | LiveSource | None = None
    record: Path | None = None
    receive: bool = False
    """Receive media even when nothing is recorded (load)."""
    decodable: Sequence[str] = DECODABLE
    stay: bool = False
    """Try to come back for ever."""

    @property
    def receives(self) -> bool:
        """Whether a subscribe connection is wanted."""
        return self.receive or self.record is not None


@dataclass
class Figures:
    """What happened, for the load tool and the tests. Times in seconds."""

    joins: int = 0
    resumes: int = 0
    ice_restarts: int = 0
    rebuilds: int = 0
    join_s: float = 0.0
    """From opening the socket to the welcome, last time."""
    frames: dict[str, int] = field(default_factory=dict)
    """Publication → frames received whole."""


class Participant:
    """`await run()` until `leave()` is called, the node sends it away, or it cannot come back."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.figures = Figures()
        self.present: dict[str, Present] = {}
        """Participant → who is in the meeting."""
        self.speaker: str | None = None
        self.undecodable: set[str] = set()
        self.id = ""
        self.joined = asyncio.Event()
        self.publisher = Publisher(wishes.clip) if wishes.clip is not None else None
        self.subscriber = Subscriber(self._take, wishes.decodable)
        self.recorder = Recorder(wishes.record) if wishes.record is not None else None
        self.session: Session | None = None
        self._began = time.monotonic()
        self._token = ""
        self._resume: dict[str, str] | None = None
        self._offers: asyncio.Queue[Offer] = asyncio.Queue()
        self._leaving = asyncio.Event()

    async def run(self) -> None:
        """Take part. Raises `RefusedError` when the node says no for good, `SessionLostError` when it is gone,
        `CaptureError` when the camera fails.
        """
        leaving = asyncio.create_task(self._leaving.wait(), name="leave")
        playing = asyncio.create_task(self.publisher.player.run(), name="play") if self.publisher else None
        staying = asyncio.create_task(self._stay_in(), name="stay")
        try:
            tasks = [task for task in (leaving, staying, playing) if task is not None]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if staying.done():
                staying.result()
            else:
                await self._say_goodbye()
                if playing is not None and playing.done():
                    playing.result()
        finally:
            for task in (leaving, staying, playing):
                if task is not None:
                    task.cancel()
            # A transport that is closed in mid-handshake may take for ever; the loop cancels it once more.
            await asyncio.wait([task for task in (leaving, staying, playing) if task is not None], timeout=CLOSING_S)
            await self._close()

    def leave(self) -> None:
        """Leave for good; `run` returns soon afterwards."""
        self._leaving.set()

    async def _say_goodbye(self) -> None:
        if self.session is not None:
            with contextlib.suppress(SessionLostError, RefusedError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.session.request("leave")

    async def _close(self) -> None:
        if self.session is not None:
            await self.session.close()
        if self.publisher is not None:
            await self.publisher.close()
        await self.subscriber.close()
        if self.recorder is not None:
            path = await asyncio.to_thread(self.recorder.close)
            log.info("recorded", path=str(path) if path else None)

    async def _stay_in(self) -> None:
        lost_at = time.monotonic()
        tries = 0
        while True:
            try:
                await self._once()
            except (SessionLostError, DescriptionError) as error:
                reason = str(error)
            except RefusedError as error:
                reason = str(error)
                self._resume = None
                if not (error.problem.retry or error.problem.code in _COME_BACK):
                    raise
                if error.problem.code == "token_expired":
                    self._token = ""
            if self._leaving.is_set():
                return  # the node ends the line of who leaves: that is no loss, whichever is noticed first
            if self.joined.is_set():
                self.joined.clear()
                lost_at, tries = time.monotonic(), 0
            if time.monotonic() - lost_at > RESUME_S:
                self._resume = None
            if not self.wishes.stay and time.monotonic() - lost_at > (GIVE_UP_S if self.figures.joins else 0):
                raise SessionLostError(reason)
            delay = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
            log.warning("lost", reason=reason, again_in_s=round(delay, 1))
            tries += 1
            await asyncio.sleep(delay)

    async def _once(self) -> None:
        """One WebSocket from hello to its end; always raises."""
        self._token = self._token or await self.wishes.token()
        started = time.monotonic()
        session, welcome = await Session.open(self.wishes.server_url, self._token, self._resume, self._on_message)
        self.session = session
        self.figures.join_s = time.monotonic() - started
        try:
            self._welcomed(welcome)
            async with asyncio.TaskGroup() as group:
                group.create_task(session.run())
                group.create_task(self._keep_media(session, resumed=welcome.resumed))
        except* (SessionLostError, RefusedError, DescriptionError) as errors:
            raise first_error(errors) from None
        finally:
            self.session = None
            await session.close()

    def _welcomed(self, welcome: Welcome) -> None:
        self._resume = {"participant": welcome.participant, "key": welcome.resume_key}
        self._token = welcome.token
        self.id = welcome.participant
        self.present = {participant.id: participant for participant in welcome.participants}
        self.speaker = welcome.speaker
        if welcome.resumed:
            self.figures.resumes += 1
        else:
            self.figures.joins += 1
            while not self._offers.empty():
                self._offers.get_nowait()
        self.joined.set()
        log.info("joined", participant=self.id, resumed=welcome.resumed, others=len(self.present) - 1)

    def _on_message(self, message: ServerMessage) -> None:
        if isinstance(message, Offer):
            self._offers.put_nowait(message)
        elif isinstance(message, TokenRenewed):
            self._token = message.token
        elif isinstance(message, ParticipantChanged):
            self.present[message.participant.id] = message.participant
        elif isinstance(message, ParticipantLeft):
            self.present.pop(message.participant, None)
        elif isinstance(message, SpeakerChanged):
            self.speaker = message.participant
        elif isinstance(message, Undecodable):
            self.undecodable.update(message.publications)

    # ------------------------------------------------------------ media

    async def _keep_media(self, session: Session, *, resumed: bool) -> None:
        if not self.wishes.receives:
            await session.request("receive", videos=[], audio=False)
        if self.publisher is not None and not (resumed and self.publisher.transport is not None):
            await self._build(session)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer_offers(session))
            if self.publisher is not None:
                group.create_task(self._watch(self._publish_transport, self.publisher.restart, self._build, session))
            if self.wishes.receives:
                group.create_task(self._watch(self._subscribe_transport, self._ask_restart, self._ask_rebuild, session))

    def _publish_transport(self) -> MediaTransport | None:
        return self.publisher.transport if self.publisher else None

    def _subscribe_transport(self) -> MediaTransport | None:
        return self.subscriber.transport

    async def _build(self, session: Session) -> None:
        if self.publisher is not None:
            try:
                await self.publisher.build(session)
            except SessionLostError:
                raise
            except ConnectionError as error:
                log.warning("publish connection failed", reason=str(error))

    async def _ask_restart(self, session: Session) -> None:
        await session.request("restart")

    async def _ask_rebuild(self, session: Session) -> None:
        await session.request("restart", rebuild=True)

    async def _answer_offers(self, session: Session) -> None:
        while True:
            offer = await self._offers.get()
            if not self.wishes.receives:
                continue
            try:
                await self.subscriber.answer(session, offer)
            except (SessionLostError, RefusedError):
                raise
            except ConnectionError as error:
                log.warning("subscribe connection failed", reason=str(error))

    async def _watch(
        self,
        transport: Callable[[], MediaTransport | None],
        restart: Callable[[Session], Awaitable[None]],
        rebuild: Callable[[Session], Awaitable[None]],
        session: Session,
    ) -> None:
        """The media's part of the ladder: ICE restart after `SILENT_S`, rebuild after twice, rejoin after that."""
        while True:
            await asyncio.sleep(1.0)
            if self._leaving.is_set() or not _broken(transport()):
                continue
            alive = transport()
            if alive is not None and alive.connected:
                log.warning("media silent: ICE restart")
                self.figures.ice_restarts += 1
                await self._attempt(restart, session)
                if await self._healed(transport):
                    continue
            log.warning("media broken: new connection")
            self.figures.rebuilds += 1
            await self._attempt(rebuild, session)
            if not await self._healed(transport):
                self._resume = None
                raise SessionLostError("The media connection could not be rebuilt.")

    @staticmethod
    async def _attempt(step: Callable[[Session], Awaitable[None]], session: Session) -> None:
        try:
            await step(session)
        except SessionLostError:
            raise
        except (ConnectionError, RefusedError) as error:
            log.warning("step failed", reason=str(error))

    @staticmethod
    async def _healed(transport: Callable[[], MediaTransport | None]) -> bool:
        """Whether the connection speaks again within `SILENT_S`."""
        deadline = time.monotonic() + SILENT_S
        while time.monotonic() < deadline:
            present = transport()
            if present is not None and present.connected and not _broken(present):
                return True
            await asyncio.sleep(0.2)
        return False

    def _take(self, section: Section, codec: str) -> Callable[[float, bytes, bool], None]:
        """Where the frames of a new subscription go."""
        owner = self.present.get(section.participant)
        title = f"{owner.name if owner else section.participant} ({section.source.value})"
        track = self.recorder.add_track(title, codec) if self.recorder is not None else None
        base: float | None = None

        def frame(at: float, data: bytes, key: bool) -> None:
            nonlocal base
            self.figures.frames[section.publication] = self.figures.frames.get(section.publication, 0) + 1
            if self.recorder is not None and track is not None:
                if base is None:
                    base = time.monotonic() - self._began - at
                self.recorder.write(track, base + at, data, key=key)

        return frame


def _broken(transport: MediaTransport | None) -> bool:
    """Silent, or closed by the other end. One that was never made is the negotiation's business."""
    return transport is not None and (transport.failed or (transport.connected and transport.silent_for > SILENT_S))
