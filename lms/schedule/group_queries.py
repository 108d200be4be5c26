"""Reading group work: for its page, for the doors of its rooms, and for the node that holds them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from lms.directory.access_models import Endpoint
from lms.directory.models import Affiliation, Organisation, Person
from lms.directory.rules import Visitor
from lms.schedule import protection
from lms.schedule.audience_models import Invitation, Registration, RegistrationState, Seat
from lms.schedule.group_models import Group, GroupMember, GroupWork
from lms.schedule.group_rules import MOST_PEOPLE, Somebody, is_open, meeting_name, numbers_in
from lms.schedule.models import GuestLink, Occurrence, OccurrenceParty, Part, Speaker


@dataclass(frozen=True, slots=True)
class MemberCard:
    """Somebody who can be put into a group. `group` is its number, None for nobody's."""

    key: str
    name: str
    organisation_id: int | None
    organisation_uk: str
    organisation_en: str
    group: int | None

    @property
    def somebody(self) -> Somebody:
        """As the rules have them."""
        return Somebody(self.key, self.organisation_id)


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group."""

    number: int
    name: str
    task: str
    members: tuple[MemberCard, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupsView:
    """The group work of an occurrence, whole."""

    choose: bool
    seed: str
    opened: bool
    closes_at: datetime | None
    groups: tuple[GroupCard, ...]
    people: tuple[MemberCard, ...]
    """Everybody who can be put into a group, by name."""

    @property
    def unassigned(self) -> list[MemberCard]:
        """Who has no group."""
        return [one for one in self.people if one.group is None]


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A group as its node has to know it."""

    number: int
    meeting: str
    name: str
    task: str
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupDoor:
    """What the rules need at the door of a group, for one visitor."""

    known: bool
    opened: bool
    choose: bool
    own: int | None


@dataclass(frozen=True, slots=True)
class EarlierGroups:
    """An earlier occurrence of the same series that had groups."""

    slug: str
    title: str
    title_en: str
    starts_at: datetime
    groups: int


def view(session: Session, occurrence_id: int, now: datetime, present: Collection[str] = ()) -> GroupsView:
    """The page's data. `present` are identities of who is in the meeting now: they can be put into groups as well."""
    work = session.get(GroupWork, occurrence_id)
    rows = session.scalars(select(Group).where(Group.occurrence_id == occurrence_id).order_by(Group.number)).all()
    numbers = {row.id: row.number for row in rows}
    members = session.scalars(select(GroupMember).where(GroupMember.occurrence_id == occurrence_id)).all()
    placed = {key_of(one): numbers[one.group_id] for one in members}
    people = _people(session, occurrence_id, now, placed, present)
    return GroupsView(
        choose=work.choose if work else False,
        seed=work.seed if work else "",
        opened=bool(work and is_open(work.opened_at, work.closes_at, now)),
        closes_at=work.closes_at if work else None,
        groups=tuple(
            GroupCard(row.number, row.name, row.task, tuple(one for one in people if one.group == row.number))
            for row in rows
        ),
        people=tuple(people),
    )


def rooms(session: Session, occurrence: Occurrence) -> list[RoomFacts]:
    """The groups with the identities that their members have in a meeting."""
    groups = session.scalars(select(Group).where(Group.occurrence_id == occurrence.id).order_by(Group.number)).all()
    members = session.scalars(select(GroupMember).where(GroupMember.occurrence_id == occurrence.id)).all()
    devices: dict[int, list[str]] = {}
    homes = {one.organisation_id for one in members if one.organisation_id is not None}
    endpoints = select(Endpoint.id, Endpoint.organisation_id).where(
        Endpoint.organisation_id.in_(homes), Endpoint.revoked_at.is_(None)
    )
    for number, home in session.execute(endpoints.order_by(Endpoint.id)):
        devices.setdefault(home, []).append(f"endpoint:{number}")
    found: dict[int, list[str]] = {group.id: [] for group in groups}
    for one in sorted(members, key=lambda each: each.id):
        found[one.group_id] += (
            devices.get(one.organisation_id, []) if one.organisation_id is not None else [key_of(one)]
        )
    return [
        RoomFacts(
            group.number,
            meeting_name(occurrence.meeting, group.number),
            group.name,
            group.task,
            tuple(found[group.id]),
        )
        for group in groups
    ]


def door(session: Session, visitor: Visitor, occurrence_id: int, number: int, now: datetime) -> GroupDoor:
    """A group's door, for one visitor."""
    work = session.get(GroupWork, occurrence_id)
    known = select(Group.id).where(Group.occurrence_id == occurrence_id, Group.number == number)
    mine = own_group(session, visitor, occurrence_id)
    return GroupDoor(
        known=session.scalar(known) is not None,
        opened=bool(work and is_open(work.opened_at, work.closes_at, now)),
        choose=bool(work and work.choose),
        own=mine.number if mine else None,
    )


def own_group(session: Session, visitor: Visitor, occurrence_id: int) -> GroupCard | None:
    """The group to which the visitor belongs; an endpoint belongs where its organisation does."""
    query = (
        select(Group)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.occurrence_id == occurrence_id, _mine(visitor))
    )
    found = session.scalars(query.limit(1)).first()
    return GroupCard(found.number, found.name, found.task) if found else None


