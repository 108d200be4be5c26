"""Checklist A: identity and rewriting."""

from __future__ import annotations

import itertools

import pytest

from sfu import rtp
from sfu.drops import Drop
from sfu.rtcp import feedback
from tests.sfu.media.harness import H264, OPUS, VP8, Packet, Publisher, World, vp8_payload


def sequences(packets: list[Packet]) -> list[int]:
    return [packet.sequence for packet in packets]


def contiguous(packets: list[Packet]) -> bool:
    return all((b.sequence - a.sequence) & 0xFFFF == 1 for a, b in itertools.pairwise(packets))


def flowing(world: World, publisher: Publisher) -> tuple:  # type: ignore[type-arg]
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    return receiver, subscription


def test_one_ssrc_for_life_across_reconnect_and_codec_change() -> None:
    """A1: the receiver's SSRC stays when the publisher's SSRC and codec change."""
    world = World()
    publisher = world.publisher((VP8, H264))
    receiver, subscription = flowing(world, publisher)
    publisher.send_frame()
    publisher.ssrc, publisher.sequence, publisher.timestamp = 0x7777, 5, 4_000_000_000
    for key in (True, False):
        for packet in publisher.frame(key):
            publisher.push(publisher_with_mid(publisher, packet))
        world.advance(1 / 30)
    packets = receiver.sender.take()
    assert {packet.ssrc for packet in packets} == {subscription.ssrc}
    assert len(packets) == 8
    assert contiguous(packets)
    publisher.push(publisher.packet(b"\x67\x42\xe0\x1f", payload_type=H264.payload_type))
    changed = receiver.sender.take()
    assert [(p.ssrc, p.payload_type) for p in changed] == [(subscription.ssrc, H264.payload_type)]
    assert changed[0].sequence == (packets[-1].sequence + 1) & 0xFFFF


def publisher_with_mid(publisher: Publisher, packet: bytes) -> bytes:
    """The same packet with a MID, as a new SSRC carries at first."""
    import struct

    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", packet)
    size = 4 * int.from_bytes(packet[14:16], "big") + 16 if first & 0x10 else 12
    return publisher.packet(
        packet[size:],
        marker=bool(second & 0x80),
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        extensions={rtp.URI_MID: publisher.section.mid.encode()},
    )


def test_padding_leaves_no_gap_and_loss_does() -> None:
    """A2: padding-only packets are left out and the numbers close up; a real loss keeps its place."""
    world = World()
    publisher = world.publisher()
    receiver, _ = flowing(world, publisher)
    publisher.push(publisher.packet(b"", padding=200))
    publisher.push(publisher.packet(b"", padding=200))
    publisher.send_frame()
    lost = publisher.frame()
    publisher.push(lost[1])
    publisher.push(publisher.packet(b"", padding=100))
    publisher.send_frame()
    packets = receiver.sender.take()
    base = packets[0].sequence
    assert [(s - base) & 0xFFFF for s in sequences(packets)] == [0, 1, 2, 3, 5, 6, 7]
    assert world.dropped(Drop.RTP_PADDING_ONLY) == 3
    publisher.push(lost[0])
    late = receiver.sender.take()
    assert [(s - base) & 0xFFFF for s in sequences(late)] == [4]


def test_late_packet_from_before_a_padding_keeps_its_own_place() -> None:
    """A2: a packet that padding overtook is put where it was missing."""
    world = World()
    publisher = world.publisher()
    receiver, _ = flowing(world, publisher)
    held = publisher.packet(vp8_payload(False, False, 501))
    publisher.push(publisher.packet(b"", padding=50))
    publisher.send_frame()
    publisher.push(held)
    packets = receiver.sender.take()
    base = packets[0].sequence
    assert [(s - base) & 0xFFFF for s in sequences(packets)] == [0, 1, 3, 4, 2]


def test_numbers_wrap_only_on_the_wire() -> None:
    """A3: 140,000 packets with timestamps that wrap: sequence and time go on by one step each, modulo the width."""
    world = World()
    publisher = world.voice()
    publisher.timestamp = (1 << 32) - 960 * 70_000
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    previous: Packet | None = None
    for _ in range(140_000):
        publisher.push(publisher.packet(b"x"))
        publisher.timestamp += 960
        world.clock.now += 0.020
        (packet,) = receiver.sender.take()
        if previous is not None:
            assert (packet.sequence - previous.sequence) & 0xFFFF == 1
            assert (packet.timestamp - previous.timestamp) & 0xFFFFFFFF == 960
        previous = packet


