"""A processed recording, decoded and measured."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from recordings.processing import layouts
from recordings.processing.layouts import Canvas
from recordings.processing.options import Caption
from recordings.processing.pipeline import process
from recordings.raw import timeline
from tests.recordings.making import BLUE, GREEN, RED, YELLOW, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import Film, every_second, loudness, offsets
from tests.recordings.processing.conftest import SMALL, Processed, made

CANVAS = Canvas(640, 360)
CLOSE = 40.0
"""Colours that are nearer than this are the same, after two encodings."""


@pytest.fixture(scope="module")
def film(usual: Processed) -> Film:
    return usual.film()


def is_colour(seen: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return float(np.abs(seen - np.array(colour)).max()) < CLOSE


def test_every_second_is_there_to_see_and_to_hear(film: Film) -> None:
    large = layouts.large_with_column(CANVAS, 2)[0]
    assert len(film.times) == 12 * 25
    assert every_second(film.flashes(large), 0, 12) == []
    assert every_second(film.beeps(1_000), 0, 12) == []
    assert every_second(film.beeps(1_600), 2, 12) == []


def test_lips_and_voices_agree_whatever_the_clocks_and_the_beginnings(film: Film) -> None:
    large = layouts.large_with_column(CANVAS, 2)[0]
    off = offsets(film.beeps(1_000), film.flashes(large))
    assert len(off) == 12
    assert max(abs(one) for one in off) < 0.08


def test_the_speaker_is_large_with_the_first_word_and_the_screen_is_larger(film: Film) -> None:
    large, *_ = layouts.large_with_column(CANVAS, 2)
    assert is_colour(film.colour(large, 1.5), RED)
    assert is_colour(film.colour(large, 2.9), RED)
    assert is_colour(film.colour(large, 3.5), BLUE)
    assert is_colour(film.colour(large, 5.7), BLUE), "who speaks for a moment only does not become large"
    large, *beside = layouts.large_with_column(CANVAS, 3)
    assert is_colour(film.colour(large, 6.5), YELLOW)
    assert is_colour(film.colour(large, 9.7), YELLOW)
    assert is_colour(film.colour(beside[0], 8.5), BLUE), "the speaker stands beside the screen"


def test_the_interpreter_is_always_visible(film: Film) -> None:
    for at in (0.5, 2.5, 3.5, 6.5, 8.5, 11.5):
        count = 1 if at < 1.3 else 3 if 6 <= at < 10 else 2
        beside = layouts.large_with_column(CANVAS, count)[1:]
        middles = [(box.x + box.width // 3, box.y + 10, box.width // 3, box.height - 20) for box in beside]
        assert any(is_colour(film.colour(middle, at), GREEN) for middle in middles), at


def test_loudness_is_that_of_ebu_r128(usual: Processed) -> None:
    assert loudness(usual.folder / "video.mp4") == pytest.approx(-23.0, abs=1.0)


def test_who_has_a_poor_microphone_is_as_loud_as_the_others(film: Film) -> None:
    strong, weak = (film.strength(tone, 4, 12) for tone in (1_000, 1_600))
    assert abs(20 * np.log10(weak / strong)) < 3, "it was 10 dB less"


@pytest.mark.parametrize(
    ("name", "tone", "since"), [("tracks/01/person.webm", 1_000, 0), ("tracks/03/person.mp4", 1_600, 2)]
)
def test_each_participant_has_a_file_with_voice_and_camera_in_step(
    usual: Processed, name: str, tone: float, since: int
) -> None:
    film = usual.film(name)
    flashes = film.flashes((0, 0, 320, 180))
    assert every_second(flashes, since, 12) == []
    assert every_second(film.beeps(tone), since, 12) == []
    assert max(abs(one) for one in offsets(film.beeps(tone), flashes)) < 0.08


def test_the_manifest_names_every_file_with_its_checksum(usual: Processed) -> None:
    manifest = json.loads((usual.folder / "manifest.json").read_text())
    files = {one["name"]: one for one in manifest["files"]}
    there = {path.relative_to(usual.folder).as_posix() for path in usual.folder.rglob("*") if path.is_file()}
    assert set(files) == there - {"manifest.json"}
    for name, one in files.items():
        content = (usual.folder / name).read_bytes()
        assert (one["size"], one["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert files["video.mp4"]["duration"] == pytest.approx(12, abs=0.1)
    assert files["tracks/03/screen.webm"] | {"size": 0, "sha256": "", "duration": 0} == {
        "name": "tracks/03/screen.webm",
        "type": "video/webm",
        "size": 0,
        "sha256": "",
        "duration": 0,
        "participant": "b",
        "source": "screen",
        "label": "Тарас Ґудзь",
    }
    assert usual.out.joinpath("current").resolve() == usual.folder.resolve()


def test_the_page_is_told_what_happened_when(usual: Processed) -> None:
    facts = json.loads((usual.folder / "playback.json").read_text())
    assert facts["duration"] == 12.0
    assert [(one["at"], one["title"]) for one in facts["chapters"]] == [
        (1.0, "Вступ"),
        (11.5, "Підсумки"),
    ]
    assert [(one["at"], one["text"]) for one in facts["chat"]] == [(2.0, "Вітаю!")]
    assert [(one["at"], one["name"]) for one in facts["hands"]] == [(4.0, "Тарас Ґудзь")]
    assert [(one["since"], one["participant"]) for one in facts["speakers"]] == [(0.2, "a"), (3.0, "b")]
    captions = (usual.folder / "captions.uk.vtt").read_text()
    assert captions == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nДобрий &lt;день&gt;\n"
    assert "00:00:11.500 --> 00:00:12.000\nПідсумки" in (usual.folder / "chapters.vtt").read_text()
    thumbnails = (usual.folder / "thumbnails.vtt").read_text()
    assert "00:00:11.000 --> 00:00:12.000\nsprites-001.jpg#xywh=160,90,160,90" in thumbnails


def test_an_interpreter_is_heard_in_a_film_of_their_language_and_not_in_the_room_s(tmp_path: Path) -> None:
    told = [timeline.Interprets(at=ZERO, participant="i", into="en", on_air=True)]
    meeting = Meeting(
        tmp_path / "raw",
        [Person("a", "Олена"), Person("i", "Ірина", "interpreter")],
        [Sender("a"), microphone("a"), microphone("i", tone=1_600)],
        lines=told,
    )
    processed = made(meeting, tmp_path / "out")
    manifest = json.loads((processed.folder / "manifest.json").read_text())
    films = {each["name"]: (each["source"], each["label"]) for each in manifest["files"] if each["name"][0] == "v"}
    assert films == {"video.mp4": ("composition", meeting.title), "video.en.mp4": ("channel", "en")}
    room, english = processed.film(), processed.film("video.en.mp4")
    assert every_second(room.beeps(1_000), 0, 6) == []
    assert room.strength(1_600, 0, 6) < 0.02 * room.strength(1_000, 0, 6)
    assert every_second(english.beeps(1_600), 0, 6) == []
    assert len(english.times) == len(room.times)
    said = SMALL.model_copy(update={"captions": (Caption(since=ZERO, until=ZERO + 1, text="Так"),)})
    again = process(meeting.folder, processed.out, said, lambda *_: None, lambda: False)
    assert again.folder is not None
    assert {path.name for path in again.folder.glob("video*")} == set(films), "captions alone are new"
