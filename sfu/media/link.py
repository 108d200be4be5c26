"""One peer's media: both halves behind one door, and its RTCP taken apart."""

from __future__ import annotations

import contextlib
import logging
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu.clock import Clock
from sfu.drops import Drop
from sfu.media.publication import Publication
from sfu.media.receiving import ReceivingSide
from sfu.media.reports import quality, round_trip
from sfu.media.sending import SendingSide
from sfu.media.subscription import Subscription
from sfu.rtcp import compound
from sfu.rtcp.compound import RtcpPacket, split
from sfu.rtcp.extended import delay_report, parse_extended
from sfu.rtcp.reports import parse_bye, parse_receiver_report, parse_sender_report
from sfu.sections import ReceiveSection, SendSection

if TYPE_CHECKING:
    from sfu.sender import PacketSender

_log = logging.getLogger(__name__)

_RATE_WINDOW = 1.0
_DELAY_REPORT_SPACING = 0.1
"""Least seconds between two answers to reference times: honest peers send one with each report."""
_KNOWN = range(compound.SENDER_REPORT, compound.EXTENDED_REPORT + 1)


@dataclass(frozen=True, slots=True)
class LinkStats:
    """How one peer's connection is doing."""

    rtt_ms: float | None
    loss_in: float
    """Share of packets from the peer that were lost on the way here, 0 to 1, of the last report interval."""
    loss_out: float
    """Share of packets to the peer that it says were lost."""
    bitrate_in: int
    """Bit/s of payload from the peer."""
    bitrate_out: int
    jitter_ms: float
    """The worst of the peer's sources as they come in."""
    score: int
    """3 good, 2 fair, 1 poor, 0 hardly usable."""


class MediaCore:
    """What the links of one node share: the clock, the drop counters, the source of random numbers."""

    __slots__ = ("clock", "drops", "gathering", "rng")

    def __init__(self, clock: Clock, drops: list[int], rng: random.Random | None = None) -> None:
        self.clock = clock
        self.drops = drops
        self.rng = rng or random.SystemRandom()
        self.gathering: list[Publication] = []
        """Publications that hold packets back until `flush`, in the order in which they began to."""

    def flush(self) -> None:
        """Forward what the publications gathered. Due after each batch of datagrams that the node takes in.

        A fault in what one publication sends ends that publication and nothing else.
        """
        gathering, self.gathering[:] = self.gathering[:], []
        for publication in gathering:
            try:
                publication.flush()
            except Exception:
                self.drops[Drop.INTERNAL_FAULT] += 1
                _log.exception("A fault while packets of a publication were forwarded; it is closed, the others go on")
                with contextlib.suppress(Exception):
                    publication.close()


