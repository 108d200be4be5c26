"""The supervisor with real processes: order of start and stop, restarts, and the last resort."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from web.main.supervisor import Backoff, ChildSpec, Supervisor

FAST = Backoff(first_s=0.01, most_s=0.05)


def _spec(kind: str, folder: Path, name: str, **rest: object) -> ChildSpec:
    words = [sys.executable, "-m", "tests.main.programs", kind, str(folder), name]
    return ChildSpec(name, words, **rest)  # type: ignore[arg-type]


def _notes(folder: Path) -> list[str]:
    file = folder / "notes"
    return file.read_text().splitlines() if file.exists() else []


def _order(folder: Path) -> list[str]:
    return [" ".join(note.split()[:2]) for note in _notes(folder)]


async def _until(condition: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
    assert condition(), what


@asynccontextmanager
async def _running(*specs: ChildSpec) -> AsyncIterator[tuple[Supervisor, Awaitable[None]]]:
    supervisor = Supervisor(specs, backoff=FAST)
    run = asyncio.create_task(supervisor.run())
    try:
        yield supervisor, run
    finally:
        supervisor.stop()
        await asyncio.wait_for(run, 30)


async def test_children_start_when_what_they_need_is_ready_and_stop_in_the_reverse_order(tmp_path: Path) -> None:
    specs = (
        _spec("once", tmp_path, "first", once=True),
        _spec("steady", tmp_path, "second", after=["first"]),
        _spec("steady", tmp_path, "third", after=["second"]),
    )
    async with _running(*specs) as (supervisor, _):
        await asyncio.wait_for(supervisor.children["third"].ready.wait(), 30)
    assert _order(tmp_path) == ["start first", "start second", "start third", "stop third", "stop second"]


async def test_a_killed_child_comes_back_and_is_ready_again(tmp_path: Path) -> None:
    async with _running(_spec("steady", tmp_path, "media")) as (supervisor, _):
        child = supervisor.children["media"]
        await asyncio.wait_for(child.ready.wait(), 30)
        assert child.process is not None
        first = child.process.pid
        os.kill(first, signal.SIGKILL)
        await _until(lambda: child.starts == 2 and child.ready.is_set(), "the child came back")
        assert child.process.pid != first


async def test_a_child_that_keeps_dying_is_tried_again_and_does_not_disturb_the_others(tmp_path: Path) -> None:
    async with _running(_spec("steady", tmp_path, "good"), _spec("crash", tmp_path, "bad")) as (supervisor, run):
        await _until(lambda: supervisor.children["bad"].starts >= 3, "the bad child was tried again")
        assert supervisor.children["good"].starts == 1
        assert not run.done()  # type: ignore[attr-defined]


def test_delays_grow_to_a_bound_and_start_anew_after_a_steady_life() -> None:
    backoff = Backoff(first_s=0.1, most_s=1.0, steady_s=30)
    delays = [0.0]
    for _ in range(6):
        delays.append(backoff.next(delays[-1], lived_s=1))
    assert delays[1:] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    assert backoff.next(1.0, lived_s=31) == 0.1


@pytest.mark.parametrize("rest", [{}, {"once": True}])
async def test_an_essential_child_that_cannot_work_ends_everything(tmp_path: Path, rest: dict[str, bool]) -> None:
    async with _running(_spec("steady", tmp_path, "web"), _spec("unusable", tmp_path, "media", **rest)) as (
        supervisor,
        run,
    ):
        await asyncio.wait_for(run, 30)
        assert supervisor.failed == "media"


async def test_another_child_that_cannot_work_ends_nothing(tmp_path: Path) -> None:
    async with _running(_spec("unusable", tmp_path, "demo", essential=False)) as (supervisor, _):
        await _until(lambda: supervisor.children["demo"].starts >= 2, "it was tried again")
        assert supervisor.failed is None


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    async with _running(_spec("stubborn", tmp_path, "stuck", grace_s=0.2)) as (supervisor, _):
        child = supervisor.children["stuck"]
        await asyncio.wait_for(child.ready.wait(), 30)
        process = child.process
    assert process is not None
    assert process.returncode == -signal.SIGKILL


async def test_a_second_request_to_stop_does_not_wait(tmp_path: Path) -> None:
    async with _running(_spec("stubborn", tmp_path, "stuck", grace_s=3600)) as (supervisor, _):
        await asyncio.wait_for(supervisor.children["stuck"].ready.wait(), 30)
        supervisor.stop()


async def test_stopping_while_a_child_waits_for_another_ends(tmp_path: Path) -> None:
    async with _running(
        _spec("crash", tmp_path, "never-ready"), _spec("steady", tmp_path, "waits", after=["never-ready"])
    ) as (supervisor, _):
        await _until(lambda: supervisor.children["never-ready"].starts >= 1, "it ran")
    assert "start waits" not in _order(tmp_path)


async def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from tests.main.test_supervisor import _spec, Supervisor, Path\n"
        f"asyncio.run(Supervisor([_spec('steady', Path({str(tmp_path)!r}), 'orphan')]).run())\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script])
    try:
        await _until(lambda: bool(_notes(tmp_path)), "the child started")
        child = int(_notes(tmp_path)[0].split()[-1])
        supervisor.kill()
        supervisor.wait()
        await _until(lambda: not Path(f"/proc/{child}").exists() or _is_dead(child), "the child followed")
    finally:
        supervisor.kill()
        supervisor.wait()


def _is_dead(process: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return True
