"""Receiving: packets of one publication in order, put together to frames; losses asked for again (RFC 4585, 4588)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRtpfbPacket,
    unpack_header_extensions,
)

NACK_EVERY_S = 0.1
GIVE_UP_S = 0.8
"""A packet that has not come by then is lost; pictures go on from the next key frame."""
WINDOW = 512
"""Packets held back at most for one that is missing."""
_PLI_EVERY_S = 1.0


@dataclass(frozen=True)
class Received:
    """An RTP packet's header fields that matter here, and where its payload lies."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    extensions: tuple[tuple[int, bytes], ...]
    payload: bytes


class IncomingStream:
    """One section of the subscribe connection.

    `on_frame(media_seconds, frame, key)` gets whole frames in order, `media_seconds` counted from the first; `send` is
    given RTCP packets. Times are monotonic seconds.
    """

    def __init__(
        self,
        codec: str,
        clock_rate: int,
        own_ssrc: int,
        on_frame: Callable[[float, bytes, bool], None],
        send: Callable[[bytes], None],
    ) -> None:
        self.codec = codec
        self.ssrc = 0
        self.packets = 0
        self.frames = 0
        self.lost = 0
        self._clock_rate = clock_rate
        self._own_ssrc = own_ssrc
        self._on_frame = on_frame
        self._send = send
        self._held: dict[int, Received] = {}
        self._next: int | None = None
        self._highest = 0
        self._first = 0
        self._missing_since: float | None = None
        self._last_nack = self._last_pli = float("-inf")
        self._frame: list[bytes] = []
        self._frame_key = False
        self._needs_key = codec != "opus"
        self._timestamp: int | None = None
        self._ticks = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._report_base = (0, 0)
        self._sender_report: tuple[int, float] | None = None

    def receive(self, packet: Received, now: float) -> None:
        """One packet, retransmissions already unwrapped."""
        if self._next is None:
            self.ssrc, self._next = packet.ssrc, packet.sequence
            self._first = self._highest = packet.sequence
        self.packets += 1
        self._measure(packet, now)
        # Sequence numbers are counted on beyond 16 bits (RFC 3550 appendix A.1).
        number = self._highest + ((packet.sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
        self._highest = max(self._highest, number)
        if number < self._next:
            return
        self._held[number] = packet
        self._drain()
        if self._held and self._missing_since is None:
            self._missing_since = now
        if self._held:
            self._ask_again(now)
        if len(self._held) > WINDOW:
            self._give_up()

    def _measure(self, packet: Received, now: float) -> None:
        """Interarrival jitter (RFC 3550 section 6.4.1)."""
        transit = now * self._clock_rate - packet.timestamp
        if self._transit is not None:
            step = abs(transit - self._transit)
            if step < 10 * self._clock_rate:
                self._jitter += (step - self._jitter) / 16
        self._transit = transit

    def _drain(self) -> None:
        while self._next is not None and self._next in self._held:
            packet = self._held.pop(self._next)
            self._next += 1
            self._missing_since = None
            self._assemble(packet)

    def tick(self, now: float) -> None:
        """Ask again for what is missing, or give it up. Call it every 50 to 100 ms."""
        if self._held and self._missing_since is not None:
            if now - self._missing_since > GIVE_UP_S:
                self._give_up()
            else:
                self._ask_again(now)
        if self._needs_key and self.packets and now - self._last_pli > _PLI_EVERY_S:
            self._last_pli = now
            self._send(bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._own_ssrc, media_ssrc=self.ssrc)))

    def _ask_again(self, now: float) -> None:
        if self._next is None or now - self._last_nack < NACK_EVERY_S:
            return
        self._last_nack = now
        missing = [n & 0xFFFF for n in range(self._next, min(max(self._held), self._next + 64)) if n not in self._held]
        nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._own_ssrc, media_ssrc=self.ssrc, lost=missing)
        self._send(bytes(nack))

    def _give_up(self) -> None:
        """Go on after the hole; a picture with a hole is useless, and so are those that build on it."""
        if self._next is None:
            return
        after = min(self._held)
        self.lost += after - self._next
        self._next = after
        self._missing_since = None
        self._frame.clear()
        self._needs_key = self.codec != "opus"
        self._drain()

    def _assemble(self, packet: Received) -> None:
        if self._timestamp is None:
            self._timestamp = packet.timestamp
        self._ticks += ((packet.timestamp - self._timestamp + 2**31) & 0xFFFFFFFF) - 2**31
        self._timestamp = packet.timestamp
        if not packet.payload:
            return
        if self.codec == "opus":
            self._deliver(packet.payload, key=True)
            return
        try:
            begins, key, data = _read_payload(self.codec, packet.payload)
        except (ValueError, IndexError):
            self._frame.clear()
            self._needs_key = True
            return
        if begins and self.codec == "VP8":
            self._frame.clear()
            self._frame_key = False
        self._frame_key = self._frame_key or key
        if begins or self._frame:
            self._frame.append(data)
        if packet.marker and self._frame:
            frame, key = b"".join(self._frame), self._frame_key
            self._frame.clear()
            self._frame_key = False
            if key or not self._needs_key:
                self._needs_key = False
                self._deliver(frame, key=key)

    def _deliver(self, frame: bytes, *, key: bool) -> None:
        self.frames += 1
        self._on_frame(self._ticks / self._clock_rate, frame, key)

    def note_sender_report(self, ntp: int, now: float) -> None:
        """Remember a sender report for the LSR and DLSR of the next receiver report."""
        self._sender_report = ((ntp >> 16) & 0xFFFFFFFF, now)

    def report(self, now: float) -> RtcpReceiverInfo:
        """The report block about this stream (RFC 3550 section 6.4.1)."""
        expected = self._highest - self._first + 1
        before_expected, before_packets = self._report_base
        self._report_base = (expected, self.packets)
        interval = expected - before_expected
        missing = interval - (self.packets - before_packets)
        lsr, heard = self._sender_report or (0, now)
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(max((missing << 8) // interval, 0), 255) if interval > 0 else 0,
            packets_lost=max(expected - self.packets, 0),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter),
            lsr=lsr,
            dlsr=int((now - heard) * 65536) if lsr else 0,
        )


