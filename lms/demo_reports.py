"""Demo data of reports: a training each month of the last year and a half, and who came; people and numbers made up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import demo_directory
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentSource, EnrolmentState, VersionState
from lms.directory.models import Affiliation, Organisation, Person
from lms.meetings.attendance_models import Attendance, AttendanceSheet, SheetState, Verdict
from lms.meetings.sheets import newest_rule
from lms.schedule.models import Access, Kind, Occurrence, OccurrenceParty, Part, Status
from lms.schedule.rules import to_utc

MONTHS: Final = 18
_ACTOR: Final = "demo"
_ZONE: Final = "Europe/Kyiv"
_EACH: Final = 7
"""Made-up people of each centre."""
_EVIDENCE: Final = {
    "window": [], "breaks": [], "own": [], "rooms": {}, "how": "own", "overlap_seconds": 0, "listed": [],
}  # fmt: skip
_TITLE: Final = "Демонстраційне тренування мережі"
_TITLE_EN: Final = "Demonstration training of the network"


def seed(session: Session, now: datetime) -> None:
    """Put in what is missing, up to the last month. The directory and the courses must be there already."""
    months = [month for month in _months(now.date()) if not _known(session, month)]
    if not months:
        return
    homes = {home.code: home for home in session.scalars(select(Organisation))}
    people = _people(session, homes, now)
    rule = newest_rule(session)
    for month in months:
        # The same month gives the same figures on every installation.
        chance = random.Random(month.toordinal())  # noqa: S311 - no secret
        came = [each for each in people if chance.random() < 0.35 + 0.03 * (month.month % 6)]
        _training(session, homes, month, came, rule.id)
    _learners(session, people, now)
    session.flush()


def _months(today: date) -> list[date]:
    """The first days of the last months that are over, the earliest first."""
    number = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(number - MONTHS, number)]


def _meeting(month: date) -> str:
    return f"demo-report-{month:%Y-%m}"


def _known(session: Session, month: date) -> bool:
    return session.scalar(select(Occurrence.id).where(Occurrence.meeting == _meeting(month))) is not None


def _people(session: Session, homes: dict[str, Organisation], now: datetime) -> list[tuple[Person, Organisation]]:
    """Everybody who may come; found again by their names."""
    query = select(Person).where(Person.family_name == "Демо", Person.given_name.startswith("Працівник "))
    known = {each.given_name: each for each in session.scalars(query)}
    found = []
    for code in demo_directory.PLACES:
        for number in range(1, _EACH + 1):
            name = f"Працівник {code}-{number}"
            person = known.get(name)
            if person is None:
                person = Person(given_name=name, family_name="Демо", created_at=now)
                session.add(person)
                session.flush()
                session.add(
                    Affiliation(person_id=person.id, organisation_id=homes[code].id, from_date=date(2020, 1, 1))
                )
            found.append((person, homes[code]))
    return found


def _training(
    session: Session,
    homes: dict[str, Organisation],
    month: date,
    came: Sequence[tuple[Person, Organisation]],
    rule_id: int,
) -> None:
    local = datetime(month.year, month.month, 10 + month.month % 7, 10)
    starts = to_utc(local, _ZONE)
    held = Occurrence(
        slug=_meeting(month), meeting=_meeting(month), uid=f"{_meeting(month)}@vikno", kind=Kind.TRAINING,
        title=_TITLE, title_en=_TITLE_EN, starts_local=local, zone=_ZONE, duration_minutes=90, starts_at=starts,
        ends_at=starts + timedelta(minutes=90), began_at=starts, ended_at=starts + timedelta(minutes=85 + month.month),
        status=Status.ENDED, listed=False, access=Access.NETWORK, created_by=_ACTOR, created_at=starts,
        updated_at=starts,
        parties=[OccurrenceParty(organisation_id=homes["association"].id, part=Part.ORGANISER, position=0)],
    )  # fmt: skip
    session.add(held)
    session.flush()
    session.add(
        AttendanceSheet(
            occurrence_id=held.id, rule_id=rule_id, state=SheetState.APPROVED, generation=1, approved_generation=1,
            approved_by=_ACTOR, approved_at=starts + timedelta(days=1), computed_at=starts + timedelta(days=1),
            stale=False,
        )
    )  # fmt: skip
    session.add_all(
        Attendance(
            occurrence_id=held.id, generation=1, subject=f"person:{person.id}", person_id=person.id,
            name=person.display_name, organisation_id=home.id, organisation=home.name_uk, role="participant",
            seconds=5400, window_seconds=5400, share=10000, verdict=Verdict.ATTENDED, rule_id=rule_id,
            evidence=_EVIDENCE,
        )
        for person, home in came
    )  # fmt: skip


def _learners(session: Session, people: Sequence[tuple[Person, Organisation]], now: datetime) -> None:
    """Some of them learnt the course of digital literacy, and most of these to its end."""
    version = session.scalar(
        select(CourseVersion)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.slug == "digital-literacy", CourseVersion.state == VersionState.PUBLISHED)
    )
    if version is None or session.scalar(select(Enrolment.id).where(Enrolment.person_id == people[0][0].id)):
        return
    for place, (person, _home) in enumerate(people[::2]):
        begun = now.astimezone(UTC) - timedelta(days=20 + place * 9)
        done = begun + timedelta(days=15) if place % 3 else None
        session.add(
            Enrolment(
                course_id=version.course_id, version_id=version.id, person_id=person.id, source=EnrolmentSource.OWN,
                enrolled_by=f"person:{person.id}", enrolled_at=begun, completed_at=done, last_at=done or begun,
                state=EnrolmentState.COMPLETED if done else EnrolmentState.ACTIVE,
            )
        )  # fmt: skip
