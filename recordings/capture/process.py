"""The loop of the capture process: plain, synchronous, and awake only as often as it has to be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from recordings.capture.ring import Ring, shared_path
from recordings.capture.writing import Writing

_POLL_S: Final = 0.02
_CARE_S: Final = 1.0
_BUSY_BYTES: Final = 256 * 1024
_log = structlog.get_logger(__name__)


def run(data: Path, node: int, stopping: threading.Event, ready: Callable[[], None]) -> None:
    """Write what node `node` feeds, until `stopping` is set and the ring is empty. Raises `RingError`."""
    ring = Ring(shared_path(data, node))
    writing = Writing(ring, raw_root(data))
    writing.look_at_disk()
    ring.reader_seen = time.monotonic()
    ready()
    caring = threading.Thread(target=_care, args=(writing, stopping), name="sync", daemon=True)
    caring.start()
    while True:
        now = time.monotonic()
        written = writing.pump(now)
        ring.reader_seen = now
        if stopping.is_set() and not written:
            break
        if written < _BUSY_BYTES:
            stopping.wait(_POLL_S)
    caring.join()
    writing.close()
    if not ring.waiting and not ring.writer_open:
        ring.remove()  # a clean end: whoever starts next makes it anew
    ring.close()


def raw_root(data: Path) -> Path:
    """Where raw recordings lie."""
    return data / "recordings" / "raw"


def _care(writing: Writing, stopping: threading.Event) -> None:
    """Syncing may take its time: packets are written meanwhile."""
    while not stopping.wait(_CARE_S):
        try:
            writing.look_at_disk()
            writing.sync()
        except OSError as error:
            _log.error("recordings could not be synced", reason=error.strerror)
