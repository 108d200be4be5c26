"""A meeting that was held: who was connected, told by the node's own events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lms.directory.access_models import Endpoint
from lms.directory.models import Organisation, RoleName, Scope
from lms.directory.rules import Visitor
from lms.meetings import actions, computing
from lms.meetings.attendance_models import AttendanceSheet
from lms.meetings.roll_call import RollCallChange, Seat, held, save
from lms.schedule import actions as schedule
from lms.schedule.models import Occurrence
from signaling import events as told
from tests.lms.facts import NOW, draft, organisation, organiser, person

BEGIN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
"""10:00 in Kyiv."""


def at(minute: float) -> datetime:
    """So many minutes after 10:00."""
    return BEGIN + timedelta(minutes=minute)


class Story:
    """Tells the events of one opening, with the node's own types."""

    def __init__(self, opening: str = "o1", meeting: str = "m1") -> None:
        self.opening, self.meeting = opening, meeting
        self.told: list[dict[str, Any]] = []
        self.say(0, told.Opened(title="Консультація"))

    def say(self, minute: float, data: Any) -> Story:
        """One event."""
        number = len(self.told) + 1
        made = told.Event(
            id=f"{self.opening}-{number}",
            node=0,
            meeting=self.meeting,
            opening=self.opening,
            sequence=number,
            at=at(minute).timestamp(),
            data=data,
        )
        self.told.append(made.model_dump(mode="json"))
        return self

    def joined(self, minute: float, identity: str, participant: str = "") -> Story:
        """Somebody comes in."""
        kind = identity.partition(":")[0]
        return self.say(
            minute,
            told.Joined(
                participant=participant or identity.replace(":", ""),
                identity=identity,
                name=f"Ім’я {identity}",
                organisation="ЦНАП",
                role="participant",  # type: ignore[arg-type]
                presence=kind if kind in ("person", "endpoint") else "guest",  # type: ignore[arg-type]
            ),
        )

    def left(self, minute: float, identity: str, participant: str = "") -> Story:
        """Somebody goes."""
        return self.say(minute, told.Left(participant=participant or identity.replace(":", ""), reason="left"))

    def began(self, minute: float) -> Story:
        """The official begin."""
        return self.say(minute, told.Began())

    def ended(self, minute: float) -> Story:
        """The official end, and the room is closed."""
        return self.say(minute, told.Ended()).say(minute, told.Closed(reason="ended"))


class Network:
    """An organiser, two centres with rooms, leads and staff, and a consultation from 10:00 to 11:30."""

    def __init__(self, session: Session) -> None:
        self.organiser = organiser(session)
        self.second = person(session, "second@example.org", RoleName.ORGANISER)
        self.kyiv, self.lviv = organisation(session, "kyiv"), organisation(session, "lviv")
        self.kyiv_lead = self._lead(session, self.kyiv)
        self.lviv_lead = self._lead(session, self.lviv)
        self.olena = person(session, "olena@example.org", home=self.kyiv)
        self.petro = person(session, "petro@example.org", home=self.lviv)
        self.kyiv_room, self.lviv_room = self._room(session, self.kyiv), self._room(session, self.lviv)
        made = schedule.create(session, self.organiser, draft(), NOW, meeting="m1")
        self.slug, self.id = schedule.publish(session, self.organiser, made.slug, NOW).slug, made.id

    def _lead(self, session: Session, home: Organisation) -> Visitor:
        return person(
            session,
            f"lead-{home.code}@example.org",
            RoleName.CENTRE_LEAD,
            home=home,
            scope=Scope.ORGANISATION,
            scope_id=home.id,
        )

    def _room(self, session: Session, home: Organisation) -> str:
        device = Endpoint(organisation_id=home.id, label="Зала нарад", paired_at=NOW, paired_by="system")
        session.add(device)
        session.flush()
        return f"endpoint:{device.id}"


def list_people(
    session: Session, visitor: Visitor, slug: str, home: Organisation, *seats: Seat, now: datetime, **change: Any
) -> None:
    """Fill in a roll-call."""
    occurrence, editor = held(session, visitor, slug=slug)
    save(session, visitor, occurrence, home.id, RollCallChange(seats, **change), now, editor=editor)


def tell(session: Session, story: Story, now: datetime | None = None) -> None:
    """The node delivers it."""
    actions.apply_events(session, story.told, now or at(95))


def computed(session: Session, number: int, now: datetime | None = None) -> AttendanceSheet:
    """The sheet, computed."""
    return computing.compute(session, number, now or at(100))


def occurrence_of(session: Session, number: int) -> Occurrence:
    """The row."""
    return session.get_one(Occurrence, number)
