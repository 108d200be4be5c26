"""Raw files read back: whole ones, torn ones, damaged ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from recordings.raw import blocks, rtpdump, timeline
from recordings.raw.rtpdump import Anchor, Damage, Packet

STARTED = 1_800_000_000.25
TRACK = 3


def dump(path: Path, packets: list[Packet | Anchor]) -> Path:
    content = rtpdump.file_header(STARTED)
    for one in packets:
        offset = round((one.arrived - STARTED) * 1000)
        if isinstance(one, Packet):
            content += rtpdump.rtp_record(TRACK, one.sequence, one.timestamp, one.marker, one.payload, offset)
        else:
            content += rtpdump.anchor_record(TRACK, one.timestamp, one.captured, offset)
    path.write_bytes(content)
    return path


def some_packets(count: int, *, sequence: int = 65_530, timestamp: int = 2**32 - 9_000) -> list[Packet | Anchor]:
    """`count` packets over a wrap of both numbers, with an anchor in the middle and two packets out of order."""
    made: list[Packet | Anchor] = [
        Packet(
            STARTED + index / 50, sequence + index, timestamp + 960 * index, index % 5 == 0, bytes([index % 256] * 40)
        )
        for index in range(count)
    ]
    if count > 8:
        made[5], made[6] = made[6], made[5]
        made.insert(count // 2, Anchor(STARTED + 1, timestamp + 960 * (count // 2 - 1), STARTED + 0.5))
    return made


def test_what_was_written_is_read_and_numbers_grow_over_their_wraps(tmp_path: Path) -> None:
    written = some_packets(40)
    damage = Damage()
    read = list(rtpdump.read(dump(tmp_path / "a", written), TRACK, damage))
    assert [one[1:] for one in read if isinstance(one, Packet)] == [
        one[1:] for one in written if isinstance(one, Packet)
    ]
    (anchor,) = [one for one in read if isinstance(one, Anchor)]
    assert anchor.captured == pytest.approx(STARTED + 0.5, abs=1e-6)
    assert [one.arrived for one in read] == pytest.approx([one.arrived for one in written], abs=0.001)
    assert damage == Damage()


@given(cut=some.integers(0, 3_000))
def test_a_torn_end_costs_the_last_record_only(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = dump(tmp_path_factory.mktemp("torn") / "a", some_packets(40))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut])
    damage = Damage()
    left = list(rtpdump.read(path, TRACK, damage))
    kept = max(0, len(whole) - cut - len(rtpdump.file_header(STARTED)))
    assert len(left) >= kept // 60 - 1
    assert damage.skipped_bytes == 0
    assert damage.torn_bytes < 60


def test_damage_in_the_middle_costs_what_was_hit(tmp_path: Path) -> None:
    path = dump(tmp_path / "a", some_packets(100))
    content = bytearray(path.read_bytes())
    content[1_000:1_300] = random.Random(7).randbytes(300)
    path.write_bytes(content)
    damage = Damage()
    left = list(rtpdump.read(path, TRACK, damage))
    assert 101 - 8 <= len(left) < 101
    assert 300 <= damage.skipped_bytes < 420
    numbers = [one.sequence for one in left if isinstance(one, Packet)]
    assert max(numbers) == 65_530 + 99


@given(content=some.binary(max_size=400))
def test_noise_is_no_recording(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "a"
    path.write_bytes(content)
    damage = Damage()
    assert list(rtpdump.read(path, TRACK, damage)) == []
    assert damage.header or not content


def test_the_timeline_reads_back_and_skips_what_is_broken(tmp_path: Path) -> None:
    lines: list[timeline.AnyLine] = [
        timeline.Begun(at=1.0, recording="r1", meeting="demo"),
        timeline.Track(
            at=2.0,
            track=1,
            participant="p1",
            source="camera",
            media="video",
            codec=timeline.Codec(name="VP8", clock_rate=90_000),
        ),
        timeline.Said(at=3.0, message="m1", participant="p1", name="Центр", text="Добрий день"),
        timeline.Stopped(at=4.0),
    ]
    path = tmp_path / timeline.NAME
    torn = timeline.encode(lines[-1])[:-9]
    unknown = b'{"kind":"from_the_future","at":5}\n'
    path.write_bytes(b"".join(map(timeline.encode, lines)) + unknown + torn)
    damage = timeline.Damage()
    assert list(timeline.read(path, damage)) == lines
    assert damage.lines == 2
    assert isinstance(lines[1], timeline.Track)
    assert lines[1].file == "track-0001.rtpdump"


@given(cut=some.integers(1, 59), again=some.integers(1, 3))
def test_a_writer_that_was_killed_in_a_packet_and_goes_on_after_it_loses_none(
    tmp_path_factory: pytest.TempPathFactory, cut: int, again: int
) -> None:
    written = some_packets(8)
    path = dump(tmp_path_factory.mktemp("again") / "a", written)
    content = path.read_bytes()
    torn = content[:-cut]  # the last packet has 60 bytes
    repeated = dump(path.with_name("b"), written[-again:]).read_bytes()[len(rtpdump.file_header(STARTED)) :]
    path.write_bytes(torn + repeated)
    read = [one for one in rtpdump.read(path, TRACK) if isinstance(one, Packet)]
    assert {one.sequence: one.payload for one in read} == {one.sequence: one.payload for one in written}  # type: ignore[union-attr]
    assert all(len(one.payload) == 40 for one in read)


@settings(deadline=None, max_examples=60)
@given(seed=some.integers(0, 100_000), hits=some.integers(0, 12), cut=some.integers(0, 80))
def test_blocks_say_what_reading_one_by_one_says(
    tmp_path_factory: pytest.TempPathFactory, seed: int, hits: int, cut: int
) -> None:
    chance = random.Random(seed)
    written = some_packets(300, timestamp=2**32 - 100_000)
    for _ in range(10):
        one = chance.randrange(290)
        written[one], written[one + 3] = written[one + 3], written[one]
    path = dump(tmp_path_factory.mktemp("blocks") / "a", written)
    content = bytearray(path.read_bytes())
    for _ in range(hits):
        content[chance.randrange(len(content))] = chance.randrange(256)
    if hits > 6:
        content[9_000:9_100] = chance.randbytes(chance.randrange(200))
    path.write_bytes(content[: len(content) - cut])
    alone, together = Damage(), Damage()
    expected = list(rtpdump.read(path, TRACK, alone))
    with pytest.MonkeyPatch.context() as small:
        small.setattr(blocks, "LEAST", 4)
        small.setattr(blocks, "MOST", 64)
        small.setattr(blocks, "ONE_BY_ONE", 3)
        read = list(blocks.read(path, TRACK, together))
    packets: list[Packet] = []
    anchors: list[Anchor] = []
    for piece in read:
        if isinstance(piece, blocks.Block):
            packets += map(piece.packet, range(len(piece)))
            anchors += piece.anchors
        else:
            packets += [piece] if isinstance(piece, Packet) else []
            anchors += [piece] if isinstance(piece, Anchor) else []
    assert packets == [one for one in expected if isinstance(one, Packet)]
    assert anchors == [one for one in expected if isinstance(one, Anchor)]
    assert together == alone
    assert any(isinstance(piece, blocks.Block) for piece in read)
