"""Checklist B: key frames, and what is (not) sent before them."""

from __future__ import annotations

import pytest

from sfu.rtcp import compound, feedback
from sfu.sections import Codec
from tests.sfu.media.harness import H264, VP8, World, vp8_payload


def test_nothing_before_the_first_key_frame() -> None:
    """B14: a receiver who comes in the middle is sent nothing until a key frame begins; feedback goes on meanwhile."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    for _ in range(10):
        publisher.send_frame()
    assert receiver.sender.packets == []
    assert publisher.sender.reports(compound.TRANSPORT_FEEDBACK, feedback.TRANSPORT_CC)
    publisher.send_frame(key=True, packets=3)
    packets = receiver.sender.take()
    assert len(packets) == 3
    assert packets[0].payload[4] & 1 == 0


def test_a_key_frame_whose_start_came_late_is_sent_whole() -> None:
    """B14: the packets that overtook the start of the key frame are not lost for a waiting receiver."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    start, *rest = publisher.frame(key=True, packets=4)
    for packet in rest:
        publisher.push(packet)
    assert not receiver.sender.packets
    publisher.push(start)
    packets = receiver.sender.take()
    assert [(p.sequence - packets[0].sequence) & 0xFFFF for p in packets] == [0, 1, 2, 3]
    assert packets[0].payload[0] & 0x10


def test_many_wishes_make_one_request() -> None:
    """B12: fifty new receivers within 200 ms and their own PLIs cost the publisher one PLI, not fifty."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    for _ in range(50):
        receiver = world.receiver()
        subscription = receiver.subscribe(publisher.publication)
        receiver.rtcp(feedback.pli(1, subscription.ssrc))
        world.advance(0.004)
    assert len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)) == 1


def test_an_unanswered_request_is_repeated_and_an_answered_one_not() -> None:
    """B12: repeated with growing intervals until the key frame comes; given up after a while."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    publisher.publication.request_keyframe(world.clock.now)
    world.advance(1.0)
    times = [at for at, _ in publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)]
    assert len(times) == 2
    assert times[1] - times[0] >= 0.4
    publisher.send_frame(key=True)
    world.advance(5.0)
    assert len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)) == 2
    publisher.publication.request_keyframe(world.clock.now)
    world.advance(120.0)
    total = len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI))
    assert 5 <= total <= 12
    world.advance(120.0)
    assert len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)) == total


def test_requests_of_one_source_keep_their_distance() -> None:
    """B12: a receiver that asks every 50 ms gets a key frame twice a second at most, though each one is answered."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    answered = 0
    for _ in range(100):
        receiver.rtcp(feedback.pli(1, subscription.ssrc))
        asked = len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI))
        publisher.send_frame(key=asked > answered, step=0.05)
        answered = asked
    assert 8 <= answered <= 11


def test_fir_of_a_receiver_becomes_pli_and_pli_becomes_fir() -> None:
    """B12: translated to what the publisher understands, with our own FIR numbers."""
    only_fir = Codec(96, "VP8", 90_000, nack=True, fir=True)
    world = World()
    both, fir_only = world.publisher(), world.publisher((only_fir,))
    receiver = world.receiver()
    one = receiver.subscribe(both.publication)
    two = receiver.subscribe(fir_only.publication)
    both.send_frame(key=True)
    fir_only.send_frame(key=True)
    receiver.rtcp(feedback.fir(1, one.ssrc, 77))
    receiver.rtcp(feedback.pli(1, two.ssrc))
    world.advance(0.03)
    assert both.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)
    assert not both.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.FIR)
    ((_, first),) = fir_only.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.FIR)
    assert feedback.parse_fir(first.body) == [(fir_only.ssrc, 1)]
    world.advance(0.6)
    _, (_, second) = fir_only.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.FIR)
    assert feedback.parse_fir(second.body) == [(fir_only.ssrc, 2)]


def test_unrepairable_loss_asks_for_a_key_frame() -> None:
    """B12: a hole larger than the list of missing packets is not repaired piece by piece."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    publisher.sequence += 800
    publisher.send_frame()
    world.advance(0.1)
    assert publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)
    assert not publisher.sender.reports(compound.TRANSPORT_FEEDBACK, feedback.NACK)


def test_unmute_begins_with_a_key_frame() -> None:
    """B14, I55: video muted by a host goes on with a key frame, which is asked for."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    publisher.publication.muted = True
    publisher.send_frame(key=True)
    receiver.sender.take()
    publisher.publication.muted = False
    publisher.send_frame()
    assert receiver.sender.take() == []
    world.advance(0.02)
    assert publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)
    publisher.send_frame(key=True)
    assert len(receiver.sender.take()) == 2


@pytest.mark.parametrize("who", ["publisher", "receiver"])
def test_pictures_begin_anew_for_one_who_returns(who: str) -> None:
    """After a silence or on a new path: libwebrtc itself may ask for a key frame only 3 s later."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    world.advance(5)
    link = publisher.link if who == "publisher" else receiver.link
    before = len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI))
    link.returned(world.clock.now)
    world.advance(1)
    assert len(publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)) > before


def test_h264_begins_with_its_parameter_sets() -> None:
    """B11, B14: SPS, PPS and IDR in packets of their own are one key frame: sent from the SPS on, once."""
    world = World()
    publisher = world.publisher((H264,))
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.push(publisher.packet(b"\x41" + bytes(50), marker=True))
    assert not receiver.sender.packets
    publisher.timestamp += 3_000
    for payload in (b"\x67\x42\xe0\x1f", b"\x68\xce\x3c\x80", b"\x65" + bytes(40)):
        publisher.push(publisher.packet(payload, marker=payload[0] == 0x65))
    assert [packet.payload[0] for packet in receiver.sender.take()] == [0x67, 0x68, 0x65]


def test_a_receiver_that_cannot_decode_is_told_and_sent_nothing() -> None:
    """F39: no common codec: `decodable` is false; a codec change back brings the picture."""
    world = World()
    publisher = world.publisher((VP8, H264))
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication, (VP8,))
    assert subscription.decodable
    publisher.push(publisher.packet(b"\x67\x42\xe0\x1f", payload_type=H264.payload_type))
    assert not subscription.decodable
    assert not receiver.sender.packets
    publisher.push(publisher.packet(vp8_payload(True, True, 3), marker=True))
    assert subscription.decodable
    assert len(receiver.sender.packets) == 1
