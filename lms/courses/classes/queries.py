"""Classes on pages. Who may see is part of each query: a facilitator her own, a learner those they are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, AttemptItem, Response, Test
from lms.assessment.attempts.states import OPEN, AttemptState
from lms.courses import choices
from lms.courses.access import teaches_everything
from lms.courses.cards import shares_of
from lms.courses.classes.access import expect_holder, has_account, held, held_by, homes
from lms.courses.classes.models import ClassMember, ClassSeat, ClassSitting, CourseClass
from lms.courses.classes.sittings import is_open, sitting_of, tests_of
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentState, VersionState
from lms.courses.testing import slug_of_code
from lms.directory.models import Organisation, Person
from lms.directory.rules import Visitor, ukrainian_order

PAGE = 50


@dataclass(frozen=True, slots=True)
class ClassCard:
    """A class in a list."""

    id: int
    title: str
    slug: str
    course_uk: str
    course_en: str
    organisation_uk: str
    organisation_en: str
    room: str
    facilitator: str
    people: int
    created_at: datetime
    closed_at: datetime | None
    sitting: int | None
    """The one that is open now."""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """Somebody in a class, by the name that the facilitator wrote, and how far they are in its course alone."""

    id: int
    name: str
    email: str
    account: bool
    state: EnrolmentState
    share: int
    last_at: datetime | None
    completed_at: datetime | None
    sittings: int
    """At how many they were."""


@dataclass(frozen=True, slots=True)
class SittingLine:
    """A sitting in the list of a class."""

    id: int
    lesson_uk: str
    lesson_en: str
    opened_at: datetime
    ends_at: datetime
    open: bool
    present: int


@dataclass(frozen=True, slots=True)
class ClassPage:
    """A class."""

    card: ClassCard
    members: tuple[MemberLine, ...]
    sittings: tuple[SittingLine, ...]
    tests: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class SeatLine:
    """Somebody at a sitting. `state` of the attempt begun in it; `total` once it is judged."""

    member_id: int
    name: str
    account: bool
    seated: bool
    taken_at: datetime | None
    left_at: datetime | None
    present: bool | None
    state: AttemptState | None
    running: bool
    answered: int
    asked: int
    total: Fraction | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class SittingPage:
    """A sitting as its facilitator sees it."""

    card: ClassCard
    sitting: ClassSitting
    open: bool
    lesson: tuple[str, str]
    """Titles of the test; empty for the whole course."""
    lines: tuple[SeatLine, ...]


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class in which the visitor learns: who sees how far they are."""

    id: int
    title: str
    facilitator: str
    organisation_uk: str
    organisation_en: str


def classes(session: Session, visitor: Visitor, now: datetime, page: int = 0) -> tuple[list[ClassCard], int]:
    """The visitor's classes, those that go on first; and how many. Raises `NotAllowed`."""
    expect_holder(visitor)
    total = session.scalar(select(func.count()).select_from(CourseClass).where(held_by(visitor))) or 0
    return _cards(session, held_by(visitor), now, page), total


def class_page(session: Session, visitor: Visitor, class_id: int, now: datetime) -> ClassPage:
    """One of them. Raises `NotFound`, `NotAllowed`."""
    found = held(session, visitor, class_id)
    card = _cards(session, CourseClass.id == class_id, now, 0)[0]
    tests = tests_of(session, found)
    return ClassPage(card, _members(session, found), _sittings(session, found, tests, now), tuple(tests))


