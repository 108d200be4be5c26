"""Whatever comes from the network costs a counter, never an exception."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from sfu import rtp
from tests.sfu.media.harness import H264, OPUS, VP8, World

IDS = {uri: index for index, uri in enumerate(rtp.NUMBERS, start=1)}
VALUES = st.lists(st.tuples(st.integers(1, 14), st.binary(min_size=1, max_size=16)), max_size=6)
WIDE_VALUES = st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=255)), max_size=4)


@given(st.one_of(VALUES, WIDE_VALUES))
def test_extensions_read_back_as_written(values: list[tuple[int, bytes]]) -> None:
    """Both forms of RFC 8285: what is long enough is found where it lies."""
    block = rtp.encode_extensions(values)
    found = [0] * rtp.EXTENSION_COUNT
    if not block:
        return
    assert rtp.locate_extensions(block, 0, len(block), rtp.numbers_by_id(IDS), found) == len(block)
    last = dict(values)
    for uri, identifier in IDS.items():
        place = found[rtp.NUMBERS[uri]]
        if place and sum(one == identifier for one, _ in values) == 1:
            assert block[place >> 8 : (place >> 8) + (place & 0xFF)] == last[identifier]


@given(st.binary(max_size=80), st.integers(0, 20))
def test_noise_in_extensions(data: bytes, start: int) -> None:
    """Nothing is found outside of the packet."""
    found = [0] * rtp.EXTENSION_COUNT
    end = rtp.locate_extensions(data, start, len(data), rtp.numbers_by_id(IDS), found)
    assert end <= len(data)
    for place in found:
        assert (place >> 8) + (place & 0xFF) <= len(data) or end < 0


def test_one_byte_form_stops_at_id_15() -> None:
    """RFC 8285 §4.2: what follows id 15 is ignored; padding bytes are skipped."""
    found = [0] * rtp.EXTENSION_COUNT
    numbers = rtp.numbers_by_id({rtp.URI_AUDIO_LEVEL: 1, rtp.URI_MID: 2})
    block = b"\xbe\xde\x00\x02" + b"\x00\x10\x55\xf0" + b"\x20x\0\0"
    assert rtp.locate_extensions(block, 0, len(block), numbers, found) == len(block)
    assert found[rtp.AUDIO_LEVEL] == 6 << 8 | 1
    assert found[rtp.MID] == 0


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=120), max_size=12))
def test_noise_as_rtp_and_rtcp(datagrams: list[bytes]) -> None:
    """Pure noise."""
    world = World()
    publisher = world.publisher((VP8, H264), ssrcs=False)
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    for datagram in datagrams:
        publisher.push(datagram)
        publisher.link.receive_rtcp(datagram, world.clock.now)
        receiver.rtcp(datagram)
    world.advance(0.1)


HEADERS = st.tuples(
    st.sampled_from([0x80, 0x90, 0xA0, 0xB0, 0x82]),
    st.sampled_from([96, 97, 102, 103, 111, 96 | 0x80, 33]),
    st.one_of(st.integers(0, 0xFFFF), st.integers(100, 120)),
    st.one_of(st.integers(0, 0xFFFFFFFF), st.integers(3_000, 3_020)),
    st.sampled_from([0, 1, 2, 0x1100, 0x1101]),
    st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=40).map(lambda rest: b"\xbe\xde\0\1\x10\x55\x00\x00" + rest),
        st.binary(max_size=40).map(lambda rest: b"\x90\x80\x85\x01\x10\0\0\x9d\x01\x2a" + rest),
    ),
)


@settings(max_examples=300, deadline=None)
@given(packets=st.lists(HEADERS, max_size=40), seed=st.integers(0, 1_000))
def test_half_valid_packets(packets: list[tuple[int, int, int, int, int, bytes]], seed: int) -> None:
    """Good headers around noise, in any order, from any source; switches and mutes in between.

    What goes out is well formed, under our SSRC, and no sequence number is used for two different packets.
    """
    world = World(seed)
    video, voice = world.publisher((VP8, H264)), world.publisher((OPUS,), "audio")
    receiver = world.receiver()
    subscription = receiver.subscribe(video.publication)
    receiver.subscribe(voice.publication)
    for index, (first, second, sequence, timestamp, ssrc, rest) in enumerate(packets):
        packet = struct.pack(">BBHII", first, second, sequence, timestamp, ssrc) + rest
        (voice if index % 5 == 4 else video).push(packet)
        if index % 11 == 10:
            subscription.pause()
            subscription.resume()
        if index % 13 == 12:
            video.publication.muted = not video.publication.muted
        world.advance(0.011 * (index % 3))
    sent = receiver.media(subscription)
    assert len({packet.sequence for packet in sent}) == len(sent)
