"""Whoever may not come in any more need not stay: in which running rooms they may be, and whether the door is shut.

A token opens its meeting for minutes, and whoever is inside is never asked again. So when a right ends, the media nodes
are told (`web.removing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.directory.access_models import Endpoint
from lms.directory.queries import visitor_of_endpoint, visitor_of_person
from lms.directory.rules import ANONYMOUS, Visitor
from lms.meetings.models import Connection, Meeting
from lms.schedule.models import GuestLink, Occurrence
from lms.schedule.queries import meeting_door


@dataclass(frozen=True, slots=True)
class Room:
    """A meeting, or a group's room, that runs now, and on which node."""

    meeting: str
    node: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose right has ended: a person, or an organisation, which comes by its endpoints."""

    person_id: int | None = None
    organisation_id: int | None = None


def rooms_of(session: Session, occurrence_id: int) -> list[Room]:
    """The rooms of an occurrence that run now: the main one, and its groups'."""
    query = select(Meeting.name, Meeting.node).where(
        Meeting.occurrence_id == occurrence_id, Meeting.closed_at.is_(None)
    )
    return [Room(*row) for row in session.execute(query.distinct().order_by(Meeting.name))]


def rooms_by_link(session: Session, link_id: int) -> list[Room]:
    """The rooms that a guest's personal link leads to."""
    occurrence_id = session.scalar(select(GuestLink.occurrence_id).where(GuestLink.id == link_id))
    return [] if occurrence_id is None else rooms_of(session, occurrence_id)


def rooms_with(session: Session, identity: str) -> list[Room]:
    """The running rooms in which somebody is, or was before their line broke."""
    query = (
        select(Meeting.name, Meeting.node)
        .join(Connection, Connection.meeting_id == Meeting.id)
        .where(Meeting.closed_at.is_(None), Connection.identity == identity)
    )
    return [Room(*row) for row in session.execute(query.distinct().order_by(Meeting.name))]


def shut_before(session: Session, occurrence_id: int, holders: Iterable[Holder], now: datetime) -> list[str]:
    """Identities, as in tokens, of those for whom the occurrence's door is shut: some may come in by another right."""
    meeting = session.get_one(Occurrence, occurrence_id).meeting
    comers = [each for holder in holders for each in _comers(session, holder, now)]
    return [each.identity for each in comers if not meeting_door(session, each, meeting, now).join.allowed]


def _comers(session: Session, holder: Holder, now: datetime) -> list[Visitor]:
    if holder.person_id is not None:
        found = [visitor_of_person(session, holder.person_id, now)]
    else:
        devices = select(Endpoint.id).where(Endpoint.organisation_id == holder.organisation_id)
        still = devices.where(or_(Endpoint.revoked_at.is_(None), Endpoint.revoked_at > now)).order_by(Endpoint.id)
        found = [visitor_of_endpoint(session, number, now) for number in session.scalars(still)]
    return [each for each in found if each != ANONYMOUS]