def sitting_page(session: Session, visitor: Visitor, class_id: int, sitting_id: int, now: datetime) -> SittingPage:
    """A sitting: who sits, who is in the test, what came of it. Raises `NotFound`, `NotAllowed`."""
    sitting = sitting_of(session, visitor, class_id, sitting_id)
    found = held(session, visitor, class_id)
    card = _cards(session, CourseClass.id == class_id, now, 0)[0]
    titles = {key: (uk, en) for key, uk, en in tests_of(session, found)}
    rows = session.execute(
        select(ClassMember, ClassSeat, has_account())
        .outerjoin(ClassSeat, (ClassSeat.member_id == ClassMember.id) & (ClassSeat.sitting_id == sitting_id))
        .where(ClassMember.class_id == class_id, ClassMember.removed_at.is_(None) | ClassSeat.id.is_not(None))
    ).all()
    attempts = _attempts(session, card.slug, [member.person_id for member, *_ in rows], sitting)
    answered = _answered(session, [each.id for each in attempts.values() if each.state in OPEN])
    lines = []
    for member, seat, account in sorted(rows, key=lambda row: ukrainian_order(row[0].name)):
        # Who left the class is listed for having been there; what they learn is nobody's business any more.
        attempt = attempts.get(member.person_id) if member.removed_at is None else None
        given, asked = answered.get(attempt.id, (0, 0)) if attempt is not None else (0, 0)
        lines.append(_seat_line(member, seat, bool(account), attempt, given, asked))
    return SittingPage(card, sitting, is_open(sitting, now), titles.get(sitting.lesson_key, ("", "")), tuple(lines))


def venues(session: Session, visitor: Visitor) -> list[tuple[int, str, str]]:
    """Where the visitor may hold a class: number and names."""
    everywhere = choices.homes(session, None)
    return everywhere if teaches_everything(visitor) else [one for one in everywhere if one[0] in homes(visitor)]


def own_classes(session: Session, visitor: Visitor, slug: str) -> list[OwnClass]:
    """The classes in which the visitor learns a course."""
    if visitor.person_id is None:
        return []
    rows = session.execute(
        select(CourseClass, Person, Organisation)
        .join(ClassMember, ClassMember.class_id == CourseClass.id)
        .join(Course, Course.id == CourseClass.course_id)
        .join(Person, Person.id == CourseClass.facilitator_id)
        .join(Organisation, Organisation.id == CourseClass.organisation_id)
        .where(Course.slug == slug, ClassMember.person_id == visitor.person_id, ClassMember.removed_at.is_(None))
        .order_by(CourseClass.id)
    )
    return [OwnClass(one.id, one.title, who.display_name, home.name_uk, home.name_en) for one, who, home in rows]


def _cards(session: Session, which: ColumnElement[bool], now: datetime, page: int) -> list[ClassCard]:
    people = (
        select(func.count())
        .select_from(ClassMember)
        .where(ClassMember.class_id == CourseClass.id, ClassMember.removed_at.is_(None))
        .scalar_subquery()
    )
    sitting = (
        select(func.max(ClassSitting.id))
        .where(ClassSitting.class_id == CourseClass.id, ClassSitting.closed_at.is_(None), ClassSitting.ends_at > now)
        .scalar_subquery()
    )
    title = (CourseVersion.course_id == Course.id) & (CourseVersion.state == VersionState.PUBLISHED)
    rows = session.execute(
        select(CourseClass, Course.slug, CourseVersion, Organisation, Person, people, sitting)
        .join(Course, Course.id == CourseClass.course_id)
        .outerjoin(CourseVersion, title)
        .join(Organisation, Organisation.id == CourseClass.organisation_id)
        .join(Person, Person.id == CourseClass.facilitator_id)
        .where(which)
        .order_by(CourseClass.closed_at.is_not(None), CourseClass.created_at.desc(), CourseClass.id.desc())
        .limit(PAGE)
        .offset(page * PAGE)
    )
    return [
        ClassCard(
            id=one.id,
            title=one.title,
            slug=slug,
            course_uk=version.title_uk if version else slug,
            course_en=version.title_en if version else slug,
            organisation_uk=home.name_uk,
            organisation_en=home.name_en,
            room=one.room,
            facilitator=who.display_name,
            people=count or 0,
            created_at=one.created_at,
            closed_at=one.closed_at,
            sitting=now_open,
        )
        for one, slug, version, home, who, count, now_open in rows
    ]


