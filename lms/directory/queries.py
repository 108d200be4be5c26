"""Reading organisations, people, roles and endpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.directory.access_models import Endpoint
from lms.directory.models import (
    Affiliation,
    Membership,
    Organisation,
    OrganisationStatus,
    Person,
    RoleGrant,
    RoleName,
    Scope,
    shown_name,
)
from lms.directory.register_models import Capability, WorkloadSample
from lms.directory.rules import ANONYMOUS, Grant, Visitor, ukrainian_order
from lms.errors import NotAllowed, NotFound
from lms.statements import fetch, once


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """A line of the list of endpoints."""

    id: int
    label: str
    organisation_id: int
    organisation_uk: str
    organisation_en: str
    paired_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkloadFigure:
    """How many people an organisation serves on an average weekday (0 is Monday) in one hour; -1 is the whole day."""

    organisation_id: int
    weekday: int
    hour: int
    count: float


def organisations(session: Session) -> Sequence[Organisation]:
    """All organisations that are not closed, by name."""
    return session.scalars(
        select(Organisation)
        .where(Organisation.status != OrganisationStatus.CLOSED)
        .order_by(Organisation.name_uk, Organisation.id)
    ).all()


def organisation_by_code(session: Session, code: str) -> Organisation:
    """The organisation with this code. Raises `NotFound`."""
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        raise NotFound("organisation_unknown", f"There is no organisation {code}.", "organisation")
    return found


def network_on(session: Session, network: str, day: date) -> Sequence[Organisation]:
    """The members of a network as of a day."""
    return session.scalars(
        select(Organisation)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.network == network, in_force(Membership.from_date, Membership.to_date, day))
        .order_by(Organisation.name_uk)
    ).all()


def organisations_with(
    session: Session,
    capability_codes: Collection[str],
    day: date,
    *,
    every: bool = False,
    oblasts: Collection[str] = (),
    network: str | None = None,
) -> Sequence[Organisation]:
    """Organisations that have one of the capabilities (`every`: all of them) on a day, by name; closed ones never.

    `oblasts` and `network` narrow it further when they are given.
    """
    codes = set(capability_codes)
    able = (
        select(Capability.organisation_id)
        .where(Capability.code.in_(codes), in_force(Capability.from_date, Capability.to_date, day))
        .group_by(Capability.organisation_id)
        .having(func.count(Capability.code.distinct()) >= (len(codes) if every else 1))
    )
    query = select(Organisation).where(Organisation.id.in_(able), Organisation.status != OrganisationStatus.CLOSED)
    if oblasts:
        query = query.where(Organisation.oblast.in_(oblasts))
    if network is not None:
        query = query.where(Organisation.id.in_(members_on(network, day)))
    return session.scalars(query.order_by(Organisation.name_uk, Organisation.id)).all()


def oblasts(session: Session) -> list[str]:
    """The oblasts in which there is an organisation that is not closed, by name."""
    query = select(Organisation.oblast).where(
        Organisation.oblast != "", Organisation.status != OrganisationStatus.CLOSED
    )
    return sorted(session.scalars(query.distinct()), key=ukrainian_order)


def people_of(
    session: Session, organisation_ids: Collection[int], day: date, roles: Collection[RoleName] | None = None
) -> Sequence[Person]:
    """Who works at one of the organisations on a day, each once, by name; with `roles` only who has one of them there.

    For the system itself: it asks nobody who may see them.
    """
    here = select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(organisation_ids), in_force(Affiliation.from_date, Affiliation.to_date, day)
    )
    query = select(Person).where(Person.id.in_(here), Person.merged_into_id.is_(None))
    if roles is not None:
        then = datetime.combine(day, time(12), UTC)
        entitled = select(RoleGrant.person_id).where(
            RoleGrant.role.in_(roles),
            RoleGrant.scope == Scope.ORGANISATION,
            RoleGrant.scope_id.in_(organisation_ids),
            RoleGrant.from_at < then + timedelta(hours=12),
            or_(RoleGrant.to_at.is_(None), RoleGrant.to_at > then),
        )
        query = query.where(Person.id.in_(entitled))
    return session.scalars(query.order_by(Person.family_name, Person.given_name, Person.id)).all()


def workload(session: Session, organisation_ids: Collection[int]) -> list[WorkloadFigure]:
    """Average figures by organisation, weekday and hour.

    Where there are figures of dates, they are averaged over those; else the figure given for the weekday counts.
    """
    dated = WorkloadSample.day.is_not(None)
    where = (WorkloadSample.organisation_id, WorkloadSample.weekday, WorkloadSample.hour)
    rows = session.execute(
        select(*where, dated.label("dated"), func.avg(WorkloadSample.count))
        .where(WorkloadSample.organisation_id.in_(organisation_ids))
        .group_by(*where, dated)
        .order_by(*where, dated)
    )
    figures = {(home, weekday, hour): float(count) for home, weekday, hour, _dated, count in rows}
    return [WorkloadFigure(*place, count) for place, count in figures.items()]


def members_on(network: str, day: date) -> Select[int]:
    """SQL: the numbers of the organisations that belong to a network on a day."""
    return select(Membership.organisation_id).where(
        Membership.network == network, in_force(Membership.from_date, Membership.to_date, day)
    )


def endpoints(session: Session, visitor: Visitor) -> list[EndpointRow]:
    """All endpoints, also revoked ones. For administrators; raises `NotAllowed`."""
    require_administrator(visitor)
    rows = session.execute(
        select(Endpoint, Organisation)
        .join(Organisation, Organisation.id == Endpoint.organisation_id)
        .order_by(Organisation.name_uk, Endpoint.label, Endpoint.id)
    )
    return [
        EndpointRow(
            device.id,
            device.label,
            home.id,
            home.name_uk,
            home.name_en,
            device.paired_at,
            device.last_seen_at,
            device.revoked_at,
        )
        for device, home in rows
    ]


def visitor_of_person(session: Session, person_id: int, now: datetime) -> Visitor:
    """The person with roles and organisations of this moment; `ANONYMOUS` when there is no such person."""
    found = fetch(session, *_person_with_roles(person_id, now.date(), now))
    if not found:
        return ANONYMOUS
    places = {row.id: row for row in found if row.id is not None}
    first = next(iter(places.values()), None)
    return Visitor(
        person_id=person_id,
        name=shown_name(found[0].given_name, found[0].family_name),
        organisation=first.name_uk if first else "",
        organisation_en=first.name_en if first else "",
        organisation_id=first.id if first else None,
        organisation_ids=frozenset(places),
        in_network=True,
        grants=frozenset(Grant(row.role, row.scope, row.scope_id) for row in found if row.role is not None),
        language=found[0].language,
    )


def visitor_of_endpoint(session: Session, endpoint_id: int, now: datetime) -> Visitor:
    """The endpoint, on behalf of its organisation; `ANONYMOUS` once it is revoked or its organisation closed."""
    row = session.execute(
        select(Endpoint, Organisation)
        .join(Organisation, Organisation.id == Endpoint.organisation_id)
        .where(
            Endpoint.id == endpoint_id,
            or_(Endpoint.revoked_at.is_(None), Endpoint.revoked_at > now),
            Organisation.status != OrganisationStatus.CLOSED,
        )
    ).one_or_none()
    if row is None:
        return ANONYMOUS
    home: Organisation = row[1]
    return Visitor(
        endpoint_id=endpoint_id,
        name=home.name_uk,
        organisation=home.name_uk,
        organisation_en=home.name_en,
        organisation_id=home.id,
        organisation_ids=frozenset({home.id}),
        in_network=True,
    )


def names_of_people(session: Session, people_ids: Collection[int]) -> dict[str, str]:
    """Names by actor (`person:12`), for the log of changes."""
    if not people_ids:
        return {}
    found = fetch(session, *_names(people_ids))
    return {f"person:{number}": shown_name(given, family) for number, given, family in found}


@once
def _names(people_ids: Collection[int]) -> Select[int, str, str]:
    return select(Person.id, Person.given_name, Person.family_name).where(Person.id.in_(people_ids))


def require_administrator(visitor: Visitor) -> None:
    """Raises `NotAllowed` for anybody but an administrator of the network."""
    if not visitor.is_administrator:
        raise NotAllowed("administrators_only", "Only an administrator may do this. Ask one to do it for you.")


def has_administrator(session: Session, now: datetime) -> bool:
    """Whether somebody administers the network now."""
    query = select(RoleGrant.id).where(
        RoleGrant.role == RoleName.ADMINISTRATOR,
        RoleGrant.scope == Scope.NETWORK,
        in_force(RoleGrant.from_at, RoleGrant.to_at, now),
    )
    return session.scalar(query.limit(1)) is not None


def in_force(
    begin: InstrumentedAttribute[Any], end: InstrumentedAttribute[Any], at: date | datetime
) -> ColumnElement[bool]:
    """Half-open: `[begin, end)`, without an end for ever."""
    return and_(begin <= at, or_(end.is_(None), end > at))


def grants_by_person(session: Session, people_ids: set[int], now: datetime) -> dict[int, list[Grant]]:
    """The roles in force of each person; who has none is missing."""
    found: dict[int, list[Grant]] = {}
    for person_id, role, scope, scope_id in fetch(session, *_roles(people_ids, now)):
        found.setdefault(person_id, []).append(Grant(role, scope, scope_id))
    return found


@once
def _roles(people_ids: Collection[int], now: datetime) -> Select[int, RoleName, Scope, int | None]:
    return select(RoleGrant.person_id, RoleGrant.role, RoleGrant.scope, RoleGrant.scope_id).where(
        RoleGrant.person_id.in_(people_ids), in_force(RoleGrant.from_at, RoleGrant.to_at, now)
    )


@once
def _person_with_roles(person_id: int, day: date, now: datetime) -> Select[*tuple[Any, ...]]:
    """A person with every organisation they work at on a day, and each of these with every role in force; one line
    without them for who has neither. Every page begins with it: to ask for few lines twice takes longer.
    """
    works = and_(Affiliation.person_id == Person.id, in_force(Affiliation.from_date, Affiliation.to_date, day))
    holds = and_(RoleGrant.person_id == Person.id, in_force(RoleGrant.from_at, RoleGrant.to_at, now))
    return (
        select(
            Person.given_name,
            Person.family_name,
            Person.language,
            Organisation.id,
            Organisation.name_uk,
            Organisation.name_en,
            RoleGrant.role,
            RoleGrant.scope,
            RoleGrant.scope_id,
        )
        .join(Affiliation, works, isouter=True)
        .join(Organisation, Organisation.id == Affiliation.organisation_id, isouter=True)
        .join(RoleGrant, holds, isouter=True)
        .where(Person.id == person_id)
        .order_by(Affiliation.id)
    )


def organisations_by_person(session: Session, people_ids: set[int], day: date) -> dict[int, list[Organisation]]:
    """Where each person works on a day; who works nowhere is missing."""
    rows = session.execute(
        select(Affiliation.person_id, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.person_id.in_(people_ids), in_force(Affiliation.from_date, Affiliation.to_date, day))
        .order_by(Affiliation.id)
    )
    found: dict[int, list[Organisation]] = {}
    for person_id, home in rows:
        found.setdefault(person_id, []).append(home)
    return found
