"""Recording in the demo's installation: what `kill -9` of each process in the middle of it costs; and its endpoints."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from recordings.raw import rtpdump, timeline
from tests.main.test_serve import joined
from tests.support.installation import Installation, running

PATIENCE_S = 90.0
pytestmark = pytest.mark.timeout(300)


def until(find: Callable[[], object], what: str) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not find():
        assert time.monotonic() < ends, what
        time.sleep(0.1)


class Raw:
    """The one recording of an installation."""

    def __init__(self, vikno: Installation) -> None:
        (self.folder,) = (vikno.data / "recordings" / "raw").iterdir()

    def lines(self) -> list[timeline.AnyLine]:
        return list(timeline.read(self.folder / timeline.NAME))

    def tracks(self) -> list[timeline.Track]:
        return [line for line in self.lines() if isinstance(line, timeline.Track)]

    def filled(self) -> list[timeline.Track]:
        """Those that something came of: somebody who connects twice leaves one behind that may be empty."""
        return [track for track in self.tracks() if self.packets(track)]

    def packets(self, track: timeline.Track) -> list[rtpdump.Packet]:
        """The file may be caught in the middle of a record that is being written; damage is what stays."""
        for _ in range(5):
            found, damage = self._read(track)
            if (damage.header, damage.skipped_bytes) == (False, 0):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{track.file}: {damage}")

    def _read(self, track: timeline.Track) -> tuple[list[rtpdump.Packet], rtpdump.Damage]:
        damage = rtpdump.Damage()
        if not (self.folder / track.file).exists():
            return [], damage
        records = rtpdump.read(self.folder / track.file, track.track, damage)
        return [one for one in records if isinstance(one, rtpdump.Packet)], damage

    def holes(self, track: timeline.Track) -> tuple[int, float]:
        """Packets that are missing, and the longest time without one."""
        packets = self.packets(track)
        numbers = {one.sequence for one in packets}
        missing = max(numbers) - min(numbers) + 1 - len(numbers)
        return missing, max(b.arrived - a.arrived for a, b in itertools.pairwise(packets))

    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir())


def growing(vikno: Installation, tracks: int) -> Callable[[], bool]:
    """Whether the recording has so many tracks and gets longer."""

    def look() -> bool:
        raw = Raw(vikno)
        if len(raw.filled()) < tracks:
            return False
        before = raw.bytes()
        time.sleep(0.3)
        return raw.bytes() > before

    return look


@pytest.fixture(scope="module")
def vikno(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running(tmp_path_factory.mktemp("recorded"), "--demo") as installation:
        yield installation


def recording(vikno: Installation) -> bool:
    try:
        vikno.vikno("record", "start", "demo")
    except AssertionError:
        return False
    return True


def test_what_a_kill_costs(vikno: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    until(lambda: recording(vikno), "the demo's meeting runs")
    until(growing(vikno, 6), "three people, voice and picture each")
    table = [("killed", "tracks", "packets missing", "longest pause, s")]

    vikno.kill("capture")
    until(lambda: vikno.pids("capture"), "capture comes back")
    until(growing(vikno, 6), "capture goes on")
    raw = Raw(vikno)
    holes = [raw.holes(track) for track in raw.tracks()[:6]]
    table.append(("capture", "6", str(sum(missing for missing, _ in holes)), f"{max(p for _, p in holes):.2f}"))
    assert [missing for missing, _ in holes] == [0] * 6, "what the node took in is all there"

    vikno.kill("media")
    until(growing(vikno, 12), "everybody is back, on tracks of their own")
    (gap,) = [line for line in raw.lines() if isinstance(line, timeline.Gap)]
    assert gap.cause == "node"
    old, new = raw.filled()[:6], raw.filled()[6:]
    ended = max(raw.packets(track)[-1].arrived for track in old)
    began = min(raw.packets(track)[0].arrived for track in new)
    assert sum(raw.holes(track)[0] for track in old) == 0, "what the killed node took in is all there"
    assert gap.since - 1 < ended < began < gap.at + 5
    table.append(("media node", "12", "0", f"{began - ended:.2f}"))
    with capsys.disabled():
        for row in table:
            print("  ".join(f"{cell:>16}" for cell in row), file=sys.stderr)


def test_a_pause_keeps_nothing_and_the_end_is_the_end(vikno: Installation) -> None:
    raw = Raw(vikno)
    vikno.vikno("record", "pause", "demo")
    until(lambda: raw.lines()[-1].kind == "paused", "the pause is noted")
    size = raw.bytes()
    time.sleep(0.5)
    assert raw.bytes() == size
    vikno.vikno("record", "start", "demo")
    until(growing(vikno, 18), "it goes on")
    vikno.vikno("record", "stop", "demo")
    until(lambda: raw.lines()[-1].kind == "stopped", "the end is noted")
    assert raw.lines()[-1] == timeline.Stopped(at=raw.lines()[-1].at, reason="ordered")
    opened = {line.track for line in raw.tracks()}
    closed = {line.track for line in raw.lines() if isinstance(line, timeline.TrackEnded)}
    assert opened - closed == set(range(1, 7)), "only the tracks of the killed node have no end"


def test_a_meeting_that_does_not_run_cannot_be_recorded(vikno: Installation) -> None:
    with pytest.raises(AssertionError, match="It does not run now"):
        vikno.vikno("record", "start", "nowhere")


async def test_the_demo_is_live_with_three_endpoints_that_come_back(vikno: Installation) -> None:
    until(lambda: "organiser@vikno.test" in vikno.tail(5000), "it says who can sign in")
    assert vikno.get("/meet/demo").status_code == 200
    await _three_endpoints(vikno)
    vikno.kill("demo")
    await _three_endpoints(vikno)


async def _three_endpoints(vikno: Installation) -> None:
    """Returns when Kyiv, Lviv and Sumy are in the officially begun meeting with picture and sound."""
    ends = time.monotonic() + 90
    seen: object = None
    token = vikno.token(role="viewer")
    while time.monotonic() < ends:
        async with joined(vikno, token) as (_, welcome):
            seen = {
                person["name"]: {each["source"] for each in person["publications"]}
                for person in welcome["participants"]
                if person["presence"] == "endpoint" and not person["away"]
            }
            sources = list(seen.values())
            if sources == [{"microphone", "camera"}] * 3 and welcome["meeting"]["began_at"] is not None:
                return
        await asyncio.sleep(0.5)
    raise AssertionError(f"in the demo: {seen}\n{vikno.tail()}")