class MediaLink:
    """Publications that come from one peer and subscriptions that go to it."""

    __slots__ = (
        "_answered_at", "_core", "_in_rate", "_octets", "_out_rate", "_rated_at", "receive_rtp", "receiving", "sending",
    )  # fmt: skip

    def __init__(self, core: MediaCore, sender: PacketSender) -> None:
        self._core = core
        self.receiving = ReceivingSide(sender, core.clock, core.drops, core.rng, core.gathering)
        self.sending = SendingSide(sender, core.clock, core.drops, core.rng)
        self.receive_rtp = self.receiving.receive
        """`receive_rtp(buffer, start, length, now, arrived)`: one plaintext RTP packet; the buffer is not kept."""
        self._octets = (0, 0)
        self._rated_at = self._answered_at = float("-inf")
        self._in_rate = self._out_rate = 0.0

    def add_publication(self, section: ReceiveSection) -> Publication:
        """The peer will send on `section`."""
        return self.receiving.add(section)

    def remove_publication(self, publication: Publication) -> None:
        """The peer's section ended."""
        self.receiving.remove(publication)

    def add_subscription(self, section: SendSection, publication: Publication | None) -> Subscription:
        """Send `publication` to the peer on `section`; None reserves the section."""
        return self.sending.add(section, publication)

    def remove_subscription(self, subscription: Subscription) -> None:
        """Send it no more."""
        self.sending.remove(subscription)

    def update_section(self, part: Publication | Subscription, section: ReceiveSection | SendSection) -> None:
        """Take over what a renegotiation changed in the section of a publication or subscription."""
        if isinstance(part, Publication) and isinstance(section, ReceiveSection):
            self.receiving.update(part, section)
        elif isinstance(part, Subscription) and isinstance(section, SendSection):
            part.update_section(section)

    def tick(self, now: float) -> None:
        """Send reports and feedback that are due; call every 20 to 50 ms."""
        if self.receiving.sources:
            self.receiving.tick(now)
        if now >= self.sending.next_at:
            self.sending.tick(now)
        if now - self._rated_at >= _RATE_WINDOW:
            self._measure(now)

    def returned(self, now: float) -> None:
        """The peer is heard again on the same path or another one: pictures begin anew at once, both ways.

        libwebrtc asks for a key frame no oftener than every 3 s, and may just have asked on the dead path.
        """
        self.sending.begin_anew(now)
        for publication in self.receiving.publications:
            publication.request_keyframe(now)

    def close(self) -> None:
        """The peer is gone or is to go: end everything, with BYE."""
        self.receiving.close()
        self.sending.close()

    def receive_rtcp(self, packet: bytes | bytearray | memoryview, now: float) -> None:
        """One RTCP datagram in plaintext, compound or reduced-size."""
        packets, whole = split(packet)
        counts = self._core.drops
        if not whole:
            counts[Drop.RTCP_MALFORMED] += 1
        for one in packets:
            if one.packet_type not in _KNOWN:
                counts[Drop.RTCP_UNKNOWN] += 1
            elif not self._take(one, now):
                counts[Drop.RTCP_MALFORMED] += 1

    def _take(self, packet: RtcpPacket, now: float) -> bool:
        """Act on one packet of a compound; False if it is malformed."""
        kind, body = packet.packet_type, packet.body
        if kind == compound.SENDER_REPORT:
            report = parse_sender_report(body, packet.count)
            if report is None:
                return False
            if not self.receiving.sender_report(report, now):
                self._core.drops[Drop.RTCP_UNKNOWN_SOURCE] += 1
            for block in report.blocks:
                self.sending.report_block(block, now)
        elif kind == compound.RECEIVER_REPORT:
            blocks = parse_receiver_report(body, packet.count)
            for block in blocks or ():
                self.sending.report_block(block, now)
            return blocks is not None
        elif kind in (compound.TRANSPORT_FEEDBACK, compound.PAYLOAD_FEEDBACK):
            return self.sending.feedback(kind == compound.PAYLOAD_FEEDBACK, packet.count, body, now)
        elif kind == compound.BYE:
            leaving = parse_bye(body, packet.count)
            self.receiving.bye(leaving or [])
            return leaving is not None
        elif kind == compound.EXTENDED_REPORT:
            return self._take_extended(body, now)
        return True

    def _take_extended(self, body: bytes, now: float) -> bool:
        """Answer a reference time with its delay (checklist D25), learn the round trip from a delay."""
        parsed = parse_extended(body)
        if parsed is None:
            return False
        ssrc, ntp, entries = parsed
        receiving = self.receiving
        if ntp is not None and receiving.sender.ready and now - self._answered_at >= _DELAY_REPORT_SPACING:
            self._answered_at = now
            receiving.sender.send_rtcp(
                receiving.framed(delay_report(receiving.ssrc, [(ssrc, ntp >> 16 & 0xFFFFFFFF, 0)]))
            )
        for origin, stamp, delay in entries:
            trip = round_trip(self._core.clock.ntp(now), stamp, delay) if origin == receiving.ssrc else None
            if trip is not None:
                receiving.rtt = trip
        return True

    def _measure(self, now: float) -> None:
        incoming = sum(publication.octets for publication in self.receiving.publications)
        outgoing = sum(subscription.octets for subscription in self.sending.subscriptions.values())
        elapsed = now - self._rated_at
        before_in, before_out = self._octets
        if elapsed < 10 * _RATE_WINDOW:
            self._in_rate = max(0, incoming - before_in) * 8 / elapsed
            self._out_rate = max(0, outgoing - before_out) * 8 / elapsed
        self._octets = (incoming, outgoing)
        self._rated_at = now

    def stats(self, now: float) -> LinkStats:
        """How the connection is doing, from reports of both sides."""
        states = [one.reports for one in self.sending.subscriptions.values() if one.reports.rtt is not None]
        rtts = [state.rtt for state in states if state.rtt is not None]
        sources = [one for one in self.receiving.sources.values() if one.highest >= 0 and not one.retired]
        if self.receiving.rtt is not None:
            rtts.append(self.receiving.rtt)
        rtt = min(rtts) if rtts else None
        loss_out = max((one.reports.fraction_lost for one in self.sending.subscriptions.values()), default=0.0)
        loss_in = max((source.fraction_lost / 256 for source in sources), default=0.0)
        jitter = max((source.jitter / source.rate * 1_000 for source in sources), default=0.0)
        return LinkStats(
            rtt_ms=None if rtt is None else rtt * 1_000,
            loss_in=loss_in,
            loss_out=loss_out,
            bitrate_in=round(self._in_rate),
            bitrate_out=round(self._out_rate),
            jitter_ms=jitter,
            score=quality(max(loss_in, loss_out), rtt),
        )
