"""Calendars that programs subscribe to: the public schedule, a series, one occurrence, and a person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.directory.models import Person
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed, NotFound
from lms.schedule.audience_models import (
    CalendarFeed,
    Invitation,
    ParticipationStatus,
    Registration,
)
from lms.schedule.models import Occurrence, OccurrenceParty, Part, Speaker, Status
from lms.schedule.plan_models import Series
from lms.schedule.queries import visible_to
from lms.schedule.seats import ALIVE
from lms.secret import fingerprint, new_secret

PAST = timedelta(days=90)
"""How long what is over stays in a feed."""
MOST = 2000
MOST_FEEDS = 10
_ORGANISER = selectinload(Occurrence.parties.and_(OccurrenceParty.part == Part.ORGANISER)).joinedload(
    OccurrenceParty.organisation, innerjoin=True
)


@dataclass(frozen=True, slots=True)
class PersonalFeed:
    """A person's calendar."""

    feed_id: int
    person_id: int
    language: str
    last_used_at: datetime | None
    occurrences: Sequence[Occurrence]


def public(session: Session, now: datetime) -> Sequence[Occurrence]:
    """Everything that is listed and announced."""
    return _fetch(session, now, Occurrence.listed.is_(True))


def of_series(session: Session, visitor: Visitor, slug: str, now: datetime) -> tuple[Series, Sequence[Occurrence]]:
    """A series and its dates, as far as the visitor may know of them. Raises `NotFound`."""
    series = session.scalar(select(Series).where(Series.slug == slug))
    if series is None:
        raise NotFound("series_unknown", "There is no such series.")
    return series, _fetch(session, now, Occurrence.series_id == series.id, visible_to(visitor))


def one(session: Session, visitor: Visitor, slug: str) -> Occurrence:
    """A single occurrence that is announced. Raises `NotFound`."""
    found = session.scalar(
        select(Occurrence)
        .where(Occurrence.slug == slug, Occurrence.status != Status.DRAFT, visible_to(visitor))
        .options(_ORGANISER)
    )
    if found is None:
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    return found


def personal(session: Session, token: str, now: datetime) -> PersonalFeed:
    """What concerns a person: invited, registered, speaking, or their own centre's. Raises `NotFound`, `NotAllowed`."""
    row = session.scalar(select(CalendarFeed).where(CalendarFeed.token_hash == fingerprint(token)))
    if row is None:
        raise NotFound("feed_unknown", "There is no such calendar. Check the address.")
    if row.revoked_at is not None:
        raise NotAllowed("feed_revoked", "This calendar's address was withdrawn.")
    visitor = visitor_of_person(session, row.person_id, now)
    person = session.get(Person, row.person_id)
    occurrences = _fetch(session, now, _concerns(visitor), visible_to(visitor)) if visitor.person_id is not None else []
    return PersonalFeed(row.id, row.person_id, person.language if person else "uk", row.last_used_at, occurrences)


def feeds_of(session: Session, visitor: Visitor) -> Sequence[CalendarFeed]:
    """The person's calendar addresses that work, oldest first."""
    query = select(CalendarFeed).where(CalendarFeed.person_id == visitor.person_id, CalendarFeed.revoked_at.is_(None))
    return session.scalars(query.order_by(CalendarFeed.id)).all()


def make(session: Session, visitor: Visitor, now: datetime) -> str:
    """A new address; its secret part is given this once. Raises `NotAllowed` (account_needed) or `Conflict`."""
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in first.")
    if len(feeds_of(session, visitor)) >= MOST_FEEDS:
        raise Conflict("too_many_feeds", "There are too many calendar addresses. Withdraw one first.")
    token = new_secret()
    row = CalendarFeed(person_id=visitor.person_id, token_hash=fingerprint(token), created_at=now)
    session.add(row)
    session.flush()
    record(session, visitor.actor, "calendar_feed.create", "calendar_feed", row.id, now=now)
    return token


def revoke(session: Session, visitor: Visitor, feed_id: int, now: datetime) -> None:
    """The address stops working. Raises `NotFound`."""
    row = session.get(CalendarFeed, feed_id)
    if row is None or row.person_id != visitor.person_id or visitor.person_id is None:
        raise NotFound("feed_unknown", "There is no such calendar.")
    if row.revoked_at is None:
        row.revoked_at = now
        record(session, visitor.actor, "calendar_feed.revoke", "calendar_feed", row.id, now=now)


def note_use(session: Session, feed_id: int, now: datetime) -> None:
    """Remember that a program has looked."""
    session.get_one(CalendarFeed, feed_id).last_used_at = now


def _concerns(visitor: Visitor) -> ColumnElement[bool]:
    me = visitor.person_id
    invited = select(Invitation.occurrence_id).where(
        Invitation.person_id == me,
        Invitation.withdrawn_at.is_(None),
        Invitation.status != ParticipationStatus.DECLINED,
    )
    registered = select(Registration.occurrence_id).where(Registration.person_id == me, Registration.state.in_(ALIVE))
    speaking = select(Speaker.occurrence_id).where(Speaker.person_id == me)
    ways = [Occurrence.id.in_(each) for each in (invited, registered, speaking)]
    if visitor.organisation_ids:
        ours = select(OccurrenceParty.occurrence_id).where(
            OccurrenceParty.organisation_id.in_(visitor.organisation_ids)
        )
        asked = select(Invitation.occurrence_id).where(
            Invitation.organisation_id.in_(visitor.organisation_ids), Invitation.withdrawn_at.is_(None)
        )
        ways += [Occurrence.id.in_(ours), Occurrence.id.in_(asked)]
    return or_(*ways)


def _fetch(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> Sequence[Occurrence]:
    announced = and_(Occurrence.status != Status.DRAFT, Occurrence.ends_at > now - PAST)
    query = select(Occurrence).where(announced, *conditions).options(_ORGANISER)
    return session.scalars(query.order_by(Occurrence.starts_at, Occurrence.id).limit(MOST)).all()
