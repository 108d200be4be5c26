"""The live stream, measured: everybody flashes and beeps each second, and so must what comes out."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from recordings.capture.feed import LINE
from recordings.live.engine import words_of
from recordings.live.wire import Order
from recordings.processing import cards
from recordings.processing.arranging import Look
from recordings.processing.layouts import Canvas, large_with_column, room_beside
from recordings.raw import timeline
from tests.recordings import making
from tests.recordings.live.driving import SMALL, STREAM, Driver, Kept, stream
from tests.recordings.making import BLUE, GREEN, RED, YELLOW, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import Film, every_second, offsets

CANVAS = Canvas(SMALL.width, SMALL.height)
LARGE, BESIDE = large_with_column(CANVAS, 1)
(ALONE,) = large_with_column(CANVAS, 0)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Olena's clock is fast, Taras's slow; he sends H.264 and speaks from the third second on."""
    folder = tmp_path_factory.mktemp("usual")
    meeting = Meeting(
        folder / "raw",
        [Person("a", "Олена Ковальчук"), Person("b", "Тарас Ґудзь")],
        [
            Sender("a", drift_ppm=300, anchor_noise_s=0.004, reorders=0.05),
            microphone("a", drift_ppm=300, anchor_noise_s=0.004, dtx=True, reorders=0.05),
            Sender("b", codec="H264", colour=BLUE, drift_ppm=-300),
            microphone("b", drift_ppm=-300, tone=1_600),
        ],
        lines=[
            timeline.Speaker(at=ZERO + 0.2, participant="a"),
            timeline.Speaker(at=ZERO + 3, participant="b"),
        ],
    )
    return stream(folder, meeting).kept


def test_every_second_is_seen_and_heard_in_step(usual: Kept) -> None:
    film = usual.film()
    for box, tone in ((LARGE, 1_000.0), (BESIDE, 1_600.0)):
        flashes, beeps = film.flashes(box), film.beeps(tone)
        assert not every_second(flashes, 0, 6), flashes
        assert not every_second(beeps, 0, 6), beeps
        assert max(abs(offset) for offset in offsets(beeps, flashes)) < 0.08
    assert not every_second(usual.film("360p", "opus", width=80).beeps(1_000.0), 0, 6)


def test_streams_begin_at_zero_go_on_without_a_hole_and_have_key_frames_every_two_seconds(usual: Kept) -> None:
    for name in usual.formats:
        packets = usual.of(name)
        assert packets[0].at == 0, name
        assert all(one.at + one.duration == other.at for one, other in pairwise(packets)), name
    for name in ("720p", "360p"):
        assert [packet.at for packet in usual.of(name) if packet.key] == [0, 180_000, 360_000, 540_000]
    assert usual.closed == 1


def test_who_speaks_is_large_after_a_moment(usual: Kept) -> None:
    film = usual.film()
    assert film.colour(LARGE, 3.5)[0] > 120
    assert film.colour(LARGE, 3.5)[2] < 80, "somebody who only begins does not take over"
    assert film.colour(LARGE, 4.5)[2] > 120
    assert film.colour(BESIDE, 4.5)[0] > 120


