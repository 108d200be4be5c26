"""A publisher, a core and receivers in virtual time, with packets compared as bytes on the wire."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

from sfu import rtp
from sfu.clock import ManualClock
from sfu.drops import Drop, Drops
from sfu.media.link import MediaCore, MediaLink
from sfu.media.publication import Publication
from sfu.media.subscription import Subscription
from sfu.net.outbox import Outbox
from sfu.rtcp import compound
from sfu.rtcp.compound import RtcpPacket, split
from sfu.rtcp.reports import SenderReport, parse_sender_report, sender_report
from sfu.sections import Codec, Kind, ReceiveSection, SendSection

SEED = 20_260_817

OPUS = Codec(111, "opus", 48_000, 2, nack=True, transport_cc=True)
VP8 = Codec(96, "VP8", 90_000, rtx_payload_type=97, nack=True, pli=True, fir=True, remb=True, transport_cc=True)
H264 = Codec(
    102,
    "H264",
    90_000,
    parameters={"packetization-mode": "1", "profile-level-id": "42e01f"},
    rtx_payload_type=103,
    nack=True,
    pli=True,
    fir=True,
    remb=True,
)

PUBLISHER_EXTENSIONS = {
    rtp.URI_MID: 4,
    rtp.URI_TRANSPORT_CC: 3,
    rtp.URI_ABS_SEND_TIME: 2,
    rtp.URI_AUDIO_LEVEL: 1,
    rtp.URI_VIDEO_ORIENTATION: 7,
    rtp.URI_PLAYOUT_DELAY: 8,
    rtp.URI_ABS_CAPTURE_TIME: 9,
    rtp.URI_TRANSMISSION_OFFSET: 10,
    rtp.URI_RID: 11,
}
RECEIVER_EXTENSIONS = {
    rtp.URI_MID: 1,
    rtp.URI_AUDIO_LEVEL: 2,
    rtp.URI_TRANSPORT_CC: 5,
    rtp.URI_ABS_SEND_TIME: 6,
    rtp.URI_ABS_CAPTURE_TIME: 7,
    rtp.URI_VIDEO_ORIENTATION: 8,
    rtp.URI_PLAYOUT_DELAY: 9,
    rtp.URI_RID: 10,
}


@dataclass(slots=True)
class Packet:
    """One RTP packet read back from the wire."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    extensions: dict[int, bytes]
    payload: bytes
    raw: bytes
    at: float

    def value(self, uri: str, ids: dict[str, int] = RECEIVER_EXTENSIONS) -> bytes | None:
        """The value of the extension `uri`."""
        return self.extensions.get(ids[uri])


def read(raw: bytes, at: float = 0.0) -> Packet:
    """Parse strictly; written apart from the product's parser, so that both cannot be wrong alike."""
    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", raw)
    assert first >> 6 == 2
    assert not first & 0x0F, "no CSRCs go out"
    position = 12
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        profile, words = struct.unpack_from(">HH", raw, position)
        block = raw[16 : 16 + 4 * words]
        assert len(block) == 4 * words
        position = 16 + 4 * words
        at_byte = 0
        while at_byte < len(block):
            if not block[at_byte]:
                at_byte += 1
                continue
            if profile == 0xBEDE:
                identifier, size = block[at_byte] >> 4, (block[at_byte] & 15) + 1
                at_byte += 1
            else:
                assert profile == 0x1000
                identifier, size = block[at_byte], block[at_byte + 1]
                at_byte += 2
            extensions[identifier] = block[at_byte : at_byte + size]
            assert len(extensions[identifier]) == size
            at_byte += size
    end = len(raw) - (raw[-1] if first & 0x20 else 0)
    return Packet(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, extensions, raw[position:end], raw, at)


