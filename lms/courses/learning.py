"""What a learner does: opens lessons, goes on where they stopped, completes them, hands tasks in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.courses.editing import check_file, facts, lesson_of
from lms.courses.models import (
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentState,
    Lesson,
    LessonKind,
    Opinion,
    Progress,
    Submission,
    SubmissionState,
)
from lms.courses.rules import Done, Standing, onward, standing
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import FileStore, safe_name

LONGEST_ANSWER = 20_000
LARGEST_SUBMISSION = 25 * 1024 * 1024
BY_READING = (LessonKind.PAGE, LessonKind.FILE, LessonKind.VIDEO)
"""Lessons that the learner completes by going through them."""


@dataclass(frozen=True, slots=True)
class Learning:
    """A learner in a course."""

    course: Course
    version: CourseVersion
    enrolment: Enrolment
    progress: dict[str, Progress]

    @property
    def standing(self) -> Standing:
        """How they stand."""
        return standing(facts(self.version.lessons), done_of(self.progress.values()))


def done_of(progress: Iterable[Progress]) -> dict[str, Done]:
    """Progress as the rules take it."""
    return {
        each.key: Done(completed=each.completed_at is not None, passed=each.passed_at is not None) for each in progress
    }


def learning(session: Session, visitor: Visitor, slug: str, *, locked: bool = False) -> Learning:
    """The visitor in a course. Raises `NotFound` (course_unknown) or `NotAllowed` (course_not_enrolled)."""
    query = (
        select(Enrolment, Course)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.slug == slug, Enrolment.person_id == visitor.person_id)
    )
    if locked:
        query = query.with_for_update(of=Enrolment).execution_options(populate_existing=True)
    found = session.execute(query).one_or_none()
    if found is None or found[0].state is EnrolmentState.WITHDRAWN:
        if session.scalar(select(Course.id).where(Course.slug == slug)) is None:
            raise NotFound("course_unknown", "There is no such course.")
        raise NotAllowed("course_not_enrolled", "Begin the course first: its page has the button for it.")
    return _whole(session, *found)


def learning_of(session: Session, enrolment_id: int) -> Learning:
    """A learner in a course, locked."""
    query = select(Enrolment, Course).join(Course, Course.id == Enrolment.course_id).where(Enrolment.id == enrolment_id)
    found = session.execute(query.with_for_update(of=Enrolment).execution_options(populate_existing=True)).one()
    return _whole(session, *found)


def _whole(session: Session, enrolment: Enrolment, course: Course) -> Learning:
    version = session.scalars(
        select(CourseVersion)
        .where(CourseVersion.id == enrolment.version_id)
        .options(selectinload(CourseVersion.lessons))
    ).one()
    rows = session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id))
    return Learning(course, version, enrolment, {row.key: row for row in rows})


def open_lesson(session: Session, visitor: Visitor, slug: str, key: str, now: datetime) -> tuple[Learning, Lesson]:
    """Somebody opens a lesson. Raises as `learning`, or `Conflict` (lesson_closed) while others come first."""
    found = learning(session, visitor, slug, locked=True)
    lesson = lesson_of(found.version, key)
    expect_open(found, lesson)
    row = progress_row(session, found, key, now)
    row.last_at = found.enrolment.last_at = now
    session.flush()
    return found, lesson


def remember(session: Session, visitor: Visitor, slug: str, key: str, place: float, now: datetime) -> None:
    """Where to go on: seconds of a video, share of a page. Nothing is logged: it says nothing about anybody's work."""
    found = learning(session, visitor, slug, locked=True)
    lesson = lesson_of(found.version, key)
    expect_open(found, lesson)
    if not 0 <= place <= 1_000_000:
        raise Invalid("lesson_place", "There is no such place in a lesson.")
    row = progress_row(session, found, key, now)
    row.place, row.last_at = place, now
    found.enrolment.last_at = now
    session.flush()


def complete(session: Session, visitor: Visitor, slug: str, key: str, now: datetime) -> tuple[Standing, str]:
    """A page was read, a file fetched, a video watched: how the learner stands, and which lesson comes now.

    Raises `Conflict` (lesson_closed, lesson_otherwise).
    """
    found = learning(session, visitor, slug, locked=True)
    lesson = lesson_of(found.version, key)
    expect_open(found, lesson)
    if lesson.kind not in BY_READING:
        raise Conflict("lesson_otherwise", "This lesson is completed by what it asks for, not by a press.")
    stands = settle(session, found, key, now, completed=True)
    return stands, onward(facts(found.version.lessons), done_of(found.progress.values()), key, stands)


def settle(
    session: Session,
    found: Learning,
    key: str,
    now: datetime,
    *,
    completed: bool = False,
    passed: bool | None = None,
    score: Decimal | None = None,
) -> Standing:
    """Something was achieved in a lesson; the course may be done by it. What was achieved once stays."""
    row = progress_row(session, found, key, now)
    row.last_at = found.enrolment.last_at = now
    if completed and row.completed_at is None:
        row.completed_at = now
    if passed and row.passed_at is None:
        row.passed_at = now
    if passed is False and row.passed_at is None:
        row.failed_at = now
    if score is not None and (row.score is None or score > row.score):
        row.score = score
    session.flush()
    return finish(session, found, now)


def finish(session: Session, found: Learning, now: datetime) -> Standing:
    """The course is done once everything that counts is there."""
    stands = found.standing
    if stands.complete and found.enrolment.state is EnrolmentState.ACTIVE:
        found.enrolment.state, found.enrolment.completed_at = EnrolmentState.COMPLETED, now
        _told(session, found, "course.complete", now)
    return stands


