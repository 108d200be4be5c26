"""Checklist D: RTCP is terminated here, both ways."""

from __future__ import annotations

import itertools

import pytest

from sfu.drops import Drop
from sfu.rtcp import compound, extended, feedback
from sfu.rtcp.compound import split
from sfu.rtcp.reports import (
    ReportBlock,
    bye,
    parse_bye,
    parse_receiver_report,
    parse_source_description,
    receiver_report,
    sender_report,
)
from tests.sfu.media.harness import Publisher, World


def blocks(publisher: Publisher) -> list[ReportBlock]:
    """All report blocks that the publisher was sent."""
    found: list[ReportBlock] = []
    for _, packet in publisher.sender.reports(compound.RECEIVER_REPORT):
        parsed = parse_receiver_report(packet.body, packet.count)
        assert parsed is not None
        found += parsed
    return found


def test_receiver_reports_count_like_rfc_3550() -> None:
    """D21: extended highest sequence over a wrap, cumulative and fractional loss, LSR and DLSR."""
    world = World()
    publisher = world.voice()
    publisher.sequence = 65_500
    for index in range(200):
        if index % 10 == 9:
            publisher.sequence += 1  # one in ten is lost
            publisher.timestamp += 960
            world.advance(0.020)
        else:
            publisher.send_voice()
    publisher.send_report()
    stamp = world.clock.ntp(world.clock.now) >> 16 & 0xFFFFFFFF
    for _ in range(100):
        publisher.send_voice()
    reports = blocks(publisher)
    last = reports[-1]
    assert last.ssrc == publisher.ssrc
    assert last.highest_sequence >> 16 == 1
    assert 0 < ((publisher.sequence - 1 - last.highest_sequence) & 0xFFFF) + 1 <= 76
    assert last.lost == 20
    assert last.last_sender_report == stamp
    assert 0.4 < last.delay_since / 65_536 <= 2.0
    assert any(22 <= block.fraction_lost <= 30 for block in reports)
    assert last.jitter < 48


def test_duplicates_make_loss_negative() -> None:
    """D21: cumulative loss is signed: more came than was sent."""
    world = World()
    publisher = world.voice()
    for _ in range(100):
        packet = publisher.packet(b"x")
        publisher.push(packet)
        publisher.push(packet)
        publisher.timestamp += 960
        world.advance(0.02)
    assert blocks(publisher)[-1].lost < -40


def test_jitter_is_measured() -> None:
    """D21: packets that come alternately 10 ms early and late show a jitter of about 20 ms."""
    world = World()
    publisher = world.voice()
    for index in range(200):
        publisher.push(publisher.packet(b"x"))
        publisher.timestamp += 1_920
        world.advance(0.060 if index % 2 else 0.020)
    assert blocks(publisher)[-1].jitter == pytest.approx(0.020 * 48_000, rel=0.2)


def test_report_intervals_are_random() -> None:
    """D24: intervals differ, between half and one and a half second."""
    world = World()
    publisher = world.voice()
    for _ in range(1_000):
        publisher.send_voice()
    times = [at for at, _ in publisher.sender.reports(compound.RECEIVER_REPORT)]
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert all(0.49 <= step <= 1.53 for step in steps)
    assert len({round(step, 2) for step in steps}) > 5


def test_sender_reports_speak_the_receivers_numbers() -> None:
    """D22: the timestamp of an SR is what the receiver's packets have at that instant; counts are the outgoing ones."""
    world = World()
    publisher = world.publisher()
    publisher.clock_error = 3_600.0
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    for index in range(90):
        publisher.send_frame(key=index == 0)
        if index == 10:
            publisher.send_report()
    at, report = receiver.sender.sender_reports()[-1]
    assert report.ssrc == subscription.ssrc
    assert report.ntp == world.clock.ntp(at)
    sent = [packet for packet in receiver.sender.packets if packet.at < at]
    assert report.packets == len(sent)
    assert report.octets == sum(len(packet.payload) for packet in sent)
    expected = sent[-1].timestamp + round((at - sent[-1].at) * 90_000)
    assert (report.timestamp - expected + 0x80000000) & 0xFFFFFFFF == pytest.approx(0x80000000, abs=90)