def _members(session: Session, found: CourseClass) -> tuple[MemberLine, ...]:
    were = (
        select(func.count())
        .select_from(ClassSeat)
        .where(ClassSeat.member_id == ClassMember.id, ClassSeat.present.is_(True))
        .scalar_subquery()
    )
    learns = (Enrolment.person_id == ClassMember.person_id) & (Enrolment.course_id == found.course_id)
    rows = session.execute(
        select(ClassMember, Enrolment, has_account(), were)
        .outerjoin(Enrolment, learns)
        .where(ClassMember.class_id == found.id, ClassMember.removed_at.is_(None))
    ).all()
    how_far = shares_of(session, [enrolment for _, enrolment, *_ in rows if enrolment is not None])
    lines = [
        MemberLine(
            id=member.id,
            name=member.name,
            email=member.email,
            account=bool(account),
            state=enrolment.state if enrolment else EnrolmentState.WITHDRAWN,
            share=how_far.get(enrolment.id, 0) if enrolment else 0,
            last_at=enrolment.last_at if enrolment else None,
            completed_at=enrolment.completed_at if enrolment else None,
            sittings=count or 0,
        )
        for member, enrolment, account, count in rows
    ]
    return tuple(sorted(lines, key=lambda line: ukrainian_order(line.name)))


def _sittings(
    session: Session, found: CourseClass, tests: Sequence[tuple[str, str, str]], now: datetime
) -> tuple[SittingLine, ...]:
    titles = {key: (uk, en) for key, uk, en in tests}
    present = (
        select(func.count())
        .select_from(ClassSeat)
        .where(ClassSeat.sitting_id == ClassSitting.id, ClassSeat.present.is_(True))
        .scalar_subquery()
    )
    rows = session.execute(
        select(ClassSitting, present)
        .where(ClassSitting.class_id == found.id)
        .order_by(ClassSitting.opened_at.desc())
        .limit(100)
    )
    return tuple(
        SittingLine(
            one.id,
            *titles.get(one.lesson_key, ("", "")),
            one.opened_at,
            min(one.ends_at, one.closed_at or one.ends_at),
            is_open(one, now),
            count or 0,
        )
        for one, count in rows
    )


def _attempts(session: Session, slug: str, people: Sequence[int], sitting: ClassSitting) -> dict[int, Attempt]:
    """The last attempt of each at the sitting's test (any of the course where it names none), begun while it lasted."""
    until = min(sitting.ends_at, sitting.closed_at or sitting.ends_at)
    rows = session.execute(
        select(Attempt, Test.code)
        .join(Test, Test.id == Attempt.test_id)
        .where(
            Attempt.person_id.in_(people),
            Test.code.startswith(f"{slug}/", autoescape=True),
            Attempt.started_at >= sitting.opened_at,
            Attempt.started_at <= until,
        )
        .order_by(Attempt.started_at)
    )
    return {
        attempt.person_id: attempt
        for attempt, code in rows
        if slug_of_code(code) == slug and (not sitting.lesson_key or code.endswith(f"/{sitting.lesson_key}"))
    }


def _answered(session: Session, attempts: Sequence[int]) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(
            AttemptItem.attempt_id,
            func.count(func.distinct(Response.attempt_item_id)),
            func.count(func.distinct(AttemptItem.id)),
        )
        .outerjoin(Response, Response.attempt_item_id == AttemptItem.id)
        .where(AttemptItem.attempt_id.in_(attempts))
        .group_by(AttemptItem.attempt_id)
    )
    return {number: (given, asked) for number, given, asked in rows}


def _seat_line(
    member: ClassMember, seat: ClassSeat | None, account: bool, attempt: Attempt | None, given: int, asked: int
) -> SeatLine:
    judged = attempt is not None and attempt.state not in OPEN and attempt.total != ""
    return SeatLine(
        member_id=member.id,
        name=member.name,
        account=account,
        seated=seat is not None and seat.token_hash is not None,
        taken_at=seat.taken_at if seat else None,
        left_at=seat.left_at if seat else None,
        present=seat.present if seat else None,
        state=attempt.state if attempt else None,
        running=attempt is not None and attempt.state in OPEN,
        answered=given,
        asked=asked,
        total=Fraction(attempt.total) if attempt is not None and judged else None,
        passed=attempt.passed if attempt is not None and judged else None,
    )
