"""The media node's end of capture: packets and lines into the ring, at the cost of a copy.

Nothing here waits. A full ring loses packets, counted, and told as a gap once there is room; lines are kept until then.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from recordings.capture.ring import Ring
from recordings.capture.status import ABSENT_S, Status
from recordings.raw import rtpdump, timeline

CONTENT: Final = 1
"""Bytes for the end of track `number` of recording `key`."""
LINE: Final = 2
"""A line for the timeline of recording `key`."""
_PACKET: Final = struct.Struct("!HHIBBHII")
"""The head of an rtpdump record and of the RTP packet in it."""
ANCHOR_S: Final = 1.0
KEY_FRAME_S: Final = 20.0
"""A picture is to have a key frame at least this often, for players that jump; senders make none by themselves."""
MAX_BACKLOG: Final = 10_000


class Recorded(Protocol):
    """What is recorded or streamed: a publication of the SFU."""

    def add_tap(self, tap: Callable[[Any], None]) -> None:
        """`tap` is called with each packet as it enters the publication's timeline (`sfu.media.ring.Entry`)."""

    def remove_tap(self, tap: Callable[[Any], None]) -> None: ...
    def anchor(self) -> tuple[int, float] | None:
        """A timestamp of its timeline and the monotonic time at which that was captured, None while unknown."""

    def since_key_frame(self) -> float:
        """Seconds of media since the newest key frame began; 0 for sound."""

    def request_keyframe(self, now: float) -> None: ...


class TrackFeed:
    """One track on its way into the ring."""

    __slots__ = ("_anchored_at", "_began", "_feed", "_memory", "_reserve", "anchored", "key", "publication", "track")

    def __init__(self, feed: Feed, key: int, track: int, publication: Recorded, now: float) -> None:
        self._feed = feed
        self._memory = feed.ring.memory
        self._reserve = feed.ring.reserve
        self._began = now
        self._anchored_at = float("-inf")
        self.key = key
        self.track = track
        self.publication = publication
        publication.add_tap(self.take)
        publication.request_keyframe(now)

    def take(self, entry: tuple[int, int, int, bytes, Any, float]) -> None:
        """One packet."""
        sequence, timestamp, marker, payload, _, now = entry
        length = 12 + len(payload)
        place = self._reserve(CONTENT, self.track, self.key, length + 8)
        if place < 0:
            self._feed.lose(self.key, now)
            return
        memory = self._memory
        _PACKET.pack_into(
            memory,
            place,
            length + 8,
            length,
            # A packet is of the moment at which its batch was taken in: the first may be older than this feed.
            max(0, int((now - self._began) * 1000)),
            0x80,
            marker | rtpdump.PAYLOAD_TYPE,
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            self.track,
        )
        memory[place + 20 : place + 8 + length] = payload
        self._feed.ring.commit()

    def tick(self, now: float) -> None:
        """Tie the timeline to the clock about each second; ask for a key frame that is long due."""
        if now - self._anchored_at < ANCHOR_S:
            return
        self._anchored_at = now
        known = self.publication.anchor()
        if known is not None:
            timestamp, captured = known
            content = rtpdump.anchor_record(
                self.track, timestamp, self._feed.wall(captured), int((now - self._began) * 1000)
            )
            self._feed.ring.write(CONTENT, self.track, self.key, content)
        if self.publication.since_key_frame() > KEY_FRAME_S:
            self.publication.request_keyframe(now)

    def want_key_frame(self) -> None:
        """The picture was away and is back, or its reader lost a part: it is seen again from the next key frame on."""
        self.publication.request_keyframe(self._feed.monotonic())

    def close(self) -> None:
        """Take nothing more."""
        self.publication.remove_tap(self.take)
        self._feed.tracks.discard(self)


class Feed:
    """Everything that one media node hands to capture."""

    def __init__(self, ring: Ring, *, monotonic: Callable[[], float], wall: Callable[[], float]) -> None:
        self.ring = ring
        self.monotonic = monotonic
        self._to_wall = wall() - monotonic()
        """The wall clock read once: tracks must agree with each other more than with the world."""
        self.writer_seen_before = ring.writer_seen
        """When an earlier run of this node was last alive (UTC), 0 if there was none."""
        ring.writer_open = True
        self.tracks: set[TrackFeed] = set()
        self.lost_packets = 0
        self._lost: dict[int, tuple[float, int]] = {}
        self._backlog: deque[tuple[int, int, bytes]] = deque(maxlen=MAX_BACKLOG)
        """Kind, key and content of what has not found room yet."""

    def wall(self, monotonic: float) -> float:
        """UTC in seconds since the epoch of a monotonic time."""
        return monotonic + self._to_wall

    def open_track(self, recording: str, track: int, publication: Recorded) -> TrackFeed:
        """From now on the publication's packets are captured as track `track` (1 to 65535)."""
        now = self.monotonic()
        key = int(recording, 16)
        self.ring.write(CONTENT, track, key, rtpdump.file_header(self.wall(now)))
        opened = TrackFeed(self, key, track, publication, now)
        self.tracks.add(opened)
        return opened

    def line(self, recording: str, line: timeline.AnyLine) -> None:
        """Something happened. Kept here while the ring is full."""
        self.record(LINE, recording, timeline.encode(line))

    def record(self, kind: int, recording: str, content: bytes) -> None:
        """A record of any kind but packets, after those before it. Kept here while the ring is full."""
        self._backlog.append((kind, int(recording, 16), content))
        self._pour()

    def forget(self) -> None:
        """Another reader has begun: what waits here was for the one before."""
        self._backlog.clear()
        self._lost.clear()

    def lose(self, key: int, now: float) -> None:
        """A packet found no room."""
        since, count = self._lost.get(key, (now, 0))
        self._lost[key] = (since, count + 1)
        self.lost_packets += 1

    @property
    def trouble(self) -> str | None:
        """Why nothing may be kept at present: `capture_away`, `disk_full`; `disk_low` warns of it."""
        if self.monotonic() - self.ring.reader_seen > ABSENT_S:
            return "capture_away"
        return {Status.DISK_FULL: "disk_full", Status.DISK_LOW: "disk_low"}.get(Status(self.ring.reader_status))

    def tick(self) -> None:
        """To be called about twice a second."""
        now = self.monotonic()
        self.ring.writer_seen = self.wall(now)
        self._pour()
        if self._lost and not self._backlog:
            self._tell_gaps(now)
        wanted = self.ring.wanted
        for track in list(self.tracks):
            track.tick(now)
            if wanted >> (track.track & 63) & 1:
                track.want_key_frame()

    def close(self) -> None:
        """The node ends in an orderly way, or nothing more will come."""
        self.let_go()
        self.ring.writer_open = False

    def let_go(self) -> None:
        """The node ends, and what is fed goes on when it is back."""
        for track in list(self.tracks):
            track.close()
        self.tick()

    def _pour(self) -> None:
        backlog, ring = self._backlog, self.ring
        while backlog and ring.write(backlog[0][0], 0, backlog[0][1], backlog[0][2]):
            backlog.popleft()

    def _tell_gaps(self, now: float) -> None:
        trouble = self.trouble
        cause: timeline.GapCause = "overflow"
        if trouble is not None:
            cause = "capture" if trouble == "capture_away" else "disk"
        for key, (since, count) in list(self._lost.items()):
            line = timeline.Gap(at=self.wall(now), since=self.wall(since), cause=cause, packets=count)
            if not self.ring.write(LINE, 0, key, timeline.encode(line)):
                return
            del self._lost[key]
            for track in self.tracks:
                if track.key == key:
                    track.want_key_frame()
