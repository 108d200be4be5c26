"""A publication: what one m-section of a publisher brings in, on one timeline, and who is sent it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.codecs.frames import key_frame_test
from sfu.codecs.vp8 import Numbering
from sfu.drops import Drop
from sfu.media.fanout import Fanout
from sfu.media.keyframes import KeyFrameRequests
from sfu.media.mapping import PublisherClock, SourceClock
from sfu.media.profile import Passed, send_time
from sfu.media.ring import Entry, PacketRing
from sfu.media.source import Source
from sfu.media.timeline import Timeline
from sfu.rtp import AUDIO_LEVEL
from sfu.sections import Codec, ReceiveSection

if TYPE_CHECKING:
    from sfu.media.subscription import Subscription
    from sfu.net.outbox import Outbox

_VIDEO_RING = (2_048, 2.0, 2_000_000)
_AUDIO_RING = (256, 2.0, 100_000)
"""Slots, seconds, bytes (checklist C19)."""
SILENT_LEVEL = 127
"""The audio level of digital silence, in -dBov (RFC 6464 §3)."""
_LEVEL_FOLLOW = 0.2


class Publication:
    """One published track. Made by a link; subscriptions of any link attach themselves."""

    __slots__ = (
        "_fanouts", "_gathered", "_gathering", "_held", "_key_timestamp", "_muted", "_numbering", "_outbox",
        "_paused", "_starts_key_frame", "_tap", "_taps", "_waiting", "clock", "closed", "codec", "codecs",
        "counts", "id", "is_video", "key_frames", "key_sequence", "kind", "last_marker", "last_packet_at",
        "level", "octets", "on_codec", "on_first_packet", "packets", "ring", "rtx_types", "section", "source",
        "subscriptions", "timeline",
    )  # fmt: skip

    def __init__(
        self,
        section: ReceiveSection,
        publisher_clock: PublisherClock,
        outbox: Outbox,
        counts: list[int],
        gathering: list[Publication],
    ) -> None:
        """`counts` are the node's drop counters, `gathering` its publications that have something to `flush`."""
        self.id = secrets.token_hex(8)
        self.kind = section.kind
        self.is_video = section.kind == "video"
        self.section = section
        self.codec: Codec | None = None
        """What the newest packet was encoded with; None before the first packet."""
        self.codecs: dict[int, Codec] = {}
        self.rtx_types: dict[int, Codec] = {}
        """RTX payload type → the codec it repairs."""
        self.update_section(section)
        self.on_first_packet: Callable[[Publication], None] | None = None
        self.on_codec: tuple[Callable[[Publication], None], ...] = ()
        """Called when packets of another codec than before begin to come."""
        self._taps: tuple[Callable[[Entry], None], ...] = ()
        self._tap: Callable[[Entry], None] | None = None
        """The taps as one call, so that a packet costs no more than it must."""
        self.last_packet_at = float("-inf")
        self.level: float = SILENT_LEVEL
        """Smoothed audio level in -dBov: 0 is loudest, 127 silence (RFC 6464)."""
        self.packets = self.octets = 0
        self.source: Source | None = None
        self.subscriptions: list[Subscription] = []
        self.timeline = Timeline()
        rate = section.codecs[0].clock_rate if section.codecs else 90_000
        self.clock = SourceClock(publisher_clock, rate)
        self.ring = PacketRing(*(_VIDEO_RING if self.is_video else _AUDIO_RING))
        self.key_frames = KeyFrameRequests()
        self.key_sequence = -1
        """Where on the timeline the newest key frame begins."""
        self.last_marker = 0x80
        self.counts = counts
        self.closed = False
        self._key_timestamp = -1
        self._muted = self._paused = self._held = False
        self._numbering: Numbering | None = None
        self._starts_key_frame: Callable[[bytes], bool] | None = None
        self._outbox = outbox
        self._gathering = gathering
        self._gathered: list[Entry] = []
        self._fanouts: dict[tuple[object, ...], Fanout] = {}
        self._waiting: list[Subscription] = []

    def update_section(self, section: ReceiveSection) -> None:
        """Take over what a renegotiation changed."""
        self.section = section
        self.codecs = {codec.payload_type: codec for codec in section.codecs}
        self.rtx_types = {
            codec.rtx_payload_type: codec for codec in section.codecs if codec.rtx_payload_type is not None
        }

    # The publisher's side.

    def receive(
        self, source: Source, sequence: int, marker: int, timestamp: int, payload: bytes, passed: Passed, now: float
    ) -> None:
        """Take a packet of `source` with the extended `sequence`; `timestamp` and `marker` are as on the wire."""
        if source is not self.source and not self._adopt(source):
            self.counts[Drop.RTP_UNKNOWN_SOURCE] += 1
            return
        self.last_packet_at = now
        self.packets += 1
        self.octets += len(payload)
        if self._held:
            self.timeline.anchored = False
            source.missing.forget()
            self.counts[Drop.RTP_MUTED if self._muted else Drop.RTP_PAUSED] += 1
            return
        if sequence != source.highest:
            self._receive_late(source, sequence, marker, timestamp, payload, passed, now)
            return
        timeline = self.timeline
        if source.restarted or not timeline.anchored:
            self._anchor(source, sequence, now)
        elif sequence - source.previous > 1 and not source.missing.lost(source.previous + 1, sequence, now):
            self.key_frames.want()
        if not payload:
            timeline.skip(sequence)
            self.counts[Drop.RTP_PADDING_ONLY] += 1
            return
        number = timeline.next(sequence)
        if not timeline.stamp(source.timestamp, now, source.rate):
            self.clock.forget()
        if self._numbering is not None:
            payload = self._numbering.normalise(payload)
        entry: Entry = (number, timeline.timestamp, marker, payload, passed, now)
        self.ring.store(entry)
        if self._tap is not None:
            self._tap(entry)
        self.last_marker = marker
        test = self._starts_key_frame
        if test is None:
            if passed and passed[0][0] == AUDIO_LEVEL:
                self.level += ((passed[0][1][0] & 0x7F) - self.level) * _LEVEL_FOLLOW
            if self._waiting:
                self._begin(entry, now)
        elif test(payload):
            self._key_frame(source, sequence, entry, now)
        if self._fanouts:
            gathered = self._gathered
            gathered.append(entry)
            if not self.is_video:
                self.flush()
            elif len(gathered) == 1:
                self._gathering.append(self)

    def flush(self) -> None:
        """Forward the video of one batch of the node: receiver by receiver, so that each gets its packets in a run.

        A run is one pass through the kernel's network stack, with one receiver's cipher in the cache. Whatever
        changes who is sent what, or how, calls this first. Audio does not wait for the end of the batch.
        """
        gathered = self._gathered
        if not gathered:
            return
        self._gathered = []
        outbox, stamp = self._outbox, send_time(gathered[-1][5])
        packets, octets = len(gathered), sum(len(entry[3]) for entry in gathered)
        for fanout in self._fanouts.values():
            fanout.packets += packets
            fanout.octets += octets
            fanout.forward(outbox, gathered, stamp, fanout.members)

    def receive_repaired(
        self, source: Source, sequence: int, marker: int, timestamp: int, payload: bytes, passed: Passed, now: float
    ) -> None:
        """Take the packet that a retransmission carried (RFC 4588); it counts as late, not as received."""
        if source is not self.source or self._held or not self.timeline.anchored or sequence > source.highest:
            self.counts[Drop.RTP_TOO_OLD] += 1
            return
        self._receive_late(source, sequence, marker, timestamp, payload, passed, now)

    def _receive_late(
        self, source: Source, sequence: int, marker: int, timestamp: int, payload: bytes, passed: Passed, now: float
    ) -> None:
        source.missing.arrived(sequence, now)
        number = self.timeline.late(sequence)
        if number < self.ring.floor:
            self.counts[Drop.RTP_TOO_OLD] += 1
            return
        if self.ring.get(number) is not None:
            self.counts[Drop.RTP_DUPLICATE] += 1
            return
        self.flush()
        if payload and self._numbering is not None:
            payload = self._numbering.normalise(payload)
        place = self.timeline.late_timestamp(source.extend_timestamp(timestamp))
        entry: Entry = (number, place, marker, payload, passed, now)
        self.ring.store(entry)
        if self._tap is not None:
            self._tap(entry)
        stamp = send_time(now)
        for fanout in self._fanouts.values():
            members = [member for member in fanout.members if member.takes_late(entry, now)]
            for member in members:
                member.count_one(len(payload))
            fanout.forward(self._outbox, [entry], stamp, members)
        test = self._starts_key_frame
        if test is not None and payload and test(payload) and place > self._key_timestamp:
            self._key_frame(source, sequence, entry, now)

    def _anchor(self, source: Source, sequence: int, now: float) -> None:
        hole = self.is_video and not self.last_marker
        if self._numbering is not None:
            self._numbering.restart()
        if not self.timeline.anchor(sequence, source.timestamp, now, source.rate, hole):
            self.clock.forget()

    def _adopt(self, source: Source) -> bool:
        """Whether `source` becomes the one this publication plays: a new SSRC replaces the old for good (A1)."""
        old = self.source
        if source.retired or (old is not None and source.rid != old.rid):
            return False
        self.source = source
        self.clock.rate = source.rate
        if old is not None:
            old.retired = True
            self.clock.forget()
            self.timeline.release()
            self._restart_receivers(source.arrived_at)
        return True

    def use_codec(self, codec: Codec, now: float) -> None:
        """What comes next is encoded with `codec`."""
        first = self.codec is None
        if not first:
            self._restart_receivers(now)
        self.codec = codec
        self._key_timestamp = -1
        self._starts_key_frame = key_frame_test(codec.name)
        self._numbering = (self._numbering or Numbering()) if codec.name.lower() == "vp8" else None
        for subscription in self.subscriptions:
            subscription.choose_codec()
        if self.is_video and self._waiting:
            self.key_frames.want()
        if not first:
            for told in self.on_codec:
                told(self)
        elif self.on_first_packet is not None:
            self.on_first_packet(self)

    def add_tap(self, tap: Callable[[Entry], None]) -> None:
        """From now on `tap` gets each packet that enters the timeline, late ones too. It must not fail or wait."""
        self._set_taps((*self._taps, tap))

    def remove_tap(self, tap: Callable[[Entry], None]) -> None:
        """`tap` gets nothing more; one that is not there is ignored."""
        self._set_taps(tuple(other for other in self._taps if other != tap))

    def _set_taps(self, taps: tuple[Callable[[Entry], None], ...]) -> None:
        self._taps = taps
        self._tap = _as_one(taps)

    @property
    def muted(self) -> bool:
        """Whether the server forwards nothing because a host muted it."""
        return self._muted

    @muted.setter
    def muted(self, value: bool) -> None:
        self._muted = value
        self._hold()

    @property
    def paused(self) -> bool:
        """Whether the server forwards nothing because nobody needs it at the moment."""
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        self._paused = value
        self._hold()

    def _hold(self) -> None:
        held = self._muted or self._paused
        if held == self._held:
            return
        self._held = held
        self.level = SILENT_LEVEL
        if self.is_video:
            self._restart_receivers(self.last_packet_at)
            if self._waiting:
                self.key_frames.want()

    def request_keyframe(self, now: float) -> None:
        """Some receiver cannot go on without a key frame. Requests are sent by the publisher's link at its tick."""
        if self.is_video and not self._held and not self.closed:
            self.key_frames.want()

    def close(self) -> None:
        """The publisher ended it: receivers get no more."""
        if not self.closed:
            self.closed = True
            for subscription in list(self.subscriptions):
                subscription.publication_ended()
            self.ring.clear()

    # The receivers' side.

    def captured(self, entry: Entry) -> float:
        """When the packet's media was captured by this server's clock; its arrival while that is unknown."""
        captured = self.clock.captured(entry[1])
        return entry[5] if captured is None else captured

    def timestamp_at(self, now: float) -> int | None:
        """The timestamp of media captured at `now`; None before the first packet."""
        known = self.clock.timestamp_at(now)
        if known is not None:
            return known
        entry = self.ring.get(self.ring.newest)
        return None if entry is None else entry[1] + round((now - entry[5]) * self.clock.rate)

    def anchor(self) -> tuple[int, float] | None:
        """The newest timestamp and the monotonic time of its capture by the publisher's reports, None while unknown."""
        newest = self.ring.get(self.ring.newest)
        captured = None if newest is None else self.clock.captured(newest[1])
        return None if newest is None or captured is None else (newest[1], captured)

    def since_key_frame(self) -> float:
        """Seconds of media since the newest key frame began; 0 for sound and before the first."""
        if not self.is_video or self._key_timestamp < 0:
            return 0.0
        return max(0.0, (self.timeline.timestamp - self._key_timestamp) / self.clock.rate)

    def numbers(self) -> tuple[int, int]:
        """The newest VP8 picture id and TL0PICIDX, -1 where there are none."""
        return self._numbering.newest if self._numbering is not None else (-1, -1)

    def wait(self, subscription: Subscription) -> None:
        """`subscription` is to begin with the next key frame, or the next packet if the codec has none."""
        if subscription not in self._waiting:
            self._waiting.append(subscription)
        if self.is_video and not self._held:
            self.key_frames.want()

    def leave(self, subscription: Subscription) -> None:
        """`subscription` is to be sent nothing."""
        if subscription in self._waiting:
            self._waiting.remove(subscription)

    def fanout(self, key: tuple[object, ...], make: Callable[[], Fanout]) -> Fanout:
        """The group of receivers with that wire profile, made if there is none yet."""
        found = self._fanouts.get(key)
        if found is None:
            found = self._fanouts[key] = make()
        return found

    def drop_fanout(self, fanout: Fanout) -> None:
        """A group lost its last member."""
        self._fanouts = {key: other for key, other in self._fanouts.items() if other is not fanout}

    def _restart_receivers(self, now: float) -> None:
        """Receivers go on with the next key frame only."""
        for subscription in self.subscriptions:
            subscription.stop()
            subscription.wait()

    def _key_frame(self, source: Source, sequence: int, entry: Entry, now: float) -> None:
        if entry[1] == self._key_timestamp:
            return
        self._key_timestamp = entry[1]
        self.key_sequence = entry[0]
        self.key_frames.arrived()
        source.missing.key_frame(sequence)
        if self._waiting:
            self._begin(entry, now)

    def _begin(self, entry: Entry, now: float) -> None:
        waiting, self._waiting = self._waiting, []
        late = entry[0] < self.timeline.highest
        for subscription in waiting:
            subscription.begin(entry, now)
            if late:
                subscription.replay(entry[0], self.timeline.highest, now)


def _as_one(taps: tuple[Callable[[Entry], None], ...]) -> Callable[[Entry], None] | None:
    """One call for all taps; the one itself where there is but one."""
    if len(taps) < 2:
        return taps[0] if taps else None
    rest, last = _as_one(taps[:-1]), taps[-1]
    assert rest is not None

    def both(entry: Entry) -> None:
        rest(entry)
        last(entry)

    return both
