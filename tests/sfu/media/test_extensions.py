"""Checklist F: header extensions and demultiplexing."""

from __future__ import annotations

import struct

import pytest

from sfu import rtp
from sfu.codecs import decodable, receiving_codec
from sfu.drops import Drop
from sfu.media.receiving import MAX_SOURCES
from sfu.rtcp.reports import ReportBlock, receiver_report
from sfu.sections import Codec
from tests.sfu.media.harness import (
    OPUS,
    PUBLISHER_EXTENSIONS,
    RECEIVER_EXTENSIONS,
    VP8,
    World,
    read,
    vp8_payload,
)


def test_a_new_source_is_found_by_mid() -> None:
    """F34: two sections with the same payload types: the MID decides, and is remembered for the SSRC."""
    world = World()
    camera = world.publisher(mid="cam", ssrcs=False)
    screen = world.publisher(mid="screen", ssrcs=False)
    camera.link.remove_publication(camera.publication)
    screen.link.remove_publication(screen.publication)
    camera.link = screen.link
    camera.publication = screen.link.add_publication(camera.section)
    screen.publication = screen.link.add_publication(screen.section)
    payload = vp8_payload(True, True, 1)
    screen.push(screen.packet(payload))
    assert world.dropped(Drop.RTP_UNKNOWN_SOURCE) == 1
    screen.push(screen.packet(payload, extensions={rtp.URI_MID: b"screen"}))
    camera.push(camera.packet(payload, extensions={rtp.URI_MID: b"cam"}))
    screen.push(screen.packet(payload))
    assert (camera.publication.packets, screen.publication.packets) == (1, 2)


def test_a_unique_payload_type_finds_its_section() -> None:
    """F34: without MID and announced SSRCs a payload type that only one section has is enough."""
    world = World()
    publisher = world.publisher(ssrcs=False)
    publisher.push(publisher.packet(vp8_payload(True, True, 1)))
    assert publisher.publication.packets == 1


def test_sources_are_bounded() -> None:
    """F34: a peer that invents SSRCs makes us keep state for a bounded number."""
    world = World()
    publisher = world.publisher(ssrcs=False)
    for ssrc in range(1, 200):
        publisher.push(publisher.packet(b"x", ssrc=ssrc))
    assert len(publisher.link.receiving.sources) == MAX_SOURCES
    assert world.dropped(Drop.RTP_TOO_MANY_SOURCES) == 199 - MAX_SOURCES


def test_a_payload_type_that_was_not_negotiated_is_dropped() -> None:
    """F34: it neither changes the codec nor reaches a receiver."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    publisher.push(publisher.packet(b"x", payload_type=77))
    assert world.dropped(Drop.RTP_UNKNOWN_PAYLOAD_TYPE) == 1
    assert publisher.publication.codec == VP8


@pytest.mark.parametrize("shift", [0, 20])
def test_extensions_are_encoded_anew_by_uri(shift: int) -> None:
    """F35: each receiver has its own ids; ids above 14 make the two-byte form. F38: orientation passes."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    ids = {uri: number + shift for uri, number in RECEIVER_EXTENSIONS.items()}
    receiver.link.add_subscription(receiver.section("video", (VP8,), ids), publisher.publication)
    payload = vp8_payload(True, True, 1)
    values = {rtp.URI_VIDEO_ORIENTATION: b"\x03", rtp.URI_PLAYOUT_DELAY: b"\x01\x02\x03"}
    publisher.push(publisher.packet(payload, marker=True, extensions=values))
    (packet,) = receiver.sender.take()
    assert packet.payload == payload
    for uri, value in values.items():
        assert packet.extensions[ids[uri]] == value
    assert packet.extensions[ids[rtp.URI_MID]] == b"1"
    assert packet.raw[12:14] == (b"\x10\x00" if shift else b"\xbe\xde")


