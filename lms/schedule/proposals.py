"""Whom an organiser might invite: proposed by part, equipment, region, kind and what people follow, each with reasons.

Nothing is sent from here: the organiser sees the list, ticks, and invites (`lms.schedule.invitations`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from lms.directory import addresses
from lms.directory.models import Affiliation, Membership, Organisation, OrganisationKind, OrganisationStatus, Person
from lms.directory.register_models import Capability, CapabilityKind, SubscriptionKind
from lms.directory.rules import Visitor
from lms.schedule.audience_models import Invitation
from lms.schedule.following import followers_of
from lms.schedule.invitations import leads_of
from lms.schedule.models import Occurrence, OccurrenceParty
from lms.schedule.plan_models import Topic
from lms.schedule.protection import may_be_found

MOST = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the organiser looks for. Empty fields do not narrow; without any, its parties are proposed."""

    capabilities: tuple[str, ...] = ()
    oblast: str = ""
    kind: OrganisationKind | None = None
    followers: bool = False
    search: str = ""

    @property
    def narrows(self) -> bool:
        """Whether organisations are looked for."""
        return bool(self.capabilities or self.oblast or self.kind)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is proposed: `part`, `capability`, `kind`, `search`, or a subscription's kind."""

    code: str
    uk: str = ""
    en: str = ""


@dataclass(slots=True)
class Proposal:
    """An organisation or a person; `target` is how a form names it, `organisation:5`."""

    target: str
    name_uk: str
    name_en: str
    reachable: bool
    invited: bool
    reasons: list[Reason] = field(default_factory=list)


def capability_kinds(session: Session) -> list[CapabilityKind]:
    """What can be looked for, in the order of the list."""
    return list(session.scalars(select(CapabilityKind).order_by(CapabilityKind.position, CapabilityKind.code)))


def oblasts(session: Session) -> list[str]:
    """The oblasts in which there is somebody to invite."""
    alive = Organisation.status != OrganisationStatus.CLOSED
    return sorted(session.scalars(select(Organisation.oblast).where(Organisation.oblast != "", alive).distinct()))


def proposals(
    session: Session, visitor: Visitor, occurrence: Occurrence, wanted: Wanted, now: datetime
) -> list[Proposal]:
    """Organisations first, then people, by name; at most `MOST`. A constant number of queries."""
    day = now.date()
    homes = _organisations(session, occurrence, wanted, day)
    allowed = may_be_found(visitor, day)
    people = _followers(session, occurrence, allowed) if wanted.followers else {}
    if wanted.search.strip():
        for number, person in _searched(session, wanted.search, allowed).items():
            known = people.setdefault(number, (person, []))
            known[1].append(Reason("search"))
    return [
        *_homes_as_proposals(session, occurrence, homes, now),
        *_people_as_proposals(session, occurrence, people, day),
    ]


def _organisations(
    session: Session, occurrence: Occurrence, wanted: Wanted, day: date
) -> dict[int, tuple[Organisation, list[Reason]]]:
    parties = select(OccurrenceParty.organisation_id).where(OccurrenceParty.occurrence_id == occurrence.id)
    by_part: ColumnElement[bool] = false() if wanted.narrows or wanted.search.strip() else Organisation.id.in_(parties)
    sought: list[ColumnElement[bool]] = []
    in_force = and_(Capability.from_date <= day, or_(Capability.to_date.is_(None), Capability.to_date > day))
    for code in wanted.capabilities:
        has = select(Capability.organisation_id).where(Capability.code == code, in_force)
        sought.append(Organisation.id.in_(has))
    if wanted.oblast:
        sought.append(Organisation.oblast == wanted.oblast)
    if wanted.kind is not None:
        sought.append(Organisation.kind == wanted.kind)
    member = select(Membership.organisation_id).where(
        Membership.from_date <= day, or_(Membership.to_date.is_(None), Membership.to_date > day)
    )
    words = wanted.search.split()[:5]
    named = [Organisation.name_uk.icontains(word, autoescape=True) for word in words]
    by_wish = and_(*sought, *named, Organisation.id.in_(member)) if sought else false()
    by_name = and_(*named) if named and not sought else false()
    rows = session.scalars(
        select(Organisation)
        .where(
            or_(by_part, by_wish, by_name),
            Organisation.status.in_((OrganisationStatus.ACTIVE, OrganisationStatus.RELOCATED)),
            Organisation.merged_into_id.is_(None),
        )
        .order_by(Organisation.name_uk, Organisation.id)
        .limit(MOST)
    ).all()
    kinds = {each.code: each for each in session.scalars(select(CapabilityKind))} if wanted.capabilities else {}
    taking_part = set(session.scalars(parties))
    found: dict[int, tuple[Organisation, list[Reason]]] = {}
    for home in rows:
        reasons = [Reason("part")] if home.id in taking_part else []
        if wanted.narrows:
            reasons += [Reason("capability", kinds[code].name_uk, kinds[code].name_en) for code in wanted.capabilities]
            reasons += [Reason("oblast", home.oblast, home.oblast)] if wanted.oblast else []
            reasons += [Reason("kind")] if wanted.kind is not None else []
        if words:
            reasons.append(Reason("search"))
        found[home.id] = (home, reasons)
    return found


