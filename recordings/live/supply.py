"""What waits for one target: nothing while nobody takes it, then from a key frame on, and never more than a slow line
may be behind."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque

from recordings.live.formats import CLOCK, Encoded
from recordings.live.rtmp import NAMES


class Supply:
    """Packets between the engine's thread and the target's."""

    def __init__(self, held: float) -> None:
        self.dropped = 0
        """Packets that a slow line had no room for."""
        self._held = held
        self._lock = threading.Lock()
        self._waiting: deque[Encoded] = deque()
        self._open = False
        self._begun = False
        self._slow = False
        self._dropped_at: float | None = None
        self._ears = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._gone = False

    @property
    def ear(self) -> int:
        """A descriptor that can be read when there is something new."""
        return self._ears[0]

    def put(self, packet: Encoded) -> None:
        """Hand over a packet."""
        if packet.name not in NAMES:
            return
        with self._lock:
            if not self._open:
                return
            if self._behind(packet) > self._held:
                self.dropped += len(self._waiting)
                self._waiting.clear()
                self._begun, self._slow = False, True
                self._dropped_at = time.monotonic()
            if not self._begun and not (packet.name == NAMES[0] and packet.key):
                self.dropped += self._slow
                return
            self._begun, self._slow = True, False
            self._waiting.append(packet)
        self.wake()

    def _behind(self, packet: Encoded) -> float:
        """Seconds of the stream that wait."""
        if not self._waiting:
            return 0.0
        first = self._waiting[0]
        return packet.at / CLOCK[packet.name] - first.at / CLOCK[first.name]

    def next(self) -> Encoded | None:
        """What is to be sent."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def open(self) -> None:
        """From now on somebody takes it."""
        with self._lock:
            self._open, self._dropped_at = True, None

    def shut(self) -> None:
        """Nobody takes it any more."""
        with self._lock:
            self._open = self._begun = self._slow = False
            self._waiting.clear()

    def slow(self, within: float) -> bool:
        """Whether something was dropped in the last so many seconds."""
        at = self._dropped_at
        return at is not None and time.monotonic() - at < within

    def wake(self) -> None:
        """Have `ear` heard."""
        with self._lock, contextlib.suppress(BlockingIOError):  # a full pipe is heard as well
            if not self._gone:
                os.write(self._ears[1], b"1")

    def heard(self) -> None:
        """Wait anew for something new."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._ears[0], 65_536)

    def close(self) -> None:
        """Nothing comes any more."""
        with self._lock:
            if not self._gone:
                self._gone = True
                for ear in self._ears:
                    os.close(ear)