def test_first_sender_report_comes_at_once() -> None:
    """D22: within 50 ms of the first media if the publisher's clock is known; else as soon as it is, or after 1 s."""
    world = World()
    known, unknown = world.publisher(), world.publisher()
    for publisher in (known, unknown):
        publisher.send_frame(key=True)
    known.send_report()
    receiver = world.receiver()
    one = receiver.subscribe(known.publication)
    two = receiver.subscribe(unknown.publication)
    began = world.clock.now
    known.send_frame(key=True, step=0)
    unknown.send_frame(key=True, step=0)
    world.advance(0.050)
    assert [report.ssrc for _, report in receiver.sender.sender_reports()] == [one.ssrc]
    world.advance(1.0)
    first = next(at for at, report in receiver.sender.sender_reports() if report.ssrc == two.ssrc)
    assert 1.0 <= first - began <= 1.05
    count = len(receiver.sender.sender_reports())
    unknown.send_report()
    world.advance(0.020)
    assert two.ssrc in [report.ssrc for _, report in receiver.sender.sender_reports()[count:]]


def test_lips_stay_in_step() -> None:
    """D23: sound and picture captured at one instant have RTP times that the reports put at one instant (± 5 ms).

    The picture takes 80 ms longer on its way, the publisher's clock is off by hours: neither may matter.
    """
    world = World()
    video, voice = world.publisher(mid="v"), world.voice()
    voice.link.remove_publication(voice.publication)
    voice.link, voice.sender = video.link, video.sender
    voice.publication = video.link.add_publication(voice.section)
    receiver = world.receiver()
    picture, sound = receiver.subscribe(video.publication), receiver.subscribe(voice.publication)
    for publisher in (video, voice):
        publisher.clock_error = -7_200.0
    captured_video, captured_voice = video.timestamp, voice.timestamp
    start = world.clock.now
    for index in range(60):
        voice.push(voice.packet(b"x"))
        voice.timestamp += 960
        world.advance(0.020)
        if index >= 4 and index % 2 == 0:
            video.timestamp = captured_video + round((world.clock.now - 0.080 - start) * 90_000)
            if index == 10:
                video.send_report(captured_video + round((world.clock.now - start) * 90_000))
                voice.send_report(captured_voice + round((world.clock.now - start) * 48_000))
            video.push(video.packet(b"\x90\x80\x80\x01\x10\0\0\x9d\x01\x2a" + bytes(50), marker=True))
    reports = receiver.sender.sender_reports()

    def instant(ssrc: int, timestamp: int, rate: int) -> float:
        report = next(report for _, report in reversed(reports) if report.ssrc == ssrc)
        ticks = (timestamp - report.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        return report.ntp / (1 << 32) + ticks / rate

    packets = receiver.sender.packets
    last_sound = [packet for packet in packets if packet.ssrc == sound.ssrc][-1]
    last_picture = [packet for packet in packets if packet.ssrc == picture.ssrc][-1]
    difference = instant(sound.ssrc, last_sound.timestamp, 48_000) - instant(
        picture.ssrc, last_picture.timestamp, 90_000
    )
    true = (last_sound.at - 0.0) - (last_picture.at - 0.080)
    assert difference == pytest.approx(true, abs=0.005)


def test_sources_of_one_receiver_name_their_cname() -> None:
    """D23: SDES with the section's CNAME beside each SR."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    publisher.send_report()
    world.advance(0.02)
    names: dict[int, str] = {}
    for _, packet in receiver.sender.reports(compound.SOURCE_DESCRIPTION):
        names.update(parse_source_description(packet.body, packet.count) or {})
    assert names == {subscription.ssrc: subscription.section.cname}


def test_feedback_is_reduced_only_if_negotiated() -> None:
    """D24: RFC 5506: without `a=rtcp-rsize` feedback travels in a compound that begins with a report and a CNAME."""
    for reduced in (True, False):
        world = World()
        publisher = world.publisher(reduced_size=reduced)
        publisher.send_frame(key=True)
        publisher.publication.request_keyframe(world.clock.now)
        world.advance(0.6)
        datagrams = [split(datagram)[0] for _, datagram in publisher.sender.rtcp]
        (request,) = [d for d in datagrams if d[-1].packet_type == compound.PAYLOAD_FEEDBACK and d[-1].count == 1][:1]
        kinds = [packet.packet_type for packet in request]
        assert kinds == ([206] if reduced else [201, 202, 206])


def test_bye_at_the_end() -> None:
    """D24: a subscription that sent something says goodbye in a compound; the publisher's BYE ends its source only."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    silent = receiver.subscribe(None)
    publisher.send_frame(key=True)
    receiver.link.remove_subscription(silent)
    assert not receiver.sender.reports(compound.BYE)
    receiver.link.remove_subscription(subscription)
    ((_, packet),) = receiver.sender.reports(compound.BYE)
    assert parse_bye(packet.body, packet.count) == [subscription.ssrc]
    assert split(receiver.sender.rtcp[-1][1])[0][0].packet_type == compound.RECEIVER_REPORT
    publisher.link.receive_rtcp(bye([publisher.ssrc]), world.clock.now)
    assert not publisher.publication.closed
    assert publisher.ssrc not in publisher.link.receiving.sources


def test_a_reference_time_is_answered_and_ours_understood() -> None:
    """D25: RRTR gets a DLRR with its own stamp; a DLRR to ours gives the round trip to a publisher."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.rtcp(extended.reference_time(0xABCD, 0x1122334455667788))
    ((_, packet),) = receiver.sender.reports(compound.EXTENDED_REPORT)
    parsed = extended.parse_extended(packet.body)
    assert parsed is not None
    assert parsed[2] == [(0xABCD, 0x33445566, 0)]
    publisher.send_frame(key=True)
    world.advance(1.0)
    at, asked = publisher.sender.reports(compound.EXTENDED_REPORT)[-1]
    ours = extended.parse_extended(asked.body)
    assert ours is not None
    assert ours[1] is not None
    held = round((world.clock.now - at) * 65_536)
    world.clock.now += 0.080
    answer = extended.delay_report(publisher.ssrc, [(ours[0], ours[1] >> 16 & 0xFFFFFFFF, held)])
    publisher.link.receive_rtcp(answer, world.clock.now)
    rtt = publisher.link.stats(world.clock.now).rtt_ms
    assert rtt == pytest.approx(80, abs=1)


def test_remb_of_receivers_is_kept_and_ours_caps_the_publisher() -> None:
    """D26: no receiver's estimate reaches the publisher; ours is the cap times the videos."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    receiver.rtcp(feedback.remb(1, 100_000, [1]))
    world.advance(2.0)
    estimates = [
        feedback.parse_remb(packet.body)
        for _, packet in publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.APPLICATION_LAYER)
    ]
    assert receiver.link.sending.remb == 100_000
    assert estimates
    for estimate in estimates:
        assert estimate is not None
        assert estimate[0] == pytest.approx(2_500_000, rel=0.001)
        assert estimate[1] == [publisher.ssrc]


