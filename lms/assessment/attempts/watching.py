"""Tests for those who look after them: who is at one, how each stands. Who may see is part of each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts.lines import of_line
from lms.assessment.attempts.looking_after import expect_keeper, kept_by
from lms.assessment.attempts.models import (
    AccommodationGrant,
    Attempt,
    AttemptItem,
    Response,
    Test,
    TestVersion,
)
from lms.assessment.attempts.queries import AttemptCard, card_of
from lms.assessment.attempts.spec import TestSpec, parse
from lms.assessment.attempts.states import OPEN, AttemptState
from lms.assessment.attempts.taking import SILENCE
from lms.assessment.attempts.timing import Accommodation, deadline, remaining_s
from lms.assessment.rules import keeps_tests
from lms.directory.models import Affiliation, Organisation, Person
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound

PAGE = 50


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test in the list."""

    __test__ = False

    id: int
    code: str
    title_uk: str
    title_en: str
    running: int
    finished: int
    passed: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class TestPage:
    """A test with its rules. `canon` is the time that everybody has."""

    __test__ = False

    id: int
    code: str
    title_uk: str
    title_en: str
    version: int
    open: bool
    spec: TestSpec
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody's attempt in a list. `silent_since` while it runs and its page is not heard of."""

    card: AttemptCard
    person_id: int
    name: str
    organisation_uk: str
    organisation_en: str
    deadline: datetime | None
    remaining_s: int | None
    extended: bool
    answered: int
    asked: int
    silent_since: datetime | None
    waits: bool
    """Whether an essay waits for its reader."""


@dataclass(frozen=True, slots=True)
class GrantLine:
    """More time that somebody has."""

    id: int
    name: str
    granted: Accommodation
    reason: str
    granted_at: datetime
    everywhere: bool


def kept_tests(session: Session, visitor: Visitor, page: int = 0, *, within: str = "") -> tuple[list[TestLine], int]:
    """The tests that the visitor looks after, those lately taken first; and how many. Raises `NotAllowed`.

    `within`: only those whose names begin with this and a slash: of one course.
    """
    if not keeps_tests(visitor):
        raise NotAllowed("attempt_not_yours", "Tests are looked after by trainers and organisers.")
    which = kept_by(visitor)
    if within:
        which = and_(which, Test.code.startswith(f"{within}/", autoescape=True))
    running, passed = Attempt.state.in_(OPEN), Attempt.passed.is_(True)
    rows = session.execute(
        select(
            Test,
            func.sum(case((running, 1), else_=0)),
            func.sum(case((and_(~running, Attempt.state != AttemptState.VOIDED), 1), else_=0)),
            func.sum(case((passed, 1), else_=0)),
            func.max(Attempt.started_at),
        )
        .outerjoin(Attempt, Attempt.test_id == Test.id)
        .where(which)
        .group_by(Test.id)
        .order_by(func.max(Attempt.started_at).desc().nulls_last(), Test.id.desc())
        .limit(PAGE)
        .offset(min(page, 10_000) * PAGE)
    )
    found = [
        TestLine(test.id, test.code, test.title_uk, test.title_en, begun or 0, over or 0, good or 0, last)
        for test, begun, over, good, last in rows
    ]
    return found, session.scalar(select(func.count()).select_from(Test).where(which)) or 0


