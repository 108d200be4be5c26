"""HLS: what players find in the folder, decoded and measured."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from recordings.live import hls
from recordings.live.formats import SEGMENT_S, Caption, Output
from recordings.live.hls import Hls
from recordings.live.tidying import ENDED_S, tidy
from recordings.live.wire import INDEX, STATUS, Status, write_status
from tests.recordings.live_outputs.synthetic import INTERPRETER_TONE, LARGE, SMALL, STREAM, WALL, encoded, feed, formats
from tests.recordings.live_outputs.viewing import content, playlist, seen_and_heard
from tests.recordings.measuring import every_second, offsets, watch
from tests.support.waiting import wait_for


def _made(folder: Path, until: float = 14.0, wall: float = WALL, stream: str = STREAM) -> Hls:
    output = Hls(folder, stream)
    output.begin(formats(), wall)
    feed(output, until)
    return output


def _settle(output: Hls) -> None:
    """Wait until everything that was handed over is written."""
    done: list[int] = []
    output._lane.call(lambda: done.append(1))
    wait_for(lambda: done)


def test_a_player_sees_every_second_with_its_beep(tmp_path: Path) -> None:
    output: Output = _made(tmp_path)
    output.close()
    film = watch(tmp_path / INDEX)
    seen, heard = film.flashes((0, 0, *LARGE)), film.beeps()
    assert every_second(seen, 0, 14) == []
    assert every_second(heard, 0, 14) == []
    assert max(map(abs, offsets(heard, seen))) < 0.08


def test_ffmpeg_finds_no_fault_in_any_variant(tmp_path: Path) -> None:
    _made(tmp_path).close()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-i", str(tmp_path / INDEX), "-map", "0"]
    said = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, check=True).stderr
    assert said == ""
    with av.open(str(tmp_path / INDEX)) as file:
        sizes = {(stream.width, stream.height) for stream in file.streams.video}
    assert sizes == {LARGE, SMALL}


def test_a_kill_costs_no_more_than_the_segment_that_was_being_made(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    killed = _made(folder, 7.3)
    _settle(killed)  # and never closed
    again = Hls(folder, STREAM)
    again.begin(formats(), WALL + 10)
    feed(again, 6.5)
    again.close()
    for name in ("720p", "360p", "floor"):
        media = playlist(folder, name)
        assert [one.run for one in media.segments] == [0, 0, 0, 1, 1, 1, 1], name
        assert media.first == 0
        text = (folder / f"{name}.m3u8").read_text()
        assert text.count("#EXT-X-DISCONTINUITY\n") == 1
        assert text.count("#EXT-X-MAP") == 2
        assert text.endswith("#EXT-X-ENDLIST\n")
        assert [round(one.wall - WALL, 1) for one in media.segments] == pytest.approx(
            [0, 2, 4, 10, 12, 14, 16], abs=0.1
        )
    for run, until in ((0, 6), (1, 6)):
        seen, heard = seen_and_heard(folder, run, tmp_path)
        assert every_second(seen, 0, until) == every_second(heard, 0, until) == [], run
        assert max(map(abs, offsets(heard, seen))) < 0.08
    assert again.segments == 7


def test_segments_begin_with_a_key_frame_at_the_multiples(tmp_path: Path) -> None:
    _made(tmp_path).close()
    assert any(packet.key and packet.at % (SEGMENT_S * 90_000) for packet in encoded() if packet.name == "720p")
    for name in ("720p", "360p"):
        media = playlist(tmp_path, name)
        assert [one.duration for one in media.segments] == [2.0] * 7
        for index, one in enumerate(media.segments):
            path = tmp_path / "one.mp4"
            path.write_bytes(content(tmp_path, [one]))
            with av.open(str(path)) as file:
                packets = [packet for packet in file.demux(video=0) if packet.dts is not None]
            assert packets[0].is_keyframe
            assert float(packets[0].pts * packets[0].time_base) == index * SEGMENT_S
            assert len(packets) == 50
    floor = playlist(tmp_path, "floor")
    assert len(floor.segments) == 7
    assert all(abs(one.duration - SEGMENT_S) < 0.03 for one in floor.segments[:-1])


def test_what_players_are_told_is_so(tmp_path: Path) -> None:
    _made(tmp_path).close()
    text = (tmp_path / INDEX).read_text(encoding="utf-8")
    variants = re.findall(r"#EXT-X-STREAM-INF:(.*)\n(.*)", text)
    assert [uri for _, uri in variants] == ["720p.m3u8", "360p.m3u8", "floor.m3u8"]
    floor_peak = _peak(tmp_path, "floor")
    for said, uri in variants:
        name = uri.removesuffix(".m3u8")
        bandwidth = int(re.findall(r"(?<![-A-Z])BANDWIDTH=(\d+)", said)[0])
        assert 'AUDIO="sound"' in said
        if name == "floor":
            assert 'CODECS="mp4a.40.2"' in said
            assert "RESOLUTION" not in said
            continue
        assert _peak(tmp_path, name) + floor_peak < bandwidth
        init = (tmp_path / playlist(tmp_path, name).segments[0].map).read_bytes()
        profile = init[init.index(b"avcC") + 5 : init.index(b"avcC") + 8].hex()
        assert f'CODECS="avc1.{profile},mp4a.40.2"' in said
        assert f"RESOLUTION={formats()[name].width}x{formats()[name].height}" in said  # type: ignore[index]
        assert "FRAME-RATE=25.000" in said
    assert 'TYPE=AUDIO,GROUP-ID="sound",NAME="Зала / Room",DEFAULT=YES' in text
    for name in ("720p", "360p", "floor"):
        media = (tmp_path / f"{name}.m3u8").read_text()
        assert "#EXT-X-TARGETDURATION:2\n" in media
        assert "#EXT-X-VERSION:7\n" in media
        assert "#EXT-X-INDEPENDENT-SEGMENTS\n" in media
        assert media.count("#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:") == 7
        assert all(round(one.duration) <= SEGMENT_S for one in playlist(tmp_path, name).segments)


def _peak(folder: Path, name: str) -> float:
    return max((folder / one.uri).stat().st_size * 8 / one.duration for one in playlist(folder, name).segments)


class _Watched(Hls):
    """Looks, whenever a playlist is replaced, whether what it names is there."""

    def _write(self, name: str, content: bytes) -> None:
        if name.endswith(".m3u8"):
            named = re.findall(r'^(?!#)(\S+)$|URI="([^"]+)"', content.decode(), re.MULTILINE)
            for uri in (one or other for one, other in named):
                assert (self.folder / uri).exists() or f"GAP\n#EXTINF:2.00000,\n{uri}".encode() in content, uri
            self.replaced.append(name)
        super()._write(name, content)

    replaced: list[str]


def test_a_playlist_never_names_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the whole life of a window, with what is deleted behind it."""
    monkeypatch.setattr(hls, "WINDOW", 3)
    clock = [os.stat(tmp_path).st_mtime]
    output = _Watched(tmp_path, STREAM, now=lambda: clock[0])
    output.replaced = []
    output.begin(formats(), WALL)
    feed(output, 8)
    _settle(output)
    clock[0] += 1_000
    output._lane.call(output._sweep)
    feed(output, since=8)
    output.close()
    assert output.replaced.count("720p.m3u8") == 8
    media = playlist(tmp_path, "720p")
    assert (media.first, len(media.segments)) == (4, 3)
    numbers = sorted(path.name for path in (tmp_path / f"{STREAM}-0").glob("720p-*.m4s"))
    assert numbers == [f"720p-{number:06}.m4s" for number in range(1, 7)]
    assert not list(tmp_path.rglob("*.part"))


