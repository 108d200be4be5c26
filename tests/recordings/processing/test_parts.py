"""The parts that need no media: clocks, order, frames, layouts, scenes."""

from __future__ import annotations

import random
from itertools import combinations, pairwise
from operator import itemgetter
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from recordings.processing import frames, layouts
from recordings.processing.arranging import Look
from recordings.processing.clock import Evidence
from recordings.processing.frames import Tally
from recordings.processing.layouts import Box, Canvas
from recordings.processing.options import Options
from recordings.processing.ordering import Counts, Lost, Run, in_order
from recordings.processing.plan import Planner, schedule, turns
from recordings.processing.story import Change, Person, Seen, Span, Story
from recordings.processing.tracks import Reel, Size
from recordings.raw import blocks, rtpdump
from recordings.raw.rtpdump import Packet
from tests.recordings.making import Sender, _pictures, dump

RATE = 90_000

# --- clocks ---


@settings(deadline=None, max_examples=15)
@given(
    drift=some.floats(-500, 500),
    noise=some.floats(0, 0.015),
    outliers=some.integers(0, 3),
    anchored=some.booleans(),
    seed=some.integers(0, 999),
)
def test_a_fit_finds_the_clock_behind_noise_and_outliers(
    drift: float, noise: float, outliers: int, anchored: bool, seed: int
) -> None:
    chance = random.Random(seed)
    evidence = Evidence(RATE)
    delay = 0.0 if anchored else 0.03

    def stamp(at: float) -> int:
        return round(at * RATE * (1 + drift * 1e-6)) + 77

    for tick in range(300 * 10):
        at = tick / 10
        evidence.saw(stamp(at), 1_000 + at + 0.03 + chance.random() * 0.02)
        if anchored and tick % 10 == 0:
            evidence.reported(stamp(at), 1_000 + at + chance.gauss(0, noise))
    for _ in range(outliers if anchored else 0):
        at = chance.uniform(0, 300)
        evidence.reported(stamp(at), 1_000 + at + chance.uniform(-900, 900))
    place = evidence.fit().reader()
    for at in (0.0, 75.0, 150.0, 299.0):
        assert place(stamp(at)) == pytest.approx(1_000 + at + delay, abs=0.012)


def test_a_sender_that_begins_anew_is_another_piece() -> None:
    evidence = Evidence(RATE)
    for second in range(60):
        jump = 0.0 if second < 30 else 2.0
        at = 1_000 + second + jump
        evidence.saw(second * RATE, at + 0.02)
        evidence.reported(second * RATE, at)
    mapping = evidence.fit()
    assert len(mapping.pieces) == 2
    place = mapping.reader()
    assert place(10 * RATE) == pytest.approx(1_010, abs=0.005)
    assert place(50 * RATE) == pytest.approx(1_052, abs=0.005)


# --- order ---


def packet(number: int, arrived: float, timestamp: int | None = None) -> Packet:
    return Packet(arrived, number, timestamp if timestamp is not None else number * 960, False, b"x")


@given(seed=some.integers(0, 10_000))
def test_packets_come_out_in_order_each_once_and_what_is_missing_is_counted(seed: int) -> None:
    chance = random.Random(seed)
    sent = [packet(number, number / 50 + chance.random() * 0.3) for number in range(200)]
    sent[0] = sent[0]._replace(arrived=-1)
    lost = {number for number in range(1, 199) if chance.random() < 0.05}
    arrived = [one for one in sent if one.sequence not in lost]
    arrived += chance.sample(arrived, 5)
    counts = Counts()
    made = list(in_order(sorted(arrived, key=lambda one: one.arrived), counts))
    numbers = [one.sequence for one in made if isinstance(one, Packet)]
    assert numbers == [number for number in range(200) if number not in lost]
    assert counts.lost == len(lost) == sum(one.packets for one in made if isinstance(one, Lost))
    assert counts.doubled == 5


def test_one_packet_with_a_wild_number_is_left_out_but_a_leap_of_the_track_is_followed() -> None:
    counts = Counts()
    arrived = [packet(1, 0), packet(30_000, 0.02), packet(2, 0.04), packet(3, 0.06)]
    assert [one.sequence for one in in_order(arrived, counts) if isinstance(one, Packet)] == [1, 2, 3]
    assert counts.wild == 1
    leap = [packet(1, 0), packet(2, 0.02), packet(20_000, 9), packet(20_001, 9.02)]
    assert [one.sequence for one in in_order(leap, Counts()) if isinstance(one, Packet)] == [1, 2, 20_000, 20_001]


# --- frames ---


