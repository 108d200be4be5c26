"""Recordings from the command line: what there is, and making one anew."""

from __future__ import annotations

from datetime import UTC, datetime

from lms.database import Database
from lms.media import actions, queries
from lms.media.models import Recording
from recordings.processing import publish
from web.main.library import FolderLibrary
from web.main.settings import Settings


def listing(settings: Settings) -> list[dict[str, object]]:
    """Every recording that is known: id, meeting, state, files with their paths."""
    library, database = FolderLibrary(settings.data), Database(settings.sqlalchemy_url)
    try:
        with database.reading() as session:
            return [_described(each, library) for each in queries.listing(session)]
    finally:
        database.close()


def _described(recording: Recording, library: FolderLibrary) -> dict[str, object]:
    return {
        "id": recording.code,
        "meeting": recording.meeting,
        "title": recording.title,
        "state": recording.state.value,
        "phase": recording.phase,
        "progress": round(recording.progress, 3),
        "problem": recording.problem,
        "began": recording.began_at.isoformat(),
        "ended": recording.ended_at.isoformat() if recording.ended_at else None,
        "duration": recording.duration_s,
        "raw": str(library.raw(recording.code)),
        "files": [
            {
                "name": each.name,
                "path": str(library.made(recording.code) / publish.CURRENT / each.name),
                "type": each.media_type,
                "size": each.size,
                "sha256": each.sha256,
                "source": each.source,
            }
            for each in recording.files
        ],
    }


def rebuild(settings: Settings, code: str) -> None:
    """Have a recording made anew from its raw files. Raises `lms.errors.Refusal`."""
    database = Database(settings.sqlalchemy_url)
    try:
        with database.writing() as session:
            FolderLibrary(settings.data).forget(code)
            actions.rebuild(session, code, "system", datetime.now(UTC))
    finally:
        database.close()
