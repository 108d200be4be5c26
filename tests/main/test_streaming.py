"""Streaming by real processes: what `kill -9` of each process in the middle of it costs, measured in what the
playlist plays.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from recordings.live import playlist, wire
from recordings.live.instant import instant_root
from signaling.client.encode import sound_frame, write_clip
from tests.main.test_recording import until
from tests.recordings.measuring import WHITE, Film, watch
from tests.support.installation import Installation, supervised

pytestmark = pytest.mark.timeout(400)
SIZE, RATE, LASTS = (320, 180), 10, 10
ON_S = 0.5
MEETING = "webinar"
KEY = "geheim-4711"


def flashing_clip(path: Path) -> None:
    """White and a tone at the beginning of each second."""
    pictures = []
    for number in range(RATE * LASTS):
        shade = 255 if number % RATE < ON_S * RATE else 40
        pictures.append(av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), shade, np.uint8), format="rgb24"))
    times = np.arange(48_000)
    second = np.where(times < ON_S * 48_000, np.sin(times * 1_000 * 2 * np.pi / 48_000) * 12_000, 0).astype(np.int16)
    sound = [sound_frame(array("h", second.tobytes()), 48_000) for _ in range(LASTS)]
    write_clip(path, pictures, sound, size=SIZE, rate=RATE)


class Playlist:
    """What the public page plays."""

    def __init__(self, vikno: Installation) -> None:
        self.folder = wire.folder(vikno.data, MEETING)

    def media(self, name: str) -> playlist.Media:
        try:
            return playlist.read((self.folder / f"{name}.m3u8").read_text())
        except (OSError, ValueError):
            return playlist.Media()

    def fares(self) -> tuple[str, str]:
        status = wire.read_status(self.folder / wire.STATUS)
        return (status.stream, status.state) if status is not None else ("", "")

    def length(self) -> int:
        return len(self.media("720p").segments)

    def runs(self) -> list[int]:
        return sorted({segment.run for segment in self.media("720p").segments})

    def moments(self, name: str) -> list[float]:
        """When it flashes (`720p`) or beeps (`floor`), in UTC."""
        found: list[float] = []
        segments = [segment for segment in self.media(name).segments if not segment.gap]
        for _, parts in itertools.groupby(segments, key=lambda segment: segment.run):
            run = list(parts)
            film, start = self._film(name, run)
            if name == "720p":
                # The one who is there fills the picture.
                height, width = film.pictures.shape[1:3]
                middle = film.pictures[:, height // 2 - 5 : height // 2 + 5, width // 2 - 5 : width // 2 + 5]
                on = middle.mean(axis=(1, 2)).min(axis=1) > WHITE
                onsets = film.times[on & ~np.concatenate(([True], on[:-1]))]
            else:
                onsets = film.beeps()
            found += [run[0].wall + float(onset) - start for onset in onsets]
        return found

    def _film(self, name: str, run: list[playlist.Segment]) -> tuple[Film, float]:
        """The segments of one run, and the time of the first in them."""
        file = self.folder / f"joined-{name}.mp4"
        file.write_bytes(b"".join((self.folder / uri).read_bytes() for uri in [run[0].map, *(one.uri for one in run)]))
        with av.open(str(file)) as opened:
            track = opened.streams[0]
            start = float((track.start_time or 0) * (track.time_base or 0))
        film = watch(file)
        file.unlink()
        return film, start


def processes_of(pid: int) -> list[int]:
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, listing.read_text().split())
    return found


def composer_of(vikno: Installation) -> int | None:
    """The process that composes, not the one that waits."""
    for streamer in vikno.pids("streamer"):
        for pid in processes_of(streamer):
            with suppress(OSError):
                if "-live-" in Path(f"/proc/{pid}/maps").read_text():
                    return pid
    return None


@pytest.fixture(scope="module")
def vikno(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("streamed")
    clip = folder / "flash.mkv"
    flashing_clip(clip)
    with supervised(folder, "media-0", "streamer-0") as installation:
        server = f"http://127.0.0.1:{installation.node_http_port}"
        token = installation.token(meeting=MEETING, role="host", name="Flash")
        publisher = subprocess.Popen(
            [
                *[sys.executable, "-m", "web.main", "participant", "--server", server, "--token", token],
                *["--publish", str(clip), "--stay"],
            ],
            env=installation.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield installation
        finally:
            publisher.terminate()
            publisher.wait()
            for path in wire.rings(installation.data, 0).values():
                path.unlink(missing_ok=True)


def status(vikno: Installation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(vikno.vikno("stream", "status", MEETING, "--json"))
    return found


def streaming(vikno: Installation) -> bool:
    try:
        vikno.vikno("stream", "start", MEETING, "--to", f"rtmp://127.0.0.1:9/live/{KEY}")
    except AssertionError:
        return False
    return True


def test_what_a_kill_costs(vikno: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    until(lambda: streaming(vikno), "the meeting runs")
    plays = Playlist(vikno)
    until(lambda: plays.length() >= 4, "there is something to watch")
    until(lambda: status(vikno)["state"] == "live", "hosts are told")
    until(lambda: status(vikno)["targets"][0]["problem"] == "unreachable", "a server that is not there is told of")

    killed: list[tuple[str, float]] = []

    def kill(what: str, pid: int) -> None:
        killed.append((what, time.time()))
        os.kill(pid, signal.SIGKILL)

    composer = composer_of(vikno)
    assert composer is not None
    kill("composer", composer)
    until(lambda: len(plays.runs()) == 2, "another composer goes on")
    target = plays.length() + 2
    until(lambda: plays.length() >= target, "it goes on")

    kill("streamer", vikno.pids("streamer")[0])
    until(lambda: vikno.pids("streamer"), "another streamer comes")
    target = plays.length() + 3
    until(lambda: plays.length() >= target, "the composer goes on")

    kill("media node", vikno.pids("media")[0])
    until(lambda: vikno.pids("media"), "the node comes back")
    target = plays.length() + 6
    until(lambda: plays.length() >= target, "the composer has waited for it")
    assert len(plays.runs()) == 2, "neither needed another composer"

    vikno.vikno("stream", "stop", MEETING)
    until(lambda: plays.media("720p").ended, "players learn that it is over")
    (stream_id,) = {segment.uri.partition("-")[0] for segment in plays.media("720p").segments}
    until(lambda: plays.fares() == (stream_id, "ended"), "the status says so")
    until(lambda: not wire.rings(vikno.data, 0), "nothing is left in memory")
    until(lambda: not (instant_root(vikno.data) / stream_id).exists(), "the runs' recordings are one")
    assert composer_of(vikno) is None
    kept = [path for path in vikno.data.rglob("*") if path.is_file() and path.suffix != ".m4s"]
    assert [path for path in [*kept, vikno.log] if KEY.encode() in path.read_bytes()] == [], "the key is nowhere open"

    table = [("killed", "pictures, s", "sound, s")]
    seen, heard = plays.moments("720p"), plays.moments("floor")
    ends = [at - 1 for _, at in killed[1:]] + [heard[-1]]
    for (what, at), end in zip(killed, ends, strict=True):
        table.append((what, *(str(lost(moments, at, end)) for moments in (seen, heard))))
    with capsys.disabled():
        for row in table:
            print("  ".join(f"{cell:>12}" for cell in row), file=sys.stderr)
    assert seen, "how many pictures there are depends on the machine"
    for (what, at), (_, until_at) in itertools.pairwise([*killed, ("end", heard[-1] + 1)]):
        assert [one for one in heard if at + 1 < one < until_at], f"it is heard again after the {what}'s end"


def lost(moments: list[float], at: float, end: float) -> int:
    """How many flashes, one a second, are missing in the widest gap that begins about `at`, before `end`."""
    near = [(one, other) for one, other in itertools.pairwise(moments) if other > at - 3 and one < end]
    return max(0, round(max((other - one for one, other in near), default=0.0)) - 1)


def test_a_meeting_that_does_not_run_cannot_be_streamed(vikno: Installation) -> None:
    with pytest.raises(AssertionError, match="It does not run now"):
        vikno.vikno("stream", "start", "nowhere")
    with pytest.raises(AssertionError, match="rtmp://HOST"):
        vikno.vikno("stream", "start", MEETING, "--to", "https://example.com/key")
