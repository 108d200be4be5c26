"""A seeded model of a bad network in virtual time: Gilbert-Elliott loss, jitter, reordering, a bounded queue."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """One direction of a path. Times are in seconds, probabilities from 0 to 1."""

    delay: float
    jitter: float = 0.0
    """Standard deviation of the extra delay; packets do not overtake each other because of it."""
    loss_good: float = 0.0
    loss_bad: float = 0.0
    to_bad: float = 0.0
    """Chance per packet of entering the bad state (Gilbert-Elliott)."""
    to_good: float = 1.0
    reorder: float = 0.0
    """Chance that a packet is held back by `reorder_delay`."""
    reorder_delay: float = 0.015
    duplicate: float = 0.0
    rate: float | None = None
    """Bit/s of the bottleneck, None for no limit."""
    queue: int = 64_000
    """Bytes that fit in front of the bottleneck; more is dropped."""


PRESETS: dict[str, NetworkProfile] = {
    "office": NetworkProfile(delay=0.010, jitter=0.001),
    "lossy_wifi": NetworkProfile(
        delay=0.015, jitter=0.006, loss_good=0.005, loss_bad=0.3, to_bad=0.02, to_good=0.25, reorder=0.01
    ),
    "mobile": NetworkProfile(
        delay=0.050, jitter=0.015, loss_good=0.005, loss_bad=0.4, to_bad=0.005, to_good=0.2, rate=6e6, queue=200_000
    ),
    "congested": NetworkProfile(delay=0.030, jitter=0.003, rate=800_000, queue=48_000),
    "satellite": NetworkProfile(delay=0.300, jitter=0.004, loss_good=0.002, rate=20e6, queue=1_000_000),
}


class VirtualNetwork:
    """Carries datagrams one way. `send` puts one in; `deliver` gives what has arrived by a time, in order."""

    def __init__(self, profile: NetworkProfile, seed: int) -> None:
        self.profile = profile
        self.seed = seed
        self.sent = self.lost = self.queue_drops = 0
        self._random = random.Random(seed)
        self._bad = False
        self._free_at = 0.0
        self._last_arrival = 0.0
        self._flying: list[tuple[float, int, bytes]] = []

    def send(self, datagram: bytes, now: float) -> None:
        """A datagram leaves at `now`."""
        self.sent += 1
        profile, rng = self.profile, self._random
        self._bad = rng.random() >= profile.to_good if self._bad else rng.random() < profile.to_bad
        if rng.random() < (profile.loss_bad if self._bad else profile.loss_good):
            self.lost += 1
            return
        departure = now
        if profile.rate is not None:
            backlog = max(0.0, self._free_at - now) * profile.rate / 8
            if backlog + len(datagram) > profile.queue:
                self.queue_drops += 1
                return
            departure = max(now, self._free_at) + len(datagram) * 8 / profile.rate
            self._free_at = departure
        arrival = max(departure + profile.delay + abs(rng.gauss(0, profile.jitter)), self._last_arrival)
        if rng.random() < profile.reorder:
            arrival += profile.reorder_delay
        else:
            self._last_arrival = arrival
        for _ in range(2 if rng.random() < profile.duplicate else 1):
            heapq.heappush(self._flying, (arrival, self.sent, datagram))

    def next_arrival(self) -> float | None:
        """When the next datagram arrives, None if nothing is under way."""
        return self._flying[0][0] if self._flying else None

    def deliver(self, now: float) -> Iterator[tuple[float, bytes]]:
        """What has arrived by `now`: time and datagram."""
        while self._flying and self._flying[0][0] <= now:
            arrival, _, datagram = heapq.heappop(self._flying)
            yield arrival, datagram