def test_a_loud_and_a_quiet_voice_are_heard_about_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two long tones 18 dB apart: after a moment they are within 4, and about as strong as a voice is to be."""
    monkeypatch.setattr(making, "BEEP_S", 0.9)
    voices = [microphone("a", loudness=0.4, ends=8), microphone("b", loudness=0.05, tone=1_600, ends=8)]
    people = [Person("a", "Олена"), Person("b", "Тарас")]
    film = stream(tmp_path, Meeting(tmp_path / "raw", people, voices, lasts=8)).kept.film()
    strong, weak = (film.strength(tone, 5, 8) for tone in (1_000, 1_600))
    assert 0 < 20 * np.log10(strong / weak) < 4
    heard = 20 * np.log10(film.level(5.05, 5.85))
    assert -20 < heard < -11, "two of -20 dBFS at once, the loud one at most 6 dB softer than it is"


def test_with_nobody_there_a_card_is_shown_and_silence_heard(tmp_path: Path) -> None:
    """Somebody comes in the second second, and is gone after the third."""
    meeting = Meeting(
        tmp_path / "raw",
        [Person("v", "Глядач", "viewer"), Person("a", "Олена", joins=2, leaves=3)],
        [Sender("a", begins=2, ends=3), microphone("a", begins=2, ends=3)],
        lasts=5,
    )
    kept = stream(tmp_path, meeting).kept
    film = kept.film(width=320)
    assert len(film.times) == pytest.approx(135, abs=2)
    before, after = (film.pictures[int(np.searchsorted(film.times, at))] for at in (1.0, 4.5))
    for card in (before, after):
        letters = card[60:120].max(axis=2) > 150
        assert 0.005 < letters.mean() < 0.2, "the title"
    assert np.abs(before.astype(int) - after).max() > 60, "that it will begin, and later that it goes on"
    assert film.colour(ALONE, 2.6)[0] > 120
    assert film.level(0, 1.9) < 1e-3
    assert film.level(3.4, 4.9) < 1e-3
    assert film.level(2.0, 2.1) > 0.02


@pytest.mark.parametrize("language", ["uk", "en"])
def test_what_is_written_is_in_the_language_of_the_meeting(tmp_path: Path, language: str) -> None:
    driver = Driver(tmp_path / "ring", order=Order(stream=STREAM, meeting="m1", title="Digest", language=language))
    driver.say(driver.order)
    seen = driver.run(0.4).film(width=640).pictures[-1].astype(int)
    canvas = Canvas(640, 360)
    cards_by = {
        each: np.array(cards.picture(Look("opening"), canvas, words_of(each), "Digest")) for each in ("uk", "en")
    }
    off = {each: float(np.abs(seen - card).mean()) for each, card in cards_by.items()}
    assert min(off, key=lambda each: off[each]) == language
    assert words_of(language).paused == ("Трансляцію призупинено" if language == "uk" else "The live stream is paused")


def test_a_pause_shows_a_card_and_is_silent(tmp_path: Path) -> None:
    lines = [timeline.Paused(at=ZERO + 0.8), timeline.Resumed(at=ZERO + 2.8)]
    meeting = Meeting(
        tmp_path / "raw", [Person("a", "Олена")], [Sender("a", ends=4), microphone("a", ends=4)], lasts=4, lines=lines
    )
    film = stream(tmp_path, meeting).kept.film()
    assert film.colour(ALONE, 0.6)[0] > 120
    assert film.colour(ALONE, 1.5)[0] < 60
    assert film.level(0.9, 2.7) < 1e-3
    assert film.colour(ALONE, 3.5)[0] > 120


def test_the_interpreter_is_heard_over_a_quiet_floor_from_when_they_come(tmp_path: Path) -> None:
    """The floor beeps at 1,000 Hz all the time, Iryna comes after 2 s, and beeps at 1,600 Hz."""
    meeting = Meeting(
        tmp_path / "raw",
        [Person("a", "Олена"), Person("i", "Ірина", "interpreter", joins=2)],
        [microphone("a", ends=6), microphone("i", begins=2, ends=6, tone=1_600), Sender("i", begins=2, ends=6)],
        lasts=6,
        lines=[timeline.Interprets(at=ZERO + 2, participant="i", into="en", on_air=True)],
    )
    kept = stream(tmp_path, meeting).kept
    assert kept.told.sounds == ("floor", "interpretation")
    floor, interpretation = kept.film(), kept.film("360p", "interpretation", 80)
    assert not every_second(floor.beeps(), 0, 6)
    assert not every_second(interpretation.beeps(1_600.0), 3, 6)

    def strength(film: Film, tone: float, at: float) -> float:
        part = film.sound[int((at + 0.04) * 48_000) : int((at + 0.09) * 48_000)]
        return float(np.abs(part @ np.exp(-2j * np.pi * tone * np.arange(len(part)) / 48_000)) / len(part))

    assert strength(floor, 1_600, 5) < 0.05 * strength(floor, 1_000, 5), "only the room is on the floor"
    assert strength(interpretation, 1_000, 1) == pytest.approx(strength(floor, 1_000, 1), rel=0.02)
    assert strength(interpretation, 1_000, 5) < 0.6 * strength(floor, 1_000, 5)
    assert strength(interpretation, 1_600, 5) > strength(interpretation, 1_000, 5)
    packets = kept.of("interpretation")
    assert [packet.at for packet in packets] == [packet.at for packet in kept.of("floor")]


def test_of_those_who_interpret_only_who_is_on_the_air_is_heard(tmp_path: Path) -> None:
    """The floor beeps at 1,000 Hz; an interpreter off the air at 1,600, one without a language at 700."""
    people = [Person("a", "Олена"), *(Person(each, each, "interpreter") for each in ("on", "off", "none"))]
    tones = {"a": 1_000, "on": 2_200, "off": 1_600, "none": 700}
    lines = [timeline.Interprets(at=ZERO, participant=each, into="en", on_air=each == "on") for each in ("on", "off")]
    senders = [microphone(who, ends=3, tone=tone) for who, tone in tones.items()]
    kept = stream(tmp_path, Meeting(tmp_path / "raw", people, senders, lasts=3, lines=lines)).kept
    floor, interpretation = kept.film(), kept.film("360p", "interpretation", 80)

    def heard(film: Film) -> set[str]:
        sound = film.sound[int(1.04 * 48_000) : int(1.09 * 48_000)]
        waves = {who: np.exp(-2j * np.pi * tone * np.arange(len(sound)) / 48_000) for who, tone in tones.items()}
        strengths = {who: float(np.abs(sound @ wave)) for who, wave in waves.items()}
        return {who for who, strength in strengths.items() if strength > 0.1 * max(strengths.values())}

    assert heard(floor) == {"a", "none"}, "who has no language speaks to the room"
    assert heard(interpretation) == {"a", "on", "none"}


def test_many_people_find_a_place_and_a_screen_is_large(tmp_path: Path) -> None:
    people = [Person(name, name.upper()) for name in "abcdefgh"] + [Person("i", "Ірина", "interpreter")]
    size = ((0.0, (160, 90)),)
    senders = [Sender(one.id, ends=3, colour=GREEN if one.id == "i" else RED, sizes=size) for one in people]
    senders.append(Sender("b", "screen", begins=1, ends=3, colour=YELLOW, flashes=False))
    meeting = Meeting(tmp_path / "raw", people, senders, lasts=3)
    film = stream(tmp_path, meeting).kept.film(width=320)
    column = large_with_column(CANVAS, room_beside(CANVAS))
    assert film.colour(column[0], 0.8)[0] > 120
    assert film.colour(column[0], 1.8)[:2].min() > 120
    assert any(film.colour(box, 0.8)[1] > 100 and film.colour(box, 0.8)[0] < 80 for box in column[1:])
    assert any(film.colour(box, 1.8)[1] > 100 and film.colour(box, 1.8)[0] < 80 for box in column[1:])


def test_viewers_get_key_frames_but_not_too_many_and_outputs_hear_of_other_orders(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "ring")
    driver.say(driver.order)
    driver.run(0.9)
    driver.kept.want()
    driver.run(1.0)
    driver.kept.want()
    driver.kept.want()
    driver.say(driver.order)
    other = driver.order.model_copy(update={"program": "http://127.0.0.1/whip"})
    driver.say(other)
    driver.run(2.2)
    kept = driver.close()
    assert kept.orders == [other]
    keys = [packet.at / 90_000 for packet in kept.of("720p") if packet.key]
    assert keys == pytest.approx([0, 0.88, 1.4, 2.0], abs=0.05)
    assert [packet.at for packet in kept.of("360p") if packet.key] == [0, 180_000]


def test_captions_stand_where_they_were_begun(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "ring")
    driver.say(driver.order)
    line = timeline.Caption(at=ZERO + 2.0, participant="c", language="uk", text="Добрий день!", since=ZERO + 1.2)
    early = line.model_copy(update={"since": ZERO - 30, "at": ZERO - 20, "text": "раніше"})
    driver.run(3.0, [(2.0, LINE, 0, timeline.encode(line)), (2.0, LINE, 0, timeline.encode(early))])
    kept = driver.close()
    (caption,) = kept.captions
    assert caption.at == pytest.approx(1.2 + kept.early)
    assert caption.until > caption.at + 0.7
    assert (caption.language, caption.text) == ("uk", "Добрий день!")
    assert kept.told.captions == ("uk",)