def test_another_stream_begins_anew(tmp_path: Path) -> None:
    _made(tmp_path).close()
    _made(tmp_path, 5, stream="feed0000feed0000").close()
    media = playlist(tmp_path, "720p")
    assert (media.first, len(media.segments)) == (0, 3)
    assert not (tmp_path / f"{STREAM}-0").exists()
    assert STREAM not in "".join(path.read_text() for path in tmp_path.glob("*.m3u8"))


def test_what_nobody_plays_any_more_is_deleted(tmp_path: Path) -> None:
    found = (("ended", "ended", 5_000.0), ("lost", "live", 5_000.0), ("dead", "live", -90_000.0))
    for meeting, _, _ in found:
        _made(tmp_path / meeting, 3).close()
    for meeting, state, at in found:
        said = {"stream": STREAM, "meeting": meeting, "state": state, "began_at": 0, "at": at}
        write_status(tmp_path / meeting / STATUS, Status.model_validate(said))
    tidy(tmp_path, 5_000.0 + ENDED_S - 1)
    assert (tmp_path / "ended" / INDEX).exists()
    tidy(tmp_path, 5_000.0 + ENDED_S)
    left = {path.name: sorted(one.name for one in path.iterdir()) for path in tmp_path.iterdir()}
    assert left["ended"] == left["dead"] == [STATUS]
    assert len(left["lost"]) == 7, "its composer may come back"


def test_a_damaged_playlist_is_begun_anew(tmp_path: Path) -> None:
    tmp_path.joinpath("720p.m3u8").write_bytes(b"\xff\x00 nothing")
    tmp_path.joinpath("floor.m3u8").write_text("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:many\n")
    _made(tmp_path, 5).close()
    assert len(playlist(tmp_path, "720p").segments) == len(playlist(tmp_path, "floor").segments) == 3


