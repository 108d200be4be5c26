"""More time for somebody, for one test or for all: before it begins and while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts.allowances import deadlines, granted_to
from lms.assessment.attempts.lines import of_line
from lms.assessment.attempts.looking_after import expect_keeper, reason_of
from lms.assessment.attempts.models import AccommodationGrant, Attempt, AttemptEvent, Test
from lms.assessment.attempts.states import OPEN, AttemptState, follow
from lms.assessment.attempts.timing import MOST_MULTIPLIER, Accommodation, combined
from lms.audit.actions import record
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound

MOST_MINUTES = 7 * 24 * 60


def accommodate(
    session: Session,
    visitor: Visitor,
    person_id: int,
    granted: Accommodation,
    reason: str,
    now: datetime,
    *,
    test_code: str = "",
) -> AccommodationGrant:
    """Grant a person more time, for one test or (network's trainers alone) for all. Running attempts get it at once.

    Raises `NotAllowed`, `NotFound`, `Invalid` (accommodation, accommodation_same, attempt_reason).
    """
    test = session.scalar(select(Test).where(Test.code == test_code)) if test_code else None
    if test_code and test is None:
        raise NotFound("test_unknown", "There is no such test.")
    expect_keeper(visitor, test.organisation_id if test is not None else None)
    reason = reason_of(reason)
    _check(granted)
    if session.get(Person, person_id) is None:
        raise NotFound("person_unknown", "There is no such person.")
    test_id = test.id if test is not None else None
    _expect_effect(session, person_id, test_id, granted)
    grant = AccommodationGrant(
        person_id=person_id,
        test_id=test_id,
        multiplier=str(granted.multiplier),
        added_minutes=granted.added_minutes,
        added_close_minutes=granted.added_close_minutes,
        reason=reason,
        granted_by=visitor.actor,
        granted_at=now,
    )
    session.add(grant)
    session.flush()
    record(session, visitor.actor, "accommodation.grant", "accommodation", grant.id, now=now, after=_told_of(grant))
    move(session, _running(session, person_id, test_id), now)
    return grant


def revoke(session: Session, visitor: Visitor, grant_id: int, now: datetime) -> None:
    """Take it back for attempts to come. What runs keeps the time that was promised. Raises `NotFound`, `Conflict`."""
    found = session.execute(
        select(AccommodationGrant, Test.organisation_id)
        .outerjoin(Test, Test.id == AccommodationGrant.test_id)
        .where(AccommodationGrant.id == grant_id)
        .with_for_update(of=AccommodationGrant)
    ).one_or_none()
    if found is None:
        raise NotFound("accommodation_unknown", "There is no such grant.")
    grant, home = found
    expect_keeper(visitor, home)
    if grant.revoked_at is not None:
        raise Conflict("accommodation_over", "It was taken back already.")
    grant.revoked_at = now
    session.flush()
    record(session, visitor.actor, "accommodation.revoke", "accommodation", grant.id, now=now, before=_told_of(grant))


def _check(granted: Accommodation) -> None:
    low = granted.multiplier < 1 or granted.added_minutes < 0 or granted.added_close_minutes < 0
    if low or granted.multiplier > MOST_MULTIPLIER or granted.multiplier.denominator > 1000:
        raise Invalid("accommodation", f"The time is multiplied by 1 to {MOST_MULTIPLIER}, and never made shorter.")
    if max(granted.added_minutes, granted.added_close_minutes) > MOST_MINUTES:
        raise Invalid("accommodation", "At most a week is added.")
    if granted == Accommodation():
        raise Invalid("accommodation_none", "Say how much more time it is.", "minutes")


def _expect_effect(session: Session, person_id: int, test_id: int | None, granted: Accommodation) -> None:
    """Somebody presses twice and believes that it adds up, or the test closes before: then it is said."""
    running = _running(session, person_id, test_id)
    same = test_id is not None and not running
    if same and test_id is not None:
        have = granted_to(session, person_id, test_id)
        same = combined((have, granted)) == have
    for attempt, moved in _ends(session, running, granted):
        same = attempt.deadline is not None and moved == attempt.deadline
        if not same:
            break
    if same:
        detail = "It changes nothing: so much is granted already (the most counts), or the test closes before."
        raise Invalid("accommodation_same", detail, "minutes")


def _told_of(grant: AccommodationGrant) -> dict[str, object]:
    return {
        "person": grant.person_id,
        "test": grant.test_id,
        "multiplier": grant.multiplier,
        "added_minutes": grant.added_minutes,
        "added_close_minutes": grant.added_close_minutes,
    }


def move(session: Session, attempts: Sequence[Attempt], now: datetime, reason: str = "") -> int:
    """Give running attempts the end that they have by all that counts now; how many end later. None ends earlier."""
    count = 0
    for attempt, moved in _ends(session, attempts):
        if moved == attempt.deadline or (moved is not None and attempt.deadline and moved < attempt.deadline):
            continue  # what was promised once and taken back since for attempts to come is not made shorter
        data = {"from": _moment(attempt.deadline), "to": _moment(moved), **({"reason": reason} if reason else {})}
        session.add(AttemptEvent(attempt_id=attempt.id, at=now, kind="deadline_moved", data=data))
        attempt.deadline = moved
        if attempt.state is AttemptState.OVERDUE and moved is not None and now <= moved:
            attempt.state = follow(attempt.state, AttemptState.IN_PROGRESS)
        count += 1
    session.flush()
    return count


def _ends(
    session: Session, attempts: Sequence[Attempt], also: Accommodation | None = None
) -> list[tuple[Attempt, datetime | None]]:
    """Each with its end by all that counts, and `also`."""
    by_test: dict[int, list[Attempt]] = {}
    for each in attempts:
        by_test.setdefault(each.test_id, []).append(each)
    ends: dict[int, datetime | None] = {}
    for test_id, some in by_test.items():
        ends |= deadlines(session, test_id, some, also)
    return [(each, ends[each.id]) for each in attempts]


def _running(session: Session, person_id: int, test_id: int | None) -> Sequence[Attempt]:
    query = (
        select(Attempt)
        .where(Attempt.person_id == person_id, Attempt.state.in_(OPEN))
        .options(selectinload(Attempt.version))
        .with_for_update(of=Attempt)
    )
    if test_id is not None:
        query = query.where(Attempt.test_id.in_(of_line(session, test_id)))
    return session.scalars(query).all()


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
