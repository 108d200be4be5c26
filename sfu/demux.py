"""Leads each datagram to the transport it belongs to: by its source, or by the fragment that a STUN check names."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence

from sfu import stun
from sfu.drops import Drop, Drops
from sfu.ice import Pair
from sfu.net.inbox import LONGEST_DATAGRAM, Inbox
from sfu.net.outbox import SLOT_BITS
from sfu.net.port import DatagramPort
from sfu.transport import Transport

OWNED_FOR = 3.0
"""Seconds for which an address stays with the connection that was heard from it."""
_log = logging.getLogger(__name__)


class Demultiplexer:
    """The node's tables of addresses and fragments, and the way of a batch of datagrams through them."""

    __slots__ = ("_by_fragment", "_by_source", "_drops", "_inbox", "_ports", "bytes", "packets")

    def __init__(self, inbox: Inbox, drops: Drops) -> None:
        self._inbox = inbox
        self._drops = drops
        self._ports: Sequence[DatagramPort] = ()
        self._by_source: list[dict[bytes, tuple[Transport, Pair]]] = []
        self._by_fragment: dict[str, Transport] = {}
        self.packets = 0
        """Datagrams received so far."""
        self.bytes = 0

    def listen(self, ports: Sequence[DatagramPort]) -> None:
        """From now on datagrams come from these ports; their places in the sequence are their keys."""
        self._ports = ports
        self._by_source = [{} for _ in ports]

    def add_pair(self, transport: Transport, port_key: int, pair: Pair) -> None:
        """See `Routes`. An address at which another connection was heard just now stays that one's: a check proves a
        password, not an address, and whoever forges sources must not take somebody's media away with their own.
        """
        routes = self._by_source[port_key]
        address = pair.destination.address
        owner = routes.get(address)
        if owner is not None and owner[0] is not transport and pair.last_heard - owner[1].last_heard < OWNED_FOR:
            self._drops.count(Drop.ICE_ADDRESS_TAKEN)
            return
        routes[address] = (transport, pair)

    def remove_pair(self, transport: Transport, pair: Pair) -> None:
        """See `Routes`."""
        for routes in self._by_source:
            route = routes.get(pair.destination.address)
            if route is not None and route[0] is transport and route[1] is pair:
                del routes[pair.destination.address]

    def add_fragment(self, transport: Transport, fragment: str) -> None:
        """See `Routes`."""
        self._by_fragment[fragment] = transport

    def remove_fragment(self, fragment: str) -> None:
        """See `Routes`."""
        self._by_fragment.pop(fragment, None)

    def receive(self, port_key: int, count: int, now: float) -> None:
        """Take the first `count` datagrams of the inbox, which came in on that port.

        The first byte tells the kind (RFC 7983 §7, with RFC 9443). A fault of ours in what one peer sends ends that
        peer and nothing else.
        """
        inbox = self._inbox
        buffer, lengths, sources, arrivals = inbox.buffer, inbox.lengths, inbox.sources, inbox.arrivals
        routes = self._by_source[port_key]
        drops = self._drops.counts
        self.packets += count
        for slot in range(count):
            length = lengths[slot]
            self.bytes += length
            start = slot << SLOT_BITS
            first = buffer[start]
            if length < 2:
                drops[Drop.DATAGRAM_EMPTY] += 1
            elif length > LONGEST_DATAGRAM:
                drops[Drop.DATAGRAM_OVERSIZE] += 1
            elif first <= 3:
                self._receive_stun(port_key, slot, now)
            elif (route := routes.get(sources[slot])) is None:
                drops[Drop.SOURCE_UNKNOWN] += 1
            else:
                try:
                    if 128 <= first <= 191:
                        # RTCP and RTP share the port: RFC 5761 §4.
                        if 192 <= buffer[start + 1] <= 223:
                            route[0].receive_rtcp(slot, length, route[1], now)
                        else:
                            route[0].receive_rtp(slot, length, route[1], now, arrivals[slot])
                    elif 20 <= first <= 63:
                        route[0].receive_dtls(inbox.datagram(slot), route[1], now)
                    else:
                        drops[Drop.DATAGRAM_UNKNOWN_KIND] += 1
                except Exception:
                    self.fault(route[0])

    def _receive_stun(self, port_key: int, slot: int, now: float) -> None:
        try:
            message = stun.parse(self._inbox.datagram(slot))
        except stun.MalformedStun:
            self._drops.count(Drop.STUN_MALFORMED)
            return
        if message.kind != stun.BINDING_REQUEST:
            self._drops.count(Drop.STUN_NOT_A_REQUEST)
        elif message.fingerprint_ok is False:
            self._drops.count(Drop.STUN_FINGERPRINT)
        else:
            transport = self._by_fragment.get(message.username.partition(":")[0])
            if transport is None:
                self._drops.count(Drop.STUN_USERNAME_UNKNOWN)
            else:
                try:
                    transport.receive_check(message, self._ports[port_key], port_key, self._inbox.sources[slot], now)
                except Exception:
                    self.fault(transport)

    def fault(self, transport: Transport | None) -> None:
        """Count and log the exception being handled, and end the one connection, if any, that it happened in."""
        self._drops.count(Drop.INTERNAL_FAULT)
        _log.exception("A fault inside the media plane; the connection it happened in is closed, the others go on")
        if transport is not None:
            with contextlib.suppress(Exception):
                transport.close()