class FakeSender:
    """A transport without cipher or socket: keeps what is sent."""

    def __init__(self, clock: ManualClock, outbox: Outbox) -> None:
        self.clock = clock
        self.outbox = outbox
        self.ready = True
        self.packets: list[Packet] = []
        self.rtcp: list[tuple[float, bytes]] = []

    def send_rtp(self, slot_offset: int, length: int) -> None:
        raw = bytes(self.outbox.arena[slot_offset : slot_offset + length])
        self.outbox.give_back()
        self.packets.append(read(raw, self.clock.now))

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append((self.clock.now, packet))

    def take(self) -> list[Packet]:
        """What was sent since the last call."""
        taken, self.packets = self.packets, []
        return taken

    def reports(self, kind: int, form: int | None = None) -> list[tuple[float, RtcpPacket]]:
        """All RTCP packets of a type (and format) sent so far."""
        found = []
        for at, datagram in self.rtcp:
            packets, whole = split(datagram)
            assert whole
            found += [(at, p) for p in packets if p.packet_type == kind and form in (None, p.count)]
        return found

    def sender_reports(self) -> list[tuple[float, SenderReport]]:
        out = []
        for at, packet in self.reports(compound.SENDER_REPORT):
            report = parse_sender_report(packet.body, packet.count)
            assert report is not None
            out.append((at, report))
        return out


def vp8_payload(key: bool, first: bool, picture: int | None, tl0: int | None = None, size: int = 100) -> bytes:
    """A VP8 payload with a 15-bit picture id; `first` sets S."""
    head = bytearray([(0x80 if picture is not None else 0) | (0x10 if first else 0)])
    if picture is not None:
        head.append(0x80 | (0x40 if tl0 is not None else 0))
        head += (0x8000 | picture & 0x7FFF).to_bytes(2, "big")
        if tl0 is not None:
            head.append(tl0 & 0xFF)
    body = bytes([0x10 if key else 0x11, 0, 0]) + (b"\x9d\x01\x2a" if key else b"\1\2\3") if first else b""
    return bytes(head) + body + bytes(size)


@dataclass
class Publisher:
    """A peer that sends. Numbers are as an encoder and a sender would count them."""

    world: World
    section: ReceiveSection
    ssrc: int
    sequence: int = 30_000
    timestamp: int = 1_000_000
    transport: int = 65_500
    picture: int = 500
    tl0: int = 250
    clock_error: float = 0.0
    """Seconds by which the publisher's wall clock is ahead of the server's."""
    link: MediaLink = field(init=False)
    sender: FakeSender = field(init=False)
    publication: Publication = field(init=False)

    def __post_init__(self) -> None:
        self.link, self.sender = self.world.link()
        self.publication = self.link.add_publication(self.section)

    @property
    def codec(self) -> Codec:
        return self.section.codecs[0]

    def packet(
        self,
        payload: bytes,
        *,
        marker: bool = False,
        sequence: int | None = None,
        timestamp: int | None = None,
        payload_type: int | None = None,
        ssrc: int | None = None,
        padding: int = 0,
        extensions: dict[str, bytes] | None = None,
    ) -> bytes:
        """The bytes of one packet; without a sequence number it takes the next."""
        if sequence is None:
            sequence = self.sequence
            self.sequence += 1
        values = {rtp.URI_TRANSPORT_CC: (self.transport & 0xFFFF).to_bytes(2, "big")}
        if self.codec.transport_cc:
            self.transport += 1
        else:
            values.clear()
        values.update(extensions or {})
        ids = self.section.extensions
        block = rtp.encode_extensions([(ids[uri], value) for uri, value in values.items()])
        first = 0x80 | (0x10 if block else 0) | (0x20 if padding else 0)
        head = struct.pack(
            ">BBHII",
            first,
            (0x80 if marker else 0) | (self.codec.payload_type if payload_type is None else payload_type),
            sequence & 0xFFFF,
            (self.timestamp if timestamp is None else timestamp) & 0xFFFFFFFF,
            self.ssrc if ssrc is None else ssrc,
        )
        return head + block + payload + (bytes(padding - 1) + bytes((padding,)) if padding else b"")

    def push(self, packet: bytes, last: bool = True) -> None:
        """The packet arrives now, in a buffer that is used again at once; `last` of the batch that the node takes."""
        buffer = bytearray(b"\xee" * 7 + packet + b"\xee" * 9)
        self.link.receive_rtp(buffer, 7, len(packet), self.world.clock.now, self.world.clock.now)
        buffer[:] = b"\xdd" * len(buffer)
        if last:
            self.world.core.flush()

    def frame(self, key: bool = False, packets: int = 2, step: float = 1 / 30, tl0: bool = False) -> list[bytes]:
        """The packets of the next video frame, not sent yet."""
        made = []
        for index in range(packets):
            payload = vp8_payload(key, index == 0, self.picture, self.tl0 if tl0 else None)
            made.append(self.packet(payload, marker=index == packets - 1))
        self.picture += 1
        self.tl0 += 1
        self.timestamp += round(step * self.codec.clock_rate)
        return made

    def send_frame(self, key: bool = False, packets: int = 2, step: float = 1 / 30, tl0: bool = False) -> None:
        """A video frame arrives; then time goes on by `step`."""
        for packet in self.frame(key, packets, step, tl0):
            self.push(packet)
        self.world.advance(step)

    def send_voice(self, level: int = 30, step: float = 0.020) -> None:
        """A voice packet arrives; then time goes on by `step`."""
        self.push(self.packet(b"opus" * 20, extensions={rtp.URI_AUDIO_LEVEL: bytes((0x80 | level,))}))
        self.timestamp += round(step * self.codec.clock_rate)
        self.world.advance(step)

    def send_report(self, timestamp: int | None = None) -> None:
        """A sender report arrives, exact for the timestamp of the next packet being captured now."""
        now = self.world.clock.now
        ntp = self.world.clock.ntp(now + self.clock_error)
        stamp = self.timestamp if timestamp is None else timestamp
        self.link.receive_rtcp(sender_report(self.ssrc, ntp, stamp, 1, 1), now)


