"""A small network whose figures are counted by hand.

| occurrence | in Kyiv | who attended |
| --- | --- | --- |
| eve | 31 December 2025, 23:30 (21:30 UTC) | Olena (Sumy) |
| night | 1 January 2026, 00:30 (still December in UTC) | Olena (Sumy), Petro (Lviv) |
| february | 10 February, 10:00; began at 10:05, took 90 minutes | Olena (Lviv by now), Petro, Ivan (Lviv), a name |
| march | 31 March, 23:30, summer time (20:30 UTC) | Petro |
| april | 1 April, 00:30, summer time (21:30 UTC of 31 March) | Petro, Mariia (ministry) |
| private | 13 February; a consultation of two, which counts nowhere | Mariia |
| open | 12 February; its sheet is not approved | Olena |

Olena left Sumy on 1 February for Lviv. Ivan works in Lviv and, since later, in Sumy. "february" and "march" are of the
series, which is of the programme.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentSource, EnrolmentState, VersionState
from lms.directory.models import Affiliation, Organisation, OrganisationKind
from lms.directory.rules import Visitor
from lms.meetings.attendance_models import Attendance, AttendanceRule, AttendanceSheet, SheetState, Verdict
from lms.schedule import actions as schedule
from lms.schedule import programmes
from lms.schedule.models import Kind, Occurrence, Status
from lms.schedule.plan_models import Series
from lms.schedule.programmes import ProgrammeDraft
from tests.lms.facts import NOW, draft, organisation, organiser, person

SUMY, LVIV = "Сумська область", "Львівська область"
COMMUNITY = "UA59080270000037656"


class World:
    """The network above; `course` was begun by all four and completed by three."""

    def __init__(self, session: Session) -> None:
        self.planner = organiser(session)
        self.sumy, self.lviv = organisation(session, "sumy"), organisation(session, "lviv")
        self.ministry = organisation(session, "ministry", OrganisationKind.MINISTRY)
        self.sumy.oblast, self.lviv.oblast = SUMY, LVIV
        self.sumy.community, self.sumy.community_code = "Сумська громада", COMMUNITY
        self.olena, self.petro = person(session, "olena@example.org"), person(session, "petro@example.org")
        self.ivan, self.mariia = person(session, "ivan@example.org"), person(session, "mariia@example.org")
        for who, home, since, until in (
            (self.olena, self.sumy, date(2020, 1, 1), date(2026, 2, 1)),
            (self.olena, self.lviv, date(2026, 2, 1), None),
            (self.petro, self.lviv, date(2020, 1, 1), None),
            (self.ivan, self.lviv, date(2020, 1, 1), None),
            (self.ivan, self.sumy, date(2020, 1, 1), None),
            (self.mariia, self.ministry, date(2020, 1, 1), None),
        ):
            session.add(Affiliation(person_id=who.person_id, organisation_id=home.id, from_date=since, to_date=until))
        self._plan(session)
        self._occurrences(session)
        self._course(session)
        session.flush()

    def _plan(self, session: Session) -> None:
        self.programme = programmes.create(
            session, self.planner, ProgrammeDraft("Рік", self.ministry.id, date(2026, 1, 1)), NOW
        )
        self.series = Series(
            slug="case", owner_id=self.ministry.id, programme_id=self.programme.id, kind=Kind.TRAINING, title="Кейс",
            zone="Europe/Kyiv", starts_local=datetime(2026, 2, 10, 10), duration_minutes=90, created_by="system",
            created_at=NOW, updated_at=NOW, version=1,
        )  # fmt: skip
        self.rule = AttendanceRule(
            code="tests", version=1, name_uk="Правило", min_share=8500, created_by="system", created_at=NOW
        )
        session.add_all([self.series, self.rule])
        session.flush()

    def _occurrences(self, session: Session) -> None:
        eve = self.held(session, datetime(2025, 12, 31, 23, 30), 60)
        night = self.held(session, datetime(2026, 1, 1, 0, 30), 60)
        self.february = self.held(session, datetime(2026, 2, 10, 10), 90, self.series)
        march = self.held(session, datetime(2026, 3, 31, 23, 30), 30, self.series)
        april = self.held(session, datetime(2026, 4, 1, 0, 30), 45)
        waiting = self.held(session, datetime(2026, 2, 12, 10), 120, approved=False)
        began = datetime(2026, 2, 10, 8, 5, tzinfo=UTC)
        self.february.began_at, self.february.ended_at = began, began + timedelta(minutes=90)
        private = self.held(session, datetime(2026, 2, 13, 10), 30)
        private.private = True
        for occurrence, who, home in (
            (private, self.mariia, self.sumy),
            (eve, self.olena, self.sumy),
            (night, self.olena, self.sumy),
            (night, self.petro, self.lviv),
            (self.february, self.olena, self.lviv),
            (self.february, self.petro, self.lviv),
            (self.february, self.ivan, self.lviv),
            (march, self.petro, self.lviv),
            (april, self.petro, self.lviv),
            (april, self.mariia, self.ministry),
            (waiting, self.olena, self.lviv),
        ):
            self.came(session, occurrence, who, home)
        for subject, home in (("named:1", self.sumy), ("endpoint:1", self.sumy)):
            session.add(self._row(self.february, subject, None, home))
        self.came(session, night, self.ivan, self.lviv, Verdict.PARTLY)

    def held(
        self,
        session: Session,
        starts: datetime,
        minutes: int,
        series: Series | None = None,
        *,
        approved: bool = True,
    ) -> Occurrence:
        """An occurrence that is over, with a sheet."""
        planned = draft(f"Захід {starts}", starts, duration_minutes=minutes)
        made = schedule.create(session, self.planner, planned, NOW - timedelta(days=700))
        made.series_id, made.status = series.id if series else None, Status.ENDED
        session.add(
            AttendanceSheet(
                occurrence_id=made.id, rule_id=self.rule.id, generation=1,
                state=SheetState.APPROVED if approved else SheetState.COMPUTED,
                approved_generation=1 if approved else None,
            )
        )  # fmt: skip
        session.flush()
        return made

    def came(
        self,
        session: Session,
        occurrence: Occurrence,
        who: Visitor,
        home: Organisation,
        verdict: Verdict = Verdict.ATTENDED,
    ) -> None:
        """Somebody was there."""
        row = self._row(occurrence, who.identity, who.person_id, home)
        row.verdict = verdict
        session.add(row)

    def _row(self, occurrence: Occurrence, subject: str, number: int | None, home: Organisation) -> Attendance:
        return Attendance(
            occurrence_id=occurrence.id, generation=1, subject=subject, person_id=number, organisation_id=home.id,
            name="Хтось", seconds=60, window_seconds=60, share=10000, verdict=Verdict.ATTENDED, rule_id=self.rule.id,
            evidence={},
        )  # fmt: skip

    def _course(self, session: Session) -> None:
        course = Course(slug="course", created_by="system", created_at=NOW)
        session.add(course)
        session.flush()
        version = CourseVersion(
            course_id=course.id, number=1, state=VersionState.PUBLISHED, title_uk="Курс", audience=[], edited_at=NOW
        )
        session.add(version)
        session.flush()
        self.course_id, done = course.id, datetime(2026, 2, 20, tzinfo=UTC)
        for who, begun, completed in (
            (self.olena, datetime(2026, 1, 20, tzinfo=UTC), done),
            (self.petro, datetime(2025, 12, 31, 22, 30, tzinfo=UTC), done),
            (self.ivan, datetime(2025, 12, 31, 21, 30, tzinfo=UTC), done),
            (self.mariia, datetime(2026, 3, 1, tzinfo=UTC), None),
        ):
            session.add(
                Enrolment(
                    course_id=course.id, version_id=version.id, person_id=who.person_id, source=EnrolmentSource.OWN,
                    enrolled_by=who.actor, enrolled_at=begun, completed_at=completed,
                    state=EnrolmentState.COMPLETED if completed else EnrolmentState.ACTIVE,
                )
            )  # fmt: skip
