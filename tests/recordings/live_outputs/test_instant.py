"""The instant recording: what is kept when all goes well, when the composer is killed, and when the disk fills up."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Any

import av
import pytest

from recordings.live import instant, joining, subtitles
from recordings.live.formats import Caption
from recordings.live.instant import Instant, final, instant_root
from recordings.live.joining import finish
from tests.recordings.live_outputs.synthetic import LARGE, STREAM, WALL, encoded, feed, formats
from tests.recordings.measuring import every_second, offsets, watch
from tests.support.waiting import wait_for


def _made(data: Path, until: float = 14.0, **how: Any) -> Instant:
    output = Instant(data, STREAM, "Нарада центрів", **how)
    output.begin(formats(), WALL)
    feed(output, until)
    return output


def _settle(output: Instant) -> None:
    done: list[int] = []
    output._lane.call(lambda: done.append(1))
    wait_for(lambda: done)


def _boxes(path: Path) -> list[str]:
    """Names of the top-level boxes."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode())
        at += size
    return names


def _check(path: Path, since: int, until: int) -> None:
    film = watch(path)
    seen, heard = film.flashes((0, 0, *LARGE)), film.beeps()
    assert every_second(seen, since, until) == every_second(heard, since, until) == []
    assert max(map(abs, offsets(heard, seen))) < 0.08


def test_it_can_be_shown_as_soon_as_the_stream_has_ended(tmp_path: Path) -> None:
    _made(tmp_path).close()
    path = final(tmp_path, STREAM)
    assert [one.name for one in instant_root(tmp_path).iterdir()] == [f"{STREAM}.mp4"]
    assert _boxes(path)[-1] == "moov", "an index of everything, not of a fragment"
    assert "moof" not in _boxes(path)
    _check(path, 0, 14)
    with av.open(str(path)) as file:
        assert file.metadata["title"] == "Нарада центрів"
        assert [(one.width, one.height) for one in file.streams.video] == [LARGE]
        assert file.duration is not None
        assert abs(file.duration / 1_000_000 - 14) < 0.05
    assert finish(tmp_path, STREAM) == [path]


def test_a_killed_composer_loses_two_seconds_and_the_next_goes_on(tmp_path: Path) -> None:
    killed = _made(tmp_path, 9.0)
    _settle(killed)  # and never closed
    again = _made(tmp_path, 6.0)
    again.close()
    assert not final(tmp_path, STREAM).exists()
    (path,) = finish(tmp_path, STREAM)
    assert [one.name for one in instant_root(tmp_path).iterdir()] == [path.name]
    assert _boxes(path)[:2] == ["ftyp", "moov"], "playable while it is fetched"
    _check(path, 0, 8 + 6)
    assert finish(tmp_path, STREAM) == [path], "again changes nothing"


def test_a_composer_that_was_killed_and_never_came_back(tmp_path: Path) -> None:
    _settle(_made(tmp_path, 9.0))
    (path,) = finish(tmp_path, STREAM)
    _check(path, 0, 8)


def test_killed_before_anything_was_whole(tmp_path: Path) -> None:
    _settle(_made(tmp_path, 0.5))
    assert finish(tmp_path, STREAM) == []
    assert finish(tmp_path, "nobody") == []


def test_an_orderly_restart_goes_on_in_the_same_recording(tmp_path: Path) -> None:
    _made(tmp_path, 4.0).close()
    assert final(tmp_path, STREAM).exists()
    _made(tmp_path, 4.0).close()
    (path,) = finish(tmp_path, STREAM)
    _check(path, 0, 8)


def test_parts_of_another_encoding_are_a_second_file(tmp_path: Path) -> None:
    _made(tmp_path, 4.0).close()
    other = Instant(tmp_path, STREAM)
    small = dataclasses.replace(formats()["360p"], name="720p")
    other.begin(formats() | {"720p": small}, WALL)
    for packet in encoded():
        if packet.name == "360p":
            other.take(packet._replace(name="720p"))
        elif packet.name == "floor":
            other.take(packet)
    other.close()
    first, second = finish(tmp_path, STREAM)
    assert (first.name, second.name) == (f"{STREAM}.mp4", f"{STREAM}-2.mp4")
    _check(first, 0, 4)
    with av.open(str(second)) as file:
        assert file.streams.video[0].width == small.width


