"""The media node: the one edge of the SFU where sockets, the clock and asyncio are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sfu import addresses, stun
from sfu.addresses import Candidate
from sfu.clock import Clock, SystemClock
from sfu.drops import Drop, Drops
from sfu.ice import Pair
from sfu.media.link import MediaCore
from sfu.net.binding import NoAddress, PortBusy, open_ports
from sfu.net.inbox import LONGEST_DATAGRAM, Inbox
from sfu.net.outbox import SLOT_BITS, Outbox
from sfu.net.port import DatagramPort
from sfu.peer import Peer
from sfu.transport import PeerState, Resources, Transport

__all__ = ["MediaNode", "NoAddress", "NodeConfig", "Peer", "PeerState", "PortBusy"]

_log = logging.getLogger(__name__)

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


class _Routes:
    """Which transport a datagram belongs to: by port and source address, or by the fragment a check names."""

    def __init__(self) -> None:
        self.by_source: list[dict[bytes, tuple[Transport, Pair]]] = []
        self.by_fragment: dict[str, Transport] = {}

    def add_pair(self, transport: Transport, port_key: int, pair: Pair) -> None:
        self.by_source[port_key][pair.destination.address] = (transport, pair)

    def remove_pair(self, transport: Transport, pair: Pair) -> None:
        for routes in self.by_source:
            route = routes.get(pair.destination.address)
            if route is not None and route[0] is transport and route[1] is pair:
                del routes[pair.destination.address]

    def add_fragment(self, transport: Transport, fragment: str) -> None:
        self.by_fragment[fragment] = transport

    def remove_fragment(self, fragment: str) -> None:
        self.by_fragment.pop(fragment, None)


class MediaNode:
    """Sockets, peers and the tick that drives them, on one asyncio loop."""

    def __init__(self, config: NodeConfig) -> None:
        self.config = config
        self.clock = config.clock
        self.drops = Drops()
        self.core = MediaCore(self.clock, self.drops.counts)
        self.peers: set[Peer] = set()
        self.candidates: list[Candidate] = []
        self._inbox = Inbox()
        self._outbox = Outbox(self.drops, config.send_slots)
        self._routes = _Routes()
        self._resources = Resources(self._routes, self.drops, self._inbox, self._outbox)
        self._ports: list[DatagramPort] = []
        self._packets_in = 0
        self._bytes_in = 0
        self._ticker: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The UDP port."""
        return self._ports[0].number if self._ports else self.config.port

    async def start(self) -> None:
        """Bind the sockets and begin. Raises PortBusy or NoAddress."""
        hosts = addresses.addresses_to_bind(self.config.addresses, self.config.include_loopback)
        self._ports = open_ports(hosts, self.config.port, self._outbox, self.drops, self.config.portable_io)
        self._routes.by_source = [{} for _ in self._ports]
        bound = [port.host for port in self._ports]
        self.candidates = addresses.candidates(bound, self.config.addresses, self.port)
        loop = asyncio.get_running_loop()
        for key, port in enumerate(self._ports):
            loop.add_reader(port.fileno(), self._readable, port, key)
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

    def counters(self) -> dict[str, int]:
        """Totals since the start, by metric name; reasons of drops as `drop_<reason>`."""
        totals = {
            "packets_in": self._packets_in,
            "bytes_in": self._bytes_in,
            "packets_out": sum(port.packets_out for port in self._ports),
            "bytes_out": sum(port.bytes_out for port in self._ports),
            "peers": len(self.peers),
        }
        for state in PeerState:
            totals[f"peers_{state.value}"] = sum(peer.state is state for peer in self.peers)
        totals.update((f"drop_{reason}", count) for reason, count in self.drops.named().items())
        return totals

    def _readable(self, port: DatagramPort, key: int) -> None:
        now = self.clock.monotonic()
        inbox = self._inbox
        for _ in range(_BATCHES_PER_WAKE):
            count = port.receive(inbox)
            self._packets_in += count
            self._receive_batch(port, key, count, now)
            if count < inbox.slots:
                break
        self._outbox.flush()

    def _receive_batch(self, port: DatagramPort, key: int, count: int, now: float) -> None:
        """Lead each datagram by its first byte (RFC 7983 §7, with RFC 9443) and its source to where it belongs.

        A fault of ours in what one peer sends ends that peer and nothing else.
        """
        inbox = self._inbox
        buffer, lengths, sources = inbox.buffer, inbox.lengths, inbox.sources
        routes = self._routes.by_source[key]
        drops = self.drops.counts
        for slot in range(count):
            length = lengths[slot]
            self._bytes_in += length
            start = slot << SLOT_BITS
            first = buffer[start]
            if length < 2:
                drops[Drop.DATAGRAM_EMPTY] += 1
            elif length > LONGEST_DATAGRAM:
                drops[Drop.DATAGRAM_OVERSIZE] += 1
            elif first <= 3:
                self._receive_stun(port, key, slot, now)
            elif (route := routes.get(sources[slot])) is None:
                drops[Drop.SOURCE_UNKNOWN] += 1
            else:
                try:
                    if 128 <= first <= 191:
                        # RTCP and RTP share the port: RFC 5761 §4.
                        if 192 <= buffer[start + 1] <= 223:
                            route[0].receive_rtcp(slot, length, route[1], now)
                        else:
                            route[0].receive_rtp(slot, length, route[1], now)
                    elif 20 <= first <= 63:
                        route[0].receive_dtls(inbox.datagram(slot), route[1], now)
                    else:
                        drops[Drop.DATAGRAM_UNKNOWN_KIND] += 1
                except Exception:
                    self._fault(route[0])

    def _receive_stun(self, port: DatagramPort, key: int, slot: int, now: float) -> None:
        try:
            message = stun.parse(self._inbox.datagram(slot))
        except stun.MalformedStun:
            self.drops.count(Drop.STUN_MALFORMED)
            return
        if message.kind != stun.BINDING_REQUEST:
            self.drops.count(Drop.STUN_NOT_A_REQUEST)
        elif message.fingerprint_ok is False:
            self.drops.count(Drop.STUN_FINGERPRINT)
        else:
            transport = self._routes.by_fragment.get(message.username.partition(":")[0])
            if transport is None:
                self.drops.count(Drop.STUN_USERNAME_UNKNOWN)
            else:
                transport.receive_check(message, port, key, self._inbox.sources[slot], now)

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
                self._fault(peer.transport)
        self._outbox.flush()

    def _fault(self, transport: Transport) -> None:
        """Count and log the exception being handled, and end the one connection that it happened in."""
        self.drops.count(Drop.INTERNAL_FAULT)
        _log.exception("A fault inside the media plane; the connection is closed, the others go on")
        with contextlib.suppress(Exception):
            transport.close()
