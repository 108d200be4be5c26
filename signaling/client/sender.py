"""Sending: one RTP stream with its sender reports and retransmissions (RFC 3550, RFC 4588)."""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_header_extensions,
)

from signaling.client.clip import Picture, Sound

HISTORY = 1024
"""Packets kept for retransmission: about ten seconds of a clip. A power of two that divides 2^16."""
_NTP_EPOCH_S = 2_208_988_800
"""From 1900 to 1970 (RFC 5905 section 6)."""
_CNAME = 1


def ntp_time(seconds: float) -> int:
    """A UTC time as a 64-bit NTP timestamp."""
    return int((seconds + _NTP_EPOCH_S) * 2**32)


@dataclass(frozen=True)
class StreamFormat:
    """What negotiation settled for one outgoing stream. Extension ids are 0 where not negotiated."""

    payload_type: int
    rtx_payload_type: int | None
    clock_rate: int
    codec: str
    mid: str
    mid_extension: int = 0
    level_extension: int = 0
    send_time_extension: int = 0


class OutgoingStream:
    """One SSRC, and one more for its retransmissions, for as long as the participant is in the meeting.

    `send(packet)` gets each finished packet; `on_key_frame_wanted` is called for PLI and FIR.
    """

    def __init__(self, clock_rate: int, cname: str) -> None:
        self.ssrc = secrets.randbits(32)
        self.rtx_ssrc = secrets.randbits(32)
        self.cname = cname
        self.format: StreamFormat | None = None
        self.send: Callable[[bytes], None] | None = None
        self.send_report: Callable[[bytes], None] | None = None
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self.muted = False
        self.packet_count = 0
        self.retransmitted = 0
        self._octets = 0
        self._clock_rate = clock_rate
        self._timestamp_origin = secrets.randbits(32)
        # In the lower half, so that an early loss cannot upset the rollover counter (RFC 3711 section 3.3.1).
        self._sequence = secrets.randbits(15)
        self._rtx_sequence = secrets.randbits(15)
        self._picture_id = secrets.randbits(15)
        self._history: list[tuple[int, bytes] | None] = [None] * HISTORY
        self._last: tuple[int, float] | None = None

    @property
    def is_sending(self) -> bool:
        """Whether anything given to it now would go out."""
        return self.format is not None and self.send is not None and not self.muted

    def timestamp(self, at: float) -> int:
        """Media time in seconds as an RTP timestamp."""
        return (self._timestamp_origin + round(at * self._clock_rate)) & 0xFFFFFFFF

    def send_picture(self, picture: Picture, at: float) -> None:
        """Send all packets of one picture. `at` is its media time in seconds."""
        if self.format is None or self.muted:
            return
        vp8 = self.format.codec == "VP8"
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        last = len(picture.payloads) - 1
        for number, payload in enumerate(picture.payloads):
            if vp8:
                # RFC 7741 section 4.2: X, S at the start of the partition, I, 15-bit PictureID.
                start = 0x90 if number == 0 else 0x80
                payload = struct.pack("!BBH", start, 0x80, 0x8000 | self._picture_id) + payload
            self._send(payload, self.timestamp(at), marker=number == last, extensions=b"")

    def send_sound(self, sound: Sound, at: float) -> None:
        """Send one Opus packet with its level (RFC 6464; the V bit says voice when it is not silence)."""
        if self.format is None or self.muted:
            return
        level = bytes([(0x80 if sound.level < 100 else 0) | sound.level])
        self._send(sound.payload, self.timestamp(at), marker=False, extensions=level)

    def _send(self, payload: bytes, timestamp: int, *, marker: bool, extensions: bytes) -> None:
        form = self.format
        if form is None or self.send is None:
            return
        packet = self._header(form.payload_type, self._sequence, timestamp, self.ssrc, marker, extensions) + payload
        self._history[self._sequence % HISTORY] = (self._sequence, packet)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._last = (timestamp, time.time())
        self.packet_count += 1
        self._octets += len(payload)
        self.send(packet)

    def _header(self, payload_type: int, sequence: int, timestamp: int, ssrc: int, marker: bool, level: bytes) -> bytes:
        form = self.format
        extensions: list[tuple[int, bytes]] = []
        if form is not None:
            if form.mid_extension:
                extensions.append((form.mid_extension, form.mid.encode()))
            if form.level_extension and level:
                extensions.append((form.level_extension, level))
            if form.send_time_extension:
                extensions.append((form.send_time_extension, _absolute_send_time()))
        profile, packed = pack_header_extensions(extensions)
        first = 0x90 if packed else 0x80
        header = struct.pack(
            "!BBHII", first, payload_type | (0x80 if marker else 0), sequence, timestamp & 0xFFFFFFFF, ssrc
        )
        return header + (struct.pack("!HH", profile, len(packed) // 4) + packed if packed else b"")

    def receive_rtcp(self, packet: AnyRtcpPacket) -> None:
        """Feedback about this stream: retransmit what is missing, pass on the wish for a key frame."""
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK and packet.media_ssrc == self.ssrc:
            for sequence in packet.lost:
                self._retransmit(sequence)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            asked = packet.media_ssrc
            if packet.fmt == RTCP_PSFB_FIR and len(packet.fci) >= 4:
                asked = int.from_bytes(packet.fci[:4], "big")
            if asked == self.ssrc and self.on_key_frame_wanted is not None:
                self.on_key_frame_wanted()

    def _retransmit(self, sequence: int) -> None:
        kept = self._history[sequence % HISTORY]
        if kept is None or kept[0] != sequence or self.send is None or self.format is None:
            return
        packet = kept[1]
        self.retransmitted += 1
        if self.format.rtx_payload_type is None:
            self.send(packet)
            return
        # RFC 4588 section 4: own SSRC and sequence, the original sequence number before the payload.
        length = 12 + (4 + 4 * int.from_bytes(packet[14:16], "big") if packet[0] & 0x10 else 0)
        head = bytearray(packet[:length])
        head[1] = (head[1] & 0x80) | self.format.rtx_payload_type
        head[2:4] = self._rtx_sequence.to_bytes(2, "big")
        head[8:12] = self.rtx_ssrc.to_bytes(4, "big")
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        self.send(bytes(head) + sequence.to_bytes(2, "big") + packet[length:])

    def report(self) -> bytes | None:
        """A sender report with its CNAME; nothing before the first packet (RFC 3550 section 6.4.1)."""
        if self._last is None:
            return None
        timestamp, sent_at = self._last
        now = time.time()
        info = RtcpSenderInfo(
            ntp_timestamp=ntp_time(now),
            rtp_timestamp=(timestamp + round((now - sent_at) * self._clock_rate)) & 0xFFFFFFFF,
            packet_count=self.packet_count & 0xFFFFFFFF,
            octet_count=self._octets & 0xFFFFFFFF,
        )
        names = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self.ssrc, items=[(_CNAME, self.cname.encode())])])
        return bytes(RtcpSrPacket(ssrc=self.ssrc, sender_info=info)) + bytes(names)


def _absolute_send_time() -> bytes:
    """24 bits of NTP seconds, 6.18 fixed point."""
    return ((ntp_time(time.time()) >> 14) & 0xFFFFFF).to_bytes(3, "big")
