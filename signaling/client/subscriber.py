"""The subscribe connection: the node offers, this client answers and receives."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiortc.rtp import RtcpPacket, RtcpRrPacket, RtcpSrPacket
from aiortc.sdp import MediaDescription

from signaling.client.description import MID, Remote, decodable_codecs, read_remote, rtx_of, subscribe_answer
from signaling.client.ice import Credentials
from signaling.client.receiver import IncomingStream, Received, parse_rtp
from signaling.client.session import Session
from signaling.client.transport import MediaTransport
from signaling.messages import Offer, Section

TICK_S = 0.1
REPORT_EVERY_TICKS = 10
REPORTS_PER_PACKET = 31
"""RFC 3550 section 6.4.1: the count has five bits."""


@dataclass
class Subscription:
    """What one section brings: a publication as it arrives. A publisher may change its codec at any time."""

    section: Section
    codecs: dict[int, tuple[str, int]]
    """Payload type → encoding name and clock rate."""
    rtx: dict[int, int]
    """Payload type of retransmissions → the one they retransmit."""
    stream: IncomingStream | None = None
    payload_type: int = -1
    """Of `stream`."""


FrameHandler = Callable[[Section, str], Callable[[float, bytes, bool], None]]
"""Called once per subscription with its section and codec; gives what takes the frames."""


class Subscriber:
    """Receives what the node offers. `take(section, codec)` makes the receiver of each publication's frames."""

    def __init__(self, take: FrameHandler, decodable: Sequence[str]) -> None:
        self.transport: MediaTransport | None = None
        self.subscriptions: dict[str, Subscription] = {}
        """Mid → what it carries at present."""
        self._take = take
        self._decodable = decodable
        self._ssrc = secrets.randbits(32)
        self._by_ssrc: dict[int, Subscription] = {}
        self._mid_extension = 0
        self._remote: Credentials | None = None
        self._session_id = 0
        self._ticking: asyncio.Task[None] | None = None

    async def answer(self, session: Session, offer: Offer) -> None:
        """Answer one offer, connecting where its transport is new. Raises `ConnectionError` when that fails."""
        remote = read_remote(offer.sdp)
        if offer.rebuild or self.transport is None:
            await self.close()
            self.transport = MediaTransport(self._receive_rtp, self._receive_rtcp)
            self._session_id = secrets.randbits(62)
        elif self._remote is not None and self._remote != remote.credentials:
            # RFC 8445 section 9: a restart changes both sides' credentials.
            self.transport.ice.restart()
        transport = self.transport
        self._apply(remote, offer)
        sdp = subscribe_answer(remote, transport.ice.local, transport.fingerprint, self._session_id, self._decodable)
        await session.request("answer", revision=offer.revision, sdp=sdp)
        if self._remote != remote.credentials:
            self._remote = remote.credentials
            await transport.connect(remote.credentials, remote.candidates, remote.dtls, client=True)
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick(), name="receiver reports")

    def _apply(self, remote: Remote, offer: Offer) -> None:
        """Take over which section carries which publication."""
        present: dict[str, Subscription] = {}
        for description in remote.sections:
            mid = description.rtp.muxId
            section = offer.sections.get(mid)
            if section is None or not description.port:
                continue
            self._mid_extension = next(
                (e.id for e in description.rtp.headerExtensions if e.uri == MID), self._mid_extension
            )
            known = self.subscriptions.get(mid)
            present[mid] = known if known is not None and known.section == section else self._new(description, section)
        self.subscriptions = present
        self._by_ssrc = {
            source.ssrc: present[description.rtp.muxId]
            for description in remote.sections
            if description.rtp.muxId in present
            for source in description.ssrc
        }

    def _new(self, description: MediaDescription, section: Section) -> Subscription:
        codecs, rtx = {}, {}
        for codec in decodable_codecs(description, self._decodable):
            if codec.payloadType is not None:
                codecs[codec.payloadType] = (codec.name, codec.clockRate)
                repair = rtx_of(description, codec.payloadType)
                if repair is not None:
                    rtx[repair] = codec.payloadType
        return Subscription(section, codecs, rtx)

    def _send(self, packet: bytes) -> None:
        if self.transport is not None:
            self.transport.send_rtcp(packet)

    def _receive_rtp(self, data: bytes) -> None:
        packet = parse_rtp(data)
        if packet is None:
            return
        subscription = self._find(packet)
        if subscription is None:
            return
        if packet.payload_type in subscription.rtx:
            if subscription.stream is not None and subscription.rtx[packet.payload_type] == subscription.payload_type:
                original = _unwrap(packet, subscription.payload_type, subscription.stream.ssrc)
                if original is not None:
                    subscription.stream.receive(original, time.monotonic())
            return
        stream = self._stream(subscription, packet.payload_type)
        if stream is not None:
            stream.receive(packet, time.monotonic())

    def _stream(self, subscription: Subscription, payload_type: int) -> IncomingStream | None:
        """The stream that a payload type belongs to, a new one when the publisher has changed its codec."""
        if payload_type != subscription.payload_type and payload_type in subscription.codecs:
            codec, clock_rate = subscription.codecs[payload_type]
            take = self._take(subscription.section, codec)
            subscription.stream = IncomingStream(codec, clock_rate, self._ssrc, take, self._send)
            subscription.payload_type = payload_type
        return subscription.stream if payload_type == subscription.payload_type else None

    def _find(self, packet: Received) -> Subscription | None:
        """By SSRC, else by MID (RFC 9143 section 9.2)."""
        found = self._by_ssrc.get(packet.ssrc)
        if found is None:
            for number, value in packet.extensions:
                if number == self._mid_extension:
                    found = self.subscriptions.get(value.decode(errors="replace"))
            if found is not None:
                self._by_ssrc[packet.ssrc] = found
        return found

    def _receive_rtcp(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            for packet in RtcpPacket.parse(data):
                if isinstance(packet, RtcpSrPacket) and packet.ssrc in self._by_ssrc:
                    stream = self._by_ssrc[packet.ssrc].stream
                    if stream is None:
                        continue
                    stream.note_sender_report(packet.sender_info.ntp_timestamp, time.monotonic())

    async def _tick(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            streams = [s.stream for s in self.subscriptions.values() if s.stream is not None and s.stream.packets]
            for stream in streams:
                stream.tick(now)
            ticks += 1
            if ticks % REPORT_EVERY_TICKS == 0:
                for start in range(0, max(len(streams), 1), REPORTS_PER_PACKET):
                    blocks = [stream.report(now) for stream in streams[start : start + REPORTS_PER_PACKET]]
                    self._send(bytes(RtcpRrPacket(ssrc=self._ssrc, reports=blocks)))

    async def close(self) -> None:
        """Close the connection and forget its sections."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        self.subscriptions.clear()
        self._by_ssrc.clear()
        self._remote = None
        if self.transport is not None:
            await self.transport.close()
            self.transport = None


def _unwrap(packet: Received, payload_type: int, ssrc: int) -> Received | None:
    """The packet that a retransmission carries (RFC 4588 section 4)."""
    if len(packet.payload) < 2:
        return None
    return Received(
        payload_type=payload_type,
        sequence=packet.payload[0] << 8 | packet.payload[1],
        timestamp=packet.timestamp,
        ssrc=ssrc,
        marker=packet.marker,
        extensions=packet.extensions,
        payload=packet.payload[2:],
    )
