"""What can go wrong while a recording is processed, each with its cause and the next step.

Damage in raw files is no error: what is whole is used, and the report of the check says what is missing.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ProcessingError(Exception):
    """Processing cannot go on. What was done so far is kept; processing again goes on from there."""

    code = "failed"

    def __init__(self, cause: str, next_step: str) -> None:
        super().__init__(f"{cause} {next_step}")
        self.cause = cause
        self.next_step = next_step


class RawMissingError(ProcessingError):
    """The raw folder is not there or cannot be read."""

    code = "raw_missing"


class DiskFullError(ProcessingError):
    """There is no room for the output."""

    code = "disk_full"


class EncoderError(ProcessingError):
    """ffmpeg is missing, failed, or made something else than it was asked for."""

    code = "encoder"


class BusyError(ProcessingError):
    """Another process works on the same output."""

    code = "busy"


class StoppedError(Exception):
    """The caller asked to stop: not an error, the work goes on next time."""


_FULL = (errno.ENOSPC, errno.EDQUOT)


def disk_full(folder: Path) -> DiskFullError:
    """The error for a disk that ran full under `folder`."""
    return DiskFullError(
        f"The disk with {folder} is full.",
        "Make room, or move the recordings; then rebuild: it goes on where it stopped.",
    )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Errors of the operating system become ours: a full disk is one that people can mend."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(folder) from error
        raise ProcessingError(
            f"{folder} cannot be written: {error.strerror or error}.", "Check the folder and its rights; then rebuild."
        ) from error
