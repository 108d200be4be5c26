"""Recordings in the database: told by nodes, taken by workers that may die, watched by whom it is meant for."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.rules import ANONYMOUS
from lms.errors import Conflict, NotAllowed, NotFound
from lms.media import actions, queries
from lms.media.actions import Terms
from lms.media.library import Made, MadeFile
from lms.media.models import RecordingState, Watching
from lms.media.rules import LEASE, MOST_ATTEMPTS, SILENT_NODE
from lms.meetings.actions import apply_events
from lms.schedule.actions import create, publish
from lms.schedule.models import Access, Occurrence
from tests.lms.facts import NOW, draft, organiser, person

CODE = "00000000000000ab"
MADE = Made("v0001", 61.5, [MadeFile("video.mp4", "video/mp4", 5_000_000_000, "a" * 64, 61.5, "composition")], ("Щось",))


def told(status: str, *, meeting: str = "demo", at: datetime = NOW, number: int = 1) -> dict[str, Any]:
    """An event about a recording, in its JSON form."""
    return {
        "id": f"o1-{number}",
        "node": 0,
        "meeting": meeting,
        "opening": "o1",
        "sequence": number,
        "at": at.timestamp(),
        "data": {"type": "recording", "recording": CODE, "status": status, "by": "Олена"},
    }


class Shelf:
    """A library that remembers what it was told to delete."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def path(self, code: str, name: str) -> Path:
        raise FileNotFoundError(name)

    def playback(self, code: str) -> dict[str, object]:
        raise FileNotFoundError(code)

    def delete(self, code: str) -> int:
        self.deleted.append(code)
        return 7


def recorded(session: Session, *, access: Access = Access.NETWORK, listed: bool = True) -> str:
    """An occurrence with a recording that is to be processed; the occurrence's slug."""
    made = create(session, organiser(session), draft(access=access, listed=listed), NOW)
    publish(session, organiser_of(session), made.slug, NOW)
    occurrence = session.query(Occurrence).filter_by(slug=made.slug).one()
    for number, status in enumerate(("on", "off"), 1):
        actions.take_told(session, [told(status, meeting=occurrence.meeting, number=number)], NOW)
    return made.slug
