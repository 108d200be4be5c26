"""The half of a link that receives media: to which publication a packet belongs, and the feedback a publisher needs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfu import rtp
from sfu.clock import Clock
from sfu.drops import Drop
from sfu.media.arrivals import Arrivals
from sfu.media.mapping import PublisherClock
from sfu.media.profile import Passed
from sfu.media.publication import Publication
from sfu.media.source import DUPLICATE, Source
from sfu.rtcp import extended, feedback
from sfu.rtcp.reports import SenderReport, bye, receiver_report, source_description
from sfu.sections import Codec, ReceiveSection

if TYPE_CHECKING:
    from sfu.sender import PacketSender

MAX_SOURCES = 64
"""SSRCs that one peer may make us keep state for."""
REPORT_INTERVAL = 1.0
"""Mean seconds between our receiver reports, drawn from half to one and a half of it."""
DEFAULT_VIDEO_CAP = 2_500_000
"""Bit/s that one publisher's video may use, told by REMB: without it Chromium stays far below (media-plane.md)."""
AUDIO_SHARE = 64_000
_LEVELS: list[Passed] = [((rtp.AUDIO_LEVEL, bytes((value,))),) for value in range(256)]
"""Made once: what a voice packet passes on, by the byte of its audio level (checklist F37)."""
_CNAME = "vikno"