@pytest.mark.parametrize("codec", ["VP8", "H264"])
@pytest.mark.parametrize("seed", range(2))
def test_what_comes_out_after_losses_looks_as_if_nothing_had_been_lost(codec: str, seed: int) -> None:
    chance = random.Random(seed)
    sender = Sender("a", codec=codec, ends=4, sizes=((0, (320, 180)),), key_every_s=1)
    sent = [
        Packet(at, number, round(at * RATE), marker, payload)
        for number, (at, marker, payload) in enumerate(_pictures(sender))
    ]
    kept: list[Packet | Lost] = [one if chance.random() > 0.15 else Lost(1) for one in sent]
    tally = Tally()
    made = list(frames.pictures(codec, kept, tally))
    assert tally.cut + tally.leaned > 0
    assert made[0].key
    assert tally.sizes == [(320, 180)]
    whole = _decoded(codec, list(frames.pictures(codec, sent, Tally())))
    assert len(whole) == 100
    lossy = _decoded(codec, made)
    assert len(lossy) == len(made)
    assert all(whole[timestamp] == picture for timestamp, picture in lossy.items())


@pytest.mark.parametrize("codec", ["VP8", "H264", "opus"])
def test_blocks_of_packets_make_the_same_frames_and_clock_as_packets_one_by_one(codec: str, tmp_path: Path) -> None:
    chance = random.Random(4)
    how = {"loses": lambda at, number: chance.random() < 0.01, "reorders": 0.05, "silent": [(3, 5)], "drift_ppm": 200}
    sender = Sender("a", codec=codec, ends=8, sizes=((0, (320, 180)), (6, (160, 90))), key_every_s=1, **how)  # type: ignore[arg-type]
    path = tmp_path / "a"
    path.write_bytes(dump(sender, 3, random.Random(1)))
    made = []
    for reading in (rtpdump.read, blocks.read):
        counts, tally, evidence = Counts(), Tally(), Evidence(RATE)
        for piece in reading(path, 3):
            if isinstance(piece, blocks.Block):
                evidence.saw_all(piece.timestamp, piece.arrived)
            elif isinstance(piece, Packet):
                evidence.saw(piece.timestamp, piece.arrived)
        packets = in_order(reading(path, 3), counts)
        found = list(frames.sounds(packets, tally) if codec == "opus" else frames.pictures(codec, packets, tally))
        made.append((found, counts, tally, evidence))
    assert made[0] == made[1]
    assert made[0][1].lost
    assert made[0][1].late
    assert any(isinstance(one, Run) for one in in_order(blocks.read(path, 3), Counts()))


