"""The live engine's parts by themselves: clocks, order of packets, who is large, decoding what is seen, mixing."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from recordings.live import decoding
from recordings.live.clock import TRAVEL_S, Lateness, NodeTime, TrackClock
from recordings.live.decoding import SOUND_RATE, Chunk, PictureTrack, SoundTrack
from recordings.live.inputs import PATIENCE_S, START_S, Ordering
from recordings.live.mixing import CEILING, KNEE, Voice, limited
from recordings.live.picture import fitting
from recordings.live.stage import Stage, Turns
from recordings.processing.ordering import Lost
from recordings.raw import rtpdump, timeline
from recordings.raw.rtpdump import Packet
from tests.recordings.making import ZERO, Sender, dump


@settings(deadline=None, max_examples=60)
@given(seed=some.integers(0, 100_000))
def test_packets_come_out_once_and_in_order_and_what_is_missing_is_named(seed: int) -> None:
    chance = random.Random(seed)
    sent = [number for number in range(1_000, 1_200) if number == 1_000 or chance.random() > 0.05]
    delays = [0.0] + [chance.choice((0, 0, 0, 0.05, 0.15)) for _ in sent[1:]]
    arrivals = sorted((number * 0.01 + delay, number) for number, delay in zip(sent, delays, strict=True))
    ordering, got = Ordering(), []
    for at, number in arrivals:
        got += ordering.overdue(at)
        got += ordering.take(Packet(at, number, number, False, b""))
    got += ordering.overdue(arrivals[-1][0] + 2 * PATIENCE_S)
    numbers = [one.sequence for one in got if isinstance(one, Packet)]
    assert numbers == sent
    assert sum(one.packets for one in got if isinstance(one, Lost)) == 200 - len(sent) - (1_199 - sent[-1])


def test_a_missing_packet_is_waited_for_only_so_long() -> None:
    ordering = Ordering()
    assert list(ordering.take(Packet(0.0, 1, 1, False, b""))) == []
    assert list(ordering.take(Packet(0.0, 0, 0, False, b""))) == []
    first = list(ordering.overdue(START_S + 0.01))
    assert [one.sequence for one in first] == [0, 1], "the second one came first"  # type: ignore[union-attr]
    assert list(ordering.take(Packet(0.0, 3, 3, False, b""))) == []
    assert list(ordering.overdue(PATIENCE_S - 0.01)) == []
    lost, packet = ordering.overdue(PATIENCE_S + 0.01)
    assert (lost, packet.sequence) == (Lost(1), 3)  # type: ignore[union-attr]
    assert list(ordering.take(Packet(1.0, 2, 2, False, b""))) == [], "too late"
    assert list(ordering.take(Packet(1.0, 60_000, 2, False, b""))) == [Lost(1)]
    assert len(list(ordering.overdue(1.1))) == 1, "a track that begins anew"


@pytest.mark.parametrize("ppm", [-300, 0, 300])
def test_a_clock_follows_anchors_that_jitter_and_drift_and_steps_when_two_say_so(ppm: float) -> None:
    chance = random.Random(2)
    clock = TrackClock(90_000)
    clock.saw(5_000, 100.09)
    assert clock.time(5_000) == pytest.approx(100.05)

    def stamp(at: float) -> int:
        return round((at - 100) * 90_000 * (1 + ppm * 1e-6)) + 5_000

    for second in range(100, 700):
        clock.reported(stamp(second), second + chance.gauss(0, 0.004), second + 0.05)
        if second > 110:
            assert clock.time(stamp(second + 0.5)) == pytest.approx(second + 0.5, abs=0.012)
            assert clock.timestamp(second) == pytest.approx(stamp(second), abs=1_100)
    clock.reported(stamp(700), 703, 703)
    assert clock.time(stamp(700)) == pytest.approx(700, abs=0.012), "one alone is not believed"
    clock.reported(stamp(701), 704.001, 704.01)
    assert clock.time(stamp(701)) == pytest.approx(704, abs=0.012)
    clock.reported(stamp(702), 600, 705)
    assert clock.time(stamp(702)) == pytest.approx(705, abs=0.012), "captured long before it came: nonsense"


@pytest.mark.parametrize("ppm", [-300, 300])
def test_a_sender_without_reports_is_followed_by_what_arrives(ppm: float) -> None:
    """Its clock would be a second off after an hour; here it is 0.2 s in twelve minutes."""
    chance, clock = random.Random(4), TrackClock(48_000)
    for number in range(720 * 5):
        at = number * 0.2
        timestamp = round(at * 48_000 * (1 + ppm * 1e-6))
        clock.saw(timestamp, at + TRAVEL_S + chance.expovariate(50))
        if number > 50:
            assert clock.time(timestamp) == pytest.approx(at, abs=0.02)


def test_a_single_late_packet_delays_nobody_a_poor_line_does_and_a_good_one_again_does_not() -> None:
    late = Lateness(0.3)
    for number in range(1_000):
        late.saw(number * 0.02, number * 0.02 + (0.8 if number == 500 else 0.05))
    assert late.lag == 0
    for number in range(1_000, 1_400):
        late.saw(number * 0.02, number * 0.02 + 0.5)
    assert late.lag == pytest.approx(0.26, abs=0.01)
    for number in range(1_400, 2_400):
        late.saw(number * 0.02, number * 0.02 + 0.05)
    assert late.lag == 0


def test_the_nodes_clock_is_followed_when_it_is_another_one() -> None:
    node = NodeTime(1_000.0)
    node.saw(1_995.0, 1_000.0)  # may be old
    assert node.of(1_000.0) == 2_000.0
    for step in range(1, 4):
        node.saw(2_003.0 + step * 0.5, 1_000.0 + step * 0.5)
    assert node.of(1_010.0) == pytest.approx(2_013.0)
    node.saw(2_005.1, 1_002.0)
    assert node.of(1_010.0) == pytest.approx(2_013.0), "what reading takes does not count"


def test_who_speaks_is_large_after_a_moment_and_stays_for_a_while() -> None:
    turns, there = Turns(), {"a", "b", "c"}

    def at(time: float) -> str | None:
        turns.tick(time, there)
        return turns.recent[0] if turns.recent else None

    turns.speaks("a", 0.0)
    assert at(0.0) == "a", "the first needs no patience"
    turns.speaks("b", 5.0)
    assert at(5.5) == "a"
    turns.speaks("a", 5.6)
    turns.speaks("b", 7.0)
    assert [at(7.9), at(8.1)] == ["a", "b"]
    turns.speaks("c", 8.5)
    assert [at(9.6), at(10.2)] == ["b", "c"]
    turns.speaks(None, 11.0)
    assert at(20.0) == "c"
    turns.speaks("a", 20.0)
    there.discard("c")
    assert at(20.1) == "a", "who left is not waited for"
    turns.speaks("x", 25.0)
    assert at(30.0) == "a", "whoever is not there is never large"


def test_a_stage_begins_anew_with_what_is_told_anew() -> None:
    stage = Stage()
    track = timeline.Track(
        at=1,
        track=1,
        participant="a",
        source="camera",
        media="video",
        codec=timeline.Codec(name="VP8", clock_rate=90_000),
    )
    for line in (
        timeline.Begun(at=0, recording="r", meeting="m", title="Нарада"),
        timeline.Present(at=1, participant="a", name="Олена"),
        track,
        timeline.Muted(at=1, track=1, muted=True),
        timeline.Spotlight(at=1, participant="a"),
    ):
        stage.take(line, line.at)
    seen = stage.situation(2.0, [], "Учасник")
    assert (list(seen.people), seen.pinned, stage.muted, stage.title) == (["a"], "a", {1}, "Нарада")
    stage.take(timeline.Gone(at=3, participant="a"), 3)
    assert stage.left == {"a"}
    stage.take(timeline.Begun(at=4, recording="r", meeting="m"), 4)
    seen = stage.situation(4.0, [], "Учасник")
    assert (list(seen.people), seen.pinned, stage.muted, stage.left) == ([], None, set(), set())


def test_two_languages_at_once_are_never_heard_in_one_sound() -> None:
    stage = Stage()
    seen = []
    for who, into, on_air in (
        ("de1", "de", False), ("de1", "de", True), ("en1", "en", True), ("de2", "de", False), ("de1", "de", False),
        ("de2", "de", True), ("de2", None, False), ("de1", "de", True), ("en1", "uk", True), ("en1", None, False),
    ):  # fmt: skip
        stage.take(timeline.Interprets(at=0, participant=who, into=into, on_air=on_air), 0)
        seen.append(stage.interpreter())
    assert seen == [None, "de1", "de1", "de1", "en1", "en1", "en1", "en1", "de1", "de1"]
    assert (stage.interprets("de1"), stage.interprets("en1")) == (True, False)
    stage.take(timeline.Begun(at=4, recording="r", meeting="m"), 4)
    assert (stage.interpreter(), stage.interprets("de1")) == (None, False)


def pictures(sender: Sender) -> PictureTrack:
    """A track with everything that was sent, in a picture of its own clock."""
    clock = TrackClock(90_000)
    track = PictureTrack(sender.codec, clock)
    path_content = dump(sender, 1, random.Random(1))
    position = len(rtpdump.FIRST_LINE) + 16
    while position < len(path_content):
        length, plain, offset = rtpdump.RECORD.unpack_from(path_content, position)
        if plain:
            _, second, number, stamp, _ = rtpdump.RTP.unpack_from(path_content, position + 8)
            if not clock.known:
                clock.reported(stamp, ZERO, ZERO + 0.04)
            payload = path_content[position + 20 : position + length]
            track.take(Packet(ZERO + offset / 1000, number, stamp, second >= 0x80, payload))
        position += length
    return track


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_a_hidden_picture_is_not_decoded_and_is_there_at_once_when_it_is_wanted(codec: str) -> None:
    track = pictures(Sender("a", codec=codec, ends=4, key_every_s=3, sizes=((0, (64, 36)),), flashes=False))
    for tick in range(75, 100):
        track.advance(ZERO + tick / 25, wanted=False)
    assert track.picture is None
    assert not track.waits_for_key
    track.advance(ZERO + 3.96, wanted=True)
    assert track.picture is not None
    assert track.version == 1
    track.darken()
    assert track.picture is None
    assert track.waits_for_key


def test_of_a_picture_that_is_hidden_for_long_nothing_is_kept_and_a_key_frame_is_asked_for_when_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "MOST_FRAMES", 40)
    track = pictures(Sender("a", ends=4, key_every_s=3.5, sizes=((0, (64, 36)),), flashes=False))
    track.advance(ZERO + 2, wanted=False)
    assert not track.waits_for_key, "nobody needs it"
    track.advance(ZERO + 2.1, wanted=True)
    assert track.picture is None
    track.advance(ZERO + 3.7, wanted=True)
    assert track.picture is not None


def test_a_voice_with_a_clock_of_its_own_is_followed_softly() -> None:
    """300 ppm fast: in a minute 18 ms, which must neither gather nor click."""
    clock = TrackClock(SOUND_RATE)
    track = SoundTrack(clock)
    voice = Voice(track)
    speed = SOUND_RATE * (1 + 300e-6)
    heard = []
    sent = 0
    for tick in range(25 * 20):
        at = tick * 0.04
        while sent < (at + 0.4) * speed:
            wave = np.sin(np.arange(sent, sent + 960) * 2 * np.pi * 400 / speed).astype(np.float32) * 0.1
            track._chunks.append(Chunk(sent, np.stack([wave, wave])))
            sent += 960
        if tick % 25 == 0:
            clock.reported(round(at * speed), at, at + 0.05)
        block = voice.read(at, 1_920)
        assert block is not None
        heard.append(block[0])
    sound = np.concatenate(heard)
    expected = np.sin(np.arange(len(sound)) * 2 * np.pi * 400 / SOUND_RATE)
    last = slice(-SOUND_RATE // 2, None)
    turned = np.angle(np.sum(sound[last] * np.exp(-2j * np.pi * 400 * np.arange(len(sound))[last] / SOUND_RATE)))
    assert abs(turned + np.pi / 2) / (2 * np.pi * 400) < 0.0045, "it is within 4.5 ms of where it belongs"
    jumps = np.abs(np.diff(sound)) / np.abs(sound).max()
    assert jumps.max() < 1.5 * np.abs(np.diff(expected)).max(), "without a click"


def test_sound_around_a_hole_fades_and_sound_of_the_past_is_let_go() -> None:
    track = SoundTrack(TrackClock(SOUND_RATE))
    for timestamp in (0, 960, 2_880):
        track._place(timestamp, np.ones((2, 960), np.float32))
    block = track.read(0, 4_800)
    assert block is not None
    assert block[0, 1_900] == pytest.approx(0.16, abs=0.02)
    assert block[0, 1_920:2_880].max() == 0
    assert block[0, 2_880] == 0
    assert block[0, 3_500] == 1
    assert track.read(3_840, 960) is None
    track._place(60 * 60 * SOUND_RATE, np.ones((2, 960), np.float32))
    assert track.read(60 * 60 * SOUND_RATE, 960) is not None


@given(loud=some.floats(0, 50))
def test_the_limiter_keeps_what_is_quiet_and_never_clips(loud: float) -> None:
    block = np.linspace(-loud, loud, 101, dtype=np.float32)[None].repeat(2, axis=0)
    made = limited(block)
    assert np.abs(made).max() <= CEILING + 1e-6
    assert np.array_equal(made[np.abs(block) <= KNEE], block[np.abs(block) <= KNEE])
    assert (np.diff(made) >= -1e-6).all()


@given(
    shape=some.tuples(some.integers(1, 5_000), some.integers(1, 5_000)), box=some.sampled_from([(992, 558), (64, 36)])
)
def test_a_picture_of_any_shape_fits_its_place(shape: tuple[int, int], box: tuple[int, int]) -> None:
    width, height = fitting(*shape, *box)
    assert 2 <= width <= box[0]
    assert 2 <= height <= box[1]
    assert width % 2 == height % 2 == 0
    assert width == box[0] or height == box[1]


def test_headers_of_track_files_say_when_they_begin(tmp_path: Path) -> None:
    assert rtpdump.started(rtpdump.file_header(ZERO + 0.25)) == pytest.approx(ZERO + 0.25)
    assert rtpdump.started(b"#!rtpplay1.0 something else, of some length, that is no header") is None