class ReceivingSide:
    """All publications of one peer, its sources, and the reports to it."""

    __slots__ = (
        "_arrivals", "_clock", "_fir_command", "_found", "_gathering", "_numbers", "_reference_at", "_report_at",
        "_rng", "_unpack", "counts", "publications", "publisher_clock", "rtt", "sender", "sources", "ssrc", "video_cap",
    )  # fmt: skip

    def __init__(
        self,
        sender: PacketSender,
        clock: Clock,
        counts: list[int],
        rng: random.Random,
        gathering: list[Publication],
    ) -> None:
        self.sender = sender
        self._gathering = gathering
        self.counts = counts
        self.ssrc = rng.randrange(1, 1 << 32)
        """Ours, as the sender of feedback."""
        self.publications: list[Publication] = []
        self.sources: dict[int, Source] = {}
        self.publisher_clock = PublisherClock()
        self.rtt: float | None = None
        self.video_cap = DEFAULT_VIDEO_CAP
        self._clock = clock
        self._rng = rng
        self._unpack = rtp.HEADER.unpack_from
        self._numbers = rtp.numbers_by_id({})
        self._found = [0] * rtp.EXTENSION_COUNT
        self._arrivals = Arrivals()
        self._report_at = 0.0
        self._fir_command = 0

    def add(self, section: ReceiveSection) -> Publication:
        """A new publication for `section`."""
        publication = Publication(section, self.publisher_clock, self.sender.outbox, self.counts, self._gathering)
        self.publications.append(publication)
        self._map_extensions()
        return publication

    def update(self, publication: Publication, section: ReceiveSection) -> None:
        """Take over what a renegotiation changed."""
        publication.update_section(section)
        self._map_extensions()

    def remove(self, publication: Publication) -> None:
        """End a publication."""
        if publication in self.publications:
            self.publications.remove(publication)
            self.sources = {s: source for s, source in self.sources.items() if source.publication is not publication}
            publication.close()
            self._map_extensions()

    def close(self) -> None:
        """End all publications; say goodbye if anything ever came."""
        if self.sources and self.sender.ready:
            self.sender.send_rtcp(receiver_report(self.ssrc, []) + bye([self.ssrc]))
        for publication in list(self.publications):
            self.remove(publication)

    def _map_extensions(self) -> None:
        merged: dict[str, int] = {}
        for publication in self.publications:  # one id means one URI across a bundle (RFC 9143 §10)
            merged.update(publication.section.extensions)
        self._numbers = rtp.numbers_by_id(merged)

    # Packets.

    def receive(
        self, packet: bytes | bytearray | memoryview, start: int, length: int, now: float, arrived: float
    ) -> None:
        """One RTP packet in plaintext, which came at `arrived` and is looked at `now`. What is kept is copied."""
        counts = self.counts
        end = start + length
        if length < rtp.HEADER_SIZE or packet[start] & 0xC0 != 0x80:
            counts[Drop.RTP_MALFORMED] += 1
            return
        first, second, sequence, timestamp, ssrc = self._unpack(packet, start)
        position = start + rtp.HEADER_SIZE + ((first & 15) << 2)
        passed: Passed = ()
        if first & 0x10:
            found = self._found
            position = rtp.locate_extensions(packet, position, end, self._numbers, found)
            if position < 0:
                counts[Drop.RTP_EXTENSION_MALFORMED] += 1
                return
            at = found[rtp.TRANSPORT_CC] >> 8
            if at:  # before anything is known of the packet: probes have SSRC 0 (checklist E29)
                self._arrivals.record(packet[at] << 8 | packet[at + 1], arrived)
            passed = self._passed(packet, found)
        if first & 0x20:
            padding = packet[end - 1]
            end -= padding
            if not padding:
                end = -1
        if position > end:
            counts[Drop.RTP_MALFORMED] += 1
            return
        source = self.sources.get(ssrc)
        if source is None:
            source = self._discover(packet, first & 0x10, second & 0x7F, ssrc)
            if source is None:
                counts[Drop.RTP_UNKNOWN_SOURCE] += 1
                return
        if second & 0x7F != source.payload_type and not self._change_type(source, second & 0x7F, now):
            counts[Drop.RTP_UNKNOWN_PAYLOAD_TYPE] += 1
            return
        payload = bytes(packet[position:end])
        if source.repairs:
            self._repair(source, second, timestamp, payload, passed, now)
            return
        number = source.sequence(sequence, timestamp, arrived)
        if number < 0:
            counts[Drop.RTP_DUPLICATE if number == DUPLICATE else Drop.RTP_TOO_OLD] += 1
            return
        source.publication.receive(source, number, second & 0x80, timestamp, payload, passed, now)

    def _passed(self, packet: bytes | bytearray | memoryview, found: list[int]) -> Passed:
        """The extensions that travel on, with the audio level shared instead of made."""
        passed: Passed = ()
        level = found[rtp.AUDIO_LEVEL] >> 8
        if level:
            passed = _LEVELS[packet[level]]
        if found[rtp.VIDEO_ORIENTATION] or found[rtp.PLAYOUT_DELAY] or found[rtp.ABS_CAPTURE_TIME]:
            others = []
            for number, size in ((rtp.VIDEO_ORIENTATION, 1), (rtp.PLAYOUT_DELAY, 3)):
                at = found[number] >> 8
                if at:
                    others.append((number, bytes(packet[at : at + size])))
            at = found[rtp.ABS_CAPTURE_TIME] >> 8
            captured = self._captured(int.from_bytes(packet[at : at + 8], "big")) if at else None
            if captured is not None:
                others.append((rtp.ABS_CAPTURE_TIME, captured))
            passed += tuple(others)
        return passed

    def _captured(self, ntp: int) -> bytes | None:
        """A capture time of the publisher on this server's clock, unknown before its first report (F38)."""
        offset = self.publisher_clock.offset
        if offset is None:
            return None
        return (self._clock.ntp(ntp / (1 << 32) + offset) & (1 << 64) - 1).to_bytes(8, "big")

    def _repair(self, carrier: Source, second: int, timestamp: int, payload: bytes, passed: Passed, now: float) -> None:
        """A retransmission came: undo RFC 4588."""
        publication = carrier.publication
        source = publication.source
        carrier.received += 1
        if len(payload) < 3:
            self.counts[Drop.RTX_MALFORMED if payload else Drop.RTX_PADDING_ONLY] += 1
            return
        if source is None:
            self.counts[Drop.RTX_MALFORMED] += 1
            return
        sequence = rtp.extended(payload[0] << 8 | payload[1], source.highest, 16)
        publication.receive_repaired(source, sequence, second & 0x80, timestamp, payload[2:], passed, now)

    # Demultiplexing (RFC 9143 §9.2; checklist F34).

    def _discover(
        self, packet: bytes | bytearray | memoryview, extended_header: int, payload_type: int, ssrc: int
    ) -> Source | None:
        if len(self.sources) >= MAX_SOURCES:
            self.counts[Drop.RTP_TOO_MANY_SOURCES] += 1
            return None
        found = self._found if extended_header else [0] * rtp.EXTENSION_COUNT
        publication = (
            self._by_description(ssrc)
            or self._by_mid(_text(packet, found[rtp.MID]))
            or self._by_payload_type(payload_type)
        )
        if publication is None:
            return None
        codec = publication.codecs.get(payload_type) or publication.rtx_types.get(payload_type)
        if codec is None:
            return None
        source = Source(ssrc, codec.clock_rate, publication)
        source.repairs = payload_type in publication.rtx_types
        source.rid = _text(packet, found[rtp.RID])
        self.sources[ssrc] = source
        return source

    def _by_description(self, ssrc: int) -> Publication | None:
        for publication in self.publications:
            section = publication.section
            if ssrc in section.ssrcs or ssrc in section.rtx_ssrcs:
                return publication
        return None

    def _by_mid(self, mid: str) -> Publication | None:
        return next((one for one in self.publications if mid and one.section.mid == mid), None)

    def _by_payload_type(self, payload_type: int) -> Publication | None:
        fitting = [one for one in self.publications if payload_type in one.codecs or payload_type in one.rtx_types]
        return fitting[0] if len(fitting) == 1 else None

    def _change_type(self, source: Source, payload_type: int, now: float) -> bool:
        """Another payload type than before: another codec, or one that was not negotiated."""
        publication = source.publication
        if source.repairs:
            if payload_type not in publication.rtx_types:
                return False
        else:
            codec: Codec | None = publication.codecs.get(payload_type)
            if codec is None:
                return False
            source.rate = codec.clock_rate
            if codec is not publication.codec and not source.retired:
                publication.use_codec(codec, now)
        source.payload_type = payload_type
        return True

    # Reports of the publisher.

    def sender_report(self, report: SenderReport, now: float) -> bool:
        """A sender report; False if its source is unknown."""
        source = self.sources.get(report.ssrc)
        if source is None:
            return False
        source.sender_report(report, now)
        publication = source.publication
        if source is publication.source and report.ntp and source.highest >= 0:
            self.publisher_clock.report(report.ntp, now)
            place = publication.timeline.late_timestamp(source.extend_timestamp(report.timestamp))
            news = not publication.clock.known
            publication.clock.report(report.ntp, place)
            if news:
                for subscription in publication.subscriptions:
                    subscription.link.report_soon(now)
        return True

    def bye(self, ssrcs: list[int]) -> None:
        """Sources that leave: their state goes; the publication stays until its section ends."""
        for ssrc in ssrcs:
            source = self.sources.pop(ssrc, None)
            if source is not None:
                source.retired = True

    # Feedback to the publisher.

    def tick(self, now: float) -> None:
        """Send the feedback that is due."""
        if not self.sources or not self.sender.ready:
            return
        if self._arrivals.due(now):
            media = next(iter(self.sources))
            for message in self._arrivals.reports(self.ssrc, media, now):
                self.sender.send_rtcp(self.framed(message))
        for publication in self.publications:
            self._ask(publication, now)
        if now >= self._report_at:
            self._report_at = now + REPORT_INTERVAL * (0.5 + self._rng.random())
            self._report(now)

    def _ask(self, publication: Publication, now: float) -> None:
        source, codec = publication.source, publication.codec
        if source is None or codec is None:
            return
        if codec.nack and len(source.missing):
            lost = source.missing.due(now)
            if lost:
                self.sender.send_rtcp(self.framed(feedback.nack(self.ssrc, source.ssrc, lost)))
        if publication.key_frames.wanted and publication.key_frames.due(now):
            if codec.pli or not codec.fir:
                message = feedback.pli(self.ssrc, source.ssrc)
            else:
                self._fir_command += 1
                message = feedback.fir(self.ssrc, source.ssrc, self._fir_command)
            self.sender.send_rtcp(self.framed(message))

    def framed(self, message: bytes) -> bytes:
        """Feedback alone where reduced size is negotiated, else in a compound packet (RFC 5506; checklist D24)."""
        if all(publication.section.reduced_size_rtcp for publication in self.publications):
            return message
        return receiver_report(self.ssrc, []) + source_description(self.ssrc, _CNAME) + message

    def _report(self, now: float) -> None:
        heard = [source for source in self.sources.values() if source.highest >= 0 and not source.retired]
        packet = receiver_report(self.ssrc, [source.report_block(now) for source in heard])
        packet += source_description(self.ssrc, _CNAME)
        video = [s for s in heard if s.publication.is_video and s.publication.codec and s.publication.codec.remb]
        if video:
            audio = sum(not source.publication.is_video for source in heard)
            total = self.video_cap * len(video) + AUDIO_SHARE * audio
            packet += feedback.remb(self.ssrc, total, [source.ssrc for source in heard])
        packet += extended.reference_time(self.ssrc, self._clock.ntp(now))
        self.sender.send_rtcp(packet)


def _text(packet: bytes | bytearray | memoryview, place: int) -> str:
    """The text of an extension found at `place` (offset << 8 | length); empty if it is absent or no ASCII."""
    if not place:
        return ""
    raw = bytes(packet[place >> 8 : (place >> 8) + (place & 0xFF)])
    return raw.decode("ascii") if raw.isascii() else ""
