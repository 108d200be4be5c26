"""A far end in virtual time, which makes checks and SRTP packets, and a port that only keeps what is sent."""

from __future__ import annotations

import secrets
import struct

from pylibsrtp import Policy, Session

from sfu import stun
from sfu.clock import ManualClock
from sfu.demux import Demultiplexer
from sfu.drops import Drops
from sfu.dtls import Fingerprint
from sfu.ice import Credentials
from sfu.net.address import pack_address
from sfu.net.inbox import Inbox
from sfu.net.outbox import Destination, Outbox
from sfu.srtp import KeyMaterial
from sfu.transport import PeerState, Resources, Transport

PROFILE = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
TO_NODE, FROM_NODE = bytes(range(28)), bytes(range(28, 56))
KEYS = KeyMaterial(PROFILE, send=FROM_NODE, receive=TO_NODE)
REMOTE = Credentials("farend", "the password of the far end")
FINGERPRINT = Fingerprint("sha-256", ":".join(["AB"] * 32))


class MemoryPort:
    """Keeps what is written: (packed address, bytes)."""

    host = "192.0.2.1"
    number = 8801
    packets_out = bytes_out = 0

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.dirty: list[Destination] = []
        outbox.attach(self)
        self.sent: list[tuple[bytes, bytes]] = []

    def fileno(self) -> int:
        return -1

    def receive(self, inbox: Inbox) -> int:
        return 0

    def destination(self, address: bytes) -> Destination:
        return Destination(self, address)

    def write(self) -> None:
        for destination in self.dirty:
            for offset, length in zip(destination.pending[::2], destination.pending[1::2], strict=True):
                self.sent.append((destination.address, bytes(self._outbox.arena[offset : offset + length])))

    def close(self) -> None:
        pass


class RecordingLink:
    """A media side that remembers what it was given."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.closed = False
        self.returns = 0

    def receive_rtp(self, buffer: bytearray, start: int, length: int, now: float, arrived: float) -> None:
        self.rtp.append(bytes(buffer[start : start + length]))

    def receive_rtcp(self, packet: bytes, now: float) -> None:
        self.rtcp.append(packet)

    def tick(self, now: float) -> None:
        pass

    def returned(self, now: float) -> None:
        self.returns += 1

    def close(self) -> None:
        self.closed = True


def address(last: int, port: int = 50_000) -> bytes:
    return pack_address(f"198.51.100.{last}", port)


class Scene:
    """One transport behind a demultiplexer, its port in memory, its time by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.drops = Drops()
        self.inbox = Inbox()
        self.outbox = Outbox(self.drops, 64)
        self.demultiplexer = Demultiplexer(self.inbox, self.drops)
        self.port = MemoryPort(self.outbox)
        self.demultiplexer.listen([self.port])
        self.states: list[PeerState] = []
        resources = Resources(self.demultiplexer, self.drops, self.inbox, self.outbox)
        self.transport = Transport(resources, self.states.append)
        self.link = RecordingLink()
        self.transport.link = self.link
        self.session = Session(Policy(key=TO_NODE, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILE))
        self.sequence = 100

    def receive(self, datagram: bytes, source: bytes) -> list[tuple[bytes, bytes]]:
        """Let a datagram come in; returns what went out because of it."""
        self.inbox.buffer[: len(datagram)] = datagram
        self.inbox.lengths[0] = len(datagram)
        self.inbox.sources[0] = source
        before = len(self.port.sent)
        self.demultiplexer.receive(0, 1, self.clock.now)
        self.outbox.flush()
        return self.port.sent[before:]

    def request(
        self,
        *,
        nominate: bool = False,
        password: str | None = None,
        local: Credentials | None = None,
        remote: str = REMOTE.fragment,
        more: list[tuple[int, bytes]] | None = None,
        controlled: bool = False,
    ) -> bytes:
        """A check as a full agent sends it."""
        local = local or self.transport.agent.local
        attributes = [
            (stun.USERNAME, f"{local.fragment}:{remote}".encode()),
            (stun.ICE_CONTROLLED if controlled else stun.ICE_CONTROLLING, bytes(8)),
            (stun.PRIORITY, struct.pack("!I", 1_845_501_695)),
            *([(stun.USE_CANDIDATE, b"")] if nominate else []),
            *(more or []),
        ]
        key = (password or local.password).encode()
        return stun.build(stun.BINDING_REQUEST, secrets.token_bytes(12), attributes, key)

    def rtp(self, ssrc: int = 0x1234, payload: bytes = b"media") -> bytes:
        """The next SRTP packet of the far end."""
        self.sequence += 1
        return self.session.protect(
            struct.pack("!BBHII", 0x80, 96, self.sequence, self.sequence * 960 & 0xFFFFFFFF, ssrc) + payload
        )

    def connect(self, source: bytes) -> None:
        """Go straight to a connected transport: a nominated pair and keys, without the handshake."""
        self.transport.agent.set_remote(REMOTE)
        self.transport.state = PeerState.CONNECTING
        self.receive(self.request(nominate=True), source)
        self.transport._keys_ready(KEYS)
        assert self.transport.state is PeerState.CONNECTED

    def tick(self, seconds: float) -> None:
        """Let time pass, in ticks."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.advance(min(0.5, end - self.clock.now))
            self.transport.tick(self.clock.now)

    def send_rtp(self) -> list[tuple[bytes, bytes]]:
        """Let the media side send one packet; returns what went out."""
        before = len(self.port.sent)
        offset = self.outbox.take()
        packet = struct.pack("!BBHII", 0x80, 96, 7, 7, 99) + b"out"
        self.outbox.buffer[offset : offset + len(packet)] = packet
        self.transport.send_rtp(offset, len(packet))
        self.outbox.flush()
        return self.port.sent[before:]
