"""The streamer: a composer for each stream, one that is ready, and nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recordings.capture.feed import LINE
from recordings.capture.ring import Ring
from recordings.live import wire
from signaling.messages import Stream
from tests.support.waiting import wait_for
from web.main import live
from web.main.secrets import master_key, target_sealer
from web.main.settings import Settings
from web.main.streamer import Streamer
from web.main.supervisor import Backoff

STREAM = "00000000000000aa"
COMPOSER = """
import fcntl, os, sys, time
from pathlib import Path
from recordings.capture.ring import Ring
name = sys.stdin.readline().strip()
if name:
    ring = open(sys.argv[2].format(name), "rb+")
    fcntl.flock(ring, fcntl.LOCK_EX)
    Ring(Path(ring.name)).reader_pid = os.getpid()
    open(os.path.join(sys.argv[1], f"{name}-{os.getpid()}"), "w").close()
    time.sleep(60)
"""


class Bench:
    """A streamer whose composers only say that they have begun."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.begun = folder / "begun"
        self.begun.mkdir()
        self.now = 0.0
        self.streamer = self.another()

    def another(self) -> Streamer:
        rings = str(wire.ring_path(self.data, 0, "{}"))
        command = [sys.executable, "-S", "-c", COMPOSER, str(self.begun), rings]
        return Streamer(self.data, 0, command, Backoff(most_s=8.0))

    def ring(self, stream: str = STREAM) -> Ring:
        ring = Ring(wire.ring_path(self.data, 0, stream), 65_536)
        ring.writer_open = True
        return ring

    def look(self) -> None:
        self.now += 0.2
        self.streamer.look(self.now)

    def composers(self, stream: str = STREAM) -> list[int]:
        return sorted(int(path.name.partition("-")[2]) for path in self.begun.glob(f"{stream}-*"))

    def rings(self) -> list[str]:
        return [*wire.rings(self.data, 0)]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.streamer.stop()
    for path in wire.rings(made.data, 0).values():
        path.unlink()


def test_each_stream_has_a_composer_and_one_is_ready(bench: Bench) -> None:
    bench.look()
    assert bench.streamer.spare is None, "nothing runs while nothing is streamed"
    bench.ring()
    bench.look()
    wait_for(lambda: len(bench.composers()) == 1)
    ready = bench.streamer.spare
    assert ready is not None
    bench.look()
    assert bench.streamer.spare is ready
    bench.ring("00000000000000bb")
    bench.look()
    wait_for(lambda: bench.composers("00000000000000bb") == [ready.pid])
    assert bench.streamer.spare is not ready


def test_a_composer_that_dies_is_replaced_and_one_that_keeps_dying_with_pauses(bench: Bench) -> None:
    bench.ring()
    bench.look()
    wait_for(lambda: len(bench.composers()) == 1)
    starts = 1
    pauses = []
    for _ in range(4):
        process = bench.streamer.composers[STREAM].process
        assert process is not None
        bench.kill(process.pid)
        bench.look()
        pauses.append(bench.streamer.composers[STREAM].delay_s)
        bench.now += pauses[-1]
        bench.look()
        starts += 1
        wait_for(lambda wanted=starts: len(bench.composers()) == wanted)  # type: ignore[misc]
    assert pauses[0] == 0.1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 0.8


def test_what_is_left_of_a_stream_goes(bench: Bench) -> None:
    ring = bench.ring()
    ring.writer_open = False
    bench.look()
    assert bench.rings() == []
    assert bench.composers() == []


def test_a_stream_whose_composer_died_before_its_end_is_ended_by_another(bench: Bench) -> None:
    ring = bench.ring()
    ring.write(LINE, 0, 0xAA, b"{}")
    ring.writer_open = False
    for number in range(1, 4):
        bench.look()
        wait_for(lambda wanted=number: len(bench.composers()) == wanted)  # type: ignore[misc]
        process = bench.streamer.composers[STREAM].process
        assert process is not None
        bench.kill(process.pid)
        bench.look()
        bench.now += 10
    bench.look()
    assert bench.rings() == [], "but not for ever"


def test_a_composer_goes_on_under_another_streamer(bench: Bench) -> None:
    bench.ring()
    bench.look()
    wait_for(lambda: len(bench.composers()) == 1)
    first, bench.streamer = bench.streamer, bench.another()
    bench.look()
    bench.look()
    assert len(bench.composers()) == 1, "nobody else composes"
    process = first.composers[STREAM].process
    assert process is not None
    bench.kill(process.pid)
    bench.look()
    wait_for(lambda: len(bench.composers()) == 2)
    third = bench.another()
    third.look(bench.now)
    third.stop()
    wait_for(lambda: bench.streamer.composers[STREAM].process.poll() is not None)  # type: ignore[union-attr]
    first.stop()


def test_the_end_of_the_streamer_is_the_end_of_its_composers(bench: Bench) -> None:
    bench.ring()
    bench.look()
    wait_for(lambda: len(bench.composers()) == 1)
    processes = [bench.streamer.composers[STREAM].process, bench.streamer.spare]
    bench.streamer.stop()
    assert all(process is not None and process.poll() is not None for process in processes)
    assert bench.rings() == [STREAM], "the stream goes on when it is back"


def test_an_address_leaves_the_command_line_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered: list[Stream] = []

    class Client:
        def __init__(self, *_: object) -> None:
            """Reaches no node."""

        def order(self, meeting: str, action: Stream) -> None:
            ordered.append(action)

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(live, "ControlClient", Client)
    settings = Settings(data=tmp_path)
    url = "rtmps://live.example:443/app/geheim"
    live.start(settings, "demo", [url])
    (target,) = ordered[0].others
    assert target.name == "live.example"
    assert "geheim" not in ordered[0].model_dump_json()
    assert target_sealer(master_key(tmp_path)).open(target.sealed.encode()) == url
    for wrong in ("https://live.example/geheim", "rtmp:///app/geheim", "geheim"):
        with pytest.raises(ValueError, match="rtmp://HOST") as refused:
            live.start(settings, "demo", [wrong])
        assert "geheim" not in str(refused.value), "nor is it said again"
