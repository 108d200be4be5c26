"""Who has earned what by a rule of award: a function for each kind in `EARNERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.courses.models import CourseRound, Enrolment, EnrolmentState
from lms.credentials import award_tests
from lms.credentials.award_tests import Pass
from lms.credentials.models import AwardRule, RuleKind
from lms.credentials.rules import Standing, standings
from lms.meetings import attendance
from lms.schedule.models import Occurrence, Status

HELD = (Status.ENDED, Status.ARCHIVED)
MOST_LEARNERS = 2000


@dataclass(frozen=True, slots=True)
class Earned:
    """What a rule finds: who has earned it, from what, and what stands in the way of deciding now."""

    standings: tuple[Standing, ...] = ()
    held: tuple[int, ...] = ()
    open_sheets: tuple[int, ...] = ()
    """Occurrences whose attendance nobody has approved yet."""
    correctors: frozenset[str] = frozenset()
    """Who corrected the attendance or the results that it depends on, and so may not approve it."""
    began: datetime | None = None
    ended: datetime | None = None
    passes: Mapping[int, Pass] = field(default_factory=dict)
    """By person, the attempt that passed the rule's test."""


def earned(session: Session, rule: AwardRule) -> Earned:
    """Who has earned it, by what is known now."""
    found = EARNERS[rule.kind](session, rule)
    if rule.test_id is None or rule.kind is RuleKind.TEST:
        return found
    return _and_passed(session, rule.test_id, found)


def _by_attendance(session: Session, rule: AwardRule) -> Earned:
    rows = session.execute(
        select(Occurrence.id, Occurrence.starts_at, Occurrence.ends_at)
        .where(Occurrence.series_id == rule.series_id, Occurrence.status.in_(HELD))
        .order_by(Occurrence.starts_at)
    ).all()
    held = [row.id for row in rows]
    if not held:
        return Earned()
    approved = attendance.approved_of(session, held)
    return Earned(
        tuple(standings(held, attendance.attended_in(session, held), rule.min_share or 0)),
        tuple(held),
        tuple(number for number in held if number not in approved),
        frozenset(attendance.correctors(session, held)),
        rows[0].starts_at,
        rows[-1].ends_at,
    )


def _by_course(session: Session, rule: AwardRule) -> Earned:
    done: ColumnElement[Any] = Enrolment.completed_at.expression
    if rule.test_id is None:
        # Whoever does it again has completed it before. Where a test is asked for besides, both have to be done anew:
        # else a test passed again would renew what was completed long ago.
        before = select(func.max(CourseRound.completed_at)).where(CourseRound.enrolment_id == Enrolment.id)
        done = func.coalesce(Enrolment.completed_at, before.scalar_subquery())
    rows = session.execute(
        select(Enrolment.person_id, done)
        .where(Enrolment.course_id == rule.course_id, Enrolment.state != EnrolmentState.WITHDRAWN)
        .order_by(done.is_(None), done, Enrolment.id)
        .limit(MOST_LEARNERS)
    )
    return Earned(tuple(Standing(person, int(done is not None), 1, done is not None, at=done) for person, done in rows))


def _by_test(session: Session, rule: AwardRule) -> Earned:
    assert rule.test_id is not None
    people = award_tests.takers(session, rule.test_id, MOST_LEARNERS)
    passes = award_tests.passes(session, rule.test_id, people)
    found = [
        Standing(
            each,
            int(each in passes),
            1,
            each in passes,
            at=passes[each].at if each in passes else None,
            passed=each in passes,
        )
        for each in people
    ]
    found.sort(key=lambda each: not each.earned)
    return Earned(tuple(found), correctors=_regraders(session, passes), passes=passes)


def _by_decision(_session: Session, _rule: AwardRule) -> Earned:
    return Earned()


EARNERS: dict[RuleKind, Callable[[Session, AwardRule], Earned]] = {
    RuleKind.ATTENDANCE: _by_attendance,
    RuleKind.COURSE: _by_course,
    RuleKind.TEST: _by_test,
    RuleKind.MANUAL: _by_decision,
}


def _and_passed(session: Session, test_id: int, found: Earned) -> Earned:
    """Earned only by whoever passed the test as well, and then."""
    passes = award_tests.passes(session, test_id, [each.person_id for each in found.standings])
    both = []
    for each in found.standings:
        passed = each.person_id in passes
        at = max(each.at, passes[each.person_id].at) if each.at is not None and passed else each.at
        both.append(replace(each, earned=each.earned and passed, passed=passed, at=at))
    both.sort(key=lambda each: not each.earned)
    return replace(
        found, standings=tuple(both), passes=passes, correctors=found.correctors | _regraders(session, passes)
    )


def _regraders(session: Session, passes: Mapping[int, Pass]) -> frozenset[str]:
    return frozenset(award_tests.correctors(session, [each.attempt_id for each in passes.values()]))
