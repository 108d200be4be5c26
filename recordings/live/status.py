"""The file that says how a stream fares, written about each second."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import structlog

from recordings.capture.writing import LOW_BYTES
from recordings.live.formats import Caption, Encoded, EngineFigures, Format, Name
from recordings.live.hls import Hls
from recordings.live.instant import Instant
from recordings.live.targets import Targets
from recordings.live.wire import STATUS, Order, Status, StorageTrouble, read_status, write_status

_EVERY_S: Final = 1.0
_log = structlog.get_logger(__name__)


class StatusFile:
    """The output that tells of the others; the last to be closed."""

    def __init__(
        self,
        folder: Path,
        order: Order,
        hls: Hls,
        targets: Targets,
        instant: Instant | None = None,
        now: Callable[[], float] = time.time,
        *,
        low_bytes: int = LOW_BYTES,
    ) -> None:
        self._path = folder / STATUS
        self._stream, self._meeting = order.stream, order.meeting
        self._hls, self._targets, self._instant, self._now = hls, targets, instant, now
        self._low_bytes = low_bytes
        self._figures = EngineFigures()
        self._ended = threading.Event()
        self._failing = False
        known = read_status(self._path)
        ours = known if known is not None and known.stream == order.stream else None
        self._began_at = ours.began_at if ours else now()
        self._live_at = ours.live_at if ours else None
        self._late_before = ours.late_frames if ours else 0
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)
        self._thread.start()

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """Nothing of the media is looked at."""

    def take(self, packet: Encoded) -> None:
        """Nothing of the media is looked at."""

    def caption(self, caption: Caption) -> None:
        """Nothing of the media is looked at."""

    def figures(self, figures: EngineFigures) -> None:
        """How the engine fares."""
        self._figures = figures

    def close(self) -> None:
        """The other outputs have ended: say so."""
        self._ended.set()
        self._thread.join(1.0)

    def status(self) -> Status:
        """As it is now."""
        self._live_at = self._live_at or self._hls.live_at
        state: Literal["starting", "live", "ended"] = "live" if self._live_at else "starting"
        return Status(
            stream=self._stream,
            meeting=self._meeting,
            state="ended" if self._ended.is_set() else state,
            began_at=self._began_at,
            at=self._now(),
            live_at=self._live_at,
            segments=self._hls.segments,
            late_frames=self._late_before + self._figures.late_frames,
            captions=self._hls.languages,
            sounds=list(self._figures.sounds),
            targets=self._targets.statuses(),
            trouble=self._trouble(),
        )

    def _trouble(self) -> StorageTrouble:
        """The worst there is; little room is told of before anything is missing."""
        if self._hls.trouble:
            return "gaps"
        if self._instant is not None and self._instant.trouble:
            return "not_kept"
        try:
            return "disk_low" if shutil.disk_usage(self._path.parent).free < self._low_bytes else ""
        except OSError:
            return ""

    def _run(self) -> None:
        while True:
            self._write()
            if self._ended.wait(_EVERY_S):
                self._write()
                return

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_status(self._path, self.status())
        except OSError as error:
            if not self._failing:
                _log.error("the stream's status cannot be written", reason=error.strerror, file=str(self._path))
            self._failing = True
        else:
            self._failing = False
