"""Following live streams: what becomes of them goes into the database, the number of viewers to the media node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from lms.database import Database
from lms.streaming import following
from lms.streaming.library import LiveStatus
from lms.streaming.rules import LOST, SILENT
from signaling.control_client import ControlError
from signaling.messages import CountViewers
from web.main.beginning import Control
from web.main.live_library import LiveFolder
from web.main.tokens import node_of

Count = Callable[[str, int], None]
"""Tells a meeting's node how many watch it by HLS. Never fails."""
_AGAIN = 5
_MOST = 1000
_log = structlog.get_logger("vikno.worker")


class Follower:
    """A duty of the worker."""

    def __init__(self, data: Path, count: Count) -> None:
        self._live = LiveFolder(data)
        self._count = count

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
        if status.state != "ended":
            self._count(status.meeting, audience.by_files)
        with database.writing() as session:
            changed = following.follow(session, status, audience, now)
        if status.state != "ended" and now - status.at < SILENT:
            return changed
        over = status.state == "ended" or now - status.at > LOST
        kept = self._live.instant(status.stream) if over else ()
        with database.writing() as session:
            settled = following.settle(session, status.stream, kept, now)
        if settled:
            self._live.forget_audience(status.stream)
        return changed + settled


def tell_nodes(nodes: int, connect: Callable[[int], Control]) -> Count:
    """To the nodes of this installation; a count that stays is told again now and then, since counts grow old."""
    controls = [connect(node) for node in range(nodes)]
    told: dict[str, tuple[int, int]] = {}

    def count(meeting: str, viewers: int) -> None:
        if len(told) > _MOST:
            told.clear()
        before, passes = told.get(meeting, (0, 0))
        told[meeting] = (viewers, passes + 1)
        if viewers == before and (not viewers or passes % _AGAIN):
            return
        try:
            controls[node_of(meeting, nodes)].order(
                meeting, CountViewers(do="count_viewers", counted_by="web", viewers=viewers)
            )
        except ControlError as error:
            _log.debug("media node did not take the number of viewers", reason=str(error))

    return count
