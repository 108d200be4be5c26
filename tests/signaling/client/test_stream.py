"""From a clip to packets and back to frames: what is sent can be put together again, also over a bad line."""

from __future__ import annotations

import random

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
)

from signaling.client.clip import Clip
from signaling.client.receiver import IncomingStream, Received, parse_rtp
from signaling.client.sender import HISTORY, OutgoingStream, StreamFormat

VIDEO = StreamFormat(96, 97, 90_000, "VP8", "1", mid_extension=4, send_time_extension=2)
AUDIO = StreamFormat(111, None, 48_000, "opus", "0", mid_extension=4, level_extension=1)


def outgoing(form: StreamFormat) -> tuple[OutgoingStream, list[bytes]]:
    sent: list[bytes] = []
    stream = OutgoingStream(form.clock_rate, "cname")
    stream.format, stream.send = form, sent.append
    return stream, sent


def parsed(packet: bytes) -> Received:
    found = parse_rtp(packet)
    assert found is not None
    return found


def video_format(clip: Clip) -> StreamFormat:
    return StreamFormat(96, 97, 90_000, clip.video_codec, "1", mid_extension=4, send_time_extension=2)


def test_packets_carry_mid_marker_and_rising_numbers(vp8_clip: Clip) -> None:
    stream, sent = outgoing(VIDEO)
    for picture in vp8_clip.pictures[:5]:
        stream.send_picture(picture, picture.at)
    packets = [parsed(packet) for packet in sent]
    assert {packet.ssrc for packet in packets} == {stream.ssrc}
    assert [dict(packet.extensions)[4] for packet in packets] == [b"1"] * len(packets)
    first = packets[0].sequence
    assert [packet.sequence for packet in packets] == [(first + n) & 0xFFFF for n in range(len(packets))]
    assert sum(packet.marker for packet in packets) == 5
    stamps = sorted({(packet.timestamp - packets[0].timestamp) & 0xFFFFFFFF for packet in packets})
    assert stamps == [0, 4500, 9000, 13500, 18000]


def test_vp8_picture_ids_go_on_over_a_jump(vp8_clip: Clip) -> None:
    stream, sent = outgoing(VIDEO)
    for index in (0, 1, 40, 41, 0):
        stream.send_picture(vp8_clip.pictures[index], 0)
    ids = [int.from_bytes(p.payload[2:4], "big") & 0x7FFF for p in map(parsed, sent) if p.payload[0] & 0x10]
    assert ids == [(ids[0] + n) & 0x7FFF for n in range(5)]


def test_sound_carries_its_level(vp8_clip: Clip) -> None:
    stream, sent = outgoing(AUDIO)
    loud, silent = vp8_clip.sounds[20], vp8_clip.sounds[80]
    stream.send_sound(loud, 0.4)
    stream.send_sound(silent, 1.6)
    levels = [dict(parsed(packet).extensions)[1][0] for packet in sent]
    assert levels[0] == 0x80 | loud.level
    assert 10 < loud.level < 20  # a sine of a quarter of full scale: -15 dBov
    assert levels[1] & 0x7F >= 60


def test_muted_sends_nothing(vp8_clip: Clip) -> None:
    stream, sent = outgoing(AUDIO)
    stream.muted = True
    stream.send_sound(vp8_clip.sounds[0], 0)
    assert sent == []


def test_retransmits_on_its_own_ssrc(vp8_clip: Clip) -> None:
    stream, sent = outgoing(VIDEO)
    stream.send_picture(vp8_clip.pictures[0], 0)
    lost = parsed(sent[0])
    stream.receive_rtcp(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=stream.ssrc, lost=[lost.sequence]))
    again = parsed(sent[-1])
    assert (again.payload_type, again.ssrc, again.timestamp) == (97, stream.rtx_ssrc, lost.timestamp)
    assert again.payload == lost.sequence.to_bytes(2, "big") + lost.payload


def test_forgets_what_is_too_old(vp8_clip: Clip) -> None:
    stream, sent = outgoing(AUDIO)
    for number in range(HISTORY + 1):
        stream.send_sound(vp8_clip.sounds[0], number / 50)
    oldest = parsed(sent[0]).sequence
    count = len(sent)
    stream.receive_rtcp(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=stream.ssrc, lost=[oldest]))
    assert len(sent) == count


def test_passes_on_the_wish_for_a_key_frame() -> None:
    stream, _ = outgoing(VIDEO)
    asked: list[str] = []
    stream.on_key_frame_wanted = lambda: asked.append("key")
    stream.receive_rtcp(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=stream.ssrc))
    target = stream.ssrc.to_bytes(4, "big") + bytes([1, 0, 0, 0])
    stream.receive_rtcp(RtcpPsfbPacket(fmt=RTCP_PSFB_FIR, ssrc=1, media_ssrc=0, fci=target))
    stream.receive_rtcp(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=stream.ssrc ^ 1))
    assert asked == ["key", "key"]


def test_reports_what_it_sent(vp8_clip: Clip) -> None:
    stream, sent = outgoing(AUDIO)
    assert stream.report() is None
    for sound in vp8_clip.sounds[:10]:
        stream.send_sound(sound, sound.at)
    report = stream.report()
    assert report is not None
    sender, names = RtcpPacket.parse(report)
    assert isinstance(sender, RtcpSrPacket)
    assert isinstance(names, RtcpSdesPacket)
    assert sender.sender_info.packet_count == 10
    assert sender.sender_info.octet_count == sum(len(parsed(packet).payload) for packet in sent)
    assert names.chunks[0].items == [(1, b"cname")]