def test_two_byte_extensions_of_a_publisher_are_read() -> None:
    """F35: `extmap-allow-mixed`: the two-byte form with an id above 14."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.section.extensions[rtp.URI_VIDEO_ORIENTATION] = 33
    try:
        publisher.link.update_section(publisher.publication, publisher.section)
        packet = publisher.packet(vp8_payload(True, True, 1), extensions={rtp.URI_VIDEO_ORIENTATION: b"\x02"})
        assert packet[12:14] == b"\x10\x00"
        publisher.push(packet)
    finally:
        publisher.section.extensions[rtp.URI_VIDEO_ORIENTATION] = 7
    (sent,) = receiver.sender.take()
    assert sent.value(rtp.URI_VIDEO_ORIENTATION) == b"\x02"


def test_mid_until_acknowledged() -> None:
    """F36: MID on every packet until a report acknowledges one of them; again after a switch; RTX too."""
    world = World()
    one, two = world.publisher(), world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(one.publication)
    for key in (True, False):
        one.send_frame(key)
    packets = receiver.media(subscription)
    assert all(packet.value(rtp.URI_MID) == b"1" for packet in packets)

    def acknowledge(sequence: int) -> None:
        receiver.rtcp(receiver_report(1, [ReportBlock(subscription.ssrc, 0, 0, sequence, 0, 0, 0)]))

    acknowledge(packets[0].sequence - 1)
    one.send_frame()
    assert all(packet.value(rtp.URI_MID) == b"1" for packet in receiver.media(subscription))
    acknowledge(packets[0].sequence)
    one.send_frame()
    bare = receiver.media(subscription)
    assert all(packet.value(rtp.URI_MID) is None for packet in bare)
    subscription.switch(two.publication)
    two.send_frame(key=True)
    again = receiver.media(subscription)
    assert all(packet.value(rtp.URI_MID) == b"1" for packet in again)
    assert (again[0].sequence - bare[-1].sequence) & 0xFFFF == 1
    assert subscription.packets == len(packets) + 2 + len(bare) + len(again)


def test_audio_level_passes_and_feeds_the_level() -> None:
    """F37: with and without the V bit the byte goes on as it is; the level is its low seven bits."""
    world = World()
    publisher = world.voice()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    assert publisher.publication.level == 127
    for _ in range(60):
        publisher.send_voice(level=20)
    packet = receiver.sender.take()[-1]
    assert packet.value(rtp.URI_AUDIO_LEVEL) == bytes((0x80 | 20,))
    assert publisher.publication.level == pytest.approx(20, abs=0.5)


def test_capture_times_are_told_on_our_clock() -> None:
    """F38: left out before the first sender report, then moved by the difference of the clocks."""
    world = World()
    publisher = world.publisher()
    publisher.clock_error = 5_000.0
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)

    def send() -> bytes | None:
        captured = world.clock.ntp(world.clock.now + publisher.clock_error - 0.040)
        value = {rtp.URI_ABS_CAPTURE_TIME: captured.to_bytes(8, "big")}
        publisher.push(publisher.packet(vp8_payload(True, True, 1), extensions=value))
        (packet,) = receiver.sender.take()
        return packet.value(rtp.URI_ABS_CAPTURE_TIME)

    assert send() is None
    publisher.send_report()
    stamped = send()
    assert stamped is not None
    expected = world.clock.ntp(world.clock.now - 0.040)
    assert (int.from_bytes(stamped, "big") - expected) / (1 << 32) == pytest.approx(0, abs=0.001)


def test_payload_types_are_those_of_each_receiver() -> None:
    """F39: one publication, three receivers with payload types of their own."""
    world = World()
    publisher = world.publisher()
    seen = []
    for number in (35, 96, 127):
        receiver = world.receiver()
        receiver.subscribe(publisher.publication, (Codec(number, "VP8", 90_000),))
        seen.append((number, receiver))
    publisher.send_frame(key=True)
    for number, receiver in seen:
        assert {packet.payload_type for packet in receiver.sender.take()} == {number}


def h264(level: str, mode: str = "1") -> Codec:
    return Codec(102, "H264", 90_000, parameters={"profile-level-id": level, "packetization-mode": mode})


def test_h264_is_matched_by_profile() -> None:
    """F39: levels may differ, profiles not; mode 1 takes mode 0 and not the other way round (RFC 6184 §8.2.2)."""
    assert decodable(h264("42e01f"), h264("42e034"))
    assert decodable(h264("42e01f"), h264("42001f"))
    assert not decodable(h264("42001f"), h264("42e01f"))
    assert not decodable(h264("64001f"), h264("42e01f"))
    assert decodable(h264("42e01f", "0"), h264("42e01f", "1"))
    assert not decodable(h264("42e01f", "1"), h264("42e01f", "0"))
    assert receiving_codec(h264("42e01f"), (OPUS, VP8, h264("42e01f"))) == h264("42e01f")
    assert receiving_codec(VP8, (OPUS,)) is None


def test_contributing_sources_and_padding_are_cut_off() -> None:
    """F35: a packet with CSRCs, extensions and padding arrives as header, our extensions, payload."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    payload = vp8_payload(True, True, 1)
    head = struct.pack(">BBHII", 0xB2, 96, 1, 2, publisher.ssrc) + bytes(8)
    block = rtp.encode_extensions([(PUBLISHER_EXTENSIONS[rtp.URI_VIDEO_ORIENTATION], b"\1")])
    publisher.push(head + block + payload + b"\0\0\3")
    (packet,) = receiver.sender.take()
    assert packet.payload == payload
    assert packet.value(rtp.URI_VIDEO_ORIENTATION) == b"\1"
    assert read(packet.raw).ssrc == packet.ssrc
