"""Work on what strangers send in, in a process of its own with little time and memory.

`ask` runs such a process: a module of this package that begins with `few_means`, reads standard input and answers on
standard output. Any exit code but 0 says that it could not be done.
"""

from __future__ import annotations

import resource
import subprocess
import sys

MOST_MEMORY = 1024 * 1024 * 1024


class TookTooLong(Exception):  # noqa: N818 - an answer about somebody's file
    """It was given up on."""


class NotDone(Exception):  # noqa: N818 - an answer about somebody's file
    """It failed, or wanted more than it may have."""


def ask(module: str, given: bytes, patience_s: float) -> bytes:
    """What `python -m module` makes of what it is given. Raises `TookTooLong`, `NotDone`.

    `patience_s`: seconds of the clock; longer than those of computing, for a machine that is busy.
    """
    command = [sys.executable, "-m", module]
    try:
        done = subprocess.run(  # noqa: S603 - a module of our own
            command, input=given, capture_output=True, timeout=patience_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TookTooLong from error
    if done.returncode != 0:
        raise NotDone
    return done.stdout


def few_means(seconds: int) -> None:
    """From now on this process may compute so long, and have `MOST_MEMORY` bytes."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