def test_a_malformed_packet_costs_only_itself() -> None:
    """D27: unknown types and formats are skipped by length; what follows them counts; a bad length ends the reading."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    publisher.sender.rtcp.clear()
    unknown_type = b"\x80\xd2\x00\x01abcd"
    unknown_form = b"\x9e\xcd\x00\x02" + bytes(8)
    short_nack = b"\x81\xcd\x00\x01" + bytes(4)
    receiver.rtcp(unknown_type + unknown_form + short_nack + feedback.pli(1, subscription.ssrc) + b"\x81\xce\xff\xff")
    assert world.dropped(Drop.RTCP_UNKNOWN) == 1
    assert world.dropped(Drop.RTCP_MALFORMED) == 2
    world.advance(0.6)
    assert publisher.sender.reports(compound.PAYLOAD_FEEDBACK, feedback.PLI)


def test_a_receivers_report_gives_round_trip_and_loss() -> None:
    """D21: RTT from LSR and DLSR of our own SR; loss and score from the fraction."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    publisher.send_frame(key=True)
    publisher.send_report()
    world.advance(0.02)
    at, report = receiver.sender.sender_reports()[-1]
    world.clock.now = at + 0.150
    block = ReportBlock(subscription.ssrc, 64, 5, 1, 90, report.ntp >> 16 & 0xFFFFFFFF, round(0.050 * 65_536))
    receiver.rtcp(receiver_report(1, [block]))
    stats = receiver.link.stats(world.clock.now)
    assert stats.rtt_ms == pytest.approx(100, abs=1)
    assert stats.loss_out == 0.25
    assert stats.score == 0


def test_a_report_of_an_unknown_source_is_counted() -> None:
    """D27: an SR for an SSRC that never sent a packet."""
    world = World()
    publisher = world.publisher()
    publisher.link.receive_rtcp(sender_report(0xDEAD, 1, 1, 1, 1), world.clock.now)
    assert world.dropped(Drop.RTCP_UNKNOWN_SOURCE) == 1


def test_a_flood_of_reference_times_gets_one_answer() -> None:
    """D25: what fits one datagram fifty times over must not make fifty datagrams."""
    world = World()
    receiver = world.receiver()
    receiver.rtcp(extended.reference_time(0xABCD, 0x1122334455667788) * 50)
    assert len(receiver.sender.reports(compound.EXTENDED_REPORT)) == 1
    world.advance(0.2)
    receiver.rtcp(extended.reference_time(0xABCD, 0x1122334455667788))
    assert len(receiver.sender.reports(compound.EXTENDED_REPORT)) == 2
