"""Processes that do the heavy work: ffmpeg and our own. They end with whoever started them, also by `kill -9`."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Final

import imageio_ffmpeg

from recordings.processing.errors import EncoderError, StoppedError, disk_full

_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None
_POLL_S: Final = 0.05
_TAIL: Final = 4_000


def _end_with_parent(parent: int) -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # killed before it could be told
            os._exit(1)


@lru_cache
def ffmpeg() -> str:
    """The binary: IMAGEIO_FFMPEG_EXE where set, else the one that was installed with us. Raises EncoderError."""
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (RuntimeError, OSError) as error:
        raise EncoderError(
            f"ffmpeg is missing: {error}.", "Install ffmpeg, or set IMAGEIO_FFMPEG_EXE to where it is; then rebuild."
        ) from error


@dataclass
class Child:
    """A process that was started."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    name: str
    folder: Path

    def said(self) -> str:
        """The end of what it wrote to its standard error."""
        self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, self.errors.tell() - _TAIL))
        return self.errors.read().decode(errors="replace").strip()

    def check(self) -> None:
        """Raises DiskFullError or EncoderError if it failed."""
        code = self.process.returncode
        if code == 0:
            return
        said = self.said()
        if "No space left on device" in said or "ENOSPC" in said or "Disk quota exceeded" in said:
            raise disk_full(self.folder)
        lines = said.splitlines()
        last = "; ".join(line.strip() for line in lines[-3:]) or f"it ended with code {code}"
        raise EncoderError(
            f"{self.name} failed: {last}.", "Rebuild; if it fails again, the log has the command that was run."
        )


def start(command: Sequence[str], name: str, folder: Path) -> Child:
    """Start a process. Raises EncoderError."""
    errors = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the child
    try:
        process = subprocess.Popen(  # noqa: S603 -- no shell, and the command is ours
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            preexec_fn=partial(_end_with_parent, os.getpid()),
        )
    except OSError as error:
        errors.close()
        raise EncoderError(
            f"{command[0]} cannot be started: {error.strerror}.",
            "Install ffmpeg, or set IMAGEIO_FFMPEG_EXE; then rebuild.",
        ) from error
    return Child(process, errors, name, folder)


def end(child: Child) -> None:
    """End a process that may still run."""
    if child.process.poll() is None:
        child.process.kill()
    child.process.wait()
    child.errors.close()


class Job:
    """Work for a process: `begin` starts it, `finish` is called once it went well, `again` may try otherwise, once."""

    def __init__(
        self,
        name: str,
        begin: Callable[[], Child],
        finish: Callable[[], None],
        again: Callable[[], Child | None] = lambda: None,
    ) -> None:
        self.name, self.begin, self.finish, self.again = name, begin, finish, again
        self.child: Child | None = None
        """The process that ended, while `finish` runs."""

    def settle(self, child: Child) -> Child | None:
        """After the process ended: None if all is well, or another process. Raises ProcessingError."""
        try:
            child.check()
        except EncoderError:
            other, self.again = self.again(), lambda: None
            if other is None:
                raise
            return other
        self.child = child
        self.finish()
        return None


def run(jobs: Sequence[Job], at_once: int, stop: Callable[[], bool], done: Callable[[Job], None]) -> None:
    """Run all jobs, so many at once. Raises StoppedError when told to stop, and what a job raises; others are ended."""
    waiting = list(reversed(jobs))
    running: list[tuple[Job, Child]] = []
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop()
                running.append((job, job.begin()))
            for pair in [pair for pair in running if pair[1].process.poll() is not None]:
                job, child = pair
                other = job.settle(child)
                running.remove(pair)
                child.errors.close()
                if other is None:
                    done(job)
                else:
                    running.append((job, other))
            if stop():
                raise StoppedError
            if running and all(child.process.poll() is None for _, child in running):
                time.sleep(_POLL_S)
    finally:
        for _, child in running:
            end(child)
