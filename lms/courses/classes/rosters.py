"""Classes, and who is in them. Whoever comes into a class is enrolled in its course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses import enrolling
from lms.courses.access import teaches_everything
from lms.courses.classes.access import expect_holder, held, homes
from lms.courses.classes.models import ClassMember, ClassSeat, ClassSitting, CourseClass
from lms.courses.classes.names import MOST, Listed
from lms.courses.models import Course, CourseVersion
from lms.directory import accounts
from lms.directory.matching import plain
from lms.directory.models import Account, Organisation, Person
from lms.directory.register_models import ChannelKind, ContactChannel
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.actions import enqueue

JOINED = "class.joined"


@dataclass(frozen=True, slots=True)
class ClassDraft:
    """A class as somebody enters it. `course` is the course's name in addresses."""

    title: str
    course: str
    organisation_id: int | None
    room: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a list: how many are new in the class, how many were there already."""

    new: int
    there: int


def create(session: Session, visitor: Visitor, draft: ClassDraft, now: datetime) -> CourseClass:
    """A class of one's own. Raises `NotAllowed`, `NotFound` (course_unknown), `Invalid` (title_needed, class_venue)."""
    facilitator = expect_holder(visitor)
    if not draft.title.strip():
        raise Invalid("title_needed", "Give it a title.", "title")
    if draft.organisation_id is None or session.get(Organisation, draft.organisation_id) is None:
        raise Invalid("class_venue", "Choose where the class meets.", "organisation")
    if not teaches_everything(visitor) and draft.organisation_id not in homes(visitor):
        raise NotAllowed("class_venue_foreign", "You hold classes at the organisations for which you teach.")
    course, _version = enrolling.published(session, draft.course)
    made = CourseClass(
        course_id=course.id,
        facilitator_id=facilitator,
        organisation_id=draft.organisation_id,
        room=draft.room.strip()[:200],
        title=draft.title.strip()[:200],
        created_at=now,
    )
    session.add(made)
    session.flush()
    after = {"title": made.title, "course": course.slug, "organisation": made.organisation_id}
    record(session, visitor.actor, "class.create", "class", made.id, now=now, after=after)
    return made


def add(session: Session, visitor: Visitor, class_id: int, people: Sequence[Listed], now: datetime) -> Added:
    """Take a list into the class, all of it or nothing. A list that comes again changes nothing.

    By e-mail somebody is who they are elsewhere, and hears of it; without one everybody is a person of their own, and
    two of one name in a class are one. Raises `Invalid` (class_nobody, class_full, email_invalid, name_needed) or
    `Conflict` (class_closed).
    """
    found = held(session, visitor, class_id, locked=True)
    if found.closed_at is not None:
        raise Conflict("class_closed", "The class is closed.")
    if not people:
        raise Invalid("class_nobody", "No name was found. Write one person a line: family name, given name.", "names")
    members = list(session.scalars(select(ClassMember).where(ClassMember.class_id == class_id)))
    inside = sum(each.removed_at is None for each in members)
    taught: tuple[Course, CourseVersion] | None = None
    new = 0
    for one in people:
        email = accounts.checked_email(one.email, "names") if one.email else ""
        member = _same(members, one, email)
        if member is not None and member.removed_at is None:
            continue
        if inside + new >= MOST:
            raise Invalid("class_full", f"A class has at most {MOST} people. Divide the list.", "names")
        if member is None:
            member = _member(session, visitor, found, one, email, now)
            if member not in members:
                members.append(member)
        member.removed_at = None
        session.flush()
        taught = taught or enrolling.published(session, session.get_one(Course, found.course_id).slug)
        enrolling.enrol_known(session, *taught, member.person_id, visitor.actor, now)
        if email:
            contents = {"class": class_id, "member": member.id}
            enqueue(session, f"{JOINED}:{member.id}", JOINED, f"person:{member.person_id}", contents, now=now)
        new += 1
    after = {"new": new, "there": len(people) - new}
    record(session, visitor.actor, "class.add", "class", class_id, now=now, after=after)
    return Added(new, len(people) - new)


