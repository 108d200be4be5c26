"""Checklist C: loss repair in both directions."""

from __future__ import annotations

import itertools

import pytest

from sfu import rtp
from sfu.drops import Drop
from sfu.media.nack import MAX_ATTEMPTS, REORDER_TOLERANCE
from sfu.media.retransmission import BURST_BYTES
from sfu.media.retransmission import MAX_ATTEMPTS as MAX_ANSWERS
from sfu.media.ring import PacketRing
from sfu.media.sending import NACK_BURST
from sfu.rtcp import compound, feedback
from sfu.rtcp.reports import ReportBlock, receiver_report
from sfu.sections import Codec
from tests.sfu.media.harness import OPUS, VP8, Publisher, World, vp8_payload


def asked(publisher: Publisher) -> list[tuple[float, list[int]]]:
    """When the publisher was asked for which packets."""
    found = []
    for at, packet in publisher.sender.reports(compound.TRANSPORT_FEEDBACK, feedback.NACK):
        lost = feedback.parse_nack(packet.body)
        assert lost is not None
        found.append((at, lost))
    return found


def rtx(publisher: Publisher, packet: bytes, number: int, payload_type: int = 97) -> bytes:
    """`packet` carried as a retransmission (RFC 4588)."""
    size = 16 + 4 * int.from_bytes(packet[14:16], "big")
    original = packet[2:4]
    return publisher.packet(
        original + packet[size:],
        marker=bool(packet[1] & 0x80),
        sequence=number,
        timestamp=int.from_bytes(packet[4:8], "big"),
        payload_type=payload_type,
        ssrc=publisher.ssrc + 1,
    )


def test_nack_waits_for_reordering_and_keeps_its_distance() -> None:
    """C16: not before the tolerance; repeated no sooner than a round trip; at most so many times, then never."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True, step=0)
    lost = publisher.packet(vp8_payload(False, True, 7))
    number = (publisher.sequence - 1) & 0xFFFF
    publisher.push(publisher.packet(vp8_payload(False, False, 7)))
    since = world.clock.now
    world.clock.now += REORDER_TOLERANCE / 2
    world.tick()
    assert not asked(publisher)
    world.advance(3.0)
    times = [at for at, numbers in asked(publisher) if numbers == [number]]
    assert times[0] - since >= REORDER_TOLERANCE
    assert 1 < len(times) <= MAX_ATTEMPTS
    assert all(b - a >= 0.1 for a, b in itertools.pairwise(times))
    publisher.push(lost)
    assert world.dropped(Drop.RTP_TOO_OLD) + world.dropped(Drop.RTP_DUPLICATE) <= 1


def test_a_reordered_packet_is_not_asked_for() -> None:
    """C16: what comes within the tolerance costs nothing."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True, step=0)
    first, second = publisher.frame()
    publisher.push(second)
    world.clock.now += REORDER_TOLERANCE / 2
    publisher.push(first)
    world.advance(1.0)
    assert not asked(publisher)


def test_nack_stops_at_a_key_frame() -> None:
    """C16: what is missing before a key frame is not asked for any more."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    publisher.frame()
    publisher.send_frame()
    assert asked(publisher)
    count = len(asked(publisher))
    publisher.send_frame(key=True)
    world.advance(1.0)
    assert len(asked(publisher)) == count


def test_receivers_nacks_are_answered_from_the_ring_and_not_relayed() -> None:
    """C16: three receivers miss the same packet: the publisher hears nothing of it."""
    world = World()
    publisher = world.publisher()
    receivers = [world.receiver() for _ in range(3)]
    subscriptions = [receiver.subscribe(publisher.publication) for receiver in receivers]
    publisher.send_frame(key=True)
    for receiver, subscription in zip(receivers, subscriptions, strict=True):
        sent = receiver.sender.take()[0]
        receiver.rtcp(feedback.nack(1, subscription.ssrc, [sent.sequence]))
        (again,) = receiver.sender.take()
        assert again.payload[2:] == sent.payload
        assert int.from_bytes(again.payload[:2], "big") == sent.sequence
    world.advance(0.5)
    assert not asked(publisher)


def test_received_retransmission_fills_the_hole() -> None:
    """C17: RTX of the publisher is undone and forwarded in the place kept for it; its own numbers do not matter."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    lost, kept = publisher.frame()
    publisher.push(kept)
    world.advance(0.03)
    publisher.push(rtx(publisher, lost, 40_000))
    packets = receiver.sender.take()
    assert [(p.sequence - packets[0].sequence) & 0xFFFF for p in packets] == [0, 1, 3, 2]
    size = 16 + 4 * int.from_bytes(lost[14:16], "big")
    assert packets[-1].payload == lost[size:]
    assert packets[-1].timestamp == packets[-2].timestamp
    assert packets[-1].payload_type == VP8.payload_type
    publisher.push(rtx(publisher, lost, 40_001))
    assert not receiver.sender.take()
    assert world.dropped(Drop.RTP_DUPLICATE) == 1


