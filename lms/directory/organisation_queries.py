"""Reading organisations: the list with its filters, and everything about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lms.directory.access_models import Endpoint
from lms.directory.models import (
    Affiliation,
    Membership,
    Organisation,
    OrganisationKind,
    OrganisationStatus,
    Person,
)
from lms.directory.queries import in_force, members_on
from lms.directory.register_models import Capability, CapabilityKind
from lms.directory.rules import Visitor, ukrainian_order
from lms.errors import NotFound

NETWORK = "vikno"
"""The name of the one network that the pages speak of."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which organisations to list. An empty value does not narrow."""

    search: str = ""
    kind: OrganisationKind | None = None
    oblast: str = ""
    status: OrganisationStatus | None = None
    capability: str = ""
    member_on: date | None = None
    """Only those that belonged to the network on this day."""


@dataclass(frozen=True, slots=True)
class OrganisationEntry:
    """A line of the list."""

    id: int
    code: str
    kind: OrganisationKind
    status: OrganisationStatus
    name_uk: str
    name_en: str
    oblast: str
    settlement: str
    community: str
    community_code: str
    email: str
    phone: str
    member: bool
    """Belongs to the network on the day asked for."""
    endpoints: int = 0
    capabilities: tuple[str, ...] = ()
    """Codes of those in force."""


@dataclass(frozen=True, slots=True)
class OrganisationList:
    """One page of the list; `total` of them match."""

    entries: list[OrganisationEntry]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class CapabilityEntry:
    """What an organisation has or had."""

    id: int
    code: str
    name_uk: str
    name_en: str
    quantity: int
    note: str
    from_date: date
    to_date: date | None
    now: bool


@dataclass(frozen=True, slots=True)
class MembershipEntry:
    """A period of belonging to a network."""

    id: int
    network: str
    from_date: date
    to_date: date | None
    now: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works there."""

    person_id: int
    name: str
    position: str
    from_date: date


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    """Everything about one organisation that this visitor may know."""

    organisation: Organisation
    memberships: list[MembershipEntry]
    capabilities: list[CapabilityEntry]
    endpoints: list[tuple[str, bool]]
    """Label, and whether it was ever seen."""
    people: list[Colleague] = field(default_factory=list)
    sees_people: bool = False
    may_edit: bool = False
    may_manage_people: bool = False
    merged_into: str = ""
    """Code of the organisation that this one was merged into."""


def organisation_list(
    session: Session, visitor: Visitor, wanted: Wanted, today: date, *, page: int = 1, size: int = PAGE
) -> OrganisationList:
    """Organisations, centres first, by name in the order of the Ukrainian alphabet.

    Closed ones only when they are asked for. Four queries, however many there are.
    """
    day = wanted.member_on or today
    places = {kind: place for place, kind in enumerate(OrganisationKind)}
    names = session.execute(
        select(Organisation.id, Organisation.kind, Organisation.name_uk).where(*_conditions(wanted, today))
    ).all()
    sorted_names = sorted(names, key=lambda row: (places[row[1]], ukrainian_order(row[2]), row[0]))
    ordered = [row[0] for row in sorted_names]
    pages = max(1, -(-len(ordered) // size))
    page = min(max(1, page), pages)
    shown = ordered[(page - 1) * size : page * size]
    devices = (
        select(func.count())
        .where(Endpoint.organisation_id == Organisation.id, Endpoint.revoked_at.is_(None))
        .scalar_subquery()
    )
    rows = {
        row.id: (row, number if visitor.in_network else 0)
        for row, number in session.execute(select(Organisation, devices).where(Organisation.id.in_(shown)))
    }
    members = set(session.scalars(members_on(NETWORK, day).where(Membership.organisation_id.in_(shown))))
    able = _capabilities(session, shown, day)
    entries = [_entry(*rows[number], number in members, able) for number in shown]
    return OrganisationList(entries, len(ordered), page, pages)


def organisation_page(session: Session, visitor: Visitor, code: str, today: date) -> OrganisationPage:
    """One organisation by its code. Raises `NotFound`."""
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        raise NotFound("organisation_unknown", f"There is no organisation {code}.", "organisation")
    into = session.get(Organisation, found.merged_into_id) if found.merged_into_id else None
    sees_people = sees_people_of(visitor, found.id)
    labels = session.execute(
        select(Endpoint.label, Endpoint.last_seen_at)
        .where(Endpoint.organisation_id == found.id, Endpoint.revoked_at.is_(None))
        .order_by(Endpoint.label)
    )
    return OrganisationPage(
        organisation=found,
        memberships=_memberships(session, found.id, today),
        capabilities=_all_capabilities(session, found.id, today),
        endpoints=[(label, seen is not None) for label, seen in labels]
        if visitor.in_network and (sees_people or not found.protected)
        else [],
        people=colleagues(session, found.id, today) if sees_people else [],
        sees_people=sees_people,
        may_edit=visitor.is_administrator,
        may_manage_people=visitor.is_administrator or found.id in visitor.led_organisations,
        merged_into=into.code if into else "",
    )


def sees_people_of(visitor: Visitor, organisation_id: int) -> bool:
    """Who works somewhere, its own people know, those who read everybody's entry, and organisers of the network."""
    if visitor.reads_everybody or visitor.organises_everything:
        return True
    return visitor.person_id is not None and organisation_id in (visitor.organisation_ids | visitor.led_organisations)


