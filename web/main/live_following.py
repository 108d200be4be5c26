"""Following live streams: what becomes of them goes into the database, the number of viewers to the media node."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog

from lms.database import Database
from lms.streaming import following
from lms.streaming.library import LiveStatus
from lms.streaming.rules import LOST, SILENT
from web.main.live_library import LiveFolder

_log = structlog.get_logger("vikno.worker")


class Follower:
    """A duty of the worker."""

    def __init__(self, data: Path) -> None:
        self._live = LiveFolder(data)

    def __call__(self, database: Database, now: datetime) -> int:
        """Look at each stream once; how many things changed."""
        found = {status.stream: status for status in self._live.running()}
        if not found:
            return 0
        with database.reading() as session:
            wanted = following.unsettled(session, list(found))
        return sum(self._see_to(database, found[stream], now) for stream in sorted(wanted))

    def _see_to(self, database: Database, status: LiveStatus, now: datetime) -> int:
        audience = self._live.audience(status.stream)
        with database.writing() as session:
            changed = following.follow(session, status, audience, now)
        if status.state != "ended" and now - status.at < SILENT:
            return changed
        over = status.state == "ended" or now - status.at > LOST
        kept = self._live.instant(status.stream) if over else None
        with database.writing() as session:
            settled = following.settle(session, status.stream, kept, now)
        if settled:
            self._live.forget_audience(status.stream)
        return changed + settled
