"""Who learns a course and how far they are, by which rules they came, what waits for a review."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from lms.courses.access import edited_by, may_edit
from lms.courses.cards import shares_of
from lms.courses.models import (
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentRule,
    EnrolmentState,
    Lesson,
    Submission,
    SubmissionState,
)
from lms.courses.queries import course_with_versions
from lms.directory.models import Account, Affiliation, Organisation, Person
from lms.directory.queries import in_force
from lms.directory.rules import Visitor
from lms.errors import NotFound

PAGE = 50


@dataclass(frozen=True, slots=True)
class LearnerLine:
    """A learner in the list of a course."""

    person_id: int
    name: str
    organisation_uk: str
    organisation_en: str
    state: EnrolmentState
    share: int
    due_on: date | None
    overdue: bool
    last_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that enrols."""

    id: int
    kind: str
    organisation_uk: str
    organisation_en: str
    role: str
    days: int | None


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """Something that waits for a review."""

    submission: Submission
    slug: str
    course_uk: str
    course_en: str
    lesson_uk: str
    lesson_en: str
    name: str
    own: bool


def learners(
    session: Session, visitor: Visitor, slug: str, today: date, *, state: str = "", page: int = 0
) -> tuple[list[LearnerLine], int]:
    """A page of those who learn a course; for its editors all, for a centre's lead their own people."""
    course, _versions = course_with_versions(session, visitor, slug)
    which: list[ColumnElement[bool]] = [Enrolment.course_id == course.id, _watched(visitor, course, today)]
    if state in set(EnrolmentState):
        which.append(Enrolment.state == EnrolmentState(state))
    total = session.scalar(select(func.count()).select_from(Enrolment).where(*which)) or 0
    rows = session.execute(
        select(Enrolment, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(*which)
        .order_by(Person.family_name, Person.given_name, Enrolment.id)
        .limit(PAGE)
        .offset(page * PAGE)
    ).all()
    how_far = shares_of(session, [enrolment for enrolment, _ in rows])
    homes = _homes(session, [person.id for _, person in rows], today)
    return [_learner(enrolment, person, how_far, homes, today) for enrolment, person in rows], total


def rules_of(session: Session, course_slug: str) -> list[RuleLine]:
    """The rules in force that enrol into a course."""
    rows = session.execute(
        select(EnrolmentRule, Organisation.name_uk, Organisation.name_en)
        .join(Course, Course.id == EnrolmentRule.course_id)
        .join(Organisation, Organisation.id == EnrolmentRule.organisation_id, isouter=True)
        .where(Course.slug == course_slug, EnrolmentRule.ended_at.is_(None))
        .order_by(EnrolmentRule.id)
    ).all()
    return [RuleLine(rule.id, rule.kind.value, uk or "", en or "", rule.role, rule.days) for rule, uk, en in rows]


def tasks_waiting(session: Session, visitor: Visitor) -> int:
    """How many wait for a review by the visitor, who reviews nothing of their own."""
    query = (
        select(func.count())
        .select_from(Submission)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(
            Submission.state == SubmissionState.SUBMITTED,
            edited_by(visitor),
            Enrolment.person_id.is_distinct_from(visitor.person_id),
        )
    )
    return session.scalar(query) or 0


def waiting_tasks(session: Session, visitor: Visitor, *, slug: str = "") -> list[WaitingTask]:
    """What waits for a review by the visitor, the oldest first."""
    which = [Submission.state == SubmissionState.SUBMITTED, edited_by(visitor)]
    if slug:
        which.append(Course.slug == slug)
    rows = session.execute(
        select(Submission, Course.slug, CourseVersion, Lesson, Person)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.version_id)
        .outerjoin(Lesson, (Lesson.version_id == CourseVersion.id) & (Lesson.key == Submission.key))
        .join(Person, Person.id == Enrolment.person_id)
        .where(*which)
        .order_by(Submission.at, Submission.id)
        .limit(PAGE)
    ).all()
    return [
        WaitingTask(
            submission,
            slug,
            version.title_uk,
            version.title_en,
            # A lesson that is not in the version which the learner has now is told by its name.
            lesson.title_uk if lesson is not None else submission.key,
            lesson.title_en if lesson is not None else "",
            person.display_name,
            person.id == visitor.person_id,
        )
        for submission, slug, version, lesson, person in rows
    ]


def file_of(session: Session, visitor: Visitor, digest: str) -> str:
    """The name of a file that was handed in, for its learner and its reviewers. Raises `NotFound`."""
    found = session.execute(
        select(Submission.file_name, Enrolment.person_id, Course.organisation_id)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Submission.file_digest == digest)
    ).all()
    for name, person_id, organisation_id in found:
        if person_id == visitor.person_id or may_edit(visitor, organisation_id):
            return str(name)
    raise NotFound("file_lost", "There is no such file, or it is not for you.")


def _watched(visitor: Visitor, course: Course, today: date) -> ColumnElement[bool]:
    """Whose progress the visitor may see."""
    if may_edit(visitor, course.organisation_id):
        return true()
    led = select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(visitor.led_organisations),
        in_force(Affiliation.from_date, Affiliation.to_date, today),
    )
    return Enrolment.person_id.in_(led)


def _homes(session: Session, people: Collection[int], today: date) -> dict[int, tuple[str, str]]:
    rows = session.execute(
        select(Affiliation.person_id, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.person_id.in_(people), in_force(Affiliation.from_date, Affiliation.to_date, today))
        .order_by(Affiliation.from_date)
    )
    return {number: (uk, en) for number, uk, en in rows}


def _learner(
    enrolment: Enrolment, person: Person, shares: dict[int, int], homes: dict[int, tuple[str, str]], today: date
) -> LearnerLine:
    uk, en = homes.get(person.id, ("", ""))
    late = enrolment.state is EnrolmentState.ACTIVE and enrolment.due_on is not None and enrolment.due_on < today
    return LearnerLine(
        person.id,
        person.display_name,
        uk,
        en,
        enrolment.state,
        shares.get(enrolment.id, 0),
        enrolment.due_on,
        late,
        enrolment.last_at,
        enrolment.completed_at,
    )


def find_person(session: Session, email: str) -> int:
    """Somebody by the e-mail with which they sign in. Raises `NotFound` (course_person_unknown)."""
    found = session.scalar(
        select(Account.person_id).where(func.lower(Account.subject) == email.strip().lower()).limit(1)
    )
    if found is None:
        raise NotFound("course_person_unknown", "Nobody signs in with this e-mail.", "person")
    return found
