"""What people follow: topics, oblasts, organisations, series; and what they want by mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, not_, or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation, OrganisationStatus, Person
from lms.directory.register_models import NotificationPreference, Subscription, SubscriptionKind
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed
from lms.notify.actions import enqueue
from lms.notify.models import OutboxMessage
from lms.schedule import registrations, reminding
from lms.schedule.audience_models import Invitation
from lms.schedule.models import Occurrence, OccurrenceParty, Speaker, Status
from lms.schedule.plan_models import OccurrenceTopic, Series, Topic
from lms.schedule.protection import party_is_veiled

ANNOUNCED = "occurrence.announced"
MOST_FOLLOWED = 200
MOST_SERIES = 200
_AHEAD = (Status.PUBLISHED, Status.MOVED, Status.LIVE)
MOST_NEWS = 100
"""Dates in one letter."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants by mail, and follows. `offsets` None: as each organiser planned."""

    reminders: bool = True
    announcements: bool = True
    offsets: tuple[int, ...] | None = None
    quiet_from: int | None = None
    quiet_to: int | None = None
    follows: Mapping[SubscriptionKind, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to follow."""

    topics: Sequence[Topic]
    oblasts: Sequence[str]
    organisations: Sequence[Organisation]
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class News:
    """A line of a letter to followers: what (`published`, `moved`, `cancelled`) of which date; local time before."""

    what: str
    occurrence: Occurrence
    was: datetime | None


def wishes_of(session: Session, visitor: Visitor) -> Wishes:
    """What the visitor has chosen, or what holds without a choice."""
    row = session.get(NotificationPreference, visitor.person_id) if visitor.person_id is not None else None
    follows: dict[SubscriptionKind, set[str]] = {}
    query = select(Subscription.kind, Subscription.target).where(Subscription.person_id == visitor.person_id)
    for kind, target in session.execute(query):
        follows.setdefault(kind, set()).add(target)
    kept = {kind: frozenset(targets) for kind, targets in follows.items()}
    if row is None:
        return Wishes(follows=kept)
    offsets = tuple(row.reminder_offsets) if row.reminder_offsets is not None else None
    return Wishes(row.reminders, row.announcements, offsets, row.quiet_from, row.quiet_to, kept)


def choices(session: Session) -> Choices:
    """For the form: topics in use, oblasts, organisations, series, each by name."""
    alive = Organisation.status != OrganisationStatus.CLOSED
    homes = session.scalars(select(Organisation).where(alive).order_by(Organisation.name_uk, Organisation.id)).all()
    topics = session.scalars(select(Topic).where(Topic.retired_at.is_(None)).order_by(Topic.name_uk, Topic.id)).all()
    series = session.scalars(
        select(Series).where(Series.listed.is_(True)).order_by(Series.id.desc()).limit(MOST_SERIES)
    ).all()
    return Choices(topics, sorted({each.oblast for each in homes if each.oblast}), homes, series)


def save(session: Session, visitor: Visitor, wishes: Wishes, now: datetime) -> None:
    """Keep what the visitor chose. Raises `NotAllowed` or `Invalid` (quiet_invalid, follows_too_much)."""
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in first.")
    if (wishes.quiet_from is None) != (wishes.quiet_to is None):
        raise Invalid("quiet_invalid", "Quiet hours need a beginning and an end.", "quiet")
    if sum(len(targets) for targets in wishes.follows.values()) > MOST_FOLLOWED:
        raise Invalid("follows_too_much", f"At most {MOST_FOLLOWED} things can be followed.", "follows")
    row = session.get(NotificationPreference, visitor.person_id)
    if row is None:
        row = NotificationPreference(person_id=visitor.person_id)
        session.add(row)
    chosen = wishes.offsets
    row.reminders, row.announcements = wishes.reminders, wishes.announcements
    row.reminder_offsets = list(reminding.offsets(None, chosen)) if chosen is not None else None
    row.quiet_from, row.quiet_to, row.changed_at = wishes.quiet_from, wishes.quiet_to, now
    known = session.scalars(select(Subscription).where(Subscription.person_id == visitor.person_id)).all()
    wanted = {(kind, target) for kind, targets in wishes.follows.items() for target in targets}
    for each in known:
        if (each.kind, each.target) in wanted:
            wanted.discard((each.kind, each.target))
        else:
            session.delete(each)
    for kind, target in sorted(wanted):
        session.add(Subscription(person_id=visitor.person_id, kind=kind, target=target[:64], created_at=now))
    session.flush()
    record(session, visitor.actor, "notifications.change", "person", visitor.person_id, now=now)


def stop_announcements(session: Session, person_id: int, now: datetime) -> None:
    """No letters about what the person follows any more; what is followed stays. Repeating it changes nothing.

    Whoever was merged into somebody since the letter is that somebody. Raises `NotFound`.
    """
    person = lock(session, Person, person_id)
    person_id = person.merged_into_id or person.id
    row = session.get(NotificationPreference, person_id)
    if row is None:
        row = NotificationPreference(person_id=person_id, reminders=True, changed_at=now)
        session.add(row)
    elif not row.announcements:
        return
    row.announcements, row.changed_at = False, now
    session.flush()
    record(session, f"person:{person_id}", "notifications.unsubscribe", "person", person_id, now=now)


def tell_followers(session: Session, occurrence: Occurrence, what: str, now: datetime, was: str = "") -> int:
    """Something listed was `published`, `moved` or `cancelled`: whoever follows it and has no part in it is told.

    How many people. What is done with a series in one act (at one `now`) makes one letter for each of them, however
    many dates it concerns: a date is added to the letter that waits. `was`: the time before, local, ISO 8601.
    """
    if not occurrence.listed or occurrence.private or occurrence.ends_at <= now:
        return 0
    told = _who_hears(session, occurrence)
    subject = f"series:{occurrence.series_id}" if occurrence.series_id is not None else f"occurrence:{occurrence.id}"
    act = f"announcement:{subject}:{now:%Y%m%dT%H%M%S.%f}:"
    queued = select(OutboxMessage).where(OutboxMessage.key.startswith(act, autoescape=True)).with_for_update()
    waiting = {each.recipient: each for each in session.scalars(queued) if not each.attempts and not each.over}
    news = {"occurrence": occurrence.id, "what": what, "was": was}
    for number in told:
        recipient = f"person:{number}"
        if letter := waiting.get(recipient):
            earlier = [each for each in letter.contents["news"] if each["occurrence"] != occurrence.id]
            letter.contents = {**letter.contents, "news": [*earlier, news][:MOST_NEWS]}
        else:
            contents = {"occurrence": occurrence.id, "series": occurrence.series_id, "news": [news]}
            enqueue(session, f"{act}{recipient}", ANNOUNCED, recipient, contents, now=now)
    session.flush()
    return len(told)


def news_of(session: Session, contents: Mapping[str, Any], now: datetime) -> list[News]:
    """What of a letter to followers still holds, soonest first. Two queries, however many dates it is about."""
    told = {each["occurrence"]: each for each in contents.get("news", [])}
    told = told or {contents["occurrence"]: {"what": "published", "was": ""}}
    ahead = (Occurrence.id.in_(told), Occurrence.listed, Occurrence.private.is_(False), Occurrence.ends_at > now)
    query = select(Occurrence).where(*ahead).order_by(Occurrence.starts_at, Occurrence.id)
    found = []
    for occurrence in session.scalars(query):
        what, was = told[occurrence.id]["what"], told[occurrence.id]["was"]
        if occurrence.status is Status.CANCELLED if what == "cancelled" else occurrence.status in _AHEAD:
            found.append(News(what, occurrence, datetime.fromisoformat(was) if was else None))
    return found


def series_of_news(session: Session, contents: Mapping[str, Any]) -> Series | None:
    """The series that a letter to followers is about, if it is about one."""
    number = contents.get("series")
    return session.get(Series, number) if number is not None else None


def _who_hears(session: Session, occurrence: Occurrence) -> list[int]:
    """Whoever follows it, has no part in it yet (they have letters of their own) and wants to hear."""
    people = {person for person, _, _ in followers_of(session, occurrence, veiled=False)}
    involved = set(session.scalars(select(Speaker.person_id).where(Speaker.occurrence_id == occurrence.id)))
    involved |= set(session.scalars(select(Invitation.person_id).where(Invitation.occurrence_id == occurrence.id)))
    involved |= {each.person_id for each in registrations.interested(session, occurrence.id)}
    unwilling = set(
        session.scalars(
            select(NotificationPreference.person_id).where(
                NotificationPreference.person_id.in_(people), NotificationPreference.announcements.is_(False)
            )
        )
    )
    return sorted(people - involved - unwilling)


def followers_of(
    session: Session, occurrence: Occurrence, *, veiled: bool = True
) -> list[tuple[int, SubscriptionKind, str]]:
    """Who follows something that the occurrence is about: person, kind, target. Two queries.

    `veiled`: whether parties count of which only editors read.
    """
    topics = {str(number) for number in topics_of(session, occurrence.id)}
    homes = session.execute(
        select(Organisation.id, Organisation.oblast)
        .join(OccurrenceParty, OccurrenceParty.organisation_id == Organisation.id)
        .where(OccurrenceParty.occurrence_id == occurrence.id, *(() if veiled else (not_(party_is_veiled()),)))
    ).all()
    programme = None
    if occurrence.series_id is not None:
        programme = session.scalar(select(Series.programme_id).where(Series.id == occurrence.series_id))
    ways = [
        (SubscriptionKind.TOPIC, topics),
        (SubscriptionKind.ORGANISATION, {str(number) for number, _ in homes}),
        (SubscriptionKind.OBLAST, {oblast for _, oblast in homes if oblast}),
        (SubscriptionKind.SERIES, {str(occurrence.series_id)} if occurrence.series_id is not None else set()),
        (SubscriptionKind.PROGRAMME, {str(programme)} if programme is not None else set()),
    ]
    matching = [and_(Subscription.kind == kind, Subscription.target.in_(targets)) for kind, targets in ways if targets]
    if not matching:
        return []
    query = select(Subscription.person_id, Subscription.kind, Subscription.target).where(or_(*matching))
    return [(person, kind, target) for person, kind, target in session.execute(query.order_by(Subscription.id))]


def topics_of(session: Session, occurrence_id: int) -> set[int]:
    """The occurrence's topics, and those above them: who follows a whole field follows what lies in it."""
    parents = dict(session.execute(select(Topic.id, Topic.parent_id)).all())
    found: set[int] = set()
    query = select(OccurrenceTopic.topic_id).where(OccurrenceTopic.occurrence_id == occurrence_id)
    for number in session.scalars(query):
        step: int | None = number
        while step is not None and step not in found:
            found.add(step)
            step = parents.get(step)
    return found
