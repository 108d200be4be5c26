"""`kill -9` at any moment: what lies in the folders can be played, and goes on."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from recordings.live.joining import finish
from recordings.live.playlist import Media
from recordings.live.wire import folder
from tests.recordings.live_outputs.feeder import MEETING
from tests.recordings.live_outputs.synthetic import LARGE, STREAM
from tests.recordings.live_outputs.viewing import playlist, seen_and_heard
from tests.recordings.measuring import every_second, offsets, watch
from tests.support.waiting import wait_for

NAMES = ("720p", "360p", "floor")
RUNS = 3


def test_whenever_it_is_killed_what_is_there_can_be_played_and_goes_on(tmp_path: Path, rng: random.Random) -> None:
    data = tmp_path / "data"
    place = folder(data, MEETING)
    before: dict[str, Media] = {}
    for _ in range(RUNS):
        command = [sys.executable, "-m", "tests.recordings.live_outputs.feeder", str(data)]
        composer = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wanted = (before["720p"].next if before else 0) + 2
        try:
            wait_for(lambda wanted=wanted: (place / "720p.m3u8").exists() and playlist(place, "720p").next >= wanted)  # type: ignore[misc]
            time.sleep(rng.uniform(0, 0.2))  # a moment that nobody chose
        finally:
            composer.kill()
            composer.wait()
        after = {name: playlist(place, name) for name in NAMES}
        for name, media in after.items():
            for one in media.segments:
                assert one.gap or (place / one.uri).stat().st_size > 0
                assert (place / one.map).stat().st_size > 0
            if name in before:
                known = before[name]
                assert media.first >= known.first
                assert media.segments[: len(known.segments)] == known.segments, "what was told stays so"
        before = after
    for run in range(RUNS):
        seen, heard = seen_and_heard(place, run, tmp_path)
        whole = sum(round(one.duration) for one in before["720p"].segments if one.run == run)
        assert whole >= 2
        assert every_second(seen, 0, whole) == every_second(heard, 0, whole - 1) == []
        assert max(map(abs, offsets(heard, seen))) < 0.08
    (kept,) = finish(data, STREAM)
    film = watch(kept)
    assert max(map(abs, offsets(film.beeps(), film.flashes((0, 0, *LARGE))))) < 0.08
    assert every_second(film.flashes((0, 0, *LARGE)), 0, round(film.times[-1])) == []
