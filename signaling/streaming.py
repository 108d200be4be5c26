"""A meeting on its way to the live composer: a ring of its own, what is wanted, and how the stream fares.

Like a recording's, this feed never waits and never fails: the meeting goes on whatever becomes of its stream. The ring
belongs to one stream and outlives both ends, so a killed node goes on with it, and a killed composer is told everything
anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from recordings.capture.feed import Feed
from recordings.capture.ring import Ring, RingError
from recordings.live import wire
from recordings.raw import timeline
from signaling.clock import Clock
from signaling.interpretation_lines import InterpretersTold
from signaling.meeting import facts, orders
from signaling.meeting.faces import may_be_kept
from signaling.meeting.state import State
from signaling.meeting.streams import Streamed
from signaling.messages import StreamSeen, TargetSeen
from signaling.problems import RefusedError
from signaling.recording import begun, lines, present
from signaling.tokens import ProgramToken
from signaling.tracks import Heard, Tracks

LOOK_S = 1.0
"""How often the composer's report is read."""
AWAY_S = 10.0
"""A composer that has said nothing for so long is away."""
COUNTED_S = 60.0
"""How long a count of viewers is good."""
FIRST_WORD_S = 30.0
"""One that is just beginning may take so long."""
MOST_TRACKS = 65_535
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Streaming:
    """What streams of a node have in common."""

    data: Path
    node: int
    clock: Clock
    token_key: bytes
    own_url: str
    """Where this node's app is reached on this machine; empty: nobody can publish the program here."""


