"""Small programs that the supervisor's tests run as real processes. First word: what to be."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from web.main.child import EXIT_UNUSABLE, follow_supervisor, tell_ready


def _note(folder: Path, word: str) -> None:
    with (folder / "notes").open("a") as file:
        file.write(f"{word}\n")


def main() -> None:
    """`steady|stubborn|crash|unusable|once FOLDER NAME`"""
    kind, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    follow_supervisor()
    _note(folder, f"start {name} {os.getpid()}")
    if kind == "once":
        return
    if kind == "unusable":
        sys.exit(EXIT_UNUSABLE)
    if kind == "crash":
        sys.exit(3)
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:

        def end(number: int, frame: object) -> None:
            _note(folder, f"stop {name} {os.getpid()}")
            sys.exit(0)

        signal.signal(signal.SIGTERM, end)
    tell_ready()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
