"""From packets to pictures and sound: one object a track. Whatever comes, nothing raises."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, NamedTuple

import av
import numpy as np

from recordings.live.clock import TrackClock
from recordings.processing import frames
from recordings.processing.frames import Frame, Tally
from recordings.processing.ordering import Lost
from recordings.raw.rtpdump import Packet

PICTURE_CODECS: Final = {"VP8": "vp8", "H264": "h264"}
"""What the SFU offers, and ffmpeg's names for it."""
MOST_FRAMES: Final = 750
MOST_BYTES: Final = 1_500_000
"""Kept of a hidden picture, since its last key frame. Of one that goes longer without nothing is kept; it is seen from
the next key frame on, which is asked for when it comes into sight.
"""
AT_ONCE: Final = 25
"""Frames decoded for one picture of the composition: a picture that comes into sight catches up at this pace."""
LARGEST: Final = 4096 * 2304
SOUND_RATE: Final = 48_000
KEPT_S: Final = 3.0
"""Sound that waits to be heard."""
_FADE: Final = 120
"""Samples over which sound fades around a hole, so that it does not click: 2.5 ms."""


def annex_b(data: bytes) -> bytes:
    """Units with start codes instead of lengths."""
    parts = []
    position = 0
    while position + 4 < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        parts += [frames.START_CODE, data[position + 4 : position + 4 + size]]
        position += 4 + size
    return b"".join(parts)


class PictureTrack:
    """Moving pictures of one track: encoded ones wait until it is their time, the newest decoded one is kept."""

    def __init__(self, codec: str, clock: TrackClock) -> None:
        self.clock = clock
        self._h264 = codec == "H264"
        self._name = PICTURE_CODECS[codec]
        self._gathering = frames.gathering(codec, Tally())
        self._waiting: deque[Frame] = deque()
        """Not yet due."""
        self._due: deque[Frame] = deque()
        """Due, and not decoded: from a key frame on, or from what the decoder has seen last."""
        self._due_bytes = 0
        self._decoder: av.VideoCodecContext | None = None
        self._needs_key = True
        """What is due does not go on from what was decoded."""
        self._wanted = False
        self.picture: av.VideoFrame | None = None
        self.version = 0
        """Grows with each picture."""
        self.moved_at = float("-inf")
        """When a frame was due last, on the composition's clock."""

    def take(self, packet: Packet | Lost) -> None:
        """The next packet in order."""
        for frame in self._gathering.take(packet):
            self._waiting.append(frame)
            if len(self._waiting) > MOST_FRAMES:
                self._waiting.popleft()
                self._lose()

    @property
    def waits_for_key(self) -> bool:
        """Whether nothing more can be shown before the next key frame; of a hidden picture, whether it is damaged."""
        return not self._gathering.decodable or (self._wanted and self._needs_key and not self._has_key)

    @property
    def _has_key(self) -> bool:
        return any(frame.key for frame in self._waiting)

    def darken(self) -> None:
        """What was shown is not to be seen again: the next picture begins with a key frame."""
        self.picture = None
        self._waiting.clear()
        self._lose()

    def advance(self, time: float, *, wanted: bool) -> None:
        """It is `time` (UTC, of capture). A picture that is not wanted is decoded no further."""
        while self._waiting and self.clock.time(self._waiting[0].timestamp) <= time:
            self._queue(self._waiting.popleft())
            self.moved_at = time
        self._wanted = wanted
        if wanted:
            self._decode()

    def _queue(self, frame: Frame) -> None:
        if frame.key:  # whatever it leaves behind would not be seen
            self._due.clear()
            self._due_bytes = 0
            self._needs_key = False
        if self._needs_key:
            return
        self._due.append(frame)
        self._due_bytes += len(frame.data)
        if len(self._due) > MOST_FRAMES or self._due_bytes > MOST_BYTES:
            self.picture = None
            self._lose()

    def _lose(self) -> None:
        self._due.clear()
        self._due_bytes = 0
        self._needs_key = True

    def _decode(self) -> None:
        newest: av.VideoFrame | None = None
        for _ in range(AT_ONCE):
            if not self._due:
                break
            frame = self._due.popleft()
            self._due_bytes -= len(frame.data)
            newest = self._decoded(frame) or newest
        if newest is not None and (not self._due or self.picture is None):
            self.picture = newest
            self.version += 1

    def _decoded(self, frame: Frame) -> av.VideoFrame | None:
        if self._decoder is None:
            self._decoder = _picture_decoder(self._name)
        packet: Any = av.Packet(annex_b(frame.data) if self._h264 else frame.data)
        newest = None
        try:
            for made in self._decoder.decode(packet):
                if made.width * made.height <= LARGEST and not made.is_corrupt:
                    newest = made
        except av.FFmpegError:
            self._decoder = None
            while self._due and not self._due[0].key:
                self._due_bytes -= len(self._due.popleft().data)
            self._needs_key = not self._due
        return newest