def kept_test(session: Session, visitor: Visitor, test_id: int) -> TestPage:
    """One of them. Raises `NotFound`, `NotAllowed`."""
    row = session.execute(
        select(Test, TestVersion)
        .join(TestVersion, TestVersion.test_id == Test.id)
        .where(Test.id == test_id)
        .order_by(TestVersion.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound("test_unknown", "There is no such test.")
    expect_keeper(visitor, row[0].organisation_id)
    return page_of(*row)


def page_of(test: Test, version: TestVersion) -> TestPage:
    return TestPage(
        test.id,
        test.code,
        test.title_uk,
        test.title_en,
        version.number,
        test.current_id is not None,
        parse(version.spec),
        tuple(each for each in test.audience.split(",") if each),
    )


def people(
    session: Session, visitor: Visitor, test_id: int, now: datetime, *, running: bool, page: int = 0
) -> tuple[list[PersonLine], int]:
    """Attempts that run, the one that ends next first; or those that are over, the last one first.

    Raises `NotFound`, `NotAllowed`.
    """
    kept_test(session, visitor, test_id)
    states = Attempt.state.in_(OPEN) if running else Attempt.state.not_in(OPEN)
    which: list[ColumnElement[bool]] = [Attempt.test_id == test_id, states]
    order = [Attempt.deadline.nulls_last()] if running else [Attempt.finished_at.desc()]
    rows = session.execute(
        select(Attempt, Person)
        .join(Person, Person.id == Attempt.person_id)
        .where(*which)
        .options(selectinload(Attempt.version))
        .order_by(*order, Attempt.id)
        .limit(PAGE)
        .offset(min(page, 10_000) * PAGE)
    ).all()
    attempts = [attempt for attempt, _ in rows]
    counts = _answered(session, attempts)
    homes = _homes(session, {person.id for _, person in rows}, now)
    lines = [
        _line(attempt, person, counts.get(attempt.id, (0, 0, None, 0)), homes.get(person.id, ("", "")), now)
        for attempt, person in rows
    ]
    return lines, session.scalar(select(func.count()).select_from(Attempt).where(*which)) or 0


def _answered(session: Session, attempts: Sequence[Attempt]) -> dict[int, tuple[int, int, datetime | None, int]]:
    """Of each attempt: how many items were answered, how many asked, the last save, how many are not scored."""
    rows = session.execute(
        select(
            AttemptItem.attempt_id,
            func.count(func.distinct(Response.attempt_item_id)),
            func.count(func.distinct(AttemptItem.id)),
            func.max(Response.saved_at),
            func.count(func.distinct(case((AttemptItem.share.is_(None), AttemptItem.id)))),
        )
        .outerjoin(Response, Response.attempt_item_id == AttemptItem.id)
        .where(AttemptItem.attempt_id.in_([each.id for each in attempts]))
        .group_by(AttemptItem.attempt_id)
    )
    return {number: (given, asked, last, unread) for number, given, asked, last, unread in rows}


def _homes(session: Session, people: set[int], now: datetime) -> dict[int, tuple[str, str]]:
    today = now.date()
    rows = session.execute(
        select(Affiliation.person_id, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_(people),
            Affiliation.from_date <= today,
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > today),
        )
        .order_by(Affiliation.id.desc())
    )
    return {person: (uk, en) for person, uk, en in rows}


def _line(
    attempt: Attempt,
    person: Person,
    counts: tuple[int, int, datetime | None, int],
    home: tuple[str, str],
    now: datetime,
) -> PersonLine:
    answered, asked, last, unread = counts
    is_open = attempt.state in OPEN
    return PersonLine(
        card_of(attempt),
        person.id,
        person.display_name,
        *home,
        attempt.deadline,
        remaining_s(now, attempt.deadline) if is_open else None,
        is_open and attempt.deadline != base_deadline(attempt),
        answered,
        asked,
        silent_since(attempt, last, now),
        bool(unread) and not is_open and attempt.state is not AttemptState.VOIDED,
    )


def base_deadline(attempt: Attempt) -> datetime | None:
    """The deadline without anything that was granted."""
    spec = parse(attempt.version.spec)
    return deadline(attempt.started_at, spec.time_limit_minutes, spec.closes_at, Accommodation())


def silent_since(attempt: Attempt, last_save: datetime | None, now: datetime) -> datetime | None:
    """Since when nothing was heard of its page; None while it is heard of, is over, or has no script."""
    heard = max((each for each in (attempt.seen_at, last_save) if each is not None), default=None)
    if attempt.state not in OPEN or attempt.seen_at is None or heard is None or now - heard <= SILENCE:
        return None
    return heard


def grants(session: Session, visitor: Visitor, test_id: int) -> list[GrantLine]:
    """More time that people have at a test, or everywhere and once took it. Raises `NotFound`, `NotAllowed`."""
    kept_test(session, visitor, test_id)
    took = select(Attempt.person_id).where(Attempt.test_id == test_id)
    rows = session.execute(
        select(AccommodationGrant, Person)
        .join(Person, Person.id == AccommodationGrant.person_id)
        .where(
            AccommodationGrant.revoked_at.is_(None),
            or_(
                AccommodationGrant.test_id.in_(of_line(session, test_id)),
                AccommodationGrant.test_id.is_(None) & AccommodationGrant.person_id.in_(took),
            ),
        )
        .order_by(AccommodationGrant.id.desc())
        .limit(PAGE)
    )
    return [
        GrantLine(
            row.id,
            person.display_name,
            Accommodation(Fraction(row.multiplier), row.added_minutes, row.added_close_minutes),
            row.reason,
            row.granted_at,
            row.test_id is None,
        )
        for row, person in rows
    ]
