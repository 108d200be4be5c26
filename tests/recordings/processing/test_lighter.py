"""Versions for weak lines: what is in them, and that making them disturbs nobody."""

from __future__ import annotations

from pathlib import Path

import av

from recordings.processing import publish
from recordings.processing.lighter import SMALL, SOUND, lighten
from recordings.processing.options import Options
from recordings.processing.pipeline import process
from tests.recordings.making import Meeting, Person, Sender, microphone
from tests.recordings.measuring import every_second, offsets, watch

LASTS = 5


def test_a_small_picture_and_sound_alone_hold_every_second_in_step(tmp_path: Path) -> None:
    out = tmp_path / "out"
    meeting = Meeting(
        tmp_path / "raw", [Person("a", "А")], [Sender("a", ends=LASTS), microphone("a", ends=LASTS)], LASTS
    )
    meeting.write()
    options = Options(width=800, height=450, preset="ultrafast")
    process(meeting.folder, out, options, lambda phase, share: None, lambda: False)
    before = publish.manifest(out / "current")
    assert before is not None
    assert not lighten(out, lambda: True), "told to stop, it leaves everything as it was"
    assert publish.manifest(out / "current") == before

    assert lighten(out, lambda: False)
    after = publish.manifest(out / "current")
    assert after is not None
    assert after.files[: len(before.files)] == before.files
    added = {file.name: (file.source, file.type) for file in after.files[len(before.files) :]}
    assert added == {SMALL: ("small", "video/mp4"), SOUND: ("sound", "audio/mp4")}
    assert all((out / "current" / file.name).stat().st_size == file.size for file in after.files)
    assert after.version == before.version, "whoever watches goes on watching"
    assert list((out / "work").glob("lighter*")) == []

    usual, small, sound = (watch(out / "current" / name) for name in ("video.mp4", SMALL, SOUND))
    with av.open(str(out / "current" / SMALL)) as file:
        assert (file.streams.video[0].width, file.streams.video[0].height) == (640, 360)
        assert file.bit_rate < 250_000
    with av.open(str(out / "current" / SOUND)) as file:
        assert not file.streams.video
        assert file.bit_rate < 60_000
    assert len(small.times) == LASTS * 25 // 2 + 1
    assert len(usual.times) == LASTS * 25
    box = (260, 60, 100, 80)
    assert every_second(small.flashes(box), 0, LASTS) == []
    assert every_second(small.beeps(), 0, LASTS) == []
    assert every_second(sound.beeps(), 0, LASTS) == []
    assert max(map(abs, offsets(small.beeps(), small.flashes(box)))) < 0.08

    assert lighten(out, lambda: False), "they are there already"
    assert publish.manifest(out / "current") == after
    again = process(meeting.folder, out, options, lambda phase, share: None, lambda: False)
    assert again.folder == out / after.version, "they do not make a recording anew"


def test_there_is_nothing_to_make_them_of(tmp_path: Path) -> None:
    assert not lighten(tmp_path, lambda: False)