class MeetingStreamer:
    """The stream of one meeting, as its state says. Without `streaming` there never is one."""

    def __init__(self, streaming: Streaming | None, state: State, media: Heard) -> None:
        self._around = streaming
        self._state = state
        self._media = media
        self._feed: Feed | None = None
        self._tracks: Tracks | None = None
        self._interpreters = InterpretersTold()
        self._stream = ""
        """The stream to which the feed belongs."""
        self._prepared: tuple[str, Ring] | None = None
        self._reader = 0
        self._number = 0
        self._order: wire.Order | None = None
        self._status: wire.Status | None = None
        self._look_at = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._counted: dict[str, tuple[float, int]] = {}
        state.can_stream = streaming is not None

    # ------------------------------------------------------------ what happens

    def prepare(self, decided: list[facts.Fact], *, wanted: bool) -> list[facts.Fact]:
        """Facts that are about to be written may begin a stream: reserve what it needs.

        `wanted`: it was ordered by itself, so `RefusedError` is raised where it cannot be. A planned one must not keep
        the meeting from beginning: then the other facts remain.
        """
        for fact in decided:
            if isinstance(fact, facts.StreamSet) and fact.status == "on" and self._around is not None:
                try:
                    self._prepared = fact.stream, self._ring(self._around, fact.stream)
                except RingError as error:
                    if wanted:
                        raise RefusedError("cannot_stream", str(error)) from error
                    _log.error("planned_stream_not_begun", meeting=self._state.id, reason=str(error))
                    return [other for other in decided if other is not fact]
        return decided

    def note(self, fact: facts.Fact) -> None:
        """A fact was applied to the state."""
        if isinstance(fact, facts.StreamSet):
            if fact.status == "on":
                self._begin(fact.stream)
            else:
                self._end(fact)
        elif self._feed is not None:
            for line in [*lines(fact, self._state), *self._interpreters.changes(self._state, fact.at)]:
                self._feed.line(self._stream, line)
            if isinstance(fact, facts.StreamTargetSet | facts.Planned):
                self._tell_order(self._feed)
            self.look()

    def look(self) -> None:
        """Publications may have come or gone, or another person may speak: keep up."""
        if self._tracks is not None:
            self._tracks.look()

    def restored(self) -> None:
        """The node is back in the middle of a stream, which goes on."""
        if self._state.stream is not None:
            self._begin(self._state.stream)

    def tick(self) -> None:
        """To be called about twice a second."""
        feed = self._feed
        if feed is None or self._around is None:
            return
        feed.tick()
        if feed.ring.reader != self._reader:
            _log.info("stream_told_anew", meeting=self._state.id, stream=self._stream)
            feed.forget()
            self._tell_all(feed)
        now = self._around.clock.monotonic()
        if now >= self._look_at and self._looking is None:
            self._look_at = now + LOOK_S
            self._looking = asyncio.create_task(self._read_status(self._around), name="stream's status")

    def let_go(self) -> None:
        """The node ends; the stream goes on when it is back."""
        if self._feed is not None:
            self._feed.let_go()

    # ------------------------------------------------------------ the stream

    def _ring(self, around: Streaming, stream: str) -> Ring:
        return Ring(wire.ring_path(around.data, around.node, stream), wire.CAPACITY)

    def _begin(self, stream: str) -> None:
        around = self._around
        if around is None:
            return
        prepared, self._prepared = self._prepared, None
        try:
            ring = prepared[1] if prepared is not None and prepared[0] == stream else self._ring(around, stream)
        except RingError as error:
            _log.error("stream_has_no_ring", meeting=self._state.id, reason=str(error))
            return
        self._stream, self._status, self._look_at = stream, None, around.clock.monotonic() + LOOK_S
        self._feed = Feed(ring, monotonic=around.clock.monotonic, wall=around.clock.wall)
        self._tell_all(self._feed)

    def _tell_all(self, feed: Feed) -> None:
        """Everything that a composer has to know, for one that has just begun."""
        self._reader = feed.ring.reader
        if self._tracks is not None:
            self._tracks.drop()
        self._tracks = Tracks(
            feed,
            self._stream,
            self._media,
            now=self._now,
            next_number=self._next_number,
            wanted=partial(may_be_kept, self._state),
        )
        self._order = None
        self._tell_order(feed)
        now = self._now()
        feed.line(self._stream, begun(self._state, self._stream, self._state.streams.since or now))
        self._interpreters = InterpretersTold()
        for line in [*present(self._state, now), *self._interpreters.changes(self._state, now)]:
            feed.line(self._stream, line)
        self._tracks.tell_speaker(now)
        self._tracks.look()

    def _tell_order(self, feed: Feed) -> None:
        order = self._wanted()
        if self._order is None or order.model_copy(update={"program_token": self._order.program_token}) != self._order:
            self._order = order
            feed.record(wire.ORDER, self._stream, order.model_dump_json().encode())

    def _wanted(self) -> wire.Order:
        state, around = self._state, self._around
        told = wire.Order(
            stream=self._stream,
            meeting=state.id,
            title=state.plan.title,
            language=state.plan.language,
            targets=[_wire_target(each) for each in state.streams.targets.values() if each.on],
        )
        if around is None or not around.own_url:
            return told
        token = ProgramToken(meeting=state.id, node=around.node, use="publish", stream=self._stream)
        return told.model_copy(
            update={
                "program": f"{around.own_url}/whip/{state.id}?source=program",
                "program_token": token.sign(around.token_key, lifetime_s=24 * 3600, now=around.clock.wall()),
            }
        )

    def _end(self, fact: facts.StreamSet) -> None:
        feed, self._feed = self._feed, None
        if feed is None:
            return
        if self._tracks is not None:
            self._tracks.end()
            self._tracks = None
        if self._order is not None:  # for a composer that comes just for the end, its predecessor having died
            feed.record(wire.ORDER, self._stream, self._order.model_dump_json().encode())
        feed.line(self._stream, timeline.Stopped(at=fact.at, reason=fact.reason))
        feed.close()
        feed.ring.close()
        self._order = self._status = None
        self._counted.clear()

    def _next_number(self) -> int:
        self._number = self._number % MOST_TRACKS + 1
        return self._number

    def _now(self) -> float:
        return self._around.clock.wall() if self._around is not None else 0.0

    # ------------------------------------------------------------ how it fares

    async def _read_status(self, around: Streaming) -> None:
        """A disk may be slow; the loop does not wait for it."""
        try:
            path = wire.folder(around.data, self._state.id) / wire.STATUS
            found = await asyncio.to_thread(wire.read_status, path)
            if found is not None and found.stream == self._stream:
                self._status = found
        finally:
            self._looking = None

    def count(self, counted_by: str, viewers: int) -> None:
        """So many watch by HLS, as one web process counts."""
        if self._around is not None and self._feed is not None:
            self._counted[counted_by] = (self._around.clock.monotonic(), viewers)

    def counted(self) -> int:
        """How many watch by HLS."""
        if self._around is None:
            return 0
        oldest = self._around.clock.monotonic() - COUNTED_S
        return sum(viewers for at, viewers in self._counted.values() if at >= oldest)

    def seen(self) -> StreamSeen:
        """The stream as hosts and moderators see it."""
        state, status = self._state, self._status
        reported = {target.id: target for target in status.targets} if status is not None else {}
        targets = {target.id: TargetSeen(id=target.id, name=target.name) for target in state.plan.targets}
        for key, streamed in state.streams.targets.items():
            targets[key] = _target_seen(streamed, reported.get(key))
        return StreamSeen(
            may=orders.may_stream(state),
            state=self._fares(),
            since=state.streams.since,
            live_at=status.live_at if status is not None else None,
            viewers=state.viewers,
            late_frames=status.late_frames if status is not None else 0,
            lost_packets=self._feed.lost_packets if self._feed is not None else 0,
            trouble=status.trouble if status is not None else "",
            targets=list(targets.values()),
        )

    def _fares(self) -> Literal["off", "starting", "live", "away"]:
        state, status = self._state, self._status
        if state.stream is None:
            return "off"
        silent_s = self._now() - (status.at if status is not None else state.streams.since or 0.0)
        if self._feed is None or silent_s > (AWAY_S if status is not None else FIRST_WORD_S):
            return "away"
        return "live" if status is not None and status.state == "live" else "starting"


def _wire_target(streamed: Streamed) -> wire.Target:
    target = streamed.target
    return wire.Target(id=target.id, name=target.name, sealed=target.sealed, again=streamed.again)


def _target_seen(streamed: Streamed, reported: wire.TargetStatus | None) -> TargetSeen:
    seen = TargetSeen(id=streamed.target.id, name=streamed.target.name, on=streamed.on)
    if reported is None or not streamed.on:
        return seen
    told = reported.model_dump(include={"state", "problem", "detail", "since", "tries"})
    return seen.model_copy(update=told)


def close_forgotten(data: Path, node: int, wanted: set[str]) -> None:
    """Say that the streams are over which a node left behind and does not know any more; their composers then end."""
    for stream, path in wire.rings(data, node).items():
        if stream not in wanted:
            _log.warning("stream_forgotten", stream=stream)
            with contextlib.suppress(RingError):
                ring = Ring(path, wire.CAPACITY)
                ring.writer_open = False
                ring.close()
