"""Processor time of processes, as Linux counts it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM, _WAITED_USER, _WAITED_SYSTEM = 11, 12, 13, 14
"""Fields of /proc/PID/stat after the name, proc(5)."""


def used(pids: Iterable[int]) -> float:
    """Seconds of processor time of these processes, of their children, and of those that have ended."""
    return sum(_one(pid) for pid in pids)


def parent(pid: int) -> int:
    """Whose child a process is."""
    return int(_fields(pid)[1])


def open_files(pid: int) -> list[str]:
    """What a process has open: paths, `socket:[…]`, `anon_inode:[eventpoll]`."""
    found = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(os.readlink(each))
    return found


def _one(pid: int) -> float:
    try:
        fields = _fields(pid)
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended meanwhile: its parent has its time
    own = sum(int(fields[number]) for number in (_USER, _SYSTEM, _WAITED_USER, _WAITED_SYSTEM))
    return own / _TICKS + sum(map(_one, children))


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