def _followers(
    session: Session, occurrence: Occurrence, allowed: ColumnElement[bool]
) -> dict[int, tuple[Person, list[Reason]]]:
    matching = followers_of(session, occurrence)[: 2 * MOST]
    names = {each.id: (each.name_uk, each.name_en) for each in session.scalars(select(Topic))}
    people = _people(session, {person for person, _, _ in matching}, allowed)
    found: dict[int, tuple[Person, list[Reason]]] = {}
    for number, kind, target in matching:
        if number not in people:
            continue
        uk, en = names.get(int(target), ("", "")) if kind is SubscriptionKind.TOPIC else (target, target)
        shown = (uk, en) if kind in (SubscriptionKind.TOPIC, SubscriptionKind.OBLAST) else ("", "")
        found.setdefault(number, (people[number], []))[1].append(Reason(kind.value, *shown))
    return found


def _searched(session: Session, search: str, allowed: ColumnElement[bool]) -> dict[int, Person]:
    query = select(Person).where(Person.merged_into_id.is_(None), allowed)
    for word in search.split()[:5]:
        at_home = (
            select(Affiliation.person_id)
            .join(Organisation, Organisation.id == Affiliation.organisation_id)
            .where(Organisation.name_uk.icontains(word, autoescape=True), Affiliation.to_date.is_(None))
        )
        query = query.where(
            or_(
                Person.family_name.icontains(word, autoescape=True),
                Person.given_name.icontains(word, autoescape=True),
                Person.id.in_(at_home),
            )
        )
    rows = session.scalars(query.order_by(Person.family_name, Person.given_name, Person.id).limit(50))
    return {each.id: each for each in rows}


def _people(session: Session, numbers: Collection[int], allowed: ColumnElement[bool]) -> dict[int, Person]:
    rows = session.scalars(select(Person).where(Person.id.in_(numbers), Person.merged_into_id.is_(None), allowed))
    return {each.id: each for each in rows}


def _homes_as_proposals(
    session: Session, occurrence: Occurrence, homes: dict[int, tuple[Organisation, list[Reason]]], now: datetime
) -> Iterable[Proposal]:
    leads = leads_of(session, homes, now)
    invited = _invited(session, occurrence.id, Invitation.organisation_id)
    for home, reasons in homes.values():
        reachable = bool(home.email or leads.get(home.id))
        yield Proposal(f"organisation:{home.id}", home.name_uk, home.name_en, reachable, home.id in invited, reasons)


def _people_as_proposals(
    session: Session, occurrence: Occurrence, people: dict[int, tuple[Person, list[Reason]]], day: date
) -> Iterable[Proposal]:
    known = addresses.of_people(session, set(people))
    invited = _invited(session, occurrence.id, Invitation.person_id)
    places = _places(session, set(people), day)
    for number, (person, reasons) in sorted(people.items(), key=lambda each: each[1][0].family_name):
        place = places.get(number)
        name = person.display_name
        uk = f"{name}, {place.name_uk}" if place else name
        en = f"{person.latin_name or name}, {place.name_en or place.name_uk}" if place else person.latin_name or name
        yield Proposal(f"person:{number}", uk, en, number in known, number in invited, reasons)


def _places(session: Session, people: Collection[int], day: date) -> dict[int, Organisation]:
    rows = session.execute(
        select(Affiliation.person_id, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_(people),
            Affiliation.from_date <= day,
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
        )
        .order_by(Affiliation.id.desc())
    )
    return {each[0]: each[1] for each in rows}


def _invited(session: Session, occurrence_id: int, column: object) -> set[int]:
    rows = session.scalars(
        select(column).where(  # type: ignore[call-overload]
            Invitation.occurrence_id == occurrence_id, Invitation.withdrawn_at.is_(None)
        )
    )
    return {number for number in rows if number is not None}
