"""What goes wrong on the way into a live stream, and what is seen and heard then."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from recordings.capture.feed import CONTENT, LINE
from recordings.capture.ring import Ring
from recordings.live import engine, process
from recordings.live.engine import HOPELESS_S, LeftBehindError
from recordings.live.formats import Encoded
from recordings.live.wire import ORDER, Order
from recordings.processing.layouts import Box, Canvas, large_with_column
from recordings.raw import rtpdump, timeline
from tests.recordings.live.driving import BEGINS, SMALL, STREAM, Driver, Kept, later, records, stream
from tests.recordings.making import BLUE, GREEN, RED, YELLOW, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import Film, every_second, offsets

CANVAS = Canvas(SMALL.width, SMALL.height)
(ALONE,) = large_with_column(CANVAS, 0)
LARGE, BESIDE = large_with_column(CANVAS, 1)
OLENA = Person("a", "Олена Ковальчук")


def meeting(folder: Path, *senders: Sender, lasts: float = 5.0, people: tuple[Person, ...] = (OLENA,)) -> Meeting:
    return Meeting(folder / "raw", people, senders, lasts=lasts)


class Slow(Kept):
    """A machine that takes 60 ms for a picture."""

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self.driver = driver

    def take(self, packet: Encoded) -> None:
        super().take(packet)
        if packet.name == "720p":
            self.driver.now += 0.06


def red(film: Film, box: Box, since: float, until: float) -> list[bool]:
    """Whether the place shows Olena's red, or her white, by picture."""
    inside = (film.times >= since) & (film.times < until)
    return [bool(np.abs(colour - RED).max() < 50 or colour.min() > 200) for colour in film.region(box)[inside]]


def test_lost_packets_cost_no_beep_and_no_broken_picture_and_a_key_frame_is_asked_for(tmp_path: Path) -> None:
    chance = random.Random(3)
    camera = Sender("a", ends=5, sizes=((0, (640, 360)),), loses=lambda at, _: 1.3 < at < 1.6)
    voice = microphone("a", ends=5, loses=lambda at, _: chance.random() < 0.1)
    driver = stream(tmp_path, meeting(tmp_path, camera, voice))
    film = driver.kept.film()
    assert all(red(film, ALONE, 0.2, 4.9))
    assert not every_second(film.flashes(ALONE), 2, 5), "shown again from the next key frame on"
    assert not every_second(film.beeps(), 0, 5)
    asked = driver.wanted[1]
    assert 1.5 < min(asked) < 1.95, "as soon as it is clear that nothing more can be decoded"
    assert max(asked) < 2.1


def test_a_first_key_frame_that_never_came_is_asked_for_and_initials_stand_in_for_it(tmp_path: Path) -> None:
    camera = Sender("a", ends=4, loses=lambda at, _: at < 0.02)
    driver = stream(tmp_path, meeting(tmp_path, camera, lasts=4))
    film = driver.kept.film()
    assert not any(red(film, ALONE, 0.5, 1.9))
    assert np.ptp(film.pictures[30], axis=(0, 1)).max() > 60, "a badge with initials"
    assert all(red(film, ALONE, 2.1, 3.9))
    assert driver.wanted[1]


def test_pictures_change_size_in_mid_stream(tmp_path: Path) -> None:
    sizes = ((0.0, (320, 180)), (1.5, (160, 120)), (3.2, (640, 360)))
    film = stream(tmp_path, meeting(tmp_path, Sender("a", ends=5, sizes=sizes))).kept.film()
    assert not every_second(film.flashes(ALONE), 0, 5)
    narrow = Box(ALONE.x, ALONE.y, 40, ALONE.height)
    assert film.colour(narrow, 1.4)[0] > 120
    assert film.colour(narrow, 2.5)[0] < 80, "at 4:3 there is ground beside it"
    assert film.colour(narrow, 3.5)[0] > 120


