"""Deleting the files of recordings that were ordered to be deleted: after the order is committed, never before."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from lms.database import Database
from lms.media import deletion
from lms.media.deletion import Work
from lms.media.library import MediaLibrary

FIRST_PAUSE = timedelta(minutes=5)
"""What could not be deleted (a disk that does not answer) is tried again after so long."""
_log = structlog.get_logger("vikno.worker")


class Deleter:
    """A duty of the worker. It may be killed at any point: the next one goes on."""

    def __init__(self, library: MediaLibrary) -> None:
        self._library = library
        self._aside: dict[int, datetime] = {}

    def __call__(self, database: Database, now: datetime) -> int:
        """Delete what is to be deleted; how many orders were carried out."""
        self._aside = {number: until for number, until in self._aside.items() if until > now}
        with database.reading() as session:
            waiting = deletion.ordered(session, now, self._aside)
        return sum(self._carry_out(database, work, now) for work in waiting)

    def _carry_out(self, database: Database, work: Work, now: datetime) -> int:
        try:
            if not work.listed:
                found = self._library.files(work.code, raw_only=work.raw_only)
                with database.writing() as session:
                    deletion.note_files(session, work.id, found)
            self._library.delete(work.code, raw_only=work.raw_only)
        except OSError as error:
            self._aside[work.id] = now + FIRST_PAUSE
            _log.error("a recording was not deleted, trying again later", recording=work.code, reason=str(error))
            return 0
        with database.writing() as session:
            deletion.note_done(session, work.id, now)
        return 1
