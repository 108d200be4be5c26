"""Out of the ring, at once: packets in the order of their numbers, lines, orders. Nothing here decodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import ValidationError

from recordings.capture.feed import CONTENT, LINE
from recordings.capture.ring import Ring
from recordings.live.clock import TrackClock
from recordings.live.wire import ORDER, Order
from recordings.processing.ordering import WILD, Lost
from recordings.raw import rtpdump, timeline
from recordings.raw.rtpdump import Packet

PATIENCE_S: Final = 0.18
"""How long a missing packet is waited for: less than the composition's delay, more than a repair takes."""
START_S: Final = 0.03
"""The first packets of a track may overtake each other, too: whichever comes first need not be the first."""
HELD: Final = 1_000
CREDIBLE_S: Final = 30.0
"""What waits in the ring is not older: there is no room for it."""
MOST_BYTES: Final = 1024 * 1024
"""Taken out of the ring between two pictures, so that neither waits long for the other."""
_log = structlog.get_logger(__name__)


class Ordering:
    """Packets in the order of their numbers; missing ones are waited for a little, then named."""

    def __init__(self) -> None:
        self._expected = -1
        self._held: dict[int, Packet] = {}
        self._since = 0.0

    def take(self, packet: Packet) -> Iterator[Packet | Lost]:
        """What may go on with this packet."""
        number = packet.sequence
        if self._expected >= 0 and abs(number - self._expected) > WILD:  # the track begins anew
            yield Lost(1)
            self._held.clear()
            self._expected = -1
        if self._expected < 0:
            if not self._held:
                self._since = packet.arrived
            self._held[number] = packet
            yield from self._start(packet.arrived)
            return
        if number < self._expected:
            return
        if number > self._expected:
            if not self._held:
                self._since = packet.arrived
            self._held.setdefault(number, packet)
            if len(self._held) > HELD:
                yield from self._give_up(packet.arrived)
            return
        yield packet
        self._expected += 1
        yield from self._run(packet.arrived)

    def overdue(self, now: float) -> Iterator[Packet | Lost]:
        """What goes on because what is missing before it was waited for long enough."""
        if self._expected < 0:
            yield from self._start(now)
        while self._held and now - self._since > PATIENCE_S:
            yield from self._give_up(now)

    def _start(self, now: float) -> Iterator[Packet | Lost]:
        if self._held and now - self._since > START_S:
            self._expected = min(self._held)
            yield from self._run(now)

    def _give_up(self, now: float) -> Iterator[Packet | Lost]:
        first = min(self._held)
        yield Lost(first - self._expected)
        self._expected = first
        yield from self._run(now)

    def _run(self, now: float) -> Iterator[Packet | Lost]:
        while self._expected in self._held:
            yield self._held.pop(self._expected)
            self._expected += 1
        if self._held:
            self._since = min(now, min(packet.arrived for packet in self._held.values()))


class TrackInput:
    """The packets of one track as they come out of the ring."""

    def __init__(self, number: int, rate: int) -> None:
        self.number = number
        self.clock = TrackClock(rate)
        self._ordering = Ordering()
        self._sequence = self._timestamp = -1
        self.heard_at = float("-inf")
        """When a packet came last."""
        self._started: float | None = None
        """The time from which records count theirs."""

    def take(self, content: memoryview, now: float) -> Iterator[Packet | Lost]:
        """A record of the track's file. `now` is the node's time: what is in the ring has arrived lately."""
        if len(content) < rtpdump.RECORD.size + rtpdump.RTP.size:
            return
        length, plain, offset = rtpdump.RECORD.unpack_from(content)
        if length != len(content):
            self._started = rtpdump.started(content)
            return
        if self._started is not None:
            arrived = self._started + offset / 1000
            now = arrived if abs(arrived - now) < CREDIBLE_S else now
        if plain == 0:
            self._report(content, now)
            return
        first, second, number, stamp, _ = rtpdump.RTP.unpack_from(content, rtpdump.RECORD.size)
        if first != 0x80 or second & 0x7F != rtpdump.PAYLOAD_TYPE:
            return
        sequence = number if self._sequence < 0 else rtpdump.extended(number, self._sequence, 16)
        timestamp = stamp if self._timestamp < 0 else rtpdump.extended(stamp, self._timestamp, 32)
        self._sequence, self._timestamp = max(sequence, self._sequence), max(timestamp, self._timestamp)
        payload = bytes(content[rtpdump.RECORD.size + rtpdump.RTP.size :])
        self.clock.saw(timestamp, now)
        self.heard_at = max(now, self.heard_at)
        yield from self._ordering.take(Packet(now, sequence, timestamp, second >= 0x80, payload))

    def overdue(self, now: float) -> Iterator[Packet | Lost]:
        """What waited for missing packets long enough."""
        return self._ordering.overdue(now)

    def _report(self, content: memoryview, now: float) -> None:
        if len(content) < rtpdump.RECORD.size + rtpdump.REPORT.size:
            return
        _, kind, _, _, ntp, stamp, _, _ = rtpdump.REPORT.unpack_from(content, rtpdump.RECORD.size)
        if kind == rtpdump.SENDER_REPORT:
            timestamp = stamp if self._timestamp < 0 else rtpdump.extended(stamp, self._timestamp, 32)
            self._timestamp = max(timestamp, self._timestamp)
            self.clock.reported(timestamp, ntp / (1 << 32) - rtpdump.NTP_OFFSET, now)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of a track, valid until the next record is asked for."""

    track: int
    record: memoryview


def records(ring: Ring) -> Iterator[Content | timeline.AnyLine | Order]:
    """What waits in the ring. Damaged lines and orders are left out. Everything must be taken; its room is freed."""
    for kind, number, _, content in ring.records(MOST_BYTES):
        if kind == CONTENT:
            yield Content(number, content)
        elif kind == LINE:
            try:
                yield timeline.LINE.validate_json(bytes(content))
            except ValidationError:
                _log.debug("a line of the stream cannot be read")
        elif kind == ORDER:
            try:
                yield Order.model_validate_json(bytes(content))
            except ValidationError:
                _log.warning("an order for the stream cannot be read")
        content.release()
    ring.free()