@pytest.mark.parametrize("gap", [0.0, 0.6])
def test_another_device_or_codec_takes_over_without_initials_in_between(tmp_path: Path, gap: float) -> None:
    """A presenter changes the camera, or comes back by another connection."""
    first = Sender("a", ends=2.5)
    second = Sender("a", codec="H264", colour=BLUE, begins=2.5 + gap, ends=5)
    voices = [microphone("a", ends=2.5), microphone("a", begins=2.5, ends=5)]
    film = stream(tmp_path, meeting(tmp_path, first, second, *voices)).kept.film()
    assert all(red(film, ALONE, 0.1, 2.4))
    shown = film.region(ALONE)[(film.times > 0.1) & (film.times < 4.9)]
    assert all(max(colour) > 100 for colour in shown)
    assert film.colour(ALONE, 4.5)[2] > 120
    assert not every_second(film.beeps(), 0, 5)


def test_a_camera_that_freezes_or_ends_gives_way_to_initials_and_a_screen_that_stands_still_does_not(
    tmp_path: Path,
) -> None:
    camera = Sender("a", ends=6, flashes=False, silent=((1.0, 5.0),))
    screen = Sender("a", "screen", ends=4.5, flashes=False, colour=YELLOW, silent=((0.5, 10.0),))
    film = stream(tmp_path, meeting(tmp_path, camera, screen, lasts=6)).kept.film()
    assert film.colour(BESIDE, 2.5)[0] > 120
    assert film.colour(BESIDE, 3.4)[0] < 90
    assert film.colour(LARGE, 4.2)[:2].min() > 120, "the screen is large"
    assert film.colour(ALONE, 5.9)[:2].min() < 90, "it ended, and is gone"


def test_corrupt_payloads_do_no_harm(tmp_path: Path) -> None:
    chance = random.Random(5)
    sent = []
    for at, kind, number, content in records(
        meeting(tmp_path, Sender("a", ends=5), microphone("a", ends=5), Sender("b", codec="H264", colour=BLUE, ends=5))
    ):
        if kind == CONTENT and 1.1 < at < 1.9 and not content.startswith(b"#!"):
            changed = bytearray(content)
            for _ in range(chance.randrange(1, 30)):
                changed[chance.randrange(20, len(content))] = chance.randrange(256)
            content = bytes(changed)
        sent.append((at, kind, number, content))
    kept = stream(tmp_path, meeting(tmp_path), sent).kept
    film = kept.film()
    assert not every_second(film.flashes(LARGE), 3, 5)
    assert not every_second(film.flashes(BESIDE), 3, 5)
    assert not every_second(film.beeps(), 3, 5)
    assert len(kept.of("720p")) == pytest.approx(135, abs=2)


def test_nonsense_in_the_ring_does_no_harm(tmp_path: Path) -> None:
    chance = random.Random(6)
    driver = Driver(tmp_path / "ring")
    driver.write(CONTENT, 7, b"of a track that was not announced")
    driver.say(driver.order)
    for number, codec in ((1, "VP8"), (2, "H264"), (3, "opus"), (4, "H265")):
        line = timeline.Track(
            at=ZERO,
            track=number,
            participant="a",
            source="camera",
            media="audio" if codec == "opus" else "video",
            codec=timeline.Codec(name=codec, clock_rate=48_000 if codec == "opus" else 90_000),
        )
        driver.write(LINE, 0, timeline.encode(line))
    for step in range(300):
        number = chance.randrange(1, 5)
        content = chance.randbytes(chance.randrange(60))
        if chance.random() < 0.7:
            content = rtpdump.rtp_record(number, step, step * 960, chance.random() < 0.5, content, 0)
        driver.write(chance.choice((CONTENT, CONTENT, LINE, ORDER, 99)), number, content)
        driver.run(driver.now - BEGINS + 0.01)
    assert len(driver.close().of("720p")) > 100