def test_padding_and_stubs_on_rtx_are_counted() -> None:
    """C17: padding-only RTX, which browsers send as probes, and a stub of one byte."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    for index, payload in enumerate((b"", b"\1", b"\1\2")):
        publisher.push(publisher.packet(payload, sequence=index, payload_type=97, ssrc=publisher.ssrc + 1, padding=20))
    assert world.dropped(Drop.RTX_PADDING_ONLY) == 1
    assert world.dropped(Drop.RTX_MALFORMED) == 2


def test_rtx_numbers_are_contiguous_and_below_half() -> None:
    """C17, G40: RTX has a sequence of its own that starts below 2^15 and counts by one."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True, packets=5)
    sent = receiver.media(subscription)
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [packet.sequence for packet in sent]))
    again = receiver.sender.take()
    assert [(p.sequence - again[0].sequence) & 0xFFFF for p in again] == [0, 1, 2, 3, 4]
    assert again[0].sequence < 1 << 15
    assert sent[0].sequence < 1 << 15


def test_retransmissions_are_limited() -> None:
    """C18: no second answer within a round trip, only so many in all, and only so many bytes."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    sequence = receiver.sender.take()[0].sequence
    for _ in range(3):
        receiver.rtcp(feedback.nack(1, subscription.ssrc, [sequence, sequence]))
    assert len(receiver.sender.take()) == 1
    for _ in range(30):
        world.advance(0.04)
        receiver.rtcp(feedback.nack(1, subscription.ssrc, [sequence]))
    assert len(receiver.sender.take()) == MAX_ANSWERS - 1
    for _ in range(200):
        publisher.push(publisher.packet(vp8_payload(False, False, 5, size=1_100)))
    sent = receiver.sender.take()
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [packet.sequence for packet in sent]))
    again = receiver.sender.take()
    assert sum(len(packet.payload) for packet in again) <= BURST_BYTES * 1.01
    assert len(again) >= 120
    assert world.dropped(Drop.RETRANSMISSION_LIMITED) > 0


def test_nothing_before_a_newer_key_frame_is_sent_again() -> None:
    """C18: a receiver that asks for a packet from before the key frame gets nothing."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    old = receiver.sender.take()[0]
    publisher.send_frame(key=True)
    receiver.sender.take()
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [old.sequence]))
    assert not receiver.sender.take()
    assert world.dropped(Drop.RETRANSMISSION_OBSOLETE) == 1


def test_without_rtx_the_same_packet_is_sent_again_byte_for_byte() -> None:
    """C17: a repeated packet index must protect the same bytes under AES-GCM (RFC 7714 §8.1)."""
    plain = Codec(100, "VP8", 90_000, nack=True, pli=True, transport_cc=True)
    world = World()
    publisher, voice = world.publisher(), world.voice()
    receiver = world.receiver()
    video = receiver.subscribe(publisher.publication, (plain,))
    audio = receiver.subscribe(voice.publication, (OPUS,))
    publisher.send_frame(key=True)
    voice.send_voice()
    sent = {packet.ssrc: packet for packet in receiver.sender.take()}
    world.advance(0.3)
    for subscription in (video, audio):
        receiver.rtcp(feedback.nack(1, subscription.ssrc, [sent[subscription.ssrc].sequence]))
        (again,) = receiver.sender.take()
        assert again.raw == sent[subscription.ssrc].raw