def _full(monkeypatch: pytest.MonkeyPatch, name: Callable[[str], bool]) -> None:
    """The disk takes a part of files with such names, and no more."""
    write = Path.write_bytes

    def write_bytes(path: Path, content: bytes) -> int:  # type: ignore[override]
        if name(path.name):
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)


def test_a_full_disk_leaves_a_gap_and_the_stream_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = _made(tmp_path / "live", 4)
    _settle(output)
    before = {path: path.read_bytes() for path in (tmp_path / "live").glob("*.m3u8")}
    with monkeypatch.context() as full:
        _full(full, lambda name: True)
        feed(output, 8, since=4)
        _settle(output)
        assert output.trouble == "No space left on device"
        assert {path: path.read_bytes() for path in (tmp_path / "live").glob("*.m3u8")} == before
    feed(output, since=8)
    output.close()
    assert output.trouble == ""
    media = playlist(tmp_path / "live", "720p")
    assert [one.gap for one in media.segments] == [False, False, True, True, False, False, False]
    seen, heard = seen_and_heard(tmp_path / "live", 0, tmp_path)
    assert every_second(seen, 8, 14) == every_second(heard, 8, 14) == []
    assert max(map(abs, offsets(heard, seen))) < 0.08
    assert not list(tmp_path.rglob("*.part"))


def test_segments_that_never_came_are_gaps(tmp_path: Path) -> None:
    """The others of the same time keep their numbers."""
    output = Hls(tmp_path, STREAM)
    output.begin(formats(), WALL)
    feed(output, keep=lambda packet: packet.name != "360p" or not 2 <= packet.at / 90_000 < 6)
    output.close()
    small, large = playlist(tmp_path, "360p"), playlist(tmp_path, "720p")
    assert [one.gap for one in small.segments] == [False, True, True, False, False, False, False]
    assert [round(one.wall, 2) for one in small.segments] == [round(one.wall, 2) for one in large.segments]


def test_the_interpreter_is_a_sound_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    _made(folder).close()
    text = (folder / INDEX).read_text(encoding="utf-8")
    assert 'NAME="Переклад / Interpretation",DEFAULT=NO,AUTOSELECT=NO,CHANNELS="2",URI="interpretation.m3u8"' in text
    seen, heard = seen_and_heard(folder, 0, tmp_path, "interpretation", INTERPRETER_TONE)
    assert every_second(heard, 0, 14) == []
    assert max(map(abs, offsets(heard, seen))) < 0.08


def test_without_an_interpreter_there_is_one_sound(tmp_path: Path) -> None:
    output = Hls(tmp_path, STREAM)
    output.begin({name: form for name, form in formats().items() if name != "interpretation"}, WALL)
    feed(output, 4)
    output.close()
    assert "interpretation" not in (tmp_path / INDEX).read_text()
    assert not (tmp_path / "interpretation.m3u8").exists()


def test_a_segment_is_there_with_its_last_packet(tmp_path: Path) -> None:
    """Not only with what follows it."""
    output = _made(tmp_path, 2.0)
    _settle(output)
    for name in ("720p", "360p", "floor", "interpretation"):
        assert len(playlist(tmp_path, name).segments) == 1, name
    assert (tmp_path / INDEX).exists()
    output.close()


def test_captions_by_language(tmp_path: Path) -> None:
    output = _made(tmp_path, 4)
    output.caption(Caption(4.5, 6.5, "uk", "Добрий <день>,\n\nколеги"))
    output.caption(Caption(4.5, 5.5, "en", "Good day"))
    output.caption(Caption(0.5, 1.5, "en", "Late"))
    output.caption(Caption(0.5, 1.5, "../x", "Nobody"))
    feed(output, since=4)
    output.close()
    assert output.languages == ["en", "uk"]
    text = (tmp_path / INDEX).read_text(encoding="utf-8")
    assert 'TYPE=SUBTITLES,GROUP-ID="captions",NAME="Українська",LANGUAGE="uk"' in text
    assert text.count('SUBTITLES="captions"') == 3
    ukrainian = playlist(tmp_path, "captions-uk")
    assert (ukrainian.first, len(ukrainian.segments), ukrainian.ended) == (2, 5, True)
    parts = [(tmp_path / one.uri).read_text(encoding="utf-8") for one in ukrainian.segments]
    assert parts[0] == (
        "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n"
        "00:00:04.500 --> 00:00:06.500\nДобрий &lt;день&gt;,\nколеги\n"
    )
    assert "--> 00:00:06.500" in parts[1], "it is shown in both"
    assert "-->" not in parts[2]
    english = (tmp_path / playlist(tmp_path, "captions-en").segments[0].uri).read_text()
    assert "00:00:04.000 --> 00:00:05.500\nLate" in english, "shown where players still are"
