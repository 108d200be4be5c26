"""What capturing costs: ten tracks from the media node's taps through the ring into files.

    python -m tests.bench.capturing [seconds]

Five cameras of 1.5 Mbit/s (25 pictures a second, packets of 1,100 bytes) and five voices (50 packets a second). The
node's end and the capture process are timed apart, on a clock of their own; files are written to the disk, and synced
once a second.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recordings.capture.feed import Feed
from recordings.capture.ring import Ring
from recordings.capture.writing import Writing
from tests.recordings.making import ZERO

SECONDS = 60.0
RECORDING = "00000000000000be"
CAMERAS, VOICES = 5, 5
PICTURE, VOICE = bytes(1_100), bytes(100)
PER_PICTURE = 7
STEP_S = 0.02


class Publication:
    """What the feed needs of one."""

    def __init__(self, *, camera: bool) -> None:
        self.camera = camera
        self.taps: list[Callable[[Any], None]] = []
        self.sequence = 0

    def add_tap(self, tap: Callable[[Any], None]) -> None:
        self.taps.append(tap)

    def remove_tap(self, tap: Callable[[Any], None]) -> None:
        self.taps.remove(tap)

    def anchor(self) -> tuple[int, float] | None:
        return (self.sequence * 3_600, 0.0)

    def since_key_frame(self) -> float:
        return 0.0

    def request_keyframe(self, now: float) -> None:
        """There is nobody to ask."""

    def send(self, now: float, step: int) -> None:
        """What it sends within 20 ms: a camera every other time."""
        count, payload = (PER_PICTURE, PICTURE) if self.camera else (1, VOICE)
        if self.camera and step % 2:
            return
        for number in range(count):
            self.sequence += 1
            self.taps[0]((self.sequence, step * 1_800, 0x80 if number == count - 1 else 0, payload, (), now))


def capture(seconds: float) -> tuple[float, float, int]:
    """Processor time of the node's end and of the capture process's in seconds, and how many packets there were."""
    now = 0.0
    with tempfile.TemporaryDirectory() as folder:
        ring = Ring(Path(folder) / "ring")
        feed = Feed(ring, monotonic=lambda: now, wall=lambda: ZERO + now)
        writing = Writing(Ring(ring.path), Path(folder) / "raw", low_bytes=0, reserve_bytes=0)
        publications = [Publication(camera=number < CAMERAS) for number in range(CAMERAS + VOICES)]
        for number, publication in enumerate(publications, 1):
            feed.open_track(RECORDING, number, publication)
        node = taken = 0.0
        for step in range(int(seconds / STEP_S)):
            now = step * STEP_S
            began = time.process_time()
            for publication in publications:
                publication.send(now, step)
            if step % 25 == 0:
                feed.tick()
            between = time.process_time()
            writing.pump(now)
            if step % 50 == 0:
                writing.sync()
            node += between - began
            taken += time.process_time() - between
        writing.close()
        if feed.lost_packets:
            raise RuntimeError("Capture did not keep up on a clock that stood still.")
        return node, taken, sum(publication.sequence for publication in publications)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else SECONDS
    node, taken, packets = capture(seconds)
    print(
        f"Capture of {CAMERAS + VOICES} tracks, {packets / seconds:,.0f} packets a second, {seconds:g} s of a meeting"
    )
    print(f"the node's end: {node / seconds:.2%} of one core, {node / packets * 1e6:.1f} µs a packet")
    print(f"the capture process: {taken / seconds:.2%} of one core, {taken / packets * 1e6:.1f} µs a packet")


if __name__ == "__main__":
    main()
