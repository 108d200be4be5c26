"""All meetings of one media node: opened by a token or a plan, restored after a restart, closed when they are over."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import structlog

from recordings.capture.feed import Feed
from recordings.capture.ring import Ring, RingError, shared_path
from signaling import messages
from signaling.clock import Clock
from signaling.config import NodeAppConfig
from signaling.delivery import TIMEOUT_S, Delivery
from signaling.grouping import Grouping
from signaling.journal import SUFFIX, Journal, Syncer
from signaling.live import LiveMeeting
from signaling.media.ports import NodePort
from signaling.meeting.facts import Opened
from signaling.meeting.plan import Plan
from signaling.meeting.state import State
from signaling.model import Role
from signaling.plans import Plans
from signaling.problems import RefusedError
from signaling.streaming import Streaming, close_forgotten
from signaling.surroundings import Surroundings
from signaling.tokens import LIFETIME_S, Token
from signaling.whip.resource import Resource

TICK_S = 0.5
_log = structlog.get_logger(__name__)


class Encoder:
    """Messages as JSON. What is told to a whole meeting is told to one link after the other, and encoded once."""

    def __init__(self) -> None:
        self._last: tuple[messages.ServerMessage, str] | None = None

    def encode(self, message: messages.ServerMessage) -> str:
        """The frame of a message."""
        if self._last is None or self._last[0] is not message:
            self._last = (message, message.model_dump_json())
        return self._last[1]


class Node:
    """The meetings of one process. Everything runs on one loop."""

    def __init__(
        self,
        config: NodeAppConfig,
        media_node: NodePort,
        *,
        clock: Clock | None = None,
        events_client: httpx.AsyncClient | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.media_node = media_node
        self.meetings: dict[str, LiveMeeting] = {}
        self._ended: dict[str, float] = {}
        """Meetings that a host has ended, until no token from before can be valid."""
        self.grouping = Grouping(self)
        self.resources: dict[str, Resource] = {}
        """WHIP and WHEP resources by name."""
        self.unauthenticated = 0
        """Connections that have not said hello yet."""
        self.encoder = Encoder()
        self.stopping = False
        self.ready = False
        self.feed: Feed | None = None
        self._streaming = (
            Streaming(config.data_dir, config.node, self.clock, config.token_key, config.own_url)
            if config.streaming
            else None
        )
        self._directory = config.data_dir / f"node-{config.node}"
        self.plans = Plans(self._directory / "plans", self.clock)
        self._syncer = Syncer()
        self._events_client = events_client
        self._delivery: Delivery | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._closings: set[asyncio.Task[None]] = set()
        self.on_stop: list[Callable[[], None]] = []
        """Called when the node stops, before meetings are let go."""

    @property
    def delivery(self) -> Delivery:
        if self._delivery is None:
            raise RuntimeError("The node has not been started.")
        return self._delivery

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Start media, restore what an earlier run has left. Raises what the SFU raises, `PortBusy` for one."""
        for directory in (self._directory / "journal", self._directory / "plans"):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._delivery = Delivery(
            node=self.config.node,
            url=self.config.events_url,
            key=self.config.events_key,
            on_done=self._drop_journal,
            client=self._events_client or httpx.AsyncClient(timeout=TIMEOUT_S, verify=self.config.events_tls or True),
        )
        await self.media_node.start()
        self._syncer.start()
        self.feed = self._open_feed() if self.config.capture else None
        self._restore()
        streams = {meeting.state.stream for meeting in self.meetings.values() if meeting.state.stream is not None}
        close_forgotten(self.config.data_dir, self.config.node, streams)
        self._delivery.start()
        self._ticker = asyncio.create_task(self._tick_forever(), name="meetings")
        self.ready = True

    def _open_feed(self) -> Feed | None:
        try:
            ring = Ring(shared_path(self.config.data_dir, self.config.node))
        except RingError as error:
            _log.error("capture_unavailable", reason=str(error))
            return None
        return Feed(ring, monotonic=self.clock.monotonic, wall=self.clock.wall)

    async def stop(self) -> None:
        """Let everybody know, keep the journals for the next run, deliver what can be delivered within 3 s."""
        self.stopping, self.ready = True, False
        for each in list(self.on_stop):
            each()
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        for resource in list(self.resources.values()):
            resource.end("lost")
        for meeting in self.meetings.values():
            meeting.streamer.let_go()
            meeting.media.close()
        await self.delivery.close()
        await asyncio.gather(*self._closings)
        await asyncio.to_thread(self._syncer.stop)
        for meeting in self.meetings.values():
            meeting.journal.close()
        await self.media_node.close()
        if self.feed is not None:
            self.feed.close()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.tick()

    def tick(self) -> None:
        """Let time pass in every meeting; whatever fails does not stop the others, nor time."""
        now = self.clock.monotonic()
        for resource in list(self.resources.values()):
            _let_pass("resource", resource.name, partial(resource.tick, now))
        for meeting in list(self.meetings.values()):
            _let_pass("meeting", meeting.state.id, meeting.tick)
            if meeting.closed:
                self._let_go(meeting)
        _let_pass("groups", "", self.grouping.tick)
        _let_pass("plans", "", partial(self.plans.sweep, self._concerns))
        if self.feed is not None:
            _let_pass("capture", "", self.feed.tick)

    def _concerns(self, meeting_id: str) -> bool:
        """Whether a meeting runs, or has run and the web process does not know all of it yet."""
        return meeting_id in self.meetings or self.delivery.tells_of(meeting_id)

    # ------------------------------------------------------------ journals

    def _restore(self) -> None:
        self.plans.restore()
        for path in sorted((self._directory / "journal").glob(f"*{SUFFIX}")):
            try:
                self._restore_journal(path)
            except OSError as error:
                _log.error("journal_not_restored", path=path.name, error=error.strerror)
            except Exception:
                # One meeting's journal must not keep the node from starting; it stays beside the others for a look.
                _log.exception("journal_not_restored", path=path.name)
                path.rename(path.with_suffix(".broken"))

    def _restore_journal(self, path: Path) -> None:
        journal, told = Journal.restore(path)
        state = State()
        for fact in told:
            state.apply(fact)
        if not state.id:
            journal.close()
            path.unlink()
            return
        self._syncer.add(journal)
        if state.closed is not None or state.id in self.meetings:
            self.delivery.watch(state.id, state.opening, journal)
            self.delivery.finish(state.opening)
            return
        meeting = self.meetings[state.id] = LiveMeeting(self._surroundings(), state, journal)
        meeting.restored(told[-1].at)
        _log.info("meeting_restored", meeting=state.id, participants=len(state.members))

    def _drop_journal(self, journal: Journal) -> None:
        """Everything in it has been told; the file may go. Closing waits for the disk, so a thread does it."""
        self._syncer.discard(journal)
        journal.path.unlink(missing_ok=True)
        task = asyncio.create_task(asyncio.to_thread(journal.close))
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            clock=self.clock,
            limits=self.config.limits,
            media_node=self.media_node,
            delivery=self.delivery,
            token_key=self.config.token_key,
            feed=self.feed,
            streaming=self._streaming,
            ice_servers=self.ice_servers,
            grouping=self.grouping,
        )

    @property
    def program_viewers(self) -> int:
        """How many watch streams by WebRTC on this node."""
        return sum(len(meeting.program.viewers) for meeting in self.meetings.values())

    @property
    def ice_servers(self) -> list[messages.IceServer]:
        return [
            messages.IceServer(urls=list(server.urls), username=server.username, credential=server.credential)
            for server in self.config.ice_servers
        ]

    # ------------------------------------------------------------ meetings

    def meeting_for(self, token: Token) -> LiveMeeting:
        """The meeting that a token is for, opened if need be. Raises `RefusedError`."""
        if token.main is not None:
            return self.grouping.enter(token, token.main)
        meeting = self.running(token.meeting)
        if meeting is not None:
            return meeting
        plan = self.plans.get(token.meeting)
        role = plan.roles.get(token.identity, token.role) if plan else token.role
        if self._ended.get(token.meeting, 0.0) > self.clock.monotonic() and role not in (Role.HOST, Role.MODERATOR):
            raise RefusedError("ended")
        if plan is None and not self.config.open_meetings:
            raise RefusedError("unknown_meeting", "It has not been planned on this node.")
        return self.open(token.meeting, plan or Plan(title=token.meeting))

    def running(self, meeting_id: str) -> LiveMeeting | None:
        """The meeting if it runs now."""
        meeting = self.meetings.get(meeting_id)
        if meeting is not None and meeting.closed:
            self._let_go(meeting)
            return None
        return meeting

    def open(self, meeting_id: str, plan: Plan) -> LiveMeeting:
        """A new opening of a meeting. Raises `RefusedError`."""
        if len(self.meetings) >= self.config.limits.meetings:
            raise RefusedError("full", "The media node has as many meetings as it may have.")
        opened = Opened(at=self.clock.wall(), meeting=meeting_id, opening=f"o{secrets.token_hex(8)}", plan=plan)
        journal = Journal.create(self._directory / "journal", opened)
        self._syncer.add(journal)
        state = State()
        state.apply(opened)
        self._ended.pop(meeting_id, None)
        meeting = self.meetings[meeting_id] = LiveMeeting(self._surroundings(), state, journal)
        return meeting

    def _let_go(self, meeting: LiveMeeting) -> None:
        if self.meetings.get(meeting.state.id) is meeting:
            del self.meetings[meeting.state.id]
            if meeting.state.closed == "ended":
                self._ended[meeting.state.id] = self.clock.monotonic() + LIFETIME_S
        self._ended = {key: until for key, until in self._ended.items() if until > self.clock.monotonic()}

    def plan(self, meeting_id: str, plan: Plan) -> None:
        """Keep a plan for a meeting, and hold the meeting by it if it runs. Raises `RefusedError`."""
        if meeting := self.running(meeting_id):
            meeting.plan(plan)
        self.plans.keep(meeting_id, plan)
        self._ended.pop(meeting_id, None)

    def forget(self, meeting_id: str) -> None:
        """Close a meeting and forget its plan."""
        if meeting := self.running(meeting_id):
            meeting.shut("ordered")
            self._let_go(meeting)
        self.plans.forget(meeting_id)


def _let_pass(what: str, name: str, tick: Callable[[], None]) -> None:
    try:
        tick()
    except Exception:
        _log.exception("tick_failed", what=what, name=name)