def _decoded(codec: str, made: list[frames.Frame]) -> dict[int, bytes]:
    """Pictures by timestamp."""
    decoder = av.CodecContext.create("libvpx" if codec == "VP8" else "h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_type = "NONE"
    found: dict[int, bytes] = {}
    for frame in [*made, None]:
        packet = None
        if frame is not None:
            packet = av.Packet(frame.data if codec == "VP8" else _annex_b(frame.data))
            packet.pts = frame.timestamp
        for picture in decoder.decode(packet):
            assert picture.pts is not None
            found[picture.pts] = picture.to_ndarray().tobytes()
    return found


def _annex_b(data: bytes) -> bytes:
    made, position = b"", 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        made += b"\0\0\0\1" + data[position + 4 : position + 4 + size]
        position += 4 + size
    return made


def layered(picture: int, layer: int, tl0: int, *, syncs: bool = False, key: bool = False) -> bytes:
    """A VP8 frame in one packet, with picture id, TL0PICIDX and TID."""
    head = bytes([0x90, 0xE0, 0x80 | picture >> 8, picture & 0xFF, tl0, layer << 6 | syncs << 5])
    return head + (b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xb4\x00" if key else b"\x11\x00\x00body")


def test_a_lost_frame_of_an_upper_layer_costs_only_what_leans_on_it() -> None:
    sent: list[Packet | Lost] = [
        Packet(0, 0, 0, True, layered(0, 0, 0, key=True)),
        Lost(1),  # picture 1, of layer 1
        Packet(0, 2, 6_000, True, layered(2, 1, 0)),
        Packet(0, 3, 9_000, True, layered(3, 0, 1)),
        Packet(0, 4, 12_000, True, layered(4, 1, 1, syncs=True)),
        Lost(1),  # padding: the next picture follows
        Packet(0, 6, 15_000, True, layered(5, 1, 1)),
        Lost(1),  # picture 6, of the base
        Packet(0, 8, 21_000, True, layered(7, 0, 3)),
        Packet(0, 9, 24_000, True, layered(8, 0, 4, key=True)),
    ]
    assert [frame.timestamp for frame in frames.pictures("VP8", sent, Tally())] == [0, 9_000, 12_000, 15_000, 24_000]


# --- layouts ---


def apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(count=some.integers(1, 16), size=some.sampled_from([(1280, 720), (640, 360), (1920, 1080), (320, 180)]))
def test_pictures_stand_apart_within_the_canvas(count: int, size: tuple[int, int]) -> None:
    canvas = Canvas(*size)
    beside = min(count - 1, layouts.room_beside(canvas))
    for boxes in (layouts.grid(canvas, count), layouts.large_with_column(canvas, beside)):
        label = canvas.scaled(layouts.LABEL)
        for box in boxes:
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.width <= canvas.width
            assert box.y + box.height + label <= canvas.height
            assert not any(value % 2 for value in box)
        assert all(apart(one, other) for one, other in combinations(boxes, 2))


# --- scenes ---


def story(**more: object) -> Story:
    made = Story(0.0, whole=True, until=60)
    roles = {"a": "host", "i": "interpreter", "v": "viewer"}
    for number, name in enumerate("abcdefiv"):
        role = roles.get(name, "participant")
        made.people[name] = Person(name, [Seen(float(number) / 100, name.upper(), "", role)])
    for key, value in more.items():
        setattr(made, key, value)
    return made


def reel(who: str, source: str = "camera", since: float = 0, until: float = 60, sizes: int = 1) -> Reel:
    return Reel(
        participant=who,
        source=source,
        media="video",
        codec="VP8",
        file="",
        media_file="",
        index_file="",
        tracks=[1],
        since=since,
        until=until,
        frames=1,
        spans=[Span(since, until)],
        sizes=[Size(at=since + 10 * number, width=320, height=180) for number in range(sizes)],
    )


CAMERAS = [reel(who) for who in "abcdefi"]


def look(at: float, given: Story, reels: list[Reel], layout: str = "speaker") -> Look:
    return Planner(given, reels, 60, Options.model_validate({"layout": layout})).look(at)


def who(seen: Look) -> list[str]:
    return [tile.participant for tile in seen.tiles]


def test_interjections_do_not_count_and_a_speaker_is_large_from_the_first_word() -> None:
    said = [Change(1, "a"), Change(10, "b"), Change(11, "a"), Change(20, None), Change(25, "c"), Change(25.5, "d")]
    assert turns(story(speakers=said)) == [Change(1, "a"), Change(25.5, "d")]
    assert turns(story(speakers=[Change(0, "a"), Change(1, "b"), Change(9, "a")]))[1] == Change(2.0, "b")


def test_the_interpreter_has_a_place_in_every_layout_however_many_there_are() -> None:
    told = story(speakers=[Change(0, "a")])
    screen = reel("b", "screen", 20, 40)
    for layout in ("speaker", "grid", "slides"):
        for at in (10.0, 30.0):
            assert "i" in who(look(at, told, [*CAMERAS, screen], layout)), (layout, at)


def test_what_is_pinned_is_large_and_a_screen_is_larger_than_a_speaker() -> None:
    told = story(speakers=[Change(0, "a")], spotlights=[Change(30, "c"), Change(40, "b", "screen"), Change(50, None)])
    reels = [*CAMERAS, reel("b", "screen", 20, 60), reel("c", "document_camera", 25, 60)]
    assert [look(at, told, reels).tiles[0][3] for at in (10, 22, 27, 35, 45, 55)] == [0, 7, 8, 2, 7, 8]
    assert who(look(22, told, reels))[1] == "a", "the speaker is first beside the screen"
    assert look(22, told, reels).tiles[0].label == "B · екран"


def test_viewers_have_no_place_and_people_without_a_camera_have_initials() -> None:
    told = story()
    seen = look(10, told, [reel("a"), reel("b", "microphone").model_copy(update={"media": "audio"})], "grid")
    assert [(tile.participant, tile.reel) for tile in seen.tiles] == [("a", 0), ("b", None)]


@settings(deadline=None, max_examples=60)
@given(seed=some.integers(0, 100_000), layout=some.sampled_from(["speaker", "grid", "slides"]))
def test_scenes_follow_each_other_without_a_hole_and_neighbours_differ(seed: int, layout: str) -> None:
    chance = random.Random(seed)

    def moment() -> float:
        return chance.uniform(0, 60)

    told = story(
        speakers=sorted(Change(moment(), chance.choice("abcdefi")) for _ in range(12)),
        spotlights=sorted((Change(moment(), chance.choice(["a", "b", None])) for _ in range(3)), key=itemgetter(0)),
        pauses=[Span(20.01, 20.01 + chance.uniform(0.1, 20))] if chance.random() < 0.5 else [],
    )
    reels = [reel(name, since=moment() / 2, until=30 + moment() / 2, sizes=chance.randrange(1, 3)) for name in "abci"]
    reels.append(reel("b", "screen", moment() / 2, 45))
    options = Options.model_validate({"layout": layout, "scene_s": 20})
    scenes = Planner(told, reels, 60, options).scenes()
    assert scenes[0].first == 0
    for one, other in pairwise(scenes):
        assert one.first + one.frames == other.first
        assert one.look != other.look or one.frames > 200
    whole = schedule(told, 60, options.rate)
    assert scenes[-1].first + scenes[-1].frames == round(whole.duration * options.rate)
    assert max(scene.frames for scene in scenes) <= 500


def test_a_pause_takes_three_seconds_of_the_composition() -> None:
    told = story(pauses=[Span(10, 40)])
    plan = schedule(told, 60, 25)
    assert plan.duration == pytest.approx(33)
    assert [plan.media(at) for at in (5, 10, 39, 40, 50)] == pytest.approx([5, 10, 10, 13, 23])
