"""How long a report of a large network is counted, on SQLite and on PostgreSQL.

    python -m tests.bench.reports

10,000 people, 500 organisations, 1,600 occurrences over with 96,000 lines of attendance (`big_network`); besides 40,000
enrolments, 20,000 attempts at tests, and 10,000 certificates. Each report is of everything since the beginning, which
is the most that can be asked, or of this year beside the last one. The probe counts the lines of attendance of that
time, one by one from an index: the least that anything may take which looks at each of them.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, Test, TestVersion
from lms.assessment.attempts.states import AttemptState
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentSource, EnrolmentState, VersionState
from lms.credentials.models import Certificate, StatusList
from lms.database import Database
from lms.directory.models import RoleName
from lms.directory.rules import Grant, Visitor
from lms.meetings.attendance_models import Attendance, Verdict
from lms.reports.asked import Asked, By
from lms.reports.periods import Against
from lms.reports.queries import report
from tests.bench.big_network import SEED, Size, fill
from tests.bench.pages import tidy_up
from tests.support.postgres import running_postgres

TIMES = 7
COURSES = 20
ENROLMENTS = 40_000
ATTEMPTS = 20_000
CERTIFICATES = 10_000
DAYS = 600
"""Over so many of the last days what was learnt is spread."""
ASKED = {
    "by oblast, all": Asked("all", By.OBLAST),
    "by organisation, all": Asked("all", By.ORGANISATION),
    "by month, all": Asked("all", By.MONTH),
    "by series, all": Asked("all", By.SERIES),
    "by oblast, this year beside the last": Asked("", By.OBLAST, Against.YEAR),
}


def learning(session: Session, now: datetime, size: Size) -> None:
    """Courses, tests and certificates of the people of the network."""
    chance = random.Random(SEED)

    def day() -> datetime:
        return now - timedelta(minutes=chance.randrange(1, DAYS * 1440))

    numbers = range(1, COURSES + 1)
    courses = [{"id": each, "slug": f"course-{each}", "created_by": "system", "created_at": now} for each in numbers]
    versions = [
        {
            "id": each, "course_id": each, "number": 1, "state": VersionState.PUBLISHED, "title_uk": f"Курс {each}",
            "audience": [], "edited_at": now, "edit": 1,
        }
        for each in numbers
    ]  # fmt: skip
    tests = [
        {"id": each, "code": f"course-{each}/test", "title_uk": "Тест", "created_by": "system", "created_at": now}
        for each in numbers
    ]
    editions = [
        {
            "id": each, "test_id": each, "number": 1, "spec": {}, "digest": "", "published_by": "system",
            "published_at": now,
        }
        for each in numbers
    ]  # fmt: skip
    for table, rows in ((Course, courses), (CourseVersion, versions), (Test, tests), (TestVersion, editions)):
        session.execute(insert(table), rows)
    pairs = chance.sample(range(size.people * COURSES), ENROLMENTS)
    session.execute(
        insert(Enrolment),
        [
            {
                "course_id": pair % COURSES + 1, "version_id": pair % COURSES + 1, "person_id": pair // COURSES + 1,
                "source": EnrolmentSource.OWN, "enrolled_by": "system", "enrolled_at": day(),
                "state": EnrolmentState.COMPLETED if pair % 2 else EnrolmentState.ACTIVE,
                "completed_at": day() if pair % 2 else None,
            }
            for pair in pairs
        ],
    )  # fmt: skip
    session.execute(
        insert(Attempt),
        [
            {
                "code": f"attempt-{place}", "test_id": pair % COURSES + 1, "version_id": pair % COURSES + 1,
                "person_id": pair // COURSES + 1, "number": 1, "language": "uk", "seed": "0",
                "state": AttemptState.GRADED, "started_at": now, "finished_at": day(), "passed": place % 3 > 0,
                "parts": [],
            }
            for place, pair in enumerate(pairs[:ATTEMPTS])
        ],
    )  # fmt: skip
    session.add(StatusList(issuer="bench", bits=b"", taken=b"", used=0, signed_at=now))
    session.flush()
    session.execute(
        insert(Certificate),
        [
            {
                "number": f"{place:016}", "person_id": pair // COURSES + 1, "awarded_at": day(), "list_id": 1,
                "list_index": place, "issued_by": "system",
            }
            for place, pair in enumerate(pairs[:CERTIFICATES])
        ],
    )  # fmt: skip


def milliseconds(asked: Callable[[], object]) -> float:
    """The median of several; the first ones, which make ready, do not count."""
    found = []
    for _ in range(TIMES):
        since = time.perf_counter()
        asked()
        found.append(1000 * (time.perf_counter() - since))
    return statistics.median(found[2:])


def run(name: str, url: str) -> None:
    """Fill, measure, print."""
    now, size = datetime.now(UTC), Size()
    database = Database(url)
    database.upgrade()
    fill(database, now, size)
    with database.writing() as session:
        learning(session, now, size)
    tidy_up(database)
    visitor = Visitor(person_id=1, grants=frozenset({Grant(RoleName.ORGANISER)}))
    print(f"{name}: milliseconds, median")
    with database.reading() as session:
        lines = select(func.count()).where(Attendance.verdict == Verdict.ATTENDED, Attendance.generation == 1)
        print(f"  {'probe':<40}{milliseconds(lambda: session.scalar(lines)):>8.1f}")
        for what, asked in ASKED.items():
            print(f"  {what:<40}{_of(session, visitor, asked, now):>8.1f}")
    database.close()


def _of(session: Session, visitor: Visitor, asked: Asked, now: datetime) -> float:
    return milliseconds(lambda: report(session, visitor, asked, now))


def main() -> None:
    """Both databases."""
    with tempfile.TemporaryDirectory() as folder:
        run("SQLite", f"sqlite:///{folder}/vikno.db")
    with running_postgres(lasting=True) as server, server.fresh_database() as url:
        run("PostgreSQL", url)


if __name__ == "__main__":
    main()