def remove(session: Session, visitor: Visitor, class_id: int, member_id: int, now: datetime) -> None:
    """Not in the class any more; the course stays theirs. Raises `NotFound`."""
    found = held(session, visitor, class_id, locked=True)
    member = session.get(ClassMember, member_id)
    if member is None or member.class_id != found.id:
        raise NotFound("class_member_unknown", "There is no such person in the class.")
    _leave(session, visitor.actor, member, now)


def leave(session: Session, visitor: Visitor, class_id: int, now: datetime) -> None:
    """Leave a class oneself: its facilitator sees nothing more of one's learning. Raises `NotFound`."""
    member = session.scalar(
        select(ClassMember).where(
            ClassMember.class_id == class_id,
            ClassMember.person_id == visitor.person_id,
            ClassMember.removed_at.is_(None),
        )
    )
    if member is None:
        raise NotFound("class_unknown", "You are in no such class.")
    _leave(session, visitor.actor, member, now)


def close(session: Session, visitor: Visitor, class_id: int, now: datetime) -> None:
    """The class is over: nobody comes into it any more, and no sitting is opened. What was done stays."""
    found = held(session, visitor, class_id, locked=True)
    if found.closed_at is None:
        if session.scalar(running(class_id, now)) is not None:
            raise Conflict("class_sitting_open", "A sitting is open. End it first.")
        found.closed_at = now
        session.flush()
        record(session, visitor.actor, "class.close", "class", class_id, now=now)


def running(class_id: int, now: datetime) -> Select[int]:
    """The sitting that is open now, if there is one."""
    return select(ClassSitting.id).where(
        ClassSitting.class_id == class_id, ClassSitting.closed_at.is_(None), ClassSitting.ends_at > now
    )


def _leave(session: Session, actor: str, member: ClassMember, now: datetime) -> None:
    if member.removed_at is not None:
        return
    member.removed_at = now
    for seat in session.scalars(select(ClassSeat).where(ClassSeat.member_id == member.id)):
        seat.token_hash = None
    session.flush()
    record(session, actor, "class.remove", "class", member.class_id, now=now, before={"member": member.id})


def _same(members: Sequence[ClassMember], one: Listed, email: str) -> ClassMember | None:
    """Who of the class is meant: by e-mail, or by name where one side has none."""
    if email:
        known = next((each for each in members if each.email == email), None)
        if known is not None:
            return known
    key = plain(one.name)
    return next((each for each in members if plain(each.name) == key and not (email and each.email)), None)


def _member(
    session: Session, visitor: Visitor, found: CourseClass, one: Listed, email: str, now: datetime
) -> ClassMember:
    person_id = _by_address(session, email) if email else None
    if person_id is not None:
        there = session.scalar(
            select(ClassMember).where(ClassMember.class_id == found.id, ClassMember.person_id == person_id)
        )
        if there is not None:
            return there
    else:
        person_id = _person(session, visitor, one, email, now)
    made = ClassMember(class_id=found.id, person_id=person_id, name=one.name, email=email, added_at=now)
    session.add(made)
    session.flush()
    return made


def _person(session: Session, visitor: Visitor, one: Listed, email: str, now: datetime) -> int:
    """Somebody new, without an account: they sit by the class's code; an e-mail is for letters."""
    made = accounts.create_person(
        session,
        visitor.actor,
        family_name=one.family_name,
        given_name=one.given_name,
        patronymic=one.patronymic,
        now=now,
    )
    if email:
        session.add(ContactChannel(person_id=made.id, kind=ChannelKind.EMAIL, address=email, created_at=now))
        session.flush()
    return made.id


def _by_address(session: Session, email: str) -> int | None:
    """Who signs in with an e-mail, or was brought into a class with it before."""
    account = select(Account.person_id).where(Account.provider == "password", Account.subject == email)
    known = session.scalar(account.limit(1))
    if known is None:
        known = session.scalar(
            select(ClassMember.person_id)
            .join(Person, Person.id == ClassMember.person_id)
            .where(ClassMember.email == email, Person.merged_into_id.is_(None))
            .order_by(ClassMember.id)
            .limit(1)
        )
    return known
