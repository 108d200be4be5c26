"""Streams that have ended leave the folder that the web serves: what is kept of them is a recording."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

import structlog

from recordings.live.wire import STATUS, read_status

ENDED_S: Final = 3_600.0
"""A player that is behind may still fetch the end for so long."""
ABANDONED_S: Final = 24 * 3_600.0
"""A stream whose composer has not been heard of for so long does not go on."""
_RUN: Final = re.compile(r"[0-9a-f]{16}-\d+")
_log = structlog.get_logger(__name__)


def tidy(root: Path, now: float) -> None:
    """Delete playlists and segments below `root` (`<data>/live`) that nobody plays any more. The status stays: it says
    that the stream has ended."""
    for status in root.glob(f"*/{STATUS}"):
        found = read_status(status)
        if found is None or now - found.at < (ENDED_S if found.state == "ended" else ABANDONED_S):
            continue
        try:
            for path in status.parent.iterdir():
                if path.suffix == ".m3u8":
                    path.unlink()
                elif path.is_dir() and _RUN.fullmatch(path.name):
                    shutil.rmtree(path)
        except OSError as error:
            _log.warning("an old stream could not be deleted", folder=str(status.parent), reason=error.strerror)
