"""One peer's transport: ICE-lite, DTLS and SRTP over the node's sockets, and the media link on top of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, Protocol

from sfu.drops import Drop, Drops
from sfu.dtls import Certificate, DtlsSession, Fingerprint
from sfu.ice import Credentials, IceAgent, Pair
from sfu.net.inbox import Inbox
from sfu.net.outbox import SLOT_BITS, USABLE_SIZE, Destination, Outbox
from sfu.net.port import DatagramPort
from sfu.srtp import KeyMaterial, SlotPointers, SrtpReceiver, SrtpSender, length_cell, srtp_protect
from sfu.stun import StunMessage

_UPDATE_EVERY: Final = 0.25
"""Seconds between two looks at silence and consent, which run out after 10 and 30."""
CONNECT_TIMEOUT: Final = 30.0
"""Seconds from the descriptions to a connected transport; Chromium gives up an unanswered ICE at 30 s as well."""


class PeerState(StrEnum):
    """How a peer's connection stands."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    SILENT = "silent"
    """Nothing came from the far end for 10 s; it may come back."""
    FAILED = "failed"
    """Consent expired (an ICE restart may bring it back), the handshake failed, or nothing ever connected."""
    CLOSED = "closed"


class Link(Protocol):
    """The media side of a transport."""

    def receive_rtp(self, buffer: bytearray, start: int, length: int, now: float, arrived: float) -> None:
        """Take the plaintext RTP packet of `length` bytes at `start`; the buffer is valid during the call only.

        It reached this machine at `arrived` and is looked at `now`.
        """

    def receive_rtcp(self, packet: bytes, now: float) -> None:
        """Take a plaintext compound or reduced-size RTCP packet."""

    def tick(self, now: float) -> None:
        """Do what is due."""

    def returned(self, now: float) -> None:
        """The far end is heard again after a silence, or has moved to another path: it has missed packets."""

    def close(self) -> None:
        """The transport is gone."""


class Routes(Protocol):
    """The node's tables that lead a datagram to its transport."""

    def add_pair(self, transport: Transport, port_key: int, pair: Pair) -> None:
        """Datagrams from the pair's address on that port are for `transport`."""

    def remove_pair(self, transport: Transport, pair: Pair) -> None:
        """They no longer are."""

    def add_fragment(self, transport: Transport, fragment: str) -> None:
        """Checks that name `fragment` are for `transport`."""

    def remove_fragment(self, fragment: str) -> None:
        """They no longer are."""


class Resources:
    """What all transports of a node share."""

    __slots__ = ("certificate", "drops", "inbox", "inbox_pointers", "outbox", "outbox_pointers", "routes")

    def __init__(self, routes: Routes, drops: Drops, inbox: Inbox, outbox: Outbox) -> None:
        self.routes = routes
        self.drops = drops
        self.inbox = inbox
        self.outbox = outbox
        self.inbox_pointers = SlotPointers(inbox.buffer)
        self.outbox_pointers = SlotPointers(outbox.buffer)
        self.certificate = Certificate()


