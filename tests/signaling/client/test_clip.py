"""Clips, test pictures, prepared files and recordings."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import pytest

from signaling.client import tones
from signaling.client.card import CARDS, LOOP_S, RATE, SIZE, TURN_S, draw_card
from signaling.client.clip import Clip, ClipError, load_clip, opus_duration_s
from signaling.client.demo import make_demo_media
from signaling.client.prepare import prepare
from signaling.client.recorder import Recorder


def test_a_clip_has_a_key_frame_each_second_and_levels(clip: Clip) -> None:
    assert len(clip.pictures) == 60
    keys = [index for index, picture in enumerate(clip.pictures) if picture.key]
    assert keys == [0, 20, 40]
    assert 3.0 <= clip.duration_s < 3.05
    levels = [sound.level for sound in clip.sounds]
    assert max(levels[5:45]) < 30
    assert min(levels[55:95]) > 60


@pytest.mark.parametrize(("position", "index"), [(0.2, 0), (0.8, 20), (1.4, 20), (2.2, 40), (2.9, 0)])
def test_the_nearest_key_frame_round_the_loop(vp8_clip: Clip, position: float, index: int) -> None:
    assert vp8_clip.key_frame_near(position) == index


@pytest.mark.parametrize(("first", "rest", "seconds"), [(0xFC, b"", 0.02), (0x08, b"", 0.02), (0xFB, b"\x03", 0.06)])
def test_opus_says_how_long_it_sounds(first: int, rest: bytes, seconds: float) -> None:
    assert opus_duration_s(bytes([first]) + rest) == pytest.approx(seconds)


def test_a_file_that_is_no_media_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Добрий день")
    with pytest.raises(ClipError, match=r"letter\.txt cannot be read as media"):
        prepare(path, tmp_path / "cache")
    with pytest.raises(ClipError, match=r"missing\.mp4 cannot be read"):
        prepare(tmp_path / "missing.mp4", tmp_path / "cache")


def test_a_film_in_another_codec_is_encoded_once(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with av.open(str(film), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 162, 100, "yuv420p"
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame(162, 100, "yuv420p")))
        container.mux(stream.encode(None))
    made = prepare(film, tmp_path / "cache")
    assert made.video_codec == "VP8"
    assert len(made.pictures) == pytest.approx(2 * 25, abs=4)
    (kept,) = (tmp_path / "cache").iterdir()
    before = kept.stat().st_mtime_ns
    prepare(film, tmp_path / "cache")
    assert kept.stat().st_mtime_ns == before


def test_cards_are_drawn_with_their_own_names_and_move() -> None:
    firsts = {name: next(draw_card(card)).tobytes() for name, card in CARDS.items()}
    assert len(set(firsts.values())) == 3
    moving = [picture.tobytes() for picture in itertools.islice(draw_card(CARDS["kyiv"]), 3)]
    assert len(set(moving)) == 3
    assert len(moving[0]) == SIZE[0] * SIZE[1] * 3


def test_the_three_take_turns_to_speak() -> None:
    speaking: list[set[int]] = []
    for card in CARDS.values():
        voice = tones.speech(card.motif_hz, begins_s=card.speaks_s, lasts_s=TURN_S, loop_s=LOOP_S)
        samples = [sample for part in voice for sample in part]
        assert len(samples) == LOOP_S * tones.RATE
        per_second = [samples[n * tones.RATE : (n + 1) * tones.RATE] for n in range(LOOP_S)]
        speaking.append({second for second, part in enumerate(per_second) if max(part) > 1000})
    assert all(len(seconds) >= 8 for seconds in speaking)
    assert not speaking[0] & speaking[1]
    assert not speaking[1] & speaking[2]
    assert not speaking[2] & speaking[0]


def test_demo_media_is_made_where_it_is_missing_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.client.card.LOOP_S", 1)
    made = make_demo_media(tmp_path)
    assert set(made) == {"kyiv", "lviv", "sumy"}
    assert len(load_clip(made["kyiv"]).pictures) == RATE
    before = {path: path.stat().st_mtime_ns for path in made.values()}
    assert make_demo_media(tmp_path) == made
    assert {path: path.stat().st_mtime_ns for path in made.values()} == before


def test_a_recording_holds_every_track_in_time(clip: Clip, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "made" / "r.mkv")
    picture_track = recorder.add_track("Київ (camera)", clip.video_codec)
    sound_track = recorder.add_track("Київ (microphone)", "opus")
    recorder.add_track("nothing came", "VP8")
    start = b"\x00\x00\x00\x01" if clip.video_codec == "H264" else b""
    for picture in clip.pictures:
        if not start:
            recorder.write(picture_track, 5 + picture.at, b"".join(picture.payloads), key=picture.key)
    for sound in clip.sounds:
        recorder.write(sound_track, 5 + sound.at, sound.payload, key=True)
    path = recorder.close()
    assert path is not None
    with av.open(str(path)) as container:
        titles = [stream.metadata["title"] for stream in container.streams]
        assert titles == (["Київ (microphone)"] if start else ["Київ (camera)", "Київ (microphone)"])
        times = [float(frame.time or 0) for frame in container.decode(audio=0)]
    assert times[0] == pytest.approx(5, abs=0.05)
    assert times[-1] == pytest.approx(5 + clip.sounds[-1].at, abs=0.05)


def test_nothing_received_makes_no_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.mkv")
    track = recorder.add_track("x", "VP8")
    recorder.write(track, 0, b"\x01 not a key frame", key=False)
    assert recorder.close() is None
    assert list(tmp_path.iterdir()) == []
