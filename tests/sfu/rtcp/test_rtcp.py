"""RTCP read back as written, known vectors, and noise (checklist D27)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtcp import compound, extended, feedback, reports, transport
from sfu.rtcp.compound import RtcpPacket, split
from sfu.rtcp.reports import ReportBlock

U16, U24, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFFFF)
BLOCKS = st.builds(ReportBlock, U32, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), U32, U32, U32, U32)
READERS = (
    reports.parse_sender_report,
    reports.parse_receiver_report,
    reports.parse_source_description,
    reports.parse_bye,
)
BODY_READERS = (
    feedback.parse_nack,
    feedback.parse_fir,
    feedback.parse_remb,
    feedback.parse_media_ssrc,
    transport.parse_transport_feedback,
    extended.parse_extended,
)


def only(data: bytes) -> RtcpPacket:
    packets, whole = split(data)
    assert whole
    assert len(packets) == 1
    return packets[0]


@given(st.lists(BLOCKS, max_size=70), U32)
def test_receiver_reports(blocks: list[ReportBlock], ssrc: int) -> None:
    """RFC 3550 §6.4.2: more than 31 blocks make several packets; signed 24-bit loss."""
    packets, whole = split(reports.receiver_report(ssrc, blocks))
    assert whole
    read: list[ReportBlock] = []
    for packet in packets:
        assert packet.packet_type == compound.RECEIVER_REPORT
        read += reports.parse_receiver_report(packet.body, packet.count) or []
    assert read == blocks


@given(U32, st.integers(0, (1 << 64) - 1), U32, U32, U32)
def test_sender_reports(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> None:
    """RFC 3550 §6.4.1."""
    packet = only(reports.sender_report(ssrc, ntp, timestamp, packets, octets))
    report = reports.parse_sender_report(packet.body, packet.count)
    assert report == reports.SenderReport(ssrc, ntp, timestamp, packets, octets, [])


def test_known_bytes() -> None:
    """Vectors written out by hand from the RFCs."""
    assert feedback.pli(1, 2).hex() == "81ce00020000000100000002"
    assert feedback.nack(1, 2, [0xFFFF, 0x10000, 0x10010]).hex() == "81cd00040000000100000002ffff000100100000"
    assert feedback.fir(1, 2, 3).hex() == "84ce000400000001000000000000000203000000"
    assert feedback.remb(1, 0x3FFFF << 3, [7]).hex() == "8fce0005000000010000000052454d42010fffff00000007"
    assert reports.bye([9]).hex() == "81cb000100000009"
    assert reports.source_description(1, "ab").hex() == "81ca0003000000010102616200000000"


@given(st.sets(st.integers(0, 400), min_size=1, max_size=120), U16)
def test_nack(offsets: set[int], base: int) -> None:
    """RFC 4585 §6.2.1: any set of losses, over the wrap."""
    lost = [base + offset for offset in sorted(offsets)]
    packet = only(feedback.nack(1, 2, lost))
    assert feedback.parse_nack(packet.body) == [number & 0xFFFF for number in lost]
    assert feedback.parse_media_ssrc(packet.body) == 2


@given(U32, st.integers(0, 255))
def test_fir(ssrc: int, command: int) -> None:
    packet = only(feedback.fir(1, ssrc, command))
    assert feedback.parse_fir(packet.body) == [(ssrc, command)]


@given(st.integers(0, 10**10), st.lists(U32, max_size=20))
def test_remb(bitrate: int, ssrcs: list[int]) -> None:
    """18 bits of mantissa: exact to 1 in 131,072."""
    parsed = feedback.parse_remb(only(feedback.remb(1, bitrate, ssrcs)).body)
    assert parsed is not None
    assert parsed[0] == pytest.approx(bitrate, rel=1 / 131_072)
    assert parsed[1] == ssrcs


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 4_000)), min_size=1, max_size=300),
    st.integers(0, 1 << 30),
    U16,
)
def test_transport_feedback(steps: list[int | None], start: int, base: int) -> None:
    """Runs, vectors, small and large deltas, losses at any place; every arrival exact to the tick."""
    arrivals: list[int | None] = []
    now = start
    for step in [*steps, 1]:
        if step is None:
            arrivals.append(None)
        else:
            now += step
            arrivals.append(now)
    message, covered = transport.transport_feedback(1, 2, base, 5, arrivals)
    assert covered == len(arrivals)
    parsed = transport.parse_transport_feedback(only(message).body)
    assert parsed is not None
    assert (parsed.base_sequence, parsed.count) == (base, 5)
    assert len(parsed.arrivals) == len(arrivals)
    first = next(at for at in arrivals if at is not None)
    origin = next(at for at in parsed.arrivals if at is not None)
    for expected, read in zip(arrivals, parsed.arrivals, strict=True):
        if expected is None:
            assert read is None
        else:
            assert read is not None
            assert round((read - origin) / transport.DELTA_UNIT) == expected - first


def test_transport_feedback_is_split_at_a_long_silence() -> None:
    """A delta has 16 bits of 250 µs: what is 8 s later belongs to the next message."""
    arrivals: list[int | None] = [100, None, 101, None, None, 101 + 40_000, 101 + 40_001]
    _, covered = transport.transport_feedback(1, 2, 0, 0, arrivals)
    assert covered == 3
    message, rest = transport.transport_feedback(1, 2, 3, 1, arrivals[covered:])
    assert rest == 4
    parsed = transport.parse_transport_feedback(only(message).body)
    assert parsed is not None
    assert [at is not None for at in parsed.arrivals] == [False, False, True, True]


def test_transport_feedback_vector() -> None:
    """The draft's own layout: three received 1 ms apart, then one lost, one received 100 ms later."""
    message, _ = transport.transport_feedback(1, 2, 10, 7, [256, 260, 264, None, 664])
    assert message.hex() == "8fcd00060000000100000002000a000500000107d520000404019000"