def test_captions_stay_where_they_were_said_over_a_kill_and_a_restart(tmp_path: Path) -> None:
    killed = Instant(tmp_path, STREAM)
    killed.begin(formats(), WALL)
    feed(killed, 5.0)
    killed.caption(Caption(1.0, 3.0, "uk", "Добрий день"))
    killed.caption(Caption(-4.0, -1.0, "uk", "того не було"))
    _settle(killed)  # and never closed; four seconds of it are whole
    torn = instant_root(tmp_path) / STREAM / "0001.captions"
    torn.write_text(torn.read_text() + '{"at": 2.0, "until"')
    again = Instant(tmp_path, STREAM)
    again.begin(formats(), WALL)
    feed(again, 4.0)
    again.caption(Caption(0.5, 2.0, "uk", "далі"))
    again.caption(Caption(0.5, 2.0, "en", "further"))
    again.close()
    (path,) = finish(tmp_path, STREAM)
    tracks = subtitles.tracks(path)
    assert sorted(tracks) == ["en", "uk"]
    shift = next(line.at for line in subtitles.read(path) if line.language == "en") - 0.5
    assert shift == pytest.approx(4.0, abs=0.05), "the second run begins where the first one ends"
    lines = [line for line in tracks["uk"].read_text().splitlines() if line and line != "WEBVTT"]
    assert [line for line in lines if "-->" not in line and not line.isdigit()] == ["Добрий день", "далі"]
    assert lines[0 if "-->" in lines[0] else 1].startswith("00:00:01.000 --> 00:00:03.000")
    more = Instant(tmp_path, STREAM)
    more.begin(formats(), WALL)
    feed(more, 4.0)
    more.close()
    (path,) = finish(tmp_path, STREAM)
    assert [line.text for line in subtitles.read(path)] == ["Добрий день", "далі", "further"], "a third run keeps them"


def test_it_stops_before_the_reserve_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    free = [1 << 40]
    output = _made(tmp_path, 4.0, free=lambda path: free[0])
    _settle(output)
    free[0] = instant.SPARED_BYTES - 1
    feed(output, 8.0, since=4.0)
    _settle(output)
    assert output.trouble == "the disk is full"
    free[0] = 1 << 40
    feed(output, since=8.0)
    output.close()
    assert output.trouble == ""
    (path,) = finish(tmp_path, STREAM)
    film = watch(path)
    assert len(film.times) == (4 + 6) * 25, "the gap is cut out"
    _check(path, 0, 10)


def test_what_was_dropped_does_not_become_a_standing_picture(tmp_path: Path) -> None:
    output = _made(tmp_path, 4.0)
    _settle(output)
    output._lane.dropped += 200  # the disk stood still for four seconds
    feed(output, since=8.0)
    output.close()
    (path,) = finish(tmp_path, STREAM)
    _check(path, 0, 10)


def test_a_full_disk_keeps_what_was_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = _made(tmp_path, 6.5)
    _settle(output)
    file = output._part.file  # type: ignore[union-attr]
    real = file._file

    class Full:
        def write(self, content: memoryview) -> int:
            real.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    file._file = Full()  # type: ignore[assignment]
    feed(output, 8.5, since=6.5)
    _settle(output)
    assert "No space left" in output.trouble
    feed(output, since=8.5)  # from the key frame at 10
    output.close()
    (path,) = finish(tmp_path, STREAM)
    film = watch(path)
    assert len(film.times) == (6 + 4) * 25
    _check(path, 0, 10)


def test_a_join_that_is_killed_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _settle(_made(tmp_path, 5.0))
    _made(tmp_path, 4.0).close()
    with monkeypatch.context() as dying:
        dying.setattr(joining.shutil, "rmtree", _killed)
        with pytest.raises(KeyboardInterrupt):
            finish(tmp_path, STREAM)
    (path,) = finish(tmp_path, STREAM)
    _check(path, 0, 8)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_two_do_not_join_at_once(tmp_path: Path) -> None:
    _settle(_made(tmp_path, 5.0))
    other = os.open(instant_root(tmp_path) / STREAM, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(BlockingIOError):
        finish(tmp_path, STREAM, wait=False)
    os.close(other)
    assert len(finish(tmp_path, STREAM, wait=False)) == 1


def test_what_is_not_yet_complete_is_for_nobody_else(tmp_path: Path) -> None:
    _settle(_made(tmp_path, 5.0))
    assert stat.S_IMODE((instant_root(tmp_path) / STREAM).stat().st_mode) == 0o700
