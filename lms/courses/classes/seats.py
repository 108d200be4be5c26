"""A browser in which somebody of a class sits, by code and name, without a password.

A name is used once in a sitting: whoever comes after is told to ask the facilitator. Nobody's account is opened by a
code: who has one signs in with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts import taking
from lms.assessment.attempts.models import Attempt
from lms.audit.actions import record
from lms.courses.classes.access import has_account
from lms.courses.classes.models import ClassMember, ClassSeat, ClassSitting, CourseClass
from lms.courses.models import Course, Enrolment
from lms.directory.models import Organisation, Person
from lms.directory.rules import Visitor, typed_code
from lms.errors import Conflict, NotAllowed, NotFound
from lms.secret import fingerprint, new_secret


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits here, in which class, until when."""

    id: int
    person_id: int
    name: str
    language: str
    class_id: int
    class_title: str
    course: str
    """The name of the class's course in addresses."""
    lesson_key: str
    sitting_id: int
    taken_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """A name of the class to choose. `account`: this person signs in with an account of their own."""

    member_id: int
    name: str
    taken: bool
    account: bool


@dataclass(frozen=True, slots=True)
class Door:
    """What a code opens."""

    sitting_id: int
    class_title: str
    organisation_uk: str
    organisation_en: str
    room: str
    choices: tuple[Choice, ...]


def door(session: Session, code: str, now: datetime) -> Door:
    """The names to choose from. Raises `NotFound` (class_code_unknown)."""
    sitting, found = _by_code(session, code, now)
    home = session.get_one(Organisation, found.organisation_id)
    rows = session.execute(
        select(ClassMember, ClassSeat.taken_at, has_account())
        .outerjoin(ClassSeat, (ClassSeat.member_id == ClassMember.id) & (ClassSeat.sitting_id == sitting.id))
        .where(ClassMember.class_id == found.id, ClassMember.removed_at.is_(None))
        .order_by(ClassMember.name, ClassMember.id)
    )
    choices = tuple(Choice(each.id, each.name, taken is not None, bool(own)) for each, taken, own in rows)
    return Door(sitting.id, found.title, home.name_uk, home.name_en, found.room, choices)


def take(session: Session, code: str, member_id: int, now: datetime) -> str:
    """Sit down by a name; what the browser's cookie holds from now on.

    Raises `NotFound` (class_code_unknown, class_member_unknown), `Conflict` (class_seat_taken) or `NotAllowed`
    (class_own_account).
    """
    sitting, found = _by_code(session, code, now, locked=True)
    member = session.get(ClassMember, member_id)
    if member is None or member.class_id != found.id or member.removed_at is not None:
        raise NotFound("class_member_unknown", "There is no such person in the class.")
    if session.scalar(select(has_account()).where(ClassMember.id == member.id)):
        raise NotAllowed("class_own_account", "This person has an account: sign in with it.")
    seat = session.scalar(select(ClassSeat).where(ClassSeat.sitting_id == sitting.id, ClassSeat.member_id == member.id))
    if seat is None:
        seat = ClassSeat(sitting_id=sitting.id, member_id=member.id)
        session.add(seat)
    elif seat.taken_at is not None:
        raise Conflict("class_seat_taken", "Somebody sits by this name already. Ask the facilitator.")
    token = new_secret()
    seat.token_hash, seat.taken_at, seat.left_at = fingerprint(token), now, None
    if seat.present is None:
        seat.present, seat.marked_at = True, now
    session.flush()
    record(session, f"person:{member.person_id}", "class.sit", "class", found.id, now=now, after={"seat": seat.id})
    return token


def seated(session: Session, token: str, now: datetime) -> Seat | None:
    """Who sits in this browser, while the sitting lasts. Only reads."""
    row = session.execute(
        select(ClassSeat, ClassMember, ClassSitting, CourseClass, Course.slug, Person.language)
        .join(ClassMember, ClassMember.id == ClassSeat.member_id)
        .join(ClassSitting, ClassSitting.id == ClassSeat.sitting_id)
        .join(CourseClass, CourseClass.id == ClassSitting.class_id)
        .join(Course, Course.id == CourseClass.course_id)
        .join(Person, Person.id == ClassMember.person_id)
        .where(
            ClassSeat.token_hash == fingerprint(token),
            ClassSitting.closed_at.is_(None),
            ClassSitting.ends_at > now,
            ClassMember.removed_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    seat, member, sitting, found, slug, language = row
    return Seat(
        id=seat.id,
        person_id=member.person_id,
        name=member.name,
        language=language,
        class_id=found.id,
        class_title=found.title,
        course=slug,
        lesson_key=sitting.lesson_key,
        sitting_id=sitting.id,
        taken_at=seat.taken_at or sitting.opened_at,
        ends_at=sitting.ends_at,
    )


def leave(session: Session, token: str, now: datetime) -> None:
    """Get up. Who has begun nothing was perhaps not meant: the name may be used again at once."""
    seat = session.scalar(select(ClassSeat).where(ClassSeat.token_hash == fingerprint(token)).with_for_update())
    if seat is None:
        return
    member = session.get_one(ClassMember, seat.member_id)
    learnt = (
        select(Enrolment.id)
        .join(CourseClass, CourseClass.course_id == Enrolment.course_id)
        .where(
            CourseClass.id == member.class_id,
            Enrolment.person_id == member.person_id,
            Enrolment.last_at >= (seat.taken_at or now),
        )
    )
    begun = session.scalar(learnt) is not None
    seat.token_hash, seat.left_at = None, now
    if not begun:
        seat.taken_at = seat.left_at = None
        if not seat.marked_by:
            seat.present = seat.marked_at = None
    session.flush()
    after = {"seat": seat.id, "begun": begun}
    record(session, f"person:{member.person_id}", "class.get_up", "class", member.class_id, now=now, after=after)


def supervised(session: Session, attempt: Attempt, seat: Seat, now: datetime) -> None:
    """An attempt is taken in a class: its log says in which, whoever looks at it later."""
    data = {"class": seat.class_id, "sitting": seat.sitting_id, "title": seat.class_title}
    if attempt.started_at == now:
        taking.note(session, attempt, "supervised", now, data)


def visitor(seat: Seat) -> Visitor:
    """As whom somebody acts who sits by a code: the person, and none of their roles."""
    return Visitor(person_id=seat.person_id, name=seat.name, language=seat.language)


def _by_code(session: Session, code: str, now: datetime, *, locked: bool = False) -> tuple[ClassSitting, CourseClass]:
    query = (
        select(ClassSitting, CourseClass)
        .join(CourseClass, CourseClass.id == ClassSitting.class_id)
        .where(ClassSitting.code == typed_code(code), ClassSitting.closed_at.is_(None), ClassSitting.ends_at > now)
    )
    found = session.execute(query.with_for_update(of=ClassSitting) if locked else query).one_or_none()
    if found is None:
        raise NotFound("class_code_unknown", "No class has this code now. Look at it once more, or ask.", "code")
    return found[0], found[1]