def _picture_decoder(name: str) -> av.VideoCodecContext:
    made = av.CodecContext.create(name, "r")
    assert isinstance(made, av.VideoCodecContext)
    made.thread_count = 1
    made.options = {"flags": "low_delay"}
    return made


class Chunk(NamedTuple):
    """Decoded sound: float32, 2 channels by samples, from the extended `timestamp` on."""

    timestamp: int
    samples: np.ndarray


class SoundTrack:
    """Decoded sound of one track, placed by its timestamps."""

    def __init__(self, clock: TrackClock) -> None:
        self.clock = clock
        self._decoder: av.AudioCodecContext | None = None
        self._chunks: deque[Chunk] = deque()
        self._end = -1

    def take(self, packet: Packet | Lost) -> None:
        """The next packet in order."""
        if isinstance(packet, Lost) or not packet.payload:
            return
        try:
            if self._decoder is None:
                made = av.CodecContext.create("libopus", "r")
                assert isinstance(made, av.AudioCodecContext)
                made.sample_rate, made.layout = SOUND_RATE, "stereo"
                self._decoder = made
            payload: Any = av.Packet(packet.payload)
            at = packet.timestamp
            for frame in self._decoder.decode(payload):
                self._place(at, _floats(frame))
                at += frame.samples
        except (av.FFmpegError, ValueError):
            self._decoder = None

    def _place(self, timestamp: int, samples: np.ndarray) -> None:
        chunks = self._chunks
        if timestamp < self._end - SOUND_RATE or timestamp > self._end + 60 * SOUND_RATE:
            chunks.clear()  # the track begins anew
        elif timestamp < self._end:  # it lies over what is there
            samples = samples[:, self._end - timestamp :]
            timestamp = self._end
        if not samples.shape[1]:
            return
        if timestamp != self._end and samples.shape[1] >= _FADE:
            samples[:, :_FADE] *= np.linspace(0, 1, _FADE, dtype=np.float32)
            if chunks and chunks[-1].samples.shape[1] >= _FADE:
                chunks[-1].samples[:, -_FADE:] *= np.linspace(1, 0, _FADE, dtype=np.float32)
        self._end = timestamp + samples.shape[1]
        chunks.append(Chunk(timestamp, samples))
        while chunks[0].timestamp < self._end - KEPT_S * SOUND_RATE:
            chunks.popleft()

    def read(self, start: int, count: int) -> np.ndarray | None:
        """`count` samples from timestamp `start` on, silence where there are none; None if all is silence. What lies
        before is let go.
        """
        chunks = self._chunks
        while chunks and chunks[0].timestamp + chunks[0].samples.shape[1] <= start:
            chunks.popleft()
        if not chunks or chunks[0].timestamp >= start + count:
            return None
        made = np.zeros((2, count), np.float32)
        for chunk in chunks:
            first = chunk.timestamp - start
            if first >= count:
                break
            since, until = max(0, first), min(count, first + chunk.samples.shape[1])
            made[:, since:until] = chunk.samples[:, since - first : until - first]
        return made


def _floats(frame: av.AudioFrame) -> np.ndarray:
    """2 channels by samples, float32, ±1."""
    plain = frame.to_ndarray()
    if not frame.format.is_planar:
        plain = plain.reshape(-1, len(frame.layout.channels)).T
    made = plain.astype(np.float32)
    if plain.dtype == np.int16:
        made /= 32_768
    return np.ascontiguousarray(np.repeat(made, 2, axis=0) if made.shape[0] == 1 else made[:2])
