"""How far the work is: `state.json` beside the output, always whole."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal

from pydantic import BaseModel, ValidationError

from recordings.processing.errors import BusyError

NAME: Final = "state.json"
PHASES: Final = ("check", "tracks", "compose", "extras", "publish")
Phase = Literal["check", "tracks", "compose", "extras", "publish"]
_WEIGHTS: Final = {"check": 0.03, "tracks": 0.07, "compose": 0.86, "extras": 0.03, "publish": 0.01}
_MOMENT_S: Final = 1.0
"""A lock is waited for so long."""


class Failure(BaseModel):
    """Why it stopped."""

    code: str
    cause: str
    next_step: str


class State(BaseModel):
    """What is done, for whoever looks on and for the next run."""

    raw: str = ""
    """Fingerprint of the raw files."""
    done: dict[str, str] = {}
    """Phases that are done, with the fingerprint of what they were made from."""
    phase: str = ""
    progress: float = 0.0
    message: str = ""
    updated: float = 0.0
    failure: Failure | None = None
    version: str = ""
    """The published one."""
    outcome: str = ""


def read(out: Path) -> State:
    """The state in `out`; a new one if there is none or it cannot be read."""
    try:
        return State.model_validate_json((out / NAME).read_bytes())
    except (OSError, ValidationError):
        return State()


def replace(path: Path, content: bytes | str) -> None:
    """Write a file so that whoever reads it sees the old content or the new, whatever crashes. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def replace_json(path: Path, value: object) -> None:
    """The same for JSON. Raises OSError."""
    replace(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """The only process at work in `out`. Raises BusyError."""
    with (out / ".lock").open("a") as lock:
        if not _locked(lock):
            raise BusyError(
                f"Another process is at work in {out}.",
                "Wait until it is done; `vikno recordings list` shows how far it is.",
            )
        yield


def _locked(lock: IO[str]) -> bool:
    """Whether the lock was free, or became so within a moment.

    What a process was just about to start when it was killed holds its lock until it is a program of its own.
    """
    until = time.monotonic() + _MOMENT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        else:
            return True


class Journal:
    """Keeps the state, and tells the caller."""

    def __init__(self, out: Path, tell: Callable[[str, float], None]) -> None:
        self.out = out
        self.state = read(out)
        self.state.failure, self.state.outcome = None, ""
        self._tell = tell
        self._written = 0.0

    def is_done(self, phase: Phase, made_from: str) -> bool:
        return self.state.done.get(phase) == made_from

    def begin(self, phase: Phase, message: str) -> None:
        self.state.phase = phase
        self.say(0.0, message)
        self.save()

    def finish(self, phase: Phase, made_from: str) -> None:
        self.state.done[phase] = made_from
        self.say(1.0, self.state.message)
        self.save()

    def say(self, part: float, message: str) -> None:
        """The present phase is done to `part` (0..1)."""
        state = self.state
        before = sum(_WEIGHTS[phase] for phase in PHASES[: PHASES.index(state.phase)]) if state.phase else 0.0
        share = before + _WEIGHTS.get(state.phase, 0.0) * min(1.0, max(0.0, part))
        state.progress, state.message = round(share, 4), message
        self._tell(state.phase, state.progress)
        if time.monotonic() - self._written > 1.0:
            self.save()

    def save(self) -> None:
        """Raises OSError."""
        self.state.updated = time.time()
        self._written = time.monotonic()
        replace(self.out / NAME, self.state.model_dump_json(indent=1) + "\n")