def _read_payload(codec: str, payload: bytes) -> tuple[bool, bool, bytes]:
    """Whether a frame begins here, whether it is a key frame, and the bitstream."""
    if codec == "VP8":
        vp8, data = VpxPayloadDescriptor.parse(payload)
        begins = bool(vp8.partition_start) and vp8.partition_id == 0
        return begins, begins and bool(data) and not data[0] & 1, data
    h264, data = H264PayloadDescriptor.parse(payload)
    kind = payload[0] & 0x1F
    if kind == 24:  # STAP-A (RFC 6184 section 5.7.1)
        kinds = {unit[0] & 0x1F for unit in data.split(b"\x00\x00\x00\x01")[1:] if unit}
    else:
        kinds = {payload[1] & 0x1F if kind == 28 else kind}  # FU-A (section 5.8), or a single unit
    # An IDR slice, or the parameter set that comes before one.
    return bool(h264.first_fragment), bool(kinds & {5, 7}), data


def parse_rtp(packet: bytes) -> Received | None:
    """Read an RTP packet (RFC 3550 section 5.1); None when it is malformed."""
    if len(packet) < 12 or packet[0] >> 6 != 2:
        return None
    offset = 12 + 4 * (packet[0] & 0x0F)
    extensions: list[tuple[int, bytes]] = []
    if packet[0] & 0x10:
        if len(packet) < offset + 4:
            return None
        profile, words = (
            int.from_bytes(packet[offset : offset + 2], "big"),
            packet[offset + 2] << 8 | packet[offset + 3],
        )
        try:
            extensions = unpack_header_extensions(profile, packet[offset + 4 : offset + 4 + 4 * words])
        except ValueError:
            return None
        offset += 4 + 4 * words
    end = len(packet)
    if packet[0] & 0x20:
        end -= packet[-1]
    if offset > end:
        return None
    return Received(
        payload_type=packet[1] & 0x7F,
        sequence=packet[2] << 8 | packet[3],
        timestamp=int.from_bytes(packet[4:8], "big"),
        ssrc=int.from_bytes(packet[8:12], "big"),
        marker=bool(packet[1] & 0x80),
        extensions=tuple(extensions),
        payload=packet[offset:end],
    )
