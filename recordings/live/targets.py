"""The servers that get the stream by RTMP: each on its own, so that none disturbs another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from recordings.live.formats import Caption, Encoded, Format, Name, Unseal
from recordings.live.rtmp import NAMES, Assignment
from recordings.live.sending import Pace, Sender
from recordings.live.wire import Order, Target, TargetStatus

MOST: Final = 20
"""Targets at once: each is a process."""
_CLOSE_S: Final = 1.9
_log = structlog.get_logger(__name__)


class Targets:
    """The output that is all targets of an order."""

    def __init__(
        self,
        order: Order,
        unseal: Unseal,
        *,
        extra_ca: Path | None = None,
        inner: bool = False,
        pace: Pace | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._unseal, self._extra_ca, self._pace, self._now = unseal, extra_ca, pace or Pace(), now
        self._inner = inner
        self._lock = threading.Lock()
        self._formats: list[Format] = []
        self._wanted: Sequence[Target] = order.targets[:MOST]
        self._running: dict[str, tuple[Target, Sender | TargetStatus]] = {}
        """By id; a status alone where there is nothing to send to."""
        self._leaving: list[Sender] = []

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """Connect."""
        with self._lock:
            for _, running in self._running.values():
                self._leave(running)
            self._running.clear()
            self._formats = list(formats.values())
            self._match()

    def order(self, order: Order) -> None:
        """Another order holds: what stays the same is not touched."""
        with self._lock:
            self._wanted = order.targets[:MOST]
            if self._formats:
                self._match()

    def take(self, packet: Encoded) -> None:
        """One packet, for everybody."""
        for _, running in list(self._running.values()):
            if isinstance(running, Sender):
                running.put(packet)

    def caption(self, caption: Caption) -> None:
        """RTMP has no place for them that services read."""

    def close(self) -> None:
        """Tell all servers that the stream is over."""
        with self._lock:
            senders = [running for _, running in self._running.values() if isinstance(running, Sender)]
            senders += self._leaving
        for sender in senders:
            sender.stop()
        ends = time.monotonic() + _CLOSE_S
        for sender in senders:
            sender.join(max(0.05, ends - time.monotonic()))

    def statuses(self) -> list[TargetStatus]:
        """How each fares, in the order's order."""
        with self._lock:
            running = dict(self._running)
            wanted = list(self._wanted)
        return [
            each.status if isinstance(each, Sender) else each
            for target in wanted
            if target.id in running
            for each in [running[target.id][1]]
        ]

    def _match(self) -> None:
        """Have running what is wanted."""
        wanted = {target.id: target for target in self._wanted}
        for name, (target, running) in list(self._running.items()):
            if name not in wanted or wanted[name].sealed != target.sealed:
                self._leave(running)
                del self._running[name]
        for name, target in wanted.items():
            if name not in self._running:
                self._running[name] = (target, self._start(target))

    def _start(self, target: Target) -> Sender | TargetStatus:
        try:
            address = self._unseal(target.sealed)
            check(address)
        except ValueError as error:
            _log.warning("a target's address cannot be used", target=target.id, reason=str(error))
            return TargetStatus(id=target.id, state="failed", problem="address", detail=str(error), since=self._now())
        formats = [form for form in self._formats if form.name in NAMES]
        return Sender(target.id, Assignment(address, formats, self._authorities(), self._inner), self._pace, self._now)

    def _authorities(self) -> str:
        if self._extra_ca is None:
            return ""
        try:
            return self._extra_ca.read_text(encoding="utf-8")
        except OSError as error:
            _log.error(
                "the file of further authorities cannot be read", file=str(self._extra_ca), reason=error.strerror
            )
            return ""

    def _leave(self, running: Sender | TargetStatus) -> None:
        self._leaving = [one for one in self._leaving if one.ending]
        if isinstance(running, Sender):
            running.stop()
            self._leaving.append(running)


def check(address: str) -> None:
    """Whether one can send there. Raises ValueError, with nothing of the address in it."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("The address cannot be read.") from None
    if parts.scheme.lower() not in ("rtmp", "rtmps"):
        raise ValueError("The address begins with neither rtmp:// nor rtmps://.")
    if not host:
        raise ValueError("The address names no server.")
    if len(parts.path) < 2:
        raise ValueError("The address has neither application nor key.")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in address):
        raise ValueError("The address has a space or an unprintable letter in it.")