def reopen(session: Session, found: Learning, now: datetime) -> None:
    """Something that counted does not any more; certificates that were issued are for people to decide about."""
    if found.enrolment.state is EnrolmentState.COMPLETED and not found.standing.complete:
        found.enrolment.state, found.enrolment.completed_at = EnrolmentState.ACTIVE, None
        _told(session, found, "course.reopen", now)


def _told(session: Session, found: Learning, action: str, now: datetime) -> None:
    session.flush()
    after = {"person": found.enrolment.person_id, "version": found.version.number}
    record(session, "system", action, "course", found.course.slug, now=now, after=after)


def hand_in(
    session: Session,
    visitor: Visitor,
    slug: str,
    key: str,
    text: str,
    file: tuple[str, bytes] | None,
    store: FileStore,
    now: datetime,
) -> Submission:
    """Something for a task. Raises `Conflict` (task_waits, task_accepted, lesson_closed) or `Invalid`."""
    found = learning(session, visitor, slug, locked=True)
    lesson = lesson_of(found.version, key)
    expect_open(found, lesson)
    if lesson.kind is not LessonKind.TASK:
        raise Conflict("lesson_otherwise", "Nothing is handed in for this lesson.")
    last = latest(session, found.enrolment.id, key)
    here = of_round(found.enrolment, last.at) if last is not None else False
    if here and last is not None and last.state is SubmissionState.SUBMITTED:
        raise Conflict("task_waits", "What you handed in waits for its review.")
    if here and last is not None and last.state is SubmissionState.ACCEPTED:
        raise Conflict("task_accepted", "It was accepted already.")
    name, contents = _checked(text, file)
    made = Submission(
        enrolment_id=found.enrolment.id,
        key=key,
        number=(last.number if last else 0) + 1,
        at=now,
        text=text.strip(),
        file_digest=store.put(contents) if contents else "",
        file_name=name,
        state=SubmissionState.SUBMITTED,
    )
    session.add(made)
    settle(session, found, key, now, completed=True)
    after = {"lesson": key, "number": made.number, "file": name}
    record(session, visitor.actor, "task.submit", "course", slug, now=now, after=after)
    return made


def submissions(session: Session, enrolment: Enrolment, key: str) -> Sequence[Submission]:
    """Everything handed in for a task, the newest first; what belongs to an earlier round is not there."""
    query = select(Submission).where(Submission.enrolment_id == enrolment.id, Submission.key == key)
    if enrolment.again_at is not None:
        query = query.where(Submission.at >= enrolment.again_at)
    return session.scalars(query.order_by(Submission.number.desc())).all()


def latest(session: Session, enrolment_id: int, key: str) -> Submission | None:
    """What was handed in last."""
    query = select(Submission).where(Submission.enrolment_id == enrolment_id, Submission.key == key)
    return session.scalar(query.order_by(Submission.number.desc()).limit(1))


def of_round(enrolment: Enrolment, at: datetime) -> bool:
    """Whether something belongs to the round that runs, by when it was begun or handed in."""
    return enrolment.again_at is None or at >= enrolment.again_at


def give_opinion(session: Session, visitor: Visitor, slug: str, stars: int, text: str, now: datetime) -> Opinion:
    """What a learner says of the course: once half of it is done. Raises `Conflict` (opinion_early) or `Invalid`."""
    found = learning(session, visitor, slug, locked=True)
    if not 1 <= stars <= 5:
        raise Invalid("opinion_stars", "From 1 to 5 stars.", "stars")
    if len(text) > 1000:
        raise Invalid("opinion_text", "At most 1000 characters.", "text")
    if found.standing.share < 50:
        raise Conflict("opinion_early", "Go through half of the course first.")
    row = session.scalar(select(Opinion).where(Opinion.enrolment_id == found.enrolment.id))
    if row is None:
        row = Opinion(enrolment_id=found.enrolment.id, course_id=found.course.id)
        session.add(row)
    row.stars, row.text, row.at = stars, text.strip(), now
    session.flush()
    record(session, visitor.actor, "course.opinion", "course", slug, now=now, after={"stars": stars})
    return row


def _checked(text: str, file: tuple[str, bytes] | None) -> tuple[str, bytes]:
    if len(text) > LONGEST_ANSWER:
        raise Invalid("task_text", f"At most {LONGEST_ANSWER} characters; attach a file for more.", "text")
    if file is None:
        if not text.strip():
            raise Invalid("task_empty", "Write something, or attach a file.", "text")
        return "", b""
    name = safe_name(file[0])
    check_file(LessonKind.TASK, f".{name.rpartition('.')[2]}", len(file[1]))
    if len(file[1]) > LARGEST_SUBMISSION:
        raise Invalid("task_file_large", "A file has at most 25 MB.", "file")
    return name, file[1]


def expect_open(found: Learning, lesson: Lesson) -> None:
    """Raises `Conflict` (lesson_closed) while other lessons come first."""
    stands = found.standing
    if lesson.key in stands.open:
        return
    titles = {each.key: each.title_uk for each in found.version.lessons}
    first = ", ".join(f"“{titles[key]}”" for key in stands.lacking.get(lesson.key, ()))
    raise Conflict("lesson_closed", f"These lessons come first: {first}.")


def progress_row(session: Session, found: Learning, key: str, now: datetime) -> Progress:
    """How far somebody is with a lesson; begun now where there is nothing yet."""
    row = found.progress.get(key)
    if row is None:
        row = found.progress[key] = Progress(enrolment_id=found.enrolment.id, key=key, opened_at=now, last_at=now)
        session.add(row)
    return row
