"""An expert with hours on Wednesdays and Thursdays, and people who ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lms.appointments import booking, hours
from lms.appointments.drafts import BookingDraft, HoursDraft, WindowDraft
from lms.appointments.models import Appointment
from lms.database import Database
from lms.directory.models import OrganisationKind, RoleName
from lms.directory.rules import Visitor
from tests.lms.facts import NOW, organisation, person

FIRST = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
"""Wednesday next, 09:00 in Kyiv: the first of the times."""
SECOND = FIRST + timedelta(minutes=40)


@dataclass
class Cast:
    """Who takes part."""

    expert: Visitor
    staff: Visitor
    other: Visitor
    hours_id: int

    def book(
        self, session: Session, who: Visitor, at: datetime = FIRST, now: datetime = NOW, subject: str = "Довідка"
    ) -> Appointment:
        """Book."""
        return booking.book(session, who, self.hours_id, at, BookingDraft(subject, "Як видати?"), now)


@pytest.fixture
def cast(database: Database) -> Cast:
    """Times from 09:00 to 10:10 on Wednesdays: two of half an hour, ten minutes between."""
    with database.writing() as session:
        ministry = organisation(session, "ministry", OrganisationKind.MINISTRY)
        lviv = organisation(session, "lviv")
        expert = person(session, "expert@example.org", RoleName.TRAINER, home=ministry)
        staff = person(session, "staff@example.org", home=lviv)
        other = person(session, "other@example.org", home=lviv)
        row = hours.save(session, expert, HoursDraft(most_each=1), NOW)
        hours.open_window(session, expert, WindowDraft(9 * 60, 10 * 60 + 10, weekday=2), NOW)
    return Cast(expert, staff, other, row.id)
