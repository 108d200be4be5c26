"""The media node: the one edge of the SFU where sockets, the clock and asyncio are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sfu import addresses
from sfu.addresses import Candidate
from sfu.clock import Clock, SystemClock
from sfu.demux import Demultiplexer
from sfu.drops import Drops
from sfu.media.link import MediaCore
from sfu.media.publication import Publication
from sfu.media.speaker import SpeakerGroup
from sfu.net.binding import NoAddress, PortBusy, open_ports
from sfu.net.inbox import Inbox
from sfu.net.outbox import Outbox
from sfu.net.port import DatagramPort
from sfu.peer import Peer
from sfu.transport import PeerState, Resources

__all__ = ["MediaNode", "NoAddress", "NodeConfig", "Peer", "PeerState", "PortBusy"]

TICK: Final = 0.025
"""Seconds between two looks at what is due."""
_TIDY_EVERY: Final = 200
"""Ticks."""
_BATCHES_PER_WAKE: Final = 4
"""Batches read from one socket before others, and the loop, have their turn."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """How a node is reached.

    `addresses` overrides the announced addresses (the public one behind a NAT); `include_loopback` adds 127.0.0.1
    for trials on one machine; `portable_io` does without batched system calls; `port` 0 takes any free one.
    """

    port: int = 8801
    addresses: list[str] | None = None
    include_loopback: bool = True
    portable_io: bool = False
    send_slots: int = 512
    clock: Clock = field(default_factory=SystemClock)


class NodeSpeakerGroup(SpeakerGroup):
    """A group of publications of which one speaks, driven by the node until it is closed."""

    def __init__(
        self, on_speaker: Callable[[Publication | None], None], forget: Callable[[NodeSpeakerGroup], None]
    ) -> None:
        super().__init__(on_speaker)
        self._forget = forget

    def close(self) -> None:
        """Stop; `on_speaker` is not called any more."""
        self._forget(self)


class MediaNode:
    """Sockets, peers and the tick that drives them, on one asyncio loop."""

    def __init__(self, config: NodeConfig) -> None:
        self.config = config
        self.clock = config.clock
        self.drops = Drops()
        self.core = MediaCore(self.clock, self.drops.counts)
        self.peers: set[Peer] = set()
        self.candidates: list[Candidate] = []
        self._speaker_groups: set[NodeSpeakerGroup] = set()
        self._inbox = Inbox()
        self._outbox = Outbox(self.drops, config.send_slots)
        self._demultiplexer = Demultiplexer(self._inbox, self.drops)
        self._resources = Resources(self._demultiplexer, self.drops, self._inbox, self._outbox)
        self._ports: list[DatagramPort] = []
        self._ticker: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The UDP port."""
        return self._ports[0].number if self._ports else self.config.port

    async def start(self) -> None:
        """Bind the sockets and begin. Raises PortBusy or NoAddress."""
        hosts = addresses.addresses_to_bind(self.config.addresses, self.config.include_loopback)
        self._ports = open_ports(hosts, self.config.port, self._outbox, self.drops, self.config.portable_io)
        self._demultiplexer.listen(self._ports)
        bound = [port.host for port in self._ports]
        self.candidates = addresses.candidates(bound, self.config.addresses, self.port)
        loop = asyncio.get_running_loop()
        for key, port in enumerate(self._ports):
            loop.add_reader(port.fileno(), self._readable, key, port)
        self._ticker = loop.create_task(self._tick_forever())

    async def close(self) -> None:
        """Close all peers and the sockets."""
        if self._ticker is not None:
            self._ticker.cancel()
        for peer in list(self.peers):
            peer.close()
        self._outbox.flush()
        loop = asyncio.get_running_loop()
        for port in self._ports:
            loop.remove_reader(port.fileno())
            port.close()
        self._ports = []

    def open_peer(self, *, label: str = "", on_state: Callable[[Peer, PeerState], None] | None = None) -> Peer:
        """A peer without descriptions yet. `label` is for people who read logs and metrics."""
        peer = Peer(self._resources, self.core, self.clock, self.candidates, label, on_state, self.peers.discard)
        self.peers.add(peer)
        return peer

    def open_speaker_group(self, on_speaker: Callable[[Publication | None], None]) -> NodeSpeakerGroup:
        """A group for one meeting; `on_speaker` is called on the loop when another publication speaks, or none."""
        group = NodeSpeakerGroup(on_speaker, self._speaker_groups.discard)
        self._speaker_groups.add(group)
        return group

    def counters(self) -> dict[str, int]:
        """Totals since the start, by metric name; reasons of drops as `drop_<reason>`."""
        totals = {
            "packets_in": self._demultiplexer.packets,
            "bytes_in": self._demultiplexer.bytes,
            "packets_out": sum(port.packets_out for port in self._ports),
            "bytes_out": sum(port.bytes_out for port in self._ports),
            "peers": len(self.peers),
        }
        for state in PeerState:
            totals[f"peers_{state.value}"] = sum(peer.state is state for peer in self.peers)
        totals.update((f"drop_{reason}", count) for reason, count in self.drops.named().items())
        return totals

    def _readable(self, key: int, port: DatagramPort) -> None:
        now = self.clock.monotonic()
        inbox = self._inbox
        for _ in range(_BATCHES_PER_WAKE):
            count = port.receive(inbox, now)
            self._demultiplexer.receive(key, count, now)
            self.core.flush()
            if count < inbox.slots:
                break
        self._outbox.flush()

    async def _tick_forever(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK)
            ticks += 1
            self._tick(self.clock.monotonic(), tidy=ticks % _TIDY_EVERY == 0)

    def _tick(self, now: float, tidy: bool) -> None:
        for peer in list(self.peers):
            try:
                peer.transport.tick(now)
                if tidy:
                    peer.transport.tidy(now)
            except Exception:
                self._demultiplexer.fault(peer.transport)
        for group in list(self._speaker_groups):
            try:
                group.tick(now)
            except Exception:
                self._demultiplexer.fault(None)
        self.core.flush()
        self._outbox.flush()
