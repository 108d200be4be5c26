"""The log of changes: anchored to a file once a day, and checked by `vikno audit verify`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError

from lms.audit import anchors
from lms.audit.anchors import Verdict
from lms.database import Database
from web.main.settings import Settings

_log = structlog.get_logger("vikno.worker")


def anchor_daily(settings: Settings) -> Callable[[Database, datetime], int]:
    """The worker's duty: once a day (UTC) check the log and keep its length and hash in a file."""
    folder = settings.data / anchors.FOLDER

    def act(database: Database, now: datetime) -> int:
        if not anchors.anchor_due(folder, now):
            return 0
        with database.reading() as session:
            anchor = anchors.take(session, now)
        try:
            anchors.write(folder, anchor)
        except OSError as error:
            _log.error("the anchor of the log of changes could not be kept, trying again later", reason=str(error))
            return 0
        if anchor.first_break is not None:
            _log.error("the log of changes does not hold", first_broken_entry=anchor.first_break)
        return 1

    return act


def verify(settings: Settings) -> tuple[str, int]:
    """What to print, and the exit code: 0 for a whole log, 1 for one that is not, 2 when it could not be read."""
    try:
        kept = anchors.read(settings.data / anchors.FOLDER)
        database = Database(settings.sqlalchemy_url)
        with database.reading() as session:
            verdict = anchors.verify(session, kept)
        database.close()
    except ValueError as error:
        return str(error), 2
    except DBAPIError as error:
        return f"The database could not be read: {error.orig}", 2
    return sentence(verdict, kept), 0 if verdict.whole else 1


def sentence(verdict: Verdict, kept: list[anchors.Anchor]) -> str:
    """The verdict in words."""
    lines = []
    if verdict.first_break is not None:
        lines.append(f"Entry {verdict.first_break} was changed, removed or slipped in; before it everything holds.")
    lines += [
        f"The anchor of {anchor.day} does not fit: entry {anchor.length} had another hash then, or is gone. "
        "The log was rewritten or cut off."
        for anchor in verdict.disagreeing
    ]
    if lines:
        return "\n".join([*lines, "Stop the service, keep the database as it is, and compare it with a backup."])
    told = f"The log is whole: {verdict.length} entries"
    return f"{told}; {len(kept)} anchors agree, the last of {kept[-1].day}." if kept else f"{told}; no anchor yet."