@dataclass
class Receiver:
    """A peer that is sent media."""

    world: World
    link: MediaLink = field(init=False)
    sender: FakeSender = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.link, self.sender = self.world.link()

    def section(self, kind: Kind, codecs: tuple[Codec, ...], ids: dict[str, int] | None = None) -> SendSection:
        self.count += 1
        ssrc = 0xA0000000 + self.count * 16
        rtx = ssrc + 1 if any(codec.rtx_payload_type for codec in codecs) else None
        extensions = RECEIVER_EXTENSIONS if ids is None else ids
        return SendSection(str(self.count), kind, codecs, extensions, ssrc, rtx, f"cname-{id(self.link):x}")

    def subscribe(self, publication: Publication | None, codecs: tuple[Codec, ...] = ()) -> Subscription:
        kind: Kind = "video" if publication is None else publication.kind
        chosen = codecs or ((VP8, H264) if kind == "video" else (OPUS,))
        return self.link.add_subscription(self.section(kind, chosen), publication)

    def rtcp(self, packet: bytes) -> None:
        """RTCP of the receiver arrives."""
        self.link.receive_rtcp(packet, self.world.clock.now)

    def media(self, subscription: Subscription) -> list[Packet]:
        """The media packets of `subscription` since the last call; everything else is forgotten."""
        return [packet for packet in self.sender.take() if packet.ssrc == subscription.ssrc]


class World:
    """Virtual time and everything in it."""

    def __init__(self, seed: int = SEED) -> None:
        self.clock = ManualClock()
        self.drops = Drops()
        self.core = MediaCore(self.clock, self.drops.counts, random.Random(seed))
        self.outbox = Outbox(self.drops)
        self.links: list[MediaLink] = []
        self.ssrc = 0x1000

    def link(self) -> tuple[MediaLink, FakeSender]:
        sender = FakeSender(self.clock, self.outbox)
        link = MediaLink(self.core, sender)
        self.links.append(link)
        return link, sender

    def publisher(
        self,
        codecs: tuple[Codec, ...] = (VP8,),
        kind: Kind = "video",
        mid: str = "0",
        ssrcs: bool = True,
        reduced_size: bool = True,
    ) -> Publisher:
        self.ssrc += 0x100
        section = ReceiveSection(
            mid,
            kind,
            codecs,
            PUBLISHER_EXTENSIONS,
            ssrcs=(self.ssrc,) if ssrcs else (),
            rtx_ssrcs={self.ssrc + 1: self.ssrc} if ssrcs else {},
            reduced_size_rtcp=reduced_size,
        )
        return Publisher(self, section, self.ssrc)

    def voice(self, mid: str = "0") -> Publisher:
        return self.publisher((OPUS,), "audio", mid)

    def receiver(self) -> Receiver:
        return Receiver(self)

    def advance(self, seconds: float) -> None:
        """Let time pass; all links tick every 20 ms."""
        until = self.clock.now + seconds
        while self.clock.now < until - 1e-9:
            self.clock.now = min(until, self.clock.now + 0.020)
            self.tick()

    def tick(self) -> None:
        for link in self.links:
            link.tick(self.clock.now)

    def dropped(self, reason: Drop) -> int:
        return self.drops[reason]
