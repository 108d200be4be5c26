"""Reading the schedule. Who may see an occurrence is part of every query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, not_, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.schedule import protection
from lms.schedule.audience import for_visitor, invited_in
from lms.schedule.audience_models import Invitation
from lms.schedule.cards import (
    Cast,
    MeetingDoor,
    OccurrenceCard,
    OccurrencePage,
    TopicCard,
    card_of,
    door_of,
    facts_of,
    page_of,
)
from lms.schedule.casts import casts, short_casts
from lms.schedule.group_rules import parse_meeting
from lms.schedule.models import (
    AgendaItem,
    GuestLink,
    Occurrence,
    OccurrenceChange,
    OccurrenceParty,
    Part,
    Speaker,
    Status,
)
from lms.schedule.plan_models import OccurrenceTopic, Series, Topic
from lms.schedule.registrations import seat_facts
from lms.schedule.rules import NO_SEATS, GuestFacts, SeatFacts, day_bounds, guest_link_expired, may_see
from lms.statements import fetch, once

ZONE = "Europe/Kyiv"
"""Whose calendar days the network lives by."""
MOST = 200

_ANNOUNCED = (Status.PUBLISHED, Status.MOVED)


@lru_cache(maxsize=512)
def visible_to(visitor: Visitor) -> ColumnElement[bool]:
    """SQL for `rules.may_see`: what this visitor may know of.

    Kept for each visitor: an expression never changes, and putting it together costs more than the query it serves.
    """
    if visitor.organises_everything:
        return or_(Occurrence.private.is_(False), _told_to(visitor))
    return or_(_edited_by(visitor), and_(Occurrence.status != Status.DRAFT, _told_to(visitor)))


def edited_by(visitor: Visitor) -> ColumnElement[bool]:
    """SQL for `rules.may_edit`."""
    return editable_by(visitor)


def upcoming(session: Session, visitor: Visitor, now: datetime, limit: int = 50) -> list[OccurrenceCard]:
    """What is live and what comes, soonest first; also what was cancelled, until it would have ended."""
    return cards_of(session, visitor, now, fetch(session, *_upcoming(visitor, now, min(limit, MOST))))


@once
def _upcoming(visitor: Visitor, now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    return lines_for(visitor).where(ahead(now)).order_by(Occurrence.starts_at, Occurrence.id).limit(limit)


def today(session: Session, visitor: Visitor, now: datetime, zone: str = ZONE) -> list[OccurrenceCard]:
    """What is live, and what lies in the calendar day of `now` in the zone, earliest first."""
    begin, end = day_bounds(now, zone)
    return cards_of(session, visitor, now, fetch(session, *_on_the_day(visitor, begin, end)))


@once
def _on_the_day(visitor: Visitor, begin: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    of_the_day = and_(Occurrence.starts_at < end, Occurrence.ends_at > begin)
    query = lines_for(visitor).where(or_(Occurrence.status == Status.LIVE, of_the_day))
    return query.order_by(Occurrence.starts_at, Occurrence.id).limit(MOST)


def past(
    session: Session, visitor: Visitor, now: datetime, limit: int = 50, before: datetime | None = None
) -> list[OccurrenceCard]:
    """What is over, latest first; `before` is the `starts_at` of the last card of the page before."""
    return cards_of(session, visitor, now, fetch(session, *_past(visitor, now, min(limit, MOST), before)))


@once
def _past(visitor: Visitor, now: datetime, limit: int, before: datetime | None) -> Select[*tuple[Any, ...]]:
    query = lines_for(visitor).where(not_(ahead(now)))
    if before is not None:
        query = query.where(Occurrence.starts_at < before)
    return query.order_by(Occurrence.starts_at.desc(), Occurrence.id.desc()).limit(limit)


def occurrence_page(session: Session, visitor: Visitor, slug: str, now: datetime) -> OccurrencePage:
    """Everything about an occurrence. Raises `NotFound`, also when the visitor may not know of it."""
    found = fetch(session, *_described(visitor, slug))
    card = _only(cards_of(session, visitor, now, found))
    return page_of(
        found[0],
        card,
        agenda=fetch(session, *_agenda_of(card.id)),
        changes=fetch(session, *_changes_of(card.id)) if found[0].was_changed else (),
        guest_links=fetch(session, *_guest_links_of(card.id)) if card.may_edit and found[0].has_links else (),
        topics=[TopicCard(*row) for row in fetch(session, *_topics_of(card.id))],
        now=now,
    )


def occurrence_card(session: Session, visitor: Visitor, slug: str, now: datetime) -> OccurrenceCard:
    """What a list shows of it, for a page about something else of it. Raises `NotFound`, as `occurrence_page`."""
    return _only(cards_of(session, visitor, now, fetch(session, *_of_slug(visitor, slug))))


def _only(cards: Sequence[OccurrenceCard]) -> OccurrenceCard:
    if not cards:
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    return cards[0]


@once
def _of_slug(visitor: Visitor, slug: str) -> Select[*tuple[Any, ...]]:
    return lines_for(visitor).where(Occurrence.slug == slug)


@once
def _described(visitor: Visitor, slug: str) -> Select[*tuple[Any, ...]]:
    described = (
        Occurrence.description,
        Occurrence.description_en,
        Occurrence.version,
        Occurrence.sequence,
        Occurrence.uid,
        Occurrence.mode,
        Occurrence.venue,
        Occurrence.interpretation,
        Occurrence.streaming,
        exists().where(OccurrenceChange.occurrence_id == Occurrence.id).label("was_changed"),
        exists().where(GuestLink.occurrence_id == Occurrence.id).label("has_links"),
    )
    return lines_for(visitor).add_columns(*described).where(Occurrence.slug == slug)


@once
def _agenda_of(occurrence_id: int) -> Select[*tuple[Any, ...]]:
    columns = (AgendaItem.title, AgendaItem.title_en, AgendaItem.minutes, AgendaItem.kind, AgendaItem.speaker_id)
    return select(*columns).where(AgendaItem.occurrence_id == occurrence_id).order_by(AgendaItem.position)


@once
def _changes_of(occurrence_id: int) -> Select[*tuple[Any, ...]]:
    change = OccurrenceChange
    columns = (change.at, change.before, change.after, change.reason, change.sequence)
    return select(*columns).where(change.occurrence_id == occurrence_id).order_by(change.id)


@once
def _guest_links_of(occurrence_id: int) -> Select[*tuple[Any, ...]]:
    columns = (
        GuestLink.id,
        GuestLink.name,
        GuestLink.organisation,
        GuestLink.role,
        GuestLink.speaker_id,
        GuestLink.expires_at,
        GuestLink.revoked_at,
        GuestLink.used_count,
        GuestLink.last_used_at,
    )
    return select(*columns).where(GuestLink.occurrence_id == occurrence_id).order_by(GuestLink.id)


@once
def _topics_of(occurrence_id: int) -> Select[str, str, str]:
    return (
        select(Topic.code, Topic.name_uk, Topic.name_en)
        .join(OccurrenceTopic, OccurrenceTopic.topic_id == Topic.id)
        .where(OccurrenceTopic.occurrence_id == occurrence_id)
        .order_by(Topic.name_uk)
    )


def meeting_door(session: Session, visitor: Visitor, meeting: str, now: datetime) -> MeetingDoor:
    """What stands behind an address `/meet/…`: who has it needs no other invitation to learn the title.

    Raises `NotFound`; for a draft, and what is private, also towards everybody who may not see it.
    """
    query = select(Occurrence).where(Occurrence.meeting == meeting).options(*_WITH_PARTIES, *_WITH_AGENDA)
    found = session.scalar(query)
    hidden = found is not None and (found.private or found.status is Status.DRAFT)
    if found is None or (hidden and not may_see(facts_of(found), visitor)):
        raise NotFound("meeting_unknown", "There is no such meeting. Check the address.")
    return door_of(
        found,
        visitor,
        now,
        guest_facts(session, visitor, now),
        _seats_at(session, visitor, found),
        casts(session, [found.id]).get(found.id),
        protection.entry(session, visitor, found),
    )


def interpreters(session: Session, occurrence_id: int) -> dict[str, str]:
    """Who interprets: identity, as in tokens, and into which language. Guests are known by their working links."""
    rows = session.execute(
        select(Speaker.person_id, GuestLink.id, Speaker.interprets)
        .join(GuestLink, and_(GuestLink.speaker_id == Speaker.id, GuestLink.revoked_at.is_(None)), isouter=True)
        .where(Speaker.occurrence_id == occurrence_id, Speaker.interprets != "")
        .order_by(Speaker.position, GuestLink.id)
    )
    found = {}
    for person_id, link_id, language in rows:
        if person_id is not None:
            found[f"person:{person_id}"] = language
        if link_id is not None:
            found[f"guest:{link_id}"] = language
    return found


def endpoint_today(session: Session, visitor: Visitor, now: datetime, zone: str = ZONE) -> list[OccurrenceCard]:
    """What a paired endpoint shows: today's occurrences that its organisation may join, over ones left out.

    Each card's `joins_at` says when the device joins by itself (`cards.to_join_now`).
    """
    cards = today(session, visitor, now, zone)
    return [card for card in cards if not card.ended and card.join.refusal in ("", "too_early", "cancelled")]


def occurrence_of_meeting(session: Session, meeting: str) -> int | None:
    """The number of the occurrence whose meeting, or group, has this name; for the system, which asks nobody."""
    main, _number = parse_meeting(meeting)
    return session.scalar(select(Occurrence.id).where(Occurrence.meeting == main))


def slugs_of(session: Session, visitor: Visitor, occurrence_ids: Collection[int]) -> dict[int, str]:
    """The addresses of occurrences by number, of those that the visitor may know of."""
    if not occurrence_ids:
        return {}
    query = select(Occurrence.id, Occurrence.slug).where(Occurrence.id.in_(occurrence_ids), visible_to(visitor))
    return dict(session.execute(query).all())


def guest_facts(session: Session, visitor: Visitor, now: datetime) -> GuestFacts | None:
    """The personal link that the visitor came with, while it works."""
    if visitor.guest_link_id is None:
        return None
    row = session.execute(
        select(GuestLink, Occurrence.status, Occurrence.ends_at)
        .join(Occurrence, Occurrence.id == GuestLink.occurrence_id)
        .where(GuestLink.id == visitor.guest_link_id, GuestLink.revoked_at.is_(None))
    ).one_or_none()
    if row is None or guest_link_expired(row[0].expires_at, row[1], row[2], now):
        return None
    link: GuestLink = row[0]
    return GuestFacts(link.id, link.occurrence_id, link.role)


_WITH_PARTIES = (
    selectinload(Occurrence.parties).joinedload(OccurrenceParty.organisation, innerjoin=True),
    selectinload(Occurrence.speakers).joinedload(Speaker.organisation),
)
_LINE = (
    Occurrence.id,
    Occurrence.slug,
    Occurrence.meeting,
    Occurrence.series_id,
    Occurrence.programme_id.label("programme_id"),
    Occurrence.kind,
    Occurrence.title,
    Occurrence.title_en,
    Occurrence.language,
    Occurrence.starts_at,
    Occurrence.ends_at,
    Occurrence.starts_local,
    Occurrence.zone,
    Occurrence.duration_minutes,
    Occurrence.status,
    Occurrence.access,
    Occurrence.listed,
    Occurrence.private,
    Occurrence.cancel_reason,
    Occurrence.began_at,
    Occurrence.created_by,
)
"""What a line of a list needs; as objects with everything they would cost several times as much."""
_WITH_AGENDA = (selectinload(Occurrence.agenda),)


def lines_for(visitor: Visitor) -> Select[*tuple[Any, ...]]:
    """SQL for what `cards_of` makes cards of: what the visitor may know of."""
    return select(*_LINE).where(visible_to(visitor))


def cards_of(
    session: Session, visitor: Visitor, now: datetime, rows: Sequence[Row[*tuple[Any, ...]]], *, short: bool = False
) -> list[OccurrenceCard]:
    """The cards of what was found by `lines_for` this visitor, in the same order.

    `short` is for lists: of many parties they name the first (`casts.short_casts`).
    """
    numbers = [row.id for row in rows]
    guest = guest_facts(session, visitor, now) if rows else None
    seats = _seats(session, visitor, rows)
    taking_part = short_casts(session, visitor, numbers) if short else casts(session, numbers)
    return [
        card_of(row, visitor, now, guest, seats.get(row.id, NO_SEATS), taking_part.get(row.id, Cast())) for row in rows
    ]


def _seats(session: Session, visitor: Visitor, rows: Sequence[Any]) -> dict[int, SeatFacts]:
    seats = seat_facts(session, visitor, [row.id for row in rows])
    unlisted = [row.id for row in rows if not row.listed]
    for number in invited_in(session, visitor, unlisted) if unlisted else ():
        seats[number] = replace(seats.get(number, NO_SEATS), invited=True)
    return seats


def _seats_at(session: Session, visitor: Visitor, found: Occurrence) -> SeatFacts:
    return _seats(session, visitor, [found]).get(found.id, NO_SEATS)


def ahead(now: datetime) -> ColumnElement[bool]:
    """SQL for what is live or still to come."""
    coming = Occurrence.status.in_((Status.DRAFT, *_ANNOUNCED, Status.CANCELLED))
    return or_(Occurrence.status == Status.LIVE, and_(coming, Occurrence.ends_at > now))


@lru_cache(maxsize=512)
def editable_by(visitor: Visitor) -> ColumnElement[bool]:
    """SQL for `rules.may_edit`."""
    if visitor.organises_everything:
        return Occurrence.private.is_(False)
    return _edited_by(visitor)


def _edited_by(visitor: Visitor) -> ColumnElement[bool]:
    if not visitor.plans and not visitor.organised_occurrences:
        return false()
    ours: list[ColumnElement[bool]] = [Occurrence.id.in_(visitor.organised_occurrences)]
    if visitor.organised_series or visitor.organised_programmes:
        ours.append(Occurrence.series_id.in_(visitor.organised_series))
        ours.append(
            Occurrence.series_id.in_(select(Series.id).where(Series.programme_id.in_(visitor.organised_programmes)))
        )
    if visitor.is_organiser:
        ours.append(Occurrence.created_by == visitor.identity)
        organised = OccurrenceParty.organisation_id.in_(visitor.organised_organisations)
        ours.append(Occurrence.parties.any(and_(organised, OccurrenceParty.part == Part.ORGANISER)))
    return and_(Occurrence.private.is_(False), or_(*ours))


def _told_to(visitor: Visitor) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [Occurrence.listed.is_(True)]
    if visitor.audits:
        ways.append(Occurrence.private.is_(False))
    if visitor.organisation_ids:
        ways.append(Occurrence.parties.any(OccurrenceParty.organisation_id.in_(visitor.organisation_ids)))
    if visitor.person_id is not None:
        ways.append(Occurrence.speakers.any(Speaker.person_id == visitor.person_id))
    if visitor.person_id is not None or visitor.organisation_ids:
        asked = select(Invitation.occurrence_id).where(Invitation.withdrawn_at.is_(None), for_visitor(visitor))
        ways.append(Occurrence.id.in_(asked))
    if visitor.guest_link_id is not None:
        ways.append(
            Occurrence.guest_links.any(and_(GuestLink.id == visitor.guest_link_id, GuestLink.revoked_at.is_(None)))
        )
    return or_(*ways)
