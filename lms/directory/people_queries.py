"""Reading people: the list with its search, and everything about one. Who may see whom is part of every query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lms.directory.models import Account, Affiliation, Organisation, OrganisationStatus, Person, RoleGrant, Scope
from lms.directory.queries import grants_by_person, in_force, organisations_by_person
from lms.directory.register_models import ContactChannel
from lms.directory.rules import Grant, Visitor
from lms.errors import NotAllowed, NotFound

PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A line of the list. `roles` holds the roles in force; `email` is empty without an account."""

    id: int
    name: str
    email: str
    roles: tuple[Grant, ...]
    last_sign_in_at: datetime | None
    disabled: bool
    organisations: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class PeopleList:
    """One page of the list; `total` of them match."""

    entries: list[PersonEntry]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """Where somebody works or worked."""

    id: int
    organisation: Organisation
    position: str
    from_date: date
    to_date: date | None
    now: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class GrantEntry:
    """A role that somebody has or had."""

    id: int
    grant: Grant
    organisation: Organisation | None
    from_at: datetime
    to_at: datetime | None
    now: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything about one person that this visitor may know."""

    person: Person
    accounts: list[Account]
    channels: list[ContactChannel]
    places: list[PlaceEntry]
    grants: list[GrantEntry]
    may_edit: bool
    may_grant: bool
    may_affiliate: bool


def may_open_people(visitor: Visitor) -> bool:
    """Whether there is anybody whose entry the visitor may see."""
    return visitor.reads_everybody or bool(visitor.led_organisations)


def require_people_reader(visitor: Visitor) -> None:
    """Raises `NotAllowed` for whoever looks after nobody."""
    if not may_open_people(visitor):
        raise NotAllowed("people_readers_only", "Only administrators and leads of centres may look at people.")


def in_reach(visitor: Visitor, day: date) -> list[ColumnElement[bool]]:
    """SQL: whose entries this visitor may see. A lead sees who works at the own centre, or is going to."""
    conditions: list[ColumnElement[bool]] = [Person.merged_into_id.is_(None)]
    if not visitor.reads_everybody:
        here = select(Affiliation.person_id).where(
            Affiliation.organisation_id.in_(visitor.led_organisations),
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
        )
        conditions.append(Person.id.in_(here))
    return conditions


def people_list(
    session: Session,
    visitor: Visitor,
    now: datetime,
    *,
    search: str = "",
    organisation_id: int | None = None,
    page: int = 1,
    size: int = PAGE,
) -> PeopleList:
    """People by name; each word of `search` stands in a name, an address or the name of an organisation.

    Five queries, however many there are. Raises `NotAllowed`.
    """
    require_people_reader(visitor)
    day = now.date()
    conditions = in_reach(visitor, day)
    if organisation_id is not None:
        there = select(Affiliation.person_id).where(
            Affiliation.organisation_id == organisation_id, in_force(Affiliation.from_date, Affiliation.to_date, day)
        )
        conditions.append(Person.id.in_(there))
    conditions.extend(_holds(word) for word in search.split()[:5])
    total = session.scalars(select(func.count()).select_from(Person).where(*conditions)).one()
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    people = session.scalars(
        select(Person)
        .where(*conditions)
        .order_by(Person.family_name, Person.given_name, Person.id)
        .limit(size)
        .offset((page - 1) * size)
    ).all()
    ids = {person.id for person in people}
    accounts = _accounts_by_person(session, ids)
    grants = grants_by_person(session, ids, now)
    places = organisations_by_person(session, ids, day)
    entries = []
    for person in people:
        owned = accounts.get(person.id, [])
        seen = [account.last_sign_in_at for account in owned if account.last_sign_in_at]
        entries.append(
            PersonEntry(
                person.id,
                person.display_name,
                owned[0].subject if owned else "",
                tuple(sorted(grants.get(person.id, ()), key=lambda grant: (grant.role, grant.scope_id or 0))),
                max(seen, default=None),
                bool(owned) and all(account.disabled_at for account in owned),
                tuple(places.get(person.id, ())),
            )
        )
    return PeopleList(entries, total, page, pages)


def person_in_reach(session: Session, visitor: Visitor, person_id: int, now: datetime) -> Person:
    """A person whom this visitor may see. Raises `NotAllowed`, or `NotFound` also for whom the visitor may not see.

    Whoever was merged is answered with the person into whom.
    """
    require_people_reader(visitor)
    person = session.get(Person, person_id)
    if person is not None and person.merged_into_id is not None:
        person_id = person.merged_into_id
    found = session.scalar(select(Person).where(Person.id == person_id, *in_reach(visitor, now.date())))
    if found is None:
        raise NotFound("person_unknown", f"There is no person {person_id}, or it is not for you.")
    return found


def person_page(session: Session, visitor: Visitor, person_id: int, now: datetime) -> PersonPage:
    """One person. Raises as `person_in_reach`."""
    person = person_in_reach(session, visitor, person_id, now)
    places = _places(session, visitor, person.id, now.date())
    return PersonPage(
        person=person,
        accounts=_accounts_by_person(session, {person.id}).get(person.id, []),
        channels=channels_of(session, person.id),
        places=places,
        grants=_grants(session, person.id, now) if visitor.reads_everybody else [],
        may_edit=may_edit(session, visitor, person.id, now),
        may_grant=visitor.is_administrator,
        may_affiliate=visitor.is_administrator or bool(visitor.led_organisations),
    )


def may_edit(session: Session, visitor: Visitor, person_id: int, now: datetime) -> bool:
    """Whether the visitor may change the person's entry and hand out a link to the account.

    Administrators may. A lead may for those who work nowhere but at the own centre and hold no role, so that nobody
    comes by it to the account of somebody who may do more.
    """
    if visitor.is_administrator:
        return True
    if not visitor.led_organisations:
        return False
    day = now.date()
    homes = set(
        session.scalars(
            select(Affiliation.organisation_id).where(
                Affiliation.person_id == person_id, or_(Affiliation.to_date.is_(None), Affiliation.to_date > day)
            )
        )
    )
    roles = select(RoleGrant.id).where(
        RoleGrant.person_id == person_id, or_(RoleGrant.to_at.is_(None), RoleGrant.to_at > now)
    )
    return bool(homes) and homes <= visitor.led_organisations and session.scalar(roles.limit(1)) is None


def manageable_organisations(session: Session, visitor: Visitor) -> list[Organisation]:
    """Where the visitor may add people: everywhere for administrators, at the own centre for its lead."""
    query = select(Organisation).where(
        Organisation.status != OrganisationStatus.CLOSED, Organisation.merged_into_id.is_(None)
    )
    if not visitor.is_administrator:
        query = query.where(Organisation.id.in_(visitor.led_organisations))
    return list(session.scalars(query.order_by(Organisation.name_uk, Organisation.id)))


def channels_of(session: Session, person_id: int) -> list[ContactChannel]:
    """How a person can be reached, the preferred way of each kind first."""
    query = select(ContactChannel).where(ContactChannel.person_id == person_id)
    return list(session.scalars(query.order_by(ContactChannel.kind, ContactChannel.id)))


def own_places(session: Session, visitor: Visitor, day: date) -> list[PlaceEntry]:
    """Where the visitor works or worked."""
    return _places(session, visitor, visitor.person_id, day) if visitor.person_id is not None else []


def _holds(word: str) -> ColumnElement[bool]:
    columns = (Person.family_name, Person.given_name, Person.patronymic, Person.latin_name)
    signed_in = select(Account.person_id).where(
        Account.provider == "password", Account.subject.icontains(word, autoescape=True)
    )
    reached = select(ContactChannel.person_id).where(ContactChannel.address.icontains(word, autoescape=True))
    works = (
        select(Affiliation.person_id)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.to_date.is_(None), Organisation.name_uk.icontains(word, autoescape=True))
    )
    return or_(
        *(column.icontains(word, autoescape=True) for column in columns),
        Person.id.in_(signed_in),
        Person.id.in_(reached),
        Person.id.in_(works),
    )


def _accounts_by_person(session: Session, people_ids: set[int]) -> dict[int, list[Account]]:
    query = select(Account).where(Account.person_id.in_(people_ids), Account.provider == "password")
    found: dict[int, list[Account]] = {}
    for account in session.scalars(query.order_by(Account.id)):
        found.setdefault(account.person_id, []).append(account)
    return found


def _places(session: Session, visitor: Visitor, person_id: int, day: date) -> list[PlaceEntry]:
    rows = session.execute(
        select(Affiliation, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.person_id == person_id)
        .order_by(Affiliation.from_date.desc(), Affiliation.id.desc())
    )
    entries = []
    for work, home in rows:
        over = work.to_date is not None and work.to_date <= day
        may_end = not over and (visitor.is_administrator or home.id in visitor.led_organisations)
        entries.append(
            PlaceEntry(
                work.id, home, work.position, work.from_date, work.to_date, not over and work.from_date <= day, may_end
            )
        )
    return sorted(entries, key=lambda entry: not entry.now)


def _grants(session: Session, person_id: int, now: datetime) -> list[GrantEntry]:
    rows = session.execute(
        select(RoleGrant, Organisation)
        .join(
            Organisation,
            (RoleGrant.scope == Scope.ORGANISATION) & (Organisation.id == RoleGrant.scope_id),
            isouter=True,
        )
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.from_at.desc(), RoleGrant.id.desc())
    )
    entries = [
        GrantEntry(
            row.id,
            Grant(row.role, row.scope, row.scope_id),
            home,
            row.from_at,
            row.to_at,
            row.from_at <= now and (row.to_at is None or row.to_at > now),
        )
        for row, home in rows
    ]
    return sorted(entries, key=lambda entry: not entry.now)


def own_email(session: Session, visitor: Visitor) -> str:
    """With which e-mail the visitor signs in; empty without an account."""
    owned = _accounts_by_person(session, {visitor.person_id or 0}).get(visitor.person_id or 0, [])
    return owned[0].subject if owned else ""
