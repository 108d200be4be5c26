"""More time for everybody at a test, or for everybody of one centre: the power was cut in a region, say.

It moves the closing and what runs at that moment, and is never taken back. What the clock has ended before stays
ended: its late answers may be let count, or it is declared void.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts import allowances
from lms.assessment.attempts.granting import MOST_MINUTES, move
from lms.assessment.attempts.lines import of_line
from lms.assessment.attempts.looking_after import reason_of, test_kept
from lms.assessment.attempts.models import Attempt, Test, TestExtension, TestVersion
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import OPEN
from lms.audit.actions import record
from lms.database import lock
from lms.days import day_of
from lms.directory.models import Organisation
from lms.directory.queries import names_of_people, organisations_by_person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class ExtensionLine:
    """What was given. An empty organisation is everybody."""

    minutes: int
    organisation_uk: str
    organisation_en: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """When a test closes: as it says, and the latest to which that was moved."""

    planned: datetime | None
    moved: datetime | None
    given: tuple[ExtensionLine, ...]

    @property
    def number(self) -> int:
        """How often more time was given: whoever gives more says what they saw, so that nothing is given twice."""
        return len(self.given)


def extend(
    session: Session,
    visitor: Visitor,
    test_id: int,
    minutes: int,
    reason: str,
    now: datetime,
    *,
    seen: int,
    organisation_id: int | None = None,
) -> int:
    """Give so many minutes more; how many running attempts have a later end by it.

    `seen` is `Closing.number` as the giver saw it. Raises `NotFound`, `NotAllowed`, `Invalid` (extension_minutes,
    extension_nothing, attempt_reason), `Conflict` (extension_meanwhile).
    """
    test = test_kept(session, visitor, test_id)
    reason = reason_of(reason)
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid("extension_minutes", "From one minute to a week is added.", "minutes")
    if organisation_id is not None and session.get(Organisation, organisation_id) is None:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisation")
    lock(session, Test, test.id)
    if len(allowances.extensions(session, test.id)) != seen:
        raise Conflict("extension_meanwhile", "More time was given to all meanwhile. Look whether it is enough.")
    closes_at, running = _closes_at(session, test.id), _running(session, test.id, organisation_id, now)
    if closes_at is None and not any(each.deadline for each in running):
        raise Invalid("extension_nothing", "The test never closes, and nobody is in it whose time could end.")
    given = TestExtension(
        test_id=test.id,
        organisation_id=organisation_id,
        minutes=minutes,
        closes_at=closes_at,
        reason=reason,
        given_by=visitor.actor,
        given_at=now,
    )
    session.add(given)
    session.flush()
    moved = move(session, running, now, reason)
    told = {"minutes": minutes, "organisation": organisation_id, "reason": reason, "moved": moved}
    record(session, visitor.actor, "test.extend", "test", test.id, now=now, after=told)
    return moved


def closing_of(session: Session, visitor: Visitor, test_id: int) -> Closing:
    """When it closes, and what was given to all so far. Raises `NotFound`, `NotAllowed`."""
    test_kept(session, visitor, test_id)
    closes_at, given = _closes_at(session, test_id), allowances.extensions(session, test_id)
    homes = {
        each.id: each
        for each in session.scalars(
            select(Organisation).where(Organisation.id.in_({row.organisation_id for row in given}))
        )
    }
    givers = [row.given_by.partition(":")[2] for row in given]
    names = names_of_people(session, [int(each) for each in givers if each.isdecimal()])
    lines = []
    for row in given:
        home = homes.get(row.organisation_id or 0)
        uk, en = (home.name_uk, home.name_en) if home is not None else ("", "")
        by = names.get(row.given_by, row.given_by)
        lines.append(ExtensionLine(row.minutes, uk, en, row.reason, by, row.given_at))
    added = timedelta(minutes=allowances.most_added(given, closes_at))
    return Closing(closes_at, closes_at + added if closes_at is not None else None, tuple(lines))


def _closes_at(session: Session, test_id: int) -> datetime | None:
    spec = session.scalar(
        select(TestVersion.spec).where(TestVersion.test_id == test_id).order_by(TestVersion.number.desc()).limit(1)
    )
    return parse(spec).closes_at if spec is not None else None


def _running(session: Session, test_id: int, organisation_id: int | None, now: datetime) -> Sequence[Attempt]:
    found = session.scalars(
        select(Attempt)
        .where(Attempt.test_id.in_(of_line(session, test_id)), Attempt.state.in_(OPEN))
        .options(selectinload(Attempt.version))
        .order_by(Attempt.id)
        .with_for_update(of=Attempt)
    ).all()
    if organisation_id is None:
        return found
    homes = organisations_by_person(session, {each.person_id for each in found}, day_of(now))
    there = {person for person, every in homes.items() if organisation_id in {each.id for each in every}}
    return [each for each in found if each.person_id in there]