def test_somebody_with_a_poor_line_is_seen_and_heard_later_but_in_step(tmp_path: Path) -> None:
    told = meeting(tmp_path, Sender("a", ends=7), microphone("a", ends=7), lasts=7)
    driver = stream(tmp_path, told, later(records(told), (1, 2), 0.5))
    film = driver.kept.film()
    flashes, beeps = film.flashes(ALONE), film.beeps()
    assert len([at for at in flashes if at > 2]) >= 4
    assert max(abs(offset) for offset in offsets([at for at in beeps if at > 2], flashes)) < 0.08
    assert all(0.2 < at % 1.0 < 0.5 for at in flashes if at > 2)


def test_a_mute_hides_and_silences_at_once(tmp_path: Path) -> None:
    told = meeting(tmp_path, Sender("a", ends=5), microphone("a", ends=5))
    told.lines = [timeline.Muted(at=ZERO + 1.5, track=number, muted=True) for number in (1, 2)] + [
        timeline.Muted(at=ZERO + 3.5, track=number, muted=False) for number in (1, 2)
    ]
    film = stream(tmp_path, told).kept.film()
    assert not any(red(film, ALONE, 1.6, 3.5))
    assert film.level(1.6, 3.5) < 1e-3
    assert all(red(film, ALONE, 4.1, 4.9))
    assert not every_second(film.beeps(), 4, 5)


def test_a_killed_composer_goes_on_with_what_the_node_tells_anew(tmp_path: Path) -> None:
    told = meeting(tmp_path, Sender("a", ends=6), microphone("a", ends=6), lasts=6)
    sent = records(told)
    driver = Driver(tmp_path / "ring")
    driver.say(driver.order)
    driver.run(2.5, [one for one in sent if one[0] < 2.4])
    for at, kind, number, content in sent:
        if 2.4 <= at < 3.0:  # nobody reads
            driver.write(kind, number, content)
    reader = driver.ring.reader
    driver.now, driver.kept = BEGINS + 3.0, Kept()
    driver.engine = driver.start()
    assert driver.ring.reader != reader
    anew = [(at, kind, number, content) for at, kind, number, content in sent if kind == LINE and at < 1]
    driver.say(driver.order)
    kept = driver.run(6.4, [*((3.0, *one[1:]) for one in anew), *(one for one in sent if one[0] >= 3.0)])
    driver.close()
    film = kept.film()
    assert kept.early == pytest.approx(-2.7, abs=0.1)
    assert not every_second(film.flashes(ALONE), 4, 6), "from the key frame at 4 s on"
    assert not every_second(film.beeps(), 4, 6)


def test_a_node_that_is_back_tells_anew_and_what_was_before_is_gone(tmp_path: Path) -> None:
    before = meeting(tmp_path, Sender("a", ends=2), Sender("b", "screen", colour=YELLOW, ends=2), lasts=2)
    before.stopped = False
    after = Meeting(tmp_path / "after", [Person("c", "Тарас")], [Sender("c", colour=GREEN, ends=3)], lasts=3)
    driver = Driver(tmp_path / "ring")
    driver.say(driver.order)
    driver.run(4.0, [one for one in records(before) if one[0] < 1.9])
    sent = [(at + 4.0, *rest) for at, *rest in records(after)]
    driver.run(7.5, sent)  # type: ignore[arg-type]
    film = driver.close().film()
    assert film.colour(ALONE, 6.5)[1] > 100
    assert film.colour(ALONE, 6.5)[0] < 80
    packets = driver.kept.of("720p")
    assert all(one.at + one.duration == other.at for one, other in pairwise(packets))


def test_a_slow_machine_leaves_out_pictures_never_sound_and_never_the_beginning_of_a_segment(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "ring")
    driver.kept = Slow(driver)
    driver.say(driver.order)
    told = meeting(tmp_path, Sender("a", ends=5, sizes=((0, (160, 90)),)), microphone("a", ends=5))
    driver.run(5.4, records(told))
    kept = driver.close()
    assert 30 < kept.told.late_frames < 100
    pictures = kept.of("720p")
    assert len(pictures) + kept.told.late_frames == pytest.approx(135, abs=8)
    assert [packet.at for packet in pictures if packet.key] == [0, 180_000, 360_000]
    for name in ("floor", "opus"):
        packets = kept.of(name)  # type: ignore[arg-type]
        assert all(one.at + one.duration == other.at for one, other in pairwise(packets))
    assert not every_second(kept.film().beeps(), 0, 5)


