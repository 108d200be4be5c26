"""Recording from the command line, and the capture process."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime
from typing import Literal

from lms.database import Database
from lms.media import actions, queries
from lms.media.models import Recording
from recordings.capture import process
from recordings.capture.ring import RingError
from recordings.processing import publish
from signaling.control_client import ControlClient, ControlError
from signaling.messages import Record
from web.main import logs
from web.main.child import EXIT_UNUSABLE, tell_ready
from web.main.library import FolderLibrary
from web.main.secrets import derive, master_key
from web.main.settings import Settings
from web.main.tokens import node_of


def run_capture(settings: Settings, node: int) -> None:
    """Write what media node `node` records, until SIGTERM or SIGINT."""
    logs.configure(settings.log_format, settings.log_level, process=f"capture-{node}")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        process.run(settings.data, node, stopping, tell_ready)
    except RingError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)


def order(settings: Settings, meeting: str, status: Literal["on", "paused", "off"]) -> None:
    """Begin, pause or end the recording of a running meeting. Raises `ControlError`."""
    node = node_of(meeting, settings.media_nodes)
    client = ControlClient(settings.node_url(node), derive(master_key(settings.data), "control"))
    try:
        client.order(meeting, Record(do="record", status=status))
    finally:
        client.close()


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


__all__ = ["ControlError", "listing", "order", "rebuild", "run_capture"]