@pytest.mark.parametrize("reports", [True, False])
def test_timestamps_are_continuous_over_a_switch(reports: bool) -> None:
    """A4: after a switch the timestamp moves on by the time between captures, known from both sender reports."""
    world = World()
    one, two = world.publisher(), world.publisher()
    one.clock_error, two.clock_error = 1_234.5, -77.0
    two.timestamp = 3_000_000_000
    receiver, subscription = flowing(world, one)
    two.send_frame(key=True, step=0)
    if reports:
        one.send_report()
        two.send_report()
    one.send_frame()
    one.send_frame(step=0)
    last = receiver.media(subscription)[-1]
    subscription.switch(two.publication)
    # The next frame was captured 200 ms after the last one and took 30 ms longer on the way.
    two.timestamp += round((2 / 30 - 1 / 30 + 0.200) * 90_000)
    world.advance(0.230)
    two.send_frame(key=True)
    first = receiver.media(subscription)[0]
    moved = (first.timestamp - last.timestamp) & 0xFFFFFFFF
    assert moved == pytest.approx((0.200 if reports else 0.230) * 90_000, abs=90 * 2)


def test_a_wrong_sender_report_cannot_tear_a_switch() -> None:
    """A4: capture times move a switch by at most 75 ms from arrival times, and never backwards."""
    world = World()
    one, two = world.publisher(), world.publisher()
    receiver, subscription = flowing(world, one)
    two.send_frame(key=True, step=0)
    one.send_report()
    two.send_report(two.timestamp + 90_000 * 5)
    one.send_frame()
    last = receiver.media(subscription)[-1]
    subscription.switch(two.publication)
    world.advance(0.1)
    two.timestamp += 9_000 + 3_000
    two.send_frame(key=True)
    first = receiver.media(subscription)[0]
    moved = (first.timestamp - last.timestamp) & 0xFFFFFFFF
    assert 0 < moved <= 90_000 * 0.25


def test_a_cut_frame_leaves_one_hole() -> None:
    """A5: a switch in the middle of a frame leaves one sequence number out, a switch after its end none."""
    world = World()
    one, two = world.publisher(), world.publisher()
    receiver, subscription = flowing(world, one)
    one.push(one.frame(packets=3)[0])
    last = receiver.media(subscription)[-1]
    subscription.switch(two.publication)
    two.send_frame(key=True)
    packets = receiver.media(subscription)
    assert (packets[0].sequence - last.sequence) & 0xFFFF == 2
    subscription.switch(one.publication)
    one.send_frame(key=True)
    again = receiver.media(subscription)
    assert (again[0].sequence - packets[-1].sequence) & 0xFFFF == 1


def test_marker_bits_pass_unchanged() -> None:
    """A6: with a single layer the marker ends the frame for the receiver as for the publisher."""
    world = World()
    publisher = world.publisher()
    receiver, _ = flowing(world, publisher)
    publisher.send_frame(packets=3)
    assert [packet.marker for packet in receiver.sender.take()] == [False, True, False, False, True]


def test_picture_numbers_go_on_over_a_switch() -> None:
    """A7: PictureID and TL0PICIDX continue by one over a switch and back, TID and KEYIDX are not touched."""
    world = World()
    one, two = world.publisher(), world.publisher()
    one.picture, two.picture = 0x7FFE, 17
    receiver = world.receiver()
    subscription = receiver.subscribe(one.publication)
    for publisher in (one, two, one):
        subscription.switch(publisher.publication)
        for key in (True, False, False):
            publisher.send_frame(key, tl0=True)
    packets = [packet for packet in receiver.media(subscription) if packet.payload[0] & 0x10]
    ids = [int.from_bytes(packet.payload[2:4], "big") for packet in packets]
    indices = [packet.payload[4] for packet in packets]
    assert all(number & 0x8000 for number in ids)
    assert [(number - ids[0]) & 0x7FFF for number in ids] == list(range(9))
    assert [(index - indices[0]) & 0xFF for index in indices] == list(range(9))