class Line:
    """A receiver at the end of a line that loses and reorders, with retransmissions on request."""

    def __init__(self, clip: Clip, seed: int, loss: float) -> None:
        print(f"seed {seed}")
        self.random = random.Random(seed)
        self.loss = loss
        self.frames: list[tuple[float, bytes, bool]] = []
        self.asked: list[RtcpPsfbPacket] = []
        self.format = video_format(clip)
        self.sender, self.sent = outgoing(self.format)
        self.receiver = IncomingStream(
            clip.video_codec, 90_000, 7, lambda *frame: self.frames.append(frame), self._feedback
        )
        self.now = 0.0

    def _feedback(self, data: bytes) -> None:
        for packet in RtcpPacket.parse(data):
            if isinstance(packet, RtcpPsfbPacket):
                self.asked.append(packet)
            self.sender.receive_rtcp(packet)

    def play(self, clip: Clip) -> None:
        for picture in clip.pictures:
            self.sender.send_picture(picture, picture.at)
            self.now = picture.at
            self.deliver()
            self.receiver.tick(self.now)

    def deliver(self) -> None:
        waiting, self.sent[:] = list(self.sent), []
        self.random.shuffle(waiting)
        for data in waiting:
            packet = parsed(data)
            if self.random.random() < self.loss:
                continue
            if packet.ssrc == self.sender.rtx_ssrc:
                original = int.from_bytes(packet.payload[:2], "big")
                packet = Received(
                    96, original, packet.timestamp, self.sender.ssrc, packet.marker, (), packet.payload[2:]
                )
            self.receiver.receive(packet, self.now)


def test_frames_come_out_as_they_went_in(clip: Clip) -> None:
    line = Line(clip, 1, 0.0)
    line.random.shuffle = lambda _: None  # type: ignore[method-assign, assignment]
    line.play(clip)
    assert len(line.frames) == len(clip.pictures)
    assert [key for _, _, key in line.frames] == [picture.key for picture in clip.pictures]
    if clip.video_codec == "VP8":
        assert [data for _, data, _ in line.frames] == [b"".join(picture.payloads) for picture in clip.pictures]
    assert [round(at, 3) for at, _, _ in line.frames] == [round(picture.at, 3) for picture in clip.pictures]


def test_loss_is_repaired_by_asking_again(vp8_clip: Clip) -> None:
    line = Line(vp8_clip, 20_261, 0.15)
    line.random.shuffle = lambda _: None  # type: ignore[method-assign, assignment]
    line.play(vp8_clip)
    assert line.sender.retransmitted > 0
    assert len(line.frames) >= len(vp8_clip.pictures) - 6
    whole = {b"".join(picture.payloads) for picture in vp8_clip.pictures}
    assert {data for _, data, _ in line.frames} <= whole


def test_after_a_hole_goes_on_with_a_key_frame_and_asks_for_it(clip: Clip) -> None:
    line = Line(clip, 3, 0.0)
    line.random.shuffle = lambda _: None  # type: ignore[method-assign, assignment]
    for number, picture in enumerate(clip.pictures):
        line.sender.send_picture(picture, picture.at)
        line.now = picture.at
        if number == 5:
            line.sent.clear()
            line.sender._history = [None] * HISTORY
        line.deliver()
        line.receiver.tick(line.now)
    times = [round(at * 20) for at, _, _ in line.frames]
    assert times[:5] == [0, 1, 2, 3, 4]
    after = next(index for index, time in enumerate(times) if time > 5)
    assert line.frames[after][2]
    assert line.receiver.lost >= 1


def test_asks_for_a_key_frame_while_it_has_none(clip: Clip) -> None:
    line = Line(clip, 4, 0.0)
    for picture in clip.pictures[1:10]:
        line.sender.send_picture(picture, picture.at)
        line.now = picture.at
        line.deliver()
        line.receiver.tick(line.now)
    assert line.frames == []
    assert [(packet.fmt, packet.media_ssrc) for packet in line.asked] == [(RTCP_PSFB_PLI, line.sender.ssrc)]


def test_reports_loss_and_jitter(vp8_clip: Clip) -> None:
    stream, sent = outgoing(AUDIO)
    receiver = IncomingStream("opus", 48_000, 7, lambda *_: None, lambda _: None)
    for number, sound in enumerate(vp8_clip.sounds[:100]):
        stream.send_sound(sound, sound.at)
        if number % 4:
            receiver.receive(parsed(sent[-1]), number * 0.02 + (0.005 if number % 2 else 0))
    receiver.note_sender_report(0x0001_2345_6789_0000, 2.0)
    report = receiver.report(2.5)
    assert report.packets_lost == 24
    assert report.fraction_lost == 62  # 24 of 99, in 256ths
    assert 100 < report.jitter < 300
    assert (report.lsr, report.dlsr) == (0x2345_6789, 32768)
    assert receiver.report(3.5).fraction_lost == 0


def test_malformed_packets_are_no_packets() -> None:
    good = bytes([0x90, 96, 0, 1, *bytes(8), 0xBE, 0xDE, 0, 1, 0x40, 0x31, 0, 0, 1, 2])
    assert parse_rtp(good) is not None
    for bad in (b"", good[:11], bytes([0x50]) + good[1:], good[:14], bytes([0xBF]) + good[1:20] + b"\xff"):
        assert parse_rtp(bad) is None
