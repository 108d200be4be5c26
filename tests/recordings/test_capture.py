"""Capture: the ring between the node and the files, and what becomes of it when either end dies or the disk is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from recordings.capture.feed import CONTENT, LINE, Feed
from recordings.capture.ring import Ring, RingError
from recordings.capture.writing import Writing, folder_of
from recordings.raw import rtpdump, timeline

RECORDING = "00000000000000ab"
KEY = 0xAB
WALL = 1_800_000_000.0


class Publication:
    """What the feed needs of one."""

    def __init__(self) -> None:
        self.taps: list[Any] = []
        self.asked: list[float] = []
        self.age = 0.0

    def add_tap(self, tap: Any) -> None:
        self.taps.append(tap)

    def remove_tap(self, tap: Any) -> None:
        self.taps.remove(tap)

    def anchor(self) -> tuple[int, float] | None:
        return (90_000, 1.5)

    def since_key_frame(self) -> float:
        return self.age

    def request_keyframe(self, now: float) -> None:
        self.asked.append(now)

    def send(self, sequence: int, now: float, payload: bytes = b"x" * 100) -> None:
        (tap,) = self.taps
        tap((sequence, sequence * 3_000, 0x80, payload, (), now))


class Bench:
    """Both ends of a small ring, and time that the test moves."""

    def __init__(self, folder: Path, capacity: int = 65_536) -> None:
        self.folder = folder
        self.now = 0.0
        self.capacity = capacity
        self.node()
        self.capture()

    def node(self) -> None:
        """A node begins, or begins again after it was killed."""
        self.feed = Feed(
            Ring(self.folder / "ring", self.capacity), monotonic=lambda: self.now, wall=lambda: WALL + self.now
        )

    def capture(self) -> None:
        """A capture process begins, or begins again after it was killed."""
        self.writing = Writing(Ring(self.folder / "ring", self.capacity), self.folder / "raw", low_bytes=0)
        self.writing.ring.reader_seen = self.now

    def packets(self, track: int = 1) -> list[rtpdump.Packet]:
        path = folder_of(self.folder / "raw", KEY) / timeline.track_file(track)
        return [one for one in rtpdump.read(path, track) if isinstance(one, rtpdump.Packet)]

    def lines(self) -> list[timeline.AnyLine]:
        return list(timeline.read(folder_of(self.folder / "raw", KEY) / timeline.NAME))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@settings(max_examples=60, deadline=None)
@given(data=some.data())
def test_what_goes_in_comes_out_in_order(tmp_path_factory: pytest.TempPathFactory, data: some.DataObject) -> None:
    path = tmp_path_factory.mktemp("ring") / "ring"
    writer, reader = Ring(path, 4_096), Ring(path, 4_096)
    sent: list[tuple[int, bytes]] = []
    got: list[tuple[int, bytes]] = []
    for step in range(data.draw(some.integers(1, 60))):
        content = bytes([step % 251]) * data.draw(some.integers(0, 900))
        if writer.write(CONTENT, step, 7, content):
            sent.append((step, content))
        else:
            assert writer.waiting + len(content) + 32 > 4_096 - 916, "refused only when there is no room"
        if data.draw(some.booleans()):
            got += [(number, bytes(content)) for _, number, _, content in reader.records()]
            if data.draw(some.booleans()):  # a reader that dies before it says "free" reads them again
                reader.free()
            else:
                got = got[: len(got) - len(list(reader.records()))]
    got += [(number, bytes(content)) for _, number, _, content in reader.records()]
    assert got == sent


def test_packets_and_lines_reach_their_files(bench: Bench) -> None:
    publication = Publication()
    bench.feed.line(RECORDING, timeline.Begun(at=WALL, recording=RECORDING, meeting="demo"))
    track = bench.feed.open_track(RECORDING, 1, publication)
    for number in range(30):
        bench.now = number / 25
        publication.send(1_000 + number, bench.now)
    bench.feed.tick()
    bench.writing.pump(bench.now)
    packets = bench.packets()
    assert [one.sequence for one in packets] == list(range(1_000, 1_030))
    assert [one.arrived for one in packets] == pytest.approx([WALL + number / 25 for number in range(30)], abs=0.001)
    assert all(one.marker and one.payload == b"x" * 100 for one in packets)
    path = folder_of(bench.folder / "raw", KEY) / timeline.track_file(1)
    (anchor,) = [one for one in rtpdump.read(path, 1) if isinstance(one, rtpdump.Anchor)]
    assert (anchor.timestamp, anchor.captured) == (90_000, pytest.approx(WALL + 1.5))
    assert [line.kind for line in bench.lines()] == ["begun"]
    track.close()
    assert publication.taps == []


def test_a_packet_that_is_older_than_its_feed_is_of_its_beginning(bench: Bench) -> None:
    """A batch of packets is of one moment; a feed that its first packet opened begins later, on a busy machine much."""
    publication = Publication()
    bench.now = 5.0
    bench.feed.open_track(RECORDING, 1, publication)
    publication.send(1, 4.9)
    publication.send(2, 5.1)
    bench.writing.pump(bench.now)
    assert [one.sequence for one in bench.packets()] == [1, 2]
    assert [one.arrived for one in bench.packets()] == pytest.approx([WALL + 5.0, WALL + 5.1], abs=0.001)


def test_a_picture_without_key_frames_is_asked_for_one(bench: Bench) -> None:
    publication = Publication()
    bench.feed.open_track(RECORDING, 1, publication)
    assert publication.asked == [0.0], "a track begins with one"
    bench.now, publication.age = 21.0, 21.0
    bench.feed.tick()
    assert publication.asked == [0.0, 21.0]


def test_a_killed_capture_process_loses_nothing(bench: Bench) -> None:
    publication = Publication()
    bench.feed.open_track(RECORDING, 1, publication)
    for number in range(10):
        publication.send(1_000 + number, 0.0)
        bench.feed.line(RECORDING, timeline.Hand(at=WALL + number, participant="p", raised=True))
    bench.writing.pump(0.0)
    for number in range(10, 20):
        publication.send(1_000 + number, 0.0)
        bench.feed.line(RECORDING, timeline.Hand(at=WALL + number, participant="p", raised=True))
    # It dies when the bytes are written, half a line last, but are not yet marked as safe.
    ring = bench.writing.ring
    path = folder_of(bench.folder / "raw", KEY)
    for kind, number, _key, content in ring.records():
        with (path / (timeline.track_file(number) if kind == CONTENT else timeline.NAME)).open("ab") as file:
            file.write(content)
    with (path / timeline.NAME).open("ab") as file:
        file.write(b'{"kind":"hand","at":18000')
    bench.capture()
    publication.send(1_020, 0.0)
    bench.writing.pump(0.0)
    assert {one.sequence for one in bench.packets()} == set(range(1_000, 1_021))
    assert [line.at for line in bench.lines()] == [WALL + number for number in range(20)]


def test_a_killed_node_loses_nothing_that_it_took_in(bench: Bench) -> None:
    publication = Publication()
    bench.feed.open_track(RECORDING, 1, publication)
    bench.now = 5.0
    publication.send(1_000, bench.now)
    bench.feed.tick()
    bench.now = 7.0
    bench.node()
    assert bench.feed.writer_seen_before == WALL + 5.0, "so the gap can be told"
    again = Publication()
    bench.feed.open_track(RECORDING, 2, again)
    again.send(2_000, bench.now)
    bench.writing.pump(bench.now)
    assert [one.sequence for one in bench.packets(1)] == [1_000]
    assert [one.sequence for one in bench.packets(2)] == [2_000]


def test_a_full_ring_costs_packets_but_no_line_and_the_gap_is_told(bench: Bench) -> None:
    publication = Publication()
    bench.feed.open_track(RECORDING, 1, publication)
    for number in range(1_000):
        bench.now = number / 100
        publication.send(number, bench.now)
    bench.feed.line(RECORDING, timeline.Hand(at=WALL + 10, participant="p", raised=True))
    kept = 1_000 - bench.feed.lost_packets
    assert 0 < kept < 1_000
    bench.now = 12.0
    bench.writing.ring.reader_seen = 12.0
    bench.writing.pump(bench.now)
    bench.feed.tick()
    bench.writing.pump(bench.now)
    hand, gap = bench.lines()
    assert hand.kind == "hand"
    assert isinstance(gap, timeline.Gap)
    assert gap == timeline.Gap(at=WALL + 12, since=WALL + kept / 100, cause="overflow", packets=1_000 - kept)
    assert len(bench.packets()) == kept


def test_a_full_disk_is_waited_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    publication = Publication()
    bench.feed.open_track(RECORDING, 1, publication)
    publication.send(1, 0.0)
    bench.writing.pump(0.0)
    before = os.writev

    def nearly_full(descriptor: int, pieces: Any) -> int:
        before(descriptor, [bytes(pieces[0])[:50]])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "writev", nearly_full)
    for number in range(2, 100):
        publication.send(number, 0.0)
        bench.writing.pump(0.0)
    assert bench.feed.trouble == "disk_full"
    monkeypatch.setattr(os, "writev", before)
    bench.writing.pump(0.0)  # what was held
    bench.writing.look_at_disk()
    bench.writing.pump(0.0)  # what had to stay in the ring
    assert bench.feed.trouble is None
    path = folder_of(bench.folder / "raw", KEY) / timeline.track_file(1)
    damage = rtpdump.Damage()
    assert [one.sequence for one in rtpdump.read(path, 1, damage) if isinstance(one, rtpdump.Packet)] == list(
        range(1, 100)
    )
    assert damage == rtpdump.Damage()


def test_little_room_is_warned_of_and_the_rest_is_left_to_others(bench: Bench) -> None:
    low = Writing(bench.writing.ring, bench.folder / "raw", low_bytes=1 << 60, reserve_bytes=0)
    low.look_at_disk()
    assert bench.feed.trouble == "disk_low"
    full = Writing(bench.writing.ring, bench.folder / "raw", low_bytes=1 << 61, reserve_bytes=1 << 60)
    full.look_at_disk()
    bench.feed.line(RECORDING, timeline.Paused(at=WALL))
    assert full.pump(0.0) == 0
    assert bench.feed.trouble == "disk_full"


def test_an_absent_capture_process_is_noticed(bench: Bench) -> None:
    assert bench.feed.trouble is None
    bench.now = 3.5
    assert bench.feed.trouble == "capture_away"


def test_two_who_find_no_ring_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node begins a stream while the streamer looks for it: neither takes away what the other has just made."""
    reserve, found = os.posix_fallocate, []

    def overtaken(*what: int) -> None:
        reserve(*what)
        monkeypatch.setattr(os, "posix_fallocate", reserve)
        found.append(Ring(tmp_path / "ring", 4_096))

    monkeypatch.setattr(os, "posix_fallocate", overtaken)
    writer = Ring(tmp_path / "ring", 4_096)
    (reader,) = found
    assert (writer.fresh, reader.fresh) == (False, True)
    writer.write(CONTENT, 1, 7, b"word")
    assert [bytes(content) for _, _, _, content in reader.records()] == [b"word"]
    assert [each.name for each in tmp_path.iterdir()] == ["ring"], "nothing is left of what came too late"


def test_the_ring_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Ring(tmp_path / "ring", 4_096).close()
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    with pytest.raises(RingError, match="another user"):
        Ring(tmp_path / "ring", 4_096)


def test_a_nonsensical_ring_is_skipped_not_believed(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "ring", 4_096)
    assert ring.write(LINE, 0, 1, b"a" * 100)
    ring.memory[4_096 : 4_096 + 4] = (1 << 31).to_bytes(4)
    reader = Ring(tmp_path / "ring", 4_096)
    assert list(reader.records()) == []
    reader.free()
    assert ring.write(LINE, 0, 1, b"b")
    assert [bytes(content) for *_, content in reader.records()] == [b"b"]


def test_a_reader_asks_for_key_frames_of_some_tracks(bench: Bench) -> None:
    first, other = Publication(), Publication()
    bench.feed.open_track(RECORDING, 1, first)
    bench.feed.open_track(RECORDING, 66, other)
    first.asked.clear()
    other.asked.clear()
    bench.now = 0.5
    bench.writing.ring.wanted = 1 << 2
    bench.feed.tick()
    assert (first.asked, other.asked) == ([], [0.5])
    bench.writing.ring.wanted = 0
    bench.feed.tick()
    assert len(other.asked) == 1