def test_short_picture_ids_become_wide() -> None:
    """A7: a publisher's 7-bit ids go out in the 15-bit form and continue past their own wrap."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    for index in range(200):
        payload = bytes((0x90, 0x80, (100 + index) & 0x7F, 0x10 if index == 0 else 0x11, 0, 0, 0x9D, 1, 0x2A)) + bytes(
            20
        )
        publisher.push(publisher.packet(payload, marker=True))
        publisher.timestamp += 3_000
        world.advance(1 / 30)
    ids = [int.from_bytes(packet.payload[2:4], "big") for packet in receiver.sender.take()]
    assert ids == [0x8000 | 100 + index for index in range(200)]


def test_retransmission_carries_the_rewritten_descriptor() -> None:
    """A8: what is sent again is what was sent: rewritten timestamp, picture id and original number."""
    world = World()
    one, two = world.publisher(), world.publisher()
    receiver, subscription = flowing(world, one)
    subscription.switch(two.publication)
    two.picture = 9_000
    two.send_frame(key=True)
    two.send_frame()
    sent = receiver.media(subscription)[-1]
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [sent.sequence]))
    (again,) = receiver.sender.take()
    assert again.ssrc == subscription.section.rtx_ssrc
    assert again.payload_type == VP8.rtx_payload_type
    assert again.payload == sent.sequence.to_bytes(2, "big") + sent.payload
    assert (again.timestamp, again.marker) == (sent.timestamp, sent.marker)


def test_duplicates_and_ancient_packets_are_dropped() -> None:
    """A9: a packet that came before is never sent again as new, nor is one from before the beginning."""
    world = World()
    publisher = world.publisher()
    ancient = publisher.packet(vp8_payload(False, True, 1), sequence=publisher.sequence - 500)
    receiver, _ = flowing(world, publisher)
    frames = publisher.frame()
    for packet in frames + frames:
        publisher.push(packet)
    publisher.push(ancient)
    assert len(receiver.sender.take()) == 4
    assert world.dropped(Drop.RTP_DUPLICATE) == 2
    assert world.dropped(Drop.RTP_TOO_OLD) == 1
    publisher.send_frame()
    assert contiguous(receiver.sender.take())


def test_mute_makes_no_gap_and_no_leap() -> None:
    """A10: a minute's mute: numbers close up, and the timestamp moves by the time that passed, not more."""
    world = World()
    publisher = world.voice()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_voice()
    publisher.publication.muted = True
    for _ in range(3_000):
        publisher.send_voice()
    publisher.publication.muted = False
    publisher.send_voice()
    before, after = receiver.sender.take()
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 960 * 3_001
    assert world.dropped(Drop.RTP_MUTED) == 3_000


@pytest.mark.parametrize("leap", [3_000_000_000, -3_000_000_000, 48_000 * 3_600])
def test_a_leap_of_the_publisher_is_anchored_anew(leap: int) -> None:
    """A10: a publisher whose timestamps leap over a pause of ten seconds is heard ten seconds later."""
    world = World()
    publisher = world.voice()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_voice()
    publisher.send_voice()
    world.advance(10)
    publisher.timestamp = (publisher.timestamp + leap) & 0xFFFFFFFF
    publisher.send_voice()
    publisher.send_voice()
    packets = receiver.sender.take()
    steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(packets)]
    assert steps == [960, pytest.approx(48_000 * 10.02, abs=48), 960]


def test_discontinuous_speech_keeps_its_time() -> None:
    """A10: DTX: packets 400 ms apart keep their timestamps, their numbers stay contiguous."""
    world = World()
    publisher = world.voice()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    for _ in range(5):
        publisher.send_voice(step=0.4)
    packets = receiver.sender.take()
    assert contiguous(packets)
    assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(packets)} == {19_200}


def test_a_pause_by_the_receiver_goes_on_with_the_next_number() -> None:
    """A10, I55: after pause and resume: next number, timestamp moved by real time; nothing is sent in between."""
    world = World()
    publisher = world.voice()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication, (OPUS,))
    publisher.send_voice()
    subscription.pause()
    publisher.send_voice()
    publisher.send_voice()
    subscription.resume()
    publisher.send_voice()
    before, after = receiver.sender.take()
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 960 * 3