def test_an_engine_that_slept_gives_up_for_a_new_one(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "ring")
    driver.say(driver.order)
    driver.run(0.5)
    driver.now += HOPELESS_S + 1
    with pytest.raises(LeftBehindError):
        driver.engine.step()


def test_a_node_that_stays_away_ends_the_run_but_not_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ABANDONED_S", 3.0)
    driver = Driver(tmp_path / "ring")
    driver.say(driver.order)
    driver.run(0.5)
    monkeypatch.setattr(driver, "_node", lambda: None)
    driver.run(3.0)
    assert not driver.engine.abandoned
    driver.run(4.0)
    assert driver.engine.abandoned
    assert not driver.engine.over


def test_the_process_ends_with_the_stream_and_removes_its_ring(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "ring", 1024 * 1024)
    ring.writer_open = True
    kept, ready, ended = Kept(), threading.Event(), []
    stopping = threading.Event()

    def work() -> None:
        ended.append(process.run(ring.path, lambda order: [kept], stopping, ready.set, SMALL))

    running = threading.Thread(target=work)
    running.start()
    try:
        assert ready.wait(10)
        order = Order(stream=STREAM, meeting="m1")
        for kind, content in (
            (ORDER, order.model_dump_json().encode()),
            (LINE, timeline.encode(timeline.Begun(at=time.time(), recording=STREAM, meeting="m1"))),
            (ORDER, order.model_copy(update={"title": "Інша"}).model_dump_json().encode()),
            (LINE, timeline.encode(timeline.Stopped(at=time.time()))),
        ):
            assert ring.write(kind, 0, int(STREAM, 16), content)
        running.join(20)
    finally:
        stopping.set()
        running.join(20)
    assert ended == [True]
    assert not ring.path.exists()
    assert kept.closed == 1
    assert kept.of("720p")


def test_a_process_that_is_told_to_stop_closes_its_outputs_and_leaves_the_ring(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "ring", 1024 * 1024)
    ring.write(ORDER, 0, 1, Order(stream=STREAM, meeting="m1").model_dump_json().encode())
    kept, stopping = Kept(), threading.Event()
    kept.begin = lambda formats, wall: stopping.set()  # type: ignore[method-assign]
    assert not process.run(ring.path, lambda order: [kept], stopping, lambda: None, SMALL)
    assert kept.closed == 1
    assert ring.path.exists()


@pytest.mark.parametrize(("what", "seconds"), [("HOPELESS_S", -1.0), ("ABANDONED_S", 0.0)])
def test_a_run_that_ends_before_its_stream_does_not_tell_anybody_that_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, seconds: float
) -> None:
    monkeypatch.setattr(engine, what, seconds)
    ring = Ring(tmp_path / "ring", 1024 * 1024)
    ring.write(ORDER, 0, 1, Order(stream=STREAM, meeting="m1").model_dump_json().encode())
    kept, ended = Kept(), False
    with suppress(LeftBehindError):
        ended = process.run(ring.path, lambda order: [kept], threading.Event(), lambda: None, SMALL)
    assert not ended
    assert kept.closed == 0
    assert ring.path.exists()


def test_a_stream_that_ended_while_no_composer_ran_is_ended_by_the_next(tmp_path: Path) -> None:
    """With its order in the ring its outputs are told; without, there is nobody to tell."""
    for ordered in (True, False):
        ring = Ring(tmp_path / f"ring-{ordered}", 1024 * 1024)
        kept = Kept()
        if ordered:
            order = Order(stream=STREAM, meeting="m1")
            ring.write(ORDER, 0, 1, order.model_dump_json().encode())
        ring.write(LINE, 0, 1, timeline.encode(timeline.Stopped(at=ZERO)))
        assert process.run(ring.path, lambda order, kept=kept: [kept], threading.Event(), lambda: None, SMALL)  # type: ignore[misc]
        assert kept.closed == ordered
        assert not ring.path.exists()
