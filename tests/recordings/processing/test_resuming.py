"""Work that was stopped, killed or repeated: nothing is lost, nothing is done twice, and the outcome is the same."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from recordings.processing import children, sharing, state
from recordings.processing.errors import BusyError
from recordings.processing.options import AgendaItem, Options
from recordings.processing.pipeline import process, remux
from recordings.processing.state import PHASES, read
from recordings.raw import timeline
from tests.recordings.making import BLUE, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import every_second, watch

OPTIONS = Options(width=320, height=180, preset="ultrafast", scene_s=1.0)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resumed")
    people = [Person("a", "Олена"), Person("b", "Тарас")]
    senders = [Sender("a", ends=4), microphone("a", ends=4), Sender("b", ends=4, colour=BLUE)]
    lines = [timeline.Speaker(at=ZERO, participant="a")]
    return Meeting(folder / "raw", people, senders, lasts=4, lines=lines).write()


def whole(out: Path) -> None:
    """What must be there in the end."""
    film = watch(out / "current" / "video.mp4")
    assert len(film.times) == 100
    assert every_second(film.beeps(), 0, 4) == []
    assert every_second(film.flashes((10, 20, 200, 80)), 0, 4) == []


def nothing(phase: str, progress: float) -> None:
    """Nobody looks on."""


@pytest.mark.parametrize("phase", PHASES)
def test_stopped_in_any_phase_it_goes_on(raw: Path, tmp_path: Path, phase: str) -> None:
    now = {"phase": "", "asked": 0}

    def seen(phase: str, progress: float) -> None:
        now["phase"] = phase

    def stop() -> bool:
        now["asked"] += now["phase"] == phase
        return now["phase"] == phase and now["asked"] > 1

    first = process(raw, tmp_path, OPTIONS, seen, stop)
    assert first.kind == ("stopped" if phase in ("check", "tracks", "compose") else first.kind)
    second = process(raw, tmp_path, OPTIONS, nothing, lambda: False)
    assert second.kind == "published"
    whole(tmp_path)


def test_scenes_that_are_done_are_kept(raw: Path, tmp_path: Path) -> None:
    def some_done() -> bool:
        return len(list(tmp_path.glob("work/compose/scene-*.mp4"))) >= 2

    assert process(raw, tmp_path, OPTIONS, nothing, some_done).kind == "stopped"
    done = {path: path.stat().st_mtime_ns for path in tmp_path.glob("work/compose/scene-*.mp4")}
    kept: dict[Path, int] = {}

    def look(phase: str, progress: float) -> None:
        if phase == "compose":
            kept.update({path: path.stat().st_mtime_ns for path in done if path.exists()})

    assert process(raw, tmp_path, OPTIONS, look, lambda: False).kind == "published"
    assert kept == done


def killed(raw: Path, out: Path, when: Callable[[], bool]) -> None:
    """Process in a process of its own, and kill it once `when`."""
    code = (
        "import sys; from pathlib import Path;"
        "from recordings.processing.options import Options; from recordings.processing.pipeline import process;"
        "process(Path(sys.argv[1]), Path(sys.argv[2]), Options.model_validate_json(sys.argv[3]),"
        "lambda phase, progress: None, lambda: False)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(raw), str(out), OPTIONS.model_dump_json()])
    while child.poll() is None and not when():
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()


def test_killed_at_any_moment_it_goes_on(raw: Path, tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("VIKNO_TEST_SEED", "7")))
    for target in sorted(chance.sample(range(2, 100), 3)):
        killed(raw, tmp_path, lambda target=target: read(tmp_path).progress * 100 >= target)  # type: ignore[misc]
    assert process(raw, tmp_path, OPTIONS, nothing, lambda: False).kind == "published"
    whole(tmp_path)
    versions = [path.name for path in tmp_path.iterdir() if path.name.startswith("v")]
    assert versions == [os.readlink(tmp_path / "current")]


def test_a_second_run_finds_nothing_to_do_and_other_chapters_need_no_new_picture(raw: Path, tmp_path: Path) -> None:
    first = process(raw, tmp_path, OPTIONS, nothing, lambda: False)
    phases: list[str] = []
    again = process(raw, tmp_path, OPTIONS, lambda phase, progress: phases.append(phase), lambda: False)
    assert (again.folder, phases) == (first.folder, [])
    assert first.folder is not None
    video = (first.folder / "video.mp4").stat().st_ino
    other = OPTIONS.model_copy(update={"agenda": (AgendaItem(at=ZERO + 2, title="Друге"),)})
    third = process(raw, tmp_path, other, nothing, lambda: False)
    assert third.folder is not None
    assert third.folder.name == "v0003"
    assert (third.folder / "video.mp4").stat().st_ino == video
    assert "Друге" in (third.folder / "playback.json").read_text()
    assert not first.folder.exists()


def test_two_at_once_do_not_disturb_each_other(raw: Path, tmp_path: Path) -> None:
    refused: list[BusyError] = []

    def meanwhile(phase: str, progress: float) -> None:
        if not refused:
            with pytest.raises(BusyError) as caught:
                process(raw, tmp_path, OPTIONS, nothing, lambda: False)
            refused.append(caught.value)

    assert process(raw, tmp_path, OPTIONS, meanwhile, lambda: False).kind == "published"
    assert refused[0].next_step


def test_a_lock_that_outlives_its_process_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed while it starts another leaves its lock to that one, until that is a program."""
    with (tmp_path / ".lock").open("a") as left:
        fcntl.flock(left, fcntl.LOCK_EX)
        monkeypatch.setattr(state.time, "sleep", lambda _: left.close())
        with state.alone(tmp_path):
            assert left.closed


def test_a_child_whose_parent_is_gone_before_it_began_ends(tmp_path: Path) -> None:
    began = partial(children._end_with_parent, os.getppid())
    child = subprocess.run([sys.executable, "-c", "open('began', 'w')"], cwd=tmp_path, preexec_fn=began)
    assert child.returncode == 1
    assert not (tmp_path / "began").exists()


def test_progress_grows_to_the_end_and_says_what_is_done(raw: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    process(raw, tmp_path, OPTIONS, lambda phase, progress: seen.append((phase, progress)), lambda: False)
    assert [progress for _, progress in seen] == sorted(progress for _, progress in seen)
    assert list(dict.fromkeys(phase for phase, _ in seen)) == list(PHASES)
    state = read(tmp_path)
    assert (state.progress, state.outcome, state.version, state.failure) == (1.0, "published", "v0002", None)


def test_much_to_read_is_shared_among_processes(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings of the size of tests are read in one process; with this limit it is as with large ones."""
    monkeypatch.setattr(sharing, "ALONE_BYTES", 0)
    assert remux(raw, tmp_path, OPTIONS, nothing, lambda: False).kind == "published"
    film = watch(tmp_path / "current" / "tracks" / "01" / "person.webm")
    assert every_second(film.beeps(), 0, 4) == []
    assert every_second(film.flashes((0, 0, 320, 180)), 0, 4) == []
    assert not list(tmp_path.glob("work/compose"))
