"""The questions of a meeting that everybody may see, as its node told of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.meetings.models import Meeting, MeetingEvent
from lms.schedule import protection
from lms.schedule.cards import NAMELESS
from lms.schedule.queries import occurrence_of_meeting

MOST = 100
_SHOWN = ("open", "answering", "answered")


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question. `status`: open, answering, answered."""

    code: str
    name: str
    text: str
    status: str
    asked_at: datetime


def shown_to_all(session: Session, meeting: str) -> list[AskedQuestion]:
    """Of the meeting as it was opened last, the questions that those who lead have let in, latest first."""
    opening = session.scalar(
        select(Meeting.opening).where(Meeting.name == meeting).order_by(Meeting.opened_at.desc()).limit(1)
    )
    told = session.scalars(
        select(MeetingEvent)
        .where(MeetingEvent.opening == opening, MeetingEvent.kind.in_(("asked", "question_moved")))
        .order_by(MeetingEvent.sequence)
    )
    occurrence_id = occurrence_of_meeting(session, meeting)
    hidden = occurrence_id is not None and protection.of(session, occurrence_id).hide_names
    found: dict[str, AskedQuestion] = {}
    for event in told:
        said = event.contents
        if event.kind == "asked":
            asked = said["question"]
            at = datetime.fromtimestamp(float(asked["at"]), UTC)
            # Of the room and without a pseudonym: it was asked before the meeting was protected, or by who leads it.
            name = NAMELESS if hidden and asked.get("participant") else asked["name"]
            name = asked.get("alias") or name
            found[asked["id"]] = AskedQuestion(asked["id"], name, asked["text"], asked["status"], at)
        elif said["question"] in found:
            found[said["question"]] = replace(found[said["question"]], status=said["status"])
    shown = [each for each in found.values() if each.status in _SHOWN]
    return sorted(shown, key=lambda each: each.asked_at, reverse=True)[:MOST]