def colleagues(session: Session, organisation_id: int, day: date, limit: int = 500) -> list[Colleague]:
    """Who works at an organisation on a day, by name. For the system itself: it asks nobody."""
    rows = session.execute(
        select(Person, Affiliation)
        .join(Affiliation, Affiliation.person_id == Person.id)
        .where(
            Affiliation.organisation_id == organisation_id,
            in_force(Affiliation.from_date, Affiliation.to_date, day),
            Person.merged_into_id.is_(None),
        )
        .order_by(Person.family_name, Person.given_name, Affiliation.id)
        .limit(limit)
    )
    return [Colleague(one.id, one.display_name, work.position, work.from_date) for one, work in rows]


def capability_kinds(session: Session) -> Sequence[CapabilityKind]:
    """The catalogue of capabilities, in its order."""
    return session.scalars(select(CapabilityKind).order_by(CapabilityKind.position, CapabilityKind.name_uk)).all()


def _conditions(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Organisation.merged_into_id.is_(None)]
    if wanted.status is not None:
        conditions.append(Organisation.status == wanted.status)
    elif wanted.member_on is None:
        conditions.append(Organisation.status != OrganisationStatus.CLOSED)
    if wanted.kind is not None:
        conditions.append(Organisation.kind == wanted.kind)
    if wanted.oblast:
        conditions.append(Organisation.oblast == wanted.oblast)
    if wanted.member_on is not None:
        conditions.append(Organisation.id.in_(members_on(NETWORK, wanted.member_on)))
    if wanted.capability:
        day = wanted.member_on or today
        able = select(Capability.organisation_id).where(
            Capability.code == wanted.capability, in_force(Capability.from_date, Capability.to_date, day)
        )
        conditions.append(Organisation.id.in_(able))
    columns = (Organisation.name_uk, Organisation.name_en, Organisation.code, Organisation.settlement)
    conditions.extend(
        or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in wanted.search.split()[:5]
    )
    return conditions


def _entry(row: Organisation, devices: int, member: bool, able: dict[int, tuple[str, ...]]) -> OrganisationEntry:
    return OrganisationEntry(
        row.id,
        row.code,
        row.kind,
        row.status,
        row.name_uk,
        row.name_en,
        row.oblast,
        row.settlement,
        row.community,
        row.community_code,
        row.email,
        row.phone,
        member,
        devices,
        able.get(row.id, ()),
    )


def _capabilities(session: Session, organisation_ids: Sequence[int], day: date) -> dict[int, tuple[str, ...]]:
    rows = session.execute(
        select(Capability.organisation_id, Capability.code)
        .join(CapabilityKind, CapabilityKind.code == Capability.code)
        .where(
            Capability.organisation_id.in_(organisation_ids), in_force(Capability.from_date, Capability.to_date, day)
        )
        .order_by(CapabilityKind.position, Capability.code)
        .distinct()
        .add_columns(CapabilityKind.position)
    )
    found: dict[int, tuple[str, ...]] = {}
    for home, code, _position in rows:
        found[home] = (*found.get(home, ()), code)
    return found


def _memberships(session: Session, organisation_id: int, today: date) -> list[MembershipEntry]:
    rows = session.scalars(
        select(Membership)
        .where(Membership.organisation_id == organisation_id)
        .order_by(Membership.from_date.desc(), Membership.id.desc())
    )
    return [
        MembershipEntry(row.id, row.network, row.from_date, row.to_date, _now(row.from_date, row.to_date, today))
        for row in rows
    ]


def _all_capabilities(session: Session, organisation_id: int, today: date) -> list[CapabilityEntry]:
    rows = session.execute(
        select(Capability, CapabilityKind)
        .join(CapabilityKind, CapabilityKind.code == Capability.code)
        .where(Capability.organisation_id == organisation_id)
        .order_by(CapabilityKind.position, Capability.from_date.desc(), Capability.id)
    )
    entries = [
        CapabilityEntry(
            row.id,
            row.code,
            kind.name_uk,
            kind.name_en,
            row.quantity,
            row.note,
            row.from_date,
            row.to_date,
            _now(row.from_date, row.to_date, today),
        )
        for row, kind in rows
    ]
    return sorted(entries, key=lambda entry: not entry.now)


def _now(from_date: date, to_date: date | None, today: date) -> bool:
    return from_date <= today and (to_date is None or to_date > today)
