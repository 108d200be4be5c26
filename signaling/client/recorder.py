"""Recording what a participant gets: encoded frames are spooled as they come, put into one Matroska file at the end.

Nothing is decoded or encoded again. Matroska wants to know its tracks before the first frame, and in a meeting they
come and go: hence the spool.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av

_RECORD = struct.Struct("!HdBI")
"""Track number, seconds since the recording began, whether a key frame, bytes that follow."""
_TIME_BASE = Fraction(1, 90_000)


@dataclass
class RecordedTrack:
    """One publication in the recording."""

    title: str
    codec: str
    head: bytes = b""
    """The first key frame: sizes and parameter sets are read from it."""
    frames: int = 0


class Recorder:
    """Collects frames for `path`. `close()` writes it; a crash before leaves the spool beside it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.tracks: list[RecordedTrack] = []
        self._spool_path = path.with_name(path.name + ".spool")
        self._spool: BinaryIO = self._spool_path.open("w+b")

    def add_track(self, title: str, codec: str) -> int:
        """A new track; `codec` is the RTP encoding name. Returns its number."""
        self.tracks.append(RecordedTrack(title, codec))
        return len(self.tracks) - 1

    def write(self, track: int, at: float, frame: bytes, *, key: bool) -> None:
        """Keep one frame. `at`: seconds since the recording began."""
        found = self.tracks[track]
        if not found.head:
            if not key:
                return
            found.head = frame
        found.frames += 1
        self._spool.write(_RECORD.pack(track, at, key, len(frame)))
        self._spool.write(frame)

    def close(self) -> Path | None:
        """Write the file and remove the spool. Returns the path, or None when nothing was received."""
        kept = [number for number, track in enumerate(self.tracks) if track.frames]
        if kept:
            self._mux(kept)
        self._spool.close()
        self._spool_path.unlink(missing_ok=True)
        return self.path if kept else None

    def _mux(self, kept: list[int]) -> None:
        with av.open(str(self.path), "w", format="matroska") as container:
            streams = {number: _stream(container, self.tracks[number]) for number in kept}
            container.start_encoding()
            last = dict.fromkeys(kept, -1)
            for number, at, key, frame in self._frames():
                packet: av.Packet[av.stream.Stream] = av.Packet(frame)
                last[number] = max(round(at / _TIME_BASE), last[number] + 1)
                packet.pts = packet.dts = last[number]
                packet.time_base = _TIME_BASE
                packet.is_keyframe = key
                packet.stream = streams[number]
                container.mux(packet)

    def _frames(self) -> Iterator[tuple[int, float, bool, bytes]]:
        self._spool.seek(0)
        while head := self._spool.read(_RECORD.size):
            number, at, key, length = _RECORD.unpack(head)
            yield number, at, bool(key), self._spool.read(length)


def _stream(container: av.container.OutputContainer, track: RecordedTrack) -> av.stream.Stream:
    stream: av.stream.Stream
    if track.codec == "opus":
        sound = container.add_stream("libopus", rate=48_000)
        sound.layout = "stereo"
        stream = sound
    elif track.codec == "VP8":
        picture = container.add_stream("libvpx", rate=30)
        picture.width, picture.height = vp8_size(track.head)
        picture.pix_fmt = "yuv420p"
        stream = picture
    else:
        with av.open(io.BytesIO(track.head), format=track.codec.lower()) as head:
            stream = container.add_stream_from_template(head.streams.video[0])
    stream.metadata["title"] = track.title
    return stream


def vp8_size(key_frame: bytes) -> tuple[int, int]:
    """Width and height in pixels from a VP8 key frame (RFC 6386 section 9.1)."""
    width, height = struct.unpack_from("<HH", key_frame, 6)
    return width & 0x3FFF, height & 0x3FFF