@given(U32, st.integers(0, (1 << 64) - 1), st.lists(st.tuples(U32, U32, U32), max_size=5))
def test_extended_reports(ssrc: int, ntp: int, entries: list[tuple[int, int, int]]) -> None:
    assert extended.parse_extended(only(extended.reference_time(ssrc, ntp)).body) == (ssrc, ntp, [])
    assert extended.parse_extended(only(extended.delay_report(ssrc, entries)).body) == (ssrc, None, entries)


@given(U32, st.text(max_size=80))
def test_source_description(ssrc: int, name: str) -> None:
    packet = only(reports.source_description(ssrc, name))
    kept = name.encode()[:255].decode("utf-8", "replace")
    assert reports.parse_source_description(packet.body, packet.count) == {ssrc: kept}


@given(st.binary(max_size=200))
def test_noise_is_taken_apart(data: bytes) -> None:
    """Any datagram gives packets and a verdict, never an exception."""
    packets, _ = split(data)
    for packet in packets:
        for reader in READERS:
            reader(packet.body, packet.count)
        for body_reader in BODY_READERS:
            body_reader(packet.body)


@given(st.binary(max_size=120), st.integers(0, 31))
def test_noise_in_bodies(body: bytes, count: int) -> None:
    """Any body is read or refused, never an exception."""
    for reader in READERS:
        reader(body, count)
    for body_reader in BODY_READERS:
        body_reader(body)


@given(
    st.lists(st.sampled_from([feedback.pli(1, 2), reports.bye([3]), b"\x80\xd5\0\1abcd"]), max_size=6),
    st.binary(max_size=3),
)
def test_what_stands_before_rubbish_counts(packets: list[bytes], rubbish: bytes) -> None:
    """D27: all whole packets are found, whatever follows."""
    found, whole = split(b"".join(packets) + rubbish)
    assert len(found) == len(packets)
    assert whole is (bool(packets) and not rubbish)


def test_padding_is_cut_off_and_checked() -> None:
    """RFC 3550 §6.4.1: the last byte of a padded packet says how much."""
    padded = b"\xa1\xcb\x00\x02" + b"\0\0\0\x09" + b"\0\0\0\x04"
    assert only(padded).body == b"\0\0\0\x09"
    assert split(b"\xa1\xcb\x00\x01\0\0\0\xff") == ([], False)