def with_me(session: Session, occurrence_id: int, number: int, now: datetime) -> tuple[MemberCard, ...]:
    """The members of one group who are named to the others in it."""
    if protection.of(session, occurrence_id).hide_names:
        return ()
    found = next((one.members for one in view(session, occurrence_id, now).groups if one.number == number), ())
    veiled = protection.veiled_keys(session, occurrence_id, [one.key for one in found], now)
    return tuple(one for one in found if one.key not in veiled)


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether an occurrence has any."""
    return exists().where(Group.occurrence_id == occurrence_id)


def has_groups(session: Session, occurrence_id: int) -> bool:
    """Whether there are any."""
    return session.scalar(select(Group.id).where(Group.occurrence_id == occurrence_id).limit(1)) is not None


def earlier(session: Session, occurrence_id: int) -> list[EarlierGroups]:
    """Occurrences of the same series with groups, before this one, the latest first."""
    this = session.get_one(Occurrence, occurrence_id)
    if this.series_id is None:
        return []
    rows = session.scalars(
        select(Occurrence)
        .where(
            Occurrence.series_id == this.series_id,
            Occurrence.starts_at < this.starts_at,
            select(Group.id).where(Group.occurrence_id == Occurrence.id).exists(),
        )
        .order_by(Occurrence.starts_at.desc())
        .limit(12)
    ).all()
    counts: dict[int, int] = {}
    for number in session.scalars(select(Group.occurrence_id).where(Group.occurrence_id.in_([one.id for one in rows]))):
        counts[number] = counts.get(number, 0) + 1
    return [EarlierGroups(one.slug, one.title, one.title_en, one.starts_at, counts[one.id]) for one in rows]


def key_of(member: GroupMember) -> str:
    """`person:12`, `organisation:3` or `guest:7`."""
    if member.person_id is not None:
        return f"person:{member.person_id}"
    if member.organisation_id is not None:
        return f"organisation:{member.organisation_id}"
    return f"guest:{member.guest_link_id}"


def _mine(visitor: Visitor) -> ColumnElement[bool]:
    if visitor.person_id is not None:
        return GroupMember.person_id == visitor.person_id
    if visitor.endpoint_id is not None:
        return GroupMember.organisation_id == visitor.organisation_id
    if visitor.guest_link_id is not None:
        return GroupMember.guest_link_id == visitor.guest_link_id
    return false()


def _people(
    session: Session, occurrence_id: int, now: datetime, placed: dict[str, int], present: Collection[str]
) -> list[MemberCard]:
    """Whoever has a seat, was invited, speaks, holds a personal link, is there now, or has a group already."""
    keys = {*placed, *(key for key in present if key.startswith(("person:", "guest:")))}
    people, homes = numbers_in(keys, "person"), numbers_in(keys, "organisation")
    links = numbers_in(keys, "guest")
    seated = session.scalars(
        select(Registration).where(
            Registration.occurrence_id == occurrence_id, Registration.state == RegistrationState.CONFIRMED
        )
    )
    for seat in seated:
        if seat.person_id is not None and seat.seat is not Seat.VIEWER:
            people.add(seat.person_id)
        elif seat.seat is Seat.ROOM and seat.organisation_id is not None:
            homes.add(seat.organisation_id)
    asked = select(Invitation.person_id, Invitation.organisation_id).where(
        Invitation.occurrence_id == occurrence_id, Invitation.withdrawn_at.is_(None)
    )
    for person_id, organisation_id in session.execute(asked):
        if person_id is not None:
            people.add(person_id)
        elif organisation_id is not None:
            homes.add(organisation_id)
    speaks = select(Speaker.person_id).where(Speaker.occurrence_id == occurrence_id, Speaker.person_id.is_not(None))
    people |= {number for number in session.scalars(speaks) if number is not None}
    takes_part = select(OccurrenceParty.organisation_id).where(
        OccurrenceParty.occurrence_id == occurrence_id, OccurrenceParty.part == Part.PARTICIPANT
    )
    homes |= set(session.scalars(takes_part))
    devices = select(Endpoint.organisation_id).where(
        Endpoint.id.in_(numbers_in(present, "endpoint")), Endpoint.revoked_at.is_(None)
    )
    homes |= set(session.scalars(devices))
    open_links = select(GuestLink).where(
        or_(
            GuestLink.id.in_(links),
            and_(GuestLink.occurrence_id == occurrence_id, GuestLink.revoked_at.is_(None)),
        )
    )
    cards = [
        *_person_cards(session, people, now, placed),
        *_organisation_cards(session, homes, placed),
        *(
            MemberCard(f"guest:{one.id}", one.name, None, one.organisation, "", placed.get(f"guest:{one.id}"))
            for one in session.scalars(open_links)
        ),
    ]
    return sorted(cards, key=lambda one: (one.organisation_uk, one.name, one.key))[:MOST_PEOPLE]


def _person_cards(session: Session, numbers: set[int], now: datetime, placed: dict[str, int]) -> list[MemberCard]:
    found = session.scalars(select(Person).where(Person.id.in_(numbers), Person.merged_into_id.is_(None))).all()
    today = now.date()
    works = session.execute(
        select(Affiliation.person_id, Organisation.id, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_([one.id for one in found]),
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > today),
        )
        .order_by(Affiliation.id.desc())
    )
    homes = {person_id: (number, uk, en) for person_id, number, uk, en in works}
    cards = []
    for one in found:
        home, uk, en = homes.get(one.id, (None, "", ""))
        key = f"person:{one.id}"
        cards.append(MemberCard(key, one.display_name, home, uk, en, placed.get(key)))
    return cards


def _organisation_cards(session: Session, numbers: set[int], placed: dict[str, int]) -> list[MemberCard]:
    found = session.scalars(select(Organisation).where(Organisation.id.in_(numbers)))
    return [
        MemberCard(f"organisation:{one.id}", "", one.id, one.name_uk, one.name_en, placed.get(f"organisation:{one.id}"))
        for one in found
    ]
