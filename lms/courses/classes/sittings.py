"""Sittings: a code for some hours, who was there, and letting somebody in anew whose computer went down."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.classes.access import held
from lms.courses.classes.models import ClassMember, ClassSeat, ClassSitting, CourseClass
from lms.courses.classes.rosters import running
from lms.courses.models import CourseVersion, Lesson, LessonKind, VersionState
from lms.directory.rules import CODE_ALPHABET, Visitor
from lms.errors import Conflict, Invalid, NotFound

LENGTH = 6
"""Letters of a code: 10⁹ of them for some hours, and few tries a minute (`web/limiting.py`)."""
SHORTEST, LONGEST = 15, 480
"""Minutes of a sitting."""


def open_sitting(
    session: Session, visitor: Visitor, class_id: int, minutes: int, now: datetime, *, lesson_key: str = ""
) -> ClassSitting:
    """Begin. `lesson_key` names the test that is taken; without it the whole course is worked at.

    Raises `Conflict` (class_closed, class_sitting_open) or `Invalid` (class_minutes, class_lesson).
    """
    found = held(session, visitor, class_id, locked=True)
    if found.closed_at is not None:
        raise Conflict("class_closed", "The class is closed.")
    if session.scalar(running(class_id, now)) is not None:
        raise Conflict("class_sitting_open", "A sitting is open. End it first.")
    if not SHORTEST <= minutes <= LONGEST:
        raise Invalid("class_minutes", f"A sitting lasts {SHORTEST} to {LONGEST} minutes.", "minutes")
    if lesson_key and lesson_key not in {key for key, *_titles in tests_of(session, found)}:
        raise Invalid("class_lesson", "Choose a test of the class's course.", "lesson")
    made = ClassSitting(
        class_id=class_id,
        code=_new_code(session),
        lesson_key=lesson_key,
        opened_at=now,
        ends_at=now + timedelta(minutes=minutes),
    )
    session.add(made)
    session.flush()
    after = {"sitting": made.id, "lesson": lesson_key, "minutes": minutes}
    record(session, visitor.actor, "class.sitting", "class", class_id, now=now, after=after)
    return made


def tests_of(session: Session, found: CourseClass) -> list[tuple[str, str, str]]:
    """Key and titles of the tests of a class's course, as it is published."""
    rows = session.execute(
        select(Lesson.key, Lesson.title_uk, Lesson.title_en)
        .join(CourseVersion, CourseVersion.id == Lesson.version_id)
        .where(
            CourseVersion.course_id == found.course_id,
            CourseVersion.state == VersionState.PUBLISHED,
            Lesson.kind == LessonKind.TEST,
        )
        .order_by(Lesson.position)
    )
    return [(key, uk, en) for key, uk, en in rows]


def prolong(session: Session, visitor: Visitor, class_id: int, sitting_id: int, minutes: int, now: datetime) -> None:
    """It lasts longer. Raises `Conflict` (class_sitting_over), `Invalid` (class_minutes)."""
    sitting = sitting_of(session, visitor, class_id, sitting_id, locked=True)
    _expect_open(sitting, now)
    if not 1 <= minutes <= LONGEST or sitting.ends_at + timedelta(minutes=minutes) > now + timedelta(minutes=LONGEST):
        raise Invalid("class_minutes", f"A sitting lasts at most {LONGEST} minutes more.", "minutes")
    sitting.ends_at += timedelta(minutes=minutes)
    session.flush()
    after = {"sitting": sitting.id, "ends_at": sitting.ends_at.isoformat()}
    record(session, visitor.actor, "class.prolong", "class", class_id, now=now, after=after)


def end(session: Session, visitor: Visitor, class_id: int, sitting_id: int, now: datetime) -> None:
    """It is over: the code is worth nothing any more, and nobody sits anywhere. Again, it stays as it is."""
    sitting = sitting_of(session, visitor, class_id, sitting_id, locked=True)
    if sitting.closed_at is not None:
        return
    sitting.closed_at = now
    for seat in session.scalars(select(ClassSeat).where(ClassSeat.sitting_id == sitting_id)):
        if seat.token_hash is not None:
            seat.token_hash, seat.left_at = None, now
    session.flush()
    record(session, visitor.actor, "class.sitting_end", "class", class_id, now=now, after={"sitting": sitting.id})


def let_in_again(
    session: Session, visitor: Visitor, class_id: int, sitting_id: int, member_id: int, now: datetime
) -> None:
    """A name may be used once more: its computer went down, or somebody else took it. Who sits by it, sits no more."""
    sitting = sitting_of(session, visitor, class_id, sitting_id, locked=True)
    _expect_open(sitting, now)
    seat = session.scalar(select(ClassSeat).where(ClassSeat.sitting_id == sitting_id, ClassSeat.member_id == member_id))
    if seat is None or seat.taken_at is None:
        raise NotFound("class_member_unknown", "Nobody sits by this name.")
    seat.token_hash = seat.taken_at = seat.left_at = None
    session.flush()
    after = {"sitting": sitting_id, "member": member_id}
    record(session, visitor.actor, "class.again", "class", class_id, now=now, after=after)


def mark_present(
    session: Session, visitor: Visitor, class_id: int, sitting_id: int, here: Collection[int], now: datetime
) -> None:
    """Who was there, the whole list at once; also afterwards. Saying the same again changes nothing."""
    sitting = sitting_of(session, visitor, class_id, sitting_id, locked=True)
    seats = {
        each.member_id: each for each in session.scalars(select(ClassSeat).where(ClassSeat.sitting_id == sitting.id))
    }
    changed = {}
    inside = ClassMember.removed_at.is_(None) | exists().where(
        ClassSeat.member_id == ClassMember.id, ClassSeat.sitting_id == sitting.id
    )
    for member_id in session.scalars(select(ClassMember.id).where(ClassMember.class_id == class_id, inside)):
        seat = seats.get(member_id)
        if seat is None:
            seat = ClassSeat(sitting_id=sitting.id, member_id=member_id)
            session.add(seat)
        if seat.present is not (member_id in here):
            seat.present, seat.marked_by, seat.marked_at = member_id in here, visitor.actor, now
            changed[str(member_id)] = seat.present
    session.flush()
    if changed:
        after = {"sitting": sitting.id, "present": changed}
        record(session, visitor.actor, "class.present", "class", class_id, now=now, after=after)


def sitting_of(
    session: Session, visitor: Visitor, class_id: int, sitting_id: int, *, locked: bool = False
) -> ClassSitting:
    """A sitting of a class of the visitor's. Raises `NotFound`, `NotAllowed`."""
    held(session, visitor, class_id)
    query = select(ClassSitting).where(ClassSitting.id == sitting_id, ClassSitting.class_id == class_id)
    found = session.scalar(query.with_for_update() if locked else query)
    if found is None:
        raise NotFound("class_unknown", "There is no such sitting of the class.")
    return found


def is_open(sitting: ClassSitting, now: datetime) -> bool:
    """Whether its code lets in now."""
    return sitting.closed_at is None and now < sitting.ends_at


def _expect_open(sitting: ClassSitting, now: datetime) -> None:
    if not is_open(sitting, now):
        raise Conflict("class_sitting_over", "The sitting is over. Begin another one.")


def _new_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(LENGTH))
        if session.scalar(select(ClassSitting.id).where(ClassSitting.code == code)) is None:
            return code