def test_a_late_packet_is_the_same_when_it_is_sent_again() -> None:
    """C17: it was overtaken by the receiver's report that ended the MID; its number is never sent in two forms."""
    world = World()
    voice, receiver = world.voice(), world.receiver()
    subscription = receiver.subscribe(voice.publication)
    voice.send_voice()
    late = voice.packet(b"opus" * 20, extensions={rtp.URI_AUDIO_LEVEL: b"\x1e"})
    voice.send_voice()
    highest = receiver.sender.take()[-1].sequence
    receiver.rtcp(receiver_report(1, [ReportBlock(subscription.ssrc, 0, 0, highest, 0, 0, 0)]))
    voice.send_voice()
    (without,) = receiver.sender.take()
    assert without.value(rtp.URI_MID) is None
    before = subscription.packets
    voice.push(late)
    (first,) = receiver.sender.take()
    assert first.sequence == highest - 1
    assert subscription.packets == before + 1
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [first.sequence]))
    (again,) = receiver.sender.take()
    assert again.raw == first.raw


def test_a_flood_of_nacks_is_not_looked_into() -> None:
    """One datagram names thousands of packets: what one peer may name in a second is bounded, and comes back."""
    world = World()
    publisher, receiver = world.publisher(), world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    sequence = receiver.sender.take()[0].sequence
    flood = feedback.nack(1, subscription.ssrc, [20_000 + number for number in range(4_000)])
    for _ in range(10):
        receiver.rtcp(flood)
    looked_up = world.dropped(Drop.RETRANSMISSION_MISSING)
    assert NACK_BURST <= looked_up < NACK_BURST + 4_000
    assert world.dropped(Drop.RETRANSMISSION_LIMITED) > 0
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [sequence]))
    assert not receiver.sender.take()
    world.advance(1.0)
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [sequence]))
    assert len(receiver.sender.take()) == 1


def test_after_a_pause_old_numbers_still_find_their_packets() -> None:
    """A8, C17: a packet sent before a pause is found by the number it had then."""
    world = World()
    voice = world.voice()
    receiver = world.receiver()
    subscription = receiver.subscribe(voice.publication)
    voice.send_voice()
    voice.send_voice()
    old = receiver.sender.take()[1]
    subscription.pause()
    voice.send_voice()
    subscription.resume()
    voice.send_voice()
    receiver.sender.take()
    receiver.rtcp(feedback.nack(1, subscription.ssrc, [old.sequence]))
    (again,) = receiver.sender.take()
    assert again.raw == old.raw


@pytest.mark.parametrize(("age", "held"), [(0.5, True), (1.9, True), (2.1, False)])
def test_the_ring_holds_two_seconds(age: float, held: bool) -> None:
    """C19: by time: at 1.5 Mbit/s two seconds of packets are there, older ones not."""
    ring = PacketRing(2_048, 2.0, 2_000_000)
    for number in range(1, 2_000):
        ring.store((number, 0, 0, bytes(1_200), (), number / 156))
    newest = ring.newest
    assert (ring.get(newest - round(age * 156)) is not None) is held


def test_the_ring_is_bounded_by_bytes_and_slots() -> None:
    """C19: big packets let old ones go; a jump in numbers clears it; `size` stays exact."""
    ring = PacketRing(64, 10.0, 10_000)
    for number in range(1, 100):
        ring.store((number, 0, 0, bytes(1_000), (), 0.0))
        assert ring.size <= 10_000
    assert [number for number in range(1, 100) if ring.get(number)] == list(range(90, 100))
    ring.store((5_000, 0, 0, bytes(10), (), 0.0))
    assert ring.get(99) is None
    assert ring.size == 10
    assert ring.floor == 5_000
