"""How much more time people have at a test: what each was granted, and what was given to all, or to their centre."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts.lines import of_line
from lms.assessment.attempts.models import AccommodationGrant, Attempt, TestExtension
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.timing import Accommodation, Extension, closing, combined, deadline, extended
from lms.days import day_of
from lms.directory.queries import organisations_by_person


def granted_to(session: Session, person_id: int, test_id: int) -> Accommodation:
    """What a person was granted for a test, also where it was granted in another version of its course."""
    return combined(_granted(session, [person_id], test_id).get(person_id, ()))


def of_person(session: Session, person_id: int, test_id: int, closes_at: datetime | None) -> Accommodation:
    """All that counts for somebody who is about to begin, or to look at a result."""
    given = _given(session, [person_id], test_id).get(person_id, ())
    return extended(granted_to(session, person_id, test_id), given, closes_at)


def deadlines(
    session: Session, test_id: int, attempts: Sequence[Attempt], also: Accommodation | None = None
) -> dict[int, datetime | None]:
    """When attempts at one test end by all that counts, and `also`; by attempt. As many queries for many as for one."""
    people = {each.person_id for each in attempts}
    granted, given = _granted(session, people, test_id), _given(session, people, test_id)
    found = {}
    for attempt in attempts:
        spec = parse(attempt.version.spec)
        own = combined((*granted.get(attempt.person_id, ()), also or Accommodation()))
        allowed = extended(own, given.get(attempt.person_id, ()), spec.closes_at, attempt.started_at)
        found[attempt.id] = deadline(attempt.started_at, spec.time_limit_minutes, spec.closes_at, allowed)
    return found


def closed_for(session: Session, person_id: int, test_id: int, closes_at: datetime | None) -> datetime | None:
    """When a test is over for a person and for every centre: until then nobody is shown what is right."""
    own = closing(closes_at, of_person(session, person_id, test_id, closes_at))
    if closes_at is None or own is None:
        return None
    return max(own, closes_at + timedelta(minutes=most_added(extensions(session, test_id), closes_at)))


def extensions(session: Session, test_id: int) -> Sequence[TestExtension]:
    """What was given to all or to a centre, in the order in which it was."""
    query = select(TestExtension).where(TestExtension.test_id.in_(of_line(session, test_id)))
    return session.scalars(query.order_by(TestExtension.id)).all()


def most_added(given: Collection[TestExtension], closes_at: datetime | None) -> int:
    """By how many minutes a closing was moved for the centre that has it latest."""
    by_centre: dict[int | None, int] = {None: 0}
    for each in given:
        if each.closes_at == closes_at:
            by_centre[each.organisation_id] = by_centre.get(each.organisation_id, 0) + each.minutes
    everybody = by_centre.pop(None)
    return everybody + max(by_centre.values(), default=0)


def _granted(session: Session, people: Collection[int], test_id: int) -> Mapping[int, list[Accommodation]]:
    rows = session.scalars(
        select(AccommodationGrant).where(
            AccommodationGrant.person_id.in_(people),
            AccommodationGrant.revoked_at.is_(None),
            AccommodationGrant.test_id.in_(of_line(session, test_id)) | (AccommodationGrant.test_id.is_(None)),
        )
    )
    found: dict[int, list[Accommodation]] = {}
    for row in rows:
        one = Accommodation(Fraction(row.multiplier), row.added_minutes, row.added_close_minutes)
        found.setdefault(row.person_id, []).append(one)
    return found


def _given(session: Session, people: Collection[int], test_id: int) -> Mapping[int, list[Extension]]:
    """A centre's extension is for whoever worked there on the day when it was given."""
    rows = extensions(session, test_id)
    days = {day_of(row.given_at) for row in rows if row.organisation_id is not None}
    homes = {day: _homes(session, people, day) for day in days}
    found: dict[int, list[Extension]] = {}
    for row in rows:
        for person_id in people:
            if row.organisation_id is None or row.organisation_id in homes[day_of(row.given_at)].get(person_id, ()):
                found.setdefault(person_id, []).append(Extension(row.minutes, row.given_at, row.closes_at))
    return found


def _homes(session: Session, people: Collection[int], day: date) -> dict[int, set[int]]:
    found = organisations_by_person(session, {*people}, day)
    return {person_id: {each.id for each in homes} for person_id, homes in found.items()}
