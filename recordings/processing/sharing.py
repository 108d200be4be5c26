"""Reading work shared among processes, where there is much to read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recordings.processing import children, worker
from recordings.processing.children import Job
from recordings.processing.errors import StoppedError
from recordings.processing.state import replace

ALONE_BYTES: Final = 24_000_000
"""So much is read here; starting a process takes longer."""


def distribute(
    kind: str,
    jobs: dict[str, tuple[int, str]],
    folder: Path,
    at_once: int,
    tell: Callable[[float], None],
    stop: Callable[[], bool],
) -> dict[str, str]:
    """Do jobs of one kind (by name: bytes to read, and what to do); their results by name.

    Results are kept in `folder`, and those that are there already are not made again. `tell` is told the share that is
    done. Raises OSError, StoppedError and ProcessingError.
    """
    results = {name: folder / f"{name}.json" for name in jobs}
    missing = [name for name in jobs if not results[name].exists()]
    for name in missing:
        replace(results[name].with_suffix(".job"), jobs[name][1])

    def watched() -> bool:
        ready = sum(size for name, (size, _) in jobs.items() if results[name].exists())
        tell(ready / max(1, sum(size for size, _ in jobs.values())))
        return stop()

    if sum(jobs[name][0] for name in missing) <= ALONE_BYTES:
        for name in missing:
            if watched():
                raise StoppedError
            worker.do(kind, results[name])
    else:
        shares = _shared({name: jobs[name][0] for name in missing}, at_once)
        asked = [_process(kind, [results[name] for name in share], folder) for share in shares]
        children.run(asked, at_once, watched, lambda _: None)
    return {name: path.read_text() for name, path in results.items()}


def _process(kind: str, results: list[Path], folder: Path) -> Job:
    command = [sys.executable, "-m", "recordings.processing.worker", kind, *map(str, results)]
    return Job(kind, lambda: children.start(command, "Reading the recording", folder), lambda: None)


def _shared(sizes: dict[str, int], count: int) -> list[list[str]]:
    """Names in `count` shares of about the same size."""
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(count)]
    for name in sorted(sizes, key=lambda one: -sizes[one]):
        size, names = min(shares, key=lambda share: share[0])
        shares.remove((size, names))
        shares.append((size + sizes[name], [*names, name]))
    return [names for _, names in shares if names]
