"""A thread of its own for an output, before it a bounded queue: who puts something in never waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

from recordings.live.formats import Encoded, Name
from recordings.live.muxing import is_picture

LIMIT_BYTES: Final = 16 * 1024 * 1024
"""About half a minute of everything that is encoded."""
_log = structlog.get_logger(__name__)

Call = Callable[[], None]


class Lane:
    """Packets and calls in their order, handed to one thread. When the thread does not keep up, packets are dropped, of
    pictures up to the next key frame; calls never are."""

    def __init__(self, name: str, take: Callable[[Encoded], None], limit_bytes: int = LIMIT_BYTES) -> None:
        self.name = name
        self.dropped = 0
        """Packets that found no room."""
        self._take = take
        self._limit = limit_bytes
        self._waiting: deque[Encoded | Call | None] = deque()
        self._bytes = 0
        self._starved: set[Name] = set()
        self._there = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._closed = False

    def put(self, packet: Encoded) -> None:
        """Hand a packet over."""
        with self._there:
            if self._closed:
                return
            if self._bytes + len(packet.data) > self._limit:
                self._starved.add(packet.name)
            elif packet.name in self._starved and self._bytes < self._limit // 2 and self._may_resume(packet):
                self._starved.discard(packet.name)
            if packet.name in self._starved:
                self.dropped += 1
                return
            self._bytes += len(packet.data)
            self._waiting.append(packet)
            self._there.notify()

    @staticmethod
    def _may_resume(packet: Encoded) -> bool:
        return packet.key or not is_picture(packet.name)

    def call(self, function: Call) -> None:
        """Have a function called in the thread, in its turn."""
        with self._there:
            if self._closed:
                return
            if not self._thread.is_alive():
                self._thread.start()
            self._waiting.append(function)
            self._there.notify()

    def close(self, last: Call, timeout: float) -> bool:
        """Have `last` called after everything else, and wait for it. False if that took too long."""
        self.call(last)
        with self._there:
            if self._closed:
                return True
            self._closed = True
            self._waiting.append(None)
            self._there.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._there:
                while not self._waiting:
                    self._there.wait()
                item = self._waiting.popleft()
                if isinstance(item, Encoded):
                    self._bytes -= len(item.data)
            if item is None:
                return
            try:
                if isinstance(item, Encoded):
                    self._take(item)
                else:
                    item()
            except Exception:  # an output's own fault ends neither it nor the stream
                _log.exception("an output failed; it goes on", output=self.name)
