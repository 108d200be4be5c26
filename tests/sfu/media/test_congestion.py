"""Checklist E: transport-wide feedback to publishers, stamps to receivers."""

from __future__ import annotations

import itertools

import pytest

from sfu import rtp
from sfu.drops import Drop
from sfu.media.arrivals import MAX_SPAN
from sfu.rtcp import compound, feedback
from sfu.rtcp.transport import parse_transport_feedback
from tests.sfu.media.harness import RECEIVER_EXTENSIONS, Publisher, World


def reported(publisher: Publisher) -> tuple[list[float], dict[int, float | None]]:
    """When feedback was sent, and what it says of each transport-wide number."""
    times: list[float] = []
    arrivals: dict[int, float | None] = {}
    for at, packet in publisher.sender.reports(compound.TRANSPORT_FEEDBACK, feedback.TRANSPORT_CC):
        parsed = parse_transport_feedback(packet.body)
        assert parsed is not None
        assert parsed.count == len(times) & 0xFF
        times.append(at)
        for index, arrival in enumerate(parsed.arrivals):
            number = parsed.base_sequence + index & 0xFFFF
            if arrivals.get(number) is None:
                arrivals[number] = arrival
    return times, arrivals


def test_feedback_covers_every_packet_every_50_to_100_ms() -> None:
    """E29: numbers wrap; what is lost is said to be lost; arrival times are exact to 250 µs."""
    world = World()
    publisher = world.publisher()
    expected: dict[int, float | None] = {}
    for index in range(59):
        for packet in publisher.frame(key=index == 0):
            number = int.from_bytes(packet[17:19], "big")
            if index % 7 == 3:
                expected[number] = None
                continue
            expected[number] = world.clock.now
            publisher.push(packet)
        world.advance(1 / 30)
    world.advance(0.2)
    times, arrivals = reported(publisher)
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert all(0.049 <= step <= 0.101 for step in steps)
    assert {number for number, at in expected.items() if at is None} == {
        number for number in expected if arrivals[number] is None
    }
    base = next(iter(expected))
    origin = arrivals[base]
    start = expected[base]
    assert origin is not None
    assert start is not None
    for number, at in expected.items():
        arrival = arrivals[number]
        if at is not None:
            assert arrival is not None
            assert arrival - origin == pytest.approx(at - start, abs=0.0006)


def test_probes_without_a_known_source_are_reported() -> None:
    """E29: libwebrtc probes with SSRC 0 and unknown payload types before media: feedback counts them."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    first = publisher.transport
    for _ in range(5):
        publisher.push(publisher.packet(b"", ssrc=0, payload_type=120, padding=200))
    world.advance(0.2)
    _, arrivals = reported(publisher)
    assert all(arrivals[number & 0xFFFF] is not None for number in range(first, first + 5))
    assert world.dropped(Drop.RTP_UNKNOWN_SOURCE) == 5


def test_late_packets_are_reported_in_the_next_message() -> None:
    """E29: a packet overtaken by a report is in the next one."""
    world = World()
    publisher = world.publisher()
    publisher.send_frame(key=True)
    late, *rest = publisher.frame(packets=4)
    number = int.from_bytes(late[17:19], "big")
    for packet in rest:
        publisher.push(packet)
    world.advance(0.15)
    assert reported(publisher)[1][number] is None
    publisher.push(late)
    world.advance(0.15)
    assert reported(publisher)[1][number] is not None


def test_one_transport_wide_sequence_for_everything_sent() -> None:
    """E28: media of several sections and retransmissions share one contiguous sequence per peer."""
    world = World()
    one, two = world.publisher(), world.publisher()
    receiver, other = world.receiver(), world.receiver()
    subscription = receiver.subscribe(one.publication)
    receiver.subscribe(two.publication)
    other.subscribe(two.publication)
    for _ in range(3):
        one.send_frame(key=True)
        two.send_frame(key=True)
        last = [packet for packet in receiver.sender.packets if packet.ssrc == subscription.ssrc][-1]
        receiver.rtcp(feedback.nack(1, subscription.ssrc, [last.sequence]))
    packets = receiver.sender.take()
    assert {packet.ssrc for packet in packets} >= {subscription.ssrc, subscription.section.rtx_ssrc}
    numbers = [int.from_bytes(packet.value(rtp.URI_TRANSPORT_CC) or b"", "big") for packet in packets]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == list(range(len(numbers)))


def test_stamps_of_the_publisher_do_not_pass() -> None:
    """E30: transport-wide number and send time are ours, the publisher's transmission offset and RID are left out."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    (packet,) = publisher.frame(key=True, packets=1)
    marked = publisher.packet(
        packet[20:],
        extensions={
            rtp.URI_ABS_SEND_TIME: b"\xaa\xbb\xcc",
            rtp.URI_TRANSPORT_CC: b"\xff\xfe",
            rtp.URI_TRANSMISSION_OFFSET: b"\x01\x02\x03",
            rtp.URI_RID: b"hi",
        },
    )
    publisher.push(marked)
    (sent,) = receiver.sender.take()
    expected = int(world.clock.now * 262_144) & 0xFFFFFF
    assert sent.value(rtp.URI_ABS_SEND_TIME) == expected.to_bytes(3, "big")
    assert sent.value(rtp.URI_TRANSPORT_CC) not in (None, b"\xff\xfe")
    kept = {RECEIVER_EXTENSIONS[uri] for uri in (rtp.URI_ABS_SEND_TIME, rtp.URI_TRANSPORT_CC, rtp.URI_MID)}
    assert set(sent.extensions) == kept


def test_our_own_gaps_are_no_loss() -> None:
    """E33: what we leave out (padding, mute) leaves no hole in the numbers a receiver counts loss by."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    publisher.push(publisher.packet(b"", padding=100))
    publisher.publication.muted = True
    publisher.send_frame()
    publisher.publication.muted = False
    publisher.send_frame(key=True)
    packets = receiver.sender.take()
    assert [(p.sequence - packets[0].sequence) & 0xFFFF for p in packets] == [0, 1, 2, 3]
    numbers = [int.from_bytes(p.value(rtp.URI_TRANSPORT_CC) or b"", "big") for p in packets]
    assert [(n - numbers[0]) & 0xFFFF for n in numbers] == [0, 1, 2, 3]


def test_what_nobody_reports_is_not_kept_for_ever() -> None:
    """E29: a peer whose packets are all of unknown payload types gets no feedback, and must not fill the memory."""
    world = World()
    publisher = world.publisher()
    for _ in range(3 * MAX_SPAN):
        publisher.push(publisher.packet(b"x", payload_type=77, ssrc=0xBAD))
    assert len(publisher.link.receiving._arrivals) <= MAX_SPAN
    publisher.send_frame(key=True)
    world.advance(0.2)
    times, _ = reported(publisher)
    assert times
