"""Streams that have ended leave the folder that the web serves: what is kept of them is a recording."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

import structlog

from recordings.live.wire import STATUS, Status, read_status

ENDED_S: Final = 3_600.0
"""A player that is behind may still fetch the end for so long."""
ABANDONED_S: Final = 24 * 3_600.0
"""A stream whose composer has not been heard of for so long does not go on."""
_RUN: Final = re.compile(r"[0-9a-f]{16}-\d+")
_log = structlog.get_logger(__name__)


def tidy(root: Path, now: float) -> int:
    """Delete playlists and segments below `root` (`<data>/live`) that nobody plays any more; of how many streams there
    were any. The status stays: it says that the stream has ended."""
    tidied = 0
    for status in root.glob(f"*/{STATUS}"):
        found = read_status(status)
        if found is None or now - found.at < (ENDED_S if found.state == "ended" else ABANDONED_S):
            continue
        try:
            tidied += _tidy(status.parent, found)
        except OSError as error:
            _log.warning("an old stream could not be deleted", folder=str(status.parent), reason=error.strerror)
    return tidied


def _tidy(folder: Path, known: Status) -> bool:
    """Whether there was something. Raises OSError."""
    lists = list(folder.glob("*.m3u8"))
    runs = [path for path in folder.iterdir() if path.is_dir() and _RUN.fullmatch(path.name)]
    if read_status(folder / STATUS) != known:  # another stream begins: what has come since is its own
        return False
    for path in lists:
        path.unlink(missing_ok=True)
    for run in runs:
        shutil.rmtree(run)
    return bool(lists or runs)