class Transport:
    """Implements `PacketSender` for the media side.

    `on_state` is called on every change of `state`, synchronously, on the node's loop.
    """

    __slots__ = (
        "_context",
        "_counts",
        "_deadline",
        "_destination",
        "_dtls",
        "_dtls_fingerprints",
        "_dtls_server",
        "_on_state",
        "_pointers",
        "_receiver",
        "_resources",
        "_sender",
        "_size",
        "_update_at",
        "agent",
        "link",
        "outbox",
        "state",
    )

    def __init__(self, resources: Resources, on_state: Callable[[PeerState], None]) -> None:
        self._resources = resources
        self._counts = resources.drops.counts
        self._on_state = on_state
        self.outbox = resources.outbox
        self.agent = IceAgent(resources.drops)
        self.link: Link | None = None
        self.state = PeerState.NEW
        self._destination: Destination | None = None
        self._receiver: SrtpReceiver | None = None
        self._sender: SrtpSender | None = None
        self._dtls = DtlsSession(
            resources.certificate, resources.drops, self._send_dtls, self._keys_ready, self._dtls_ended
        )
        self._dtls_fingerprints: list[Fingerprint] = []
        self._dtls_server = True
        self._deadline = 0.0
        self._update_at = 0.0
        self._pointers = resources.outbox_pointers.pointers
        self._size = length_cell()
        self._context: Any = None
        """libsrtp's session; there whenever there is a destination."""
        resources.routes.add_fragment(self, self.agent.local.fragment)

    @property
    def ready(self) -> bool:
        """Whether RTP can be sent now."""
        return self._destination is not None

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the certificate that this end shows."""
        return self._resources.certificate.fingerprint

    def configure(self, remote: Credentials, fingerprints: list[Fingerprint], dtls_server: bool, now: float) -> None:
        """Take what the far end's description says; the handshake begins when a pair is selected too.

        A later description may bring new ICE credentials; fingerprints and role stay those of the first.
        """
        self.agent.set_remote(remote)
        if not self._dtls_fingerprints:
            self._dtls_fingerprints = fingerprints
            self._dtls_server = dtls_server
            self._deadline = now + CONNECT_TIMEOUT
            self._set_state(PeerState.CONNECTING)
        self._start_dtls()

    @property
    def dtls_server(self) -> bool:
        """The role taken in the handshake."""
        return self._dtls_server

    def restart_ice(self, now: float) -> None:
        """New credentials for the next description; DTLS and SRTP stay as they are."""
        expired = self.agent.restart()
        if expired is not None:
            self._resources.routes.remove_fragment(expired.fragment)
        self._resources.routes.add_fragment(self, self.agent.local.fragment)
        self._deadline = now + CONNECT_TIMEOUT

    # Receiving.

    def receive_check(self, message: StunMessage, port: DatagramPort, port_key: int, source: bytes, now: float) -> None:
        """A STUN Binding request that names one of this transport's fragments."""
        known = self.agent.pairs.get((port_key, source))
        path = known.destination if known is not None else port.destination(source)
        outcome = self.agent.receive_check(message, path, port_key, now)
        for pair in outcome.forgotten:
            self._resources.routes.remove_pair(self, pair)
        if outcome.pair is not None and self.state is not PeerState.CLOSED:
            self._resources.routes.add_pair(self, port_key, outcome.pair)
            if outcome.selected:
                self._start_dtls()
            self._update(now)
        if outcome.response is not None:
            self.outbox.send_bytes(outcome.response, path)

    def receive_dtls(self, datagram: bytes, pair: Pair, now: float) -> None:
        """A DTLS datagram from the address of one of this transport's pairs.

        Before any nomination the far end's handshake itself shows which pair it has chosen.
        """
        agent = self.agent
        if agent.selected is None:
            agent.select(pair)
            self._start_dtls()
        elif agent.selected is not pair:
            self._counts[Drop.PAIR_NOT_SELECTED] += 1
            return
        pair.last_heard = now
        self._dtls.receive(datagram)

    def receive_rtp(self, slot: int, length: int, pair: Pair, now: float, arrived: float) -> None:
        """An SRTP packet in inbox slot `slot` from the address of one of this transport's pairs."""
        receiver = self._receiver
        if receiver is None:
            self._counts[Drop.SRTP_NOT_READY] += 1
            return
        length = receiver.unprotect(slot, length)
        if not length:
            return
        agent = self.agent
        agent.last_heard = pair.last_heard = now
        if pair is not agent.selected:
            self._move(pair, now)
        link = self.link
        if link is not None:
            link.receive_rtp(self._resources.inbox.buffer, slot << SLOT_BITS, length, now, arrived)

    def receive_rtcp(self, slot: int, length: int, pair: Pair, now: float) -> None:
        """An SRTCP packet in inbox slot `slot` from the address of one of this transport's pairs."""
        receiver = self._receiver
        if receiver is None:
            self._counts[Drop.SRTP_NOT_READY] += 1
            return
        length = receiver.unprotect_rtcp(slot, length)
        if not length:
            return
        agent = self.agent
        agent.last_heard = pair.last_heard = now
        if pair is not agent.selected:
            self._move(pair, now)
        link = self.link
        if link is not None:
            start = slot << SLOT_BITS
            link.receive_rtcp(bytes(self._resources.inbox.view[start : start + length]), now)

    def _move(self, pair: Pair, now: float) -> None:
        """The far end sends media on another pair than it nominated last: follow it.

        The pair proved the password and the packet proved the SRTP keys, so only the far end can cause this.
        libwebrtc sends on a newly selected pair up to 2.5 s before the check that nominates it.
        """
        self.agent.select(pair)
        self._update(now)

    # Sending.

    def send_rtp(self, slot_offset: int, length: int) -> None:
        """Protect in place and queue; see `PacketSender`."""
        destination = self._destination
        if destination is None:
            self._refuse(Drop.SEND_NOT_CONNECTED)
            return
        if length > USABLE_SIZE:
            self._refuse(Drop.SEND_TOO_LONG)
            return
        size = self._size
        size[0] = length
        if srtp_protect(self._context, self._pointers[slot_offset >> SLOT_BITS], size):
            self._refuse(Drop.SEND_PROTECT)
            return
        pending = destination.pending
        if not pending:
            destination.dirty.append(destination)
        pending.append(slot_offset)
        pending.append(size[0])

    def send_rtcp(self, packet: bytes) -> None:
        """Protect a copy and queue it; see `PacketSender`."""
        destination = self._destination
        sender = self._sender
        length = len(packet)
        if destination is None or sender is None or length > USABLE_SIZE:
            self._counts[Drop.SEND_TOO_LONG if destination else Drop.SEND_NOT_CONNECTED] += 1
            return
        outbox = self.outbox
        offset = outbox.take()
        outbox.buffer[offset : offset + length] = packet
        length = sender.protect_rtcp(offset, length)
        if not length:
            self._refuse(Drop.SEND_PROTECT)
            return
        outbox.send(offset, length, destination)

    def _refuse(self, reason: Drop) -> None:
        self.outbox.give_back()
        self._counts[reason] += 1

    # Life.

    def tick(self, now: float) -> None:
        """Notice silence, expired consent and connections that never come; let the media side do what is due."""
        if now >= self._update_at:
            self._update_at = now + _UPDATE_EVERY
            self._update(now)
        if self.link is not None:
            self.link.tick(now)

    def tidy(self, now: float) -> None:
        """Forget pairs that nobody uses any more; called every few seconds."""
        for pair in self.agent.forget_stale(now):
            self._resources.routes.remove_pair(self, pair)

    def close(self) -> None:
        """Say goodbye and take everything out of the node's tables."""
        if self.state is PeerState.CLOSED:
            return
        try:
            if self.link is not None:
                self.link.close()
        finally:
            self._leave()

    def _leave(self) -> None:
        self._dtls.close()
        self._destination = None
        routes = self._resources.routes
        for pair in self.agent.pairs.values():
            routes.remove_pair(self, pair)
        for fragment in self.agent.fragments:
            routes.remove_fragment(fragment)
        self._set_state(PeerState.CLOSED)

    def _update(self, now: float) -> None:
        """Bring state and destination in line with what ICE and DTLS know."""
        state = self.state
        if state is PeerState.NEW or state is PeerState.CLOSED:
            return
        agent = self.agent
        selected = agent.selected
        if agent.expired(now) or (self._sender is None and self._deadline and now >= self._deadline):
            self._destination = None
            self._set_state(PeerState.FAILED)
        elif self._sender is not None and selected is not None:
            moved = self._destination is not None and self._destination is not selected.destination
            returned = moved or state in (PeerState.SILENT, PeerState.FAILED)
            self._destination = selected.destination
            self._set_state(PeerState.SILENT if agent.silent(now) else PeerState.CONNECTED)
            if returned and self.state is PeerState.CONNECTED and self.link is not None:
                self.link.returned(now)

    def _start_dtls(self) -> None:
        if self.agent.selected is not None and self._dtls_fingerprints and not self._dtls.started:
            self._dtls.start(self._dtls_server, self._dtls_fingerprints)

    def _send_dtls(self, datagram: bytes) -> None:
        """Handshake datagrams go out at once: they come from a task of their own, between two ticks."""
        selected = self.agent.selected
        if selected is None:
            self._counts[Drop.SEND_NOT_CONNECTED] += 1
            return
        self.outbox.send_bytes(datagram, selected.destination)
        self.outbox.flush()

    def _keys_ready(self, keys: KeyMaterial) -> None:
        resources = self._resources
        self._sender = SrtpSender(keys, resources.outbox_pointers)
        self._context = self._sender.context
        self._receiver = SrtpReceiver(keys, resources.inbox.buffer, resources.inbox_pointers, resources.drops)
        if self.agent.last_heard is not None:
            self._update(self.agent.last_heard)

    def _dtls_ended(self, failed: bool) -> None:
        self._destination = None
        if failed:
            self._sender = self._receiver = None
            self._deadline = -1.0
            self._set_state(PeerState.FAILED)
        else:
            self.close()

    def _set_state(self, state: PeerState) -> None:
        if state is not self.state:
            self.state = state
            self._on_state(state)
