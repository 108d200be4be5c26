"""Reading roll-calls: for whoever fills one in, and for whoever is named in one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from lms.directory import addresses
from lms.directory.access_models import Endpoint
from lms.directory.models import Affiliation, Organisation, Person
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.meetings.access import ROLL_CALL_DAYS, led
from lms.meetings.attendance_models import HeadCount, RosterEntry
from lms.meetings.models import Connection, Meeting
from lms.schedule.models import Occurrence, Status
from lms.statements import fetch, once

MOST_OF_A_CENTRE = 500


@dataclass(frozen=True, slots=True)
class RollCallRow:
    """A person of the centre, or somebody listed by name. `state` is empty for who is not listed."""

    person_id: int | None
    entry_id: int | None
    name: str
    listed: bool
    state: str
    present_from: datetime | None
    present_to: datetime | None
    reachable: bool
    """Whether they can confirm it themselves: they have an account or an address."""


@dataclass(frozen=True, slots=True)
class RollCall:
    """The roll-call of one organisation's room at one occurrence."""

    occurrence: Occurrence
    organisation: Organisation
    rows: tuple[RollCallRow, ...]
    head_count: int | None

    @property
    def listed(self) -> int:
        """How many are listed by name."""
        return sum(row.listed for row in self.rows)


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """Somebody said that the reader was in a room."""

    entry_id: int
    slug: str
    title: str
    title_en: str
    starts_at: datetime
    zone: str
    organisation_uk: str
    organisation_en: str
    state: str


@dataclass(frozen=True, slots=True)
class ToFill:
    """A room of a centre was connected, and nobody has said yet who sat in it."""

    slug: str
    title: str
    title_en: str
    starts_at: datetime
    zone: str
    organisation_id: int
    organisation_uk: str
    organisation_en: str


def state_of(entry: RosterEntry) -> str:
    """`denied`, `confirmed` (by themselves), `vouched` (by somebody else), or `waiting`."""
    if entry.denied_at is not None:
        return "denied"
    if entry.confirmed_at is None:
        return "waiting"
    return "confirmed" if entry.person_id and entry.confirmed_by == f"person:{entry.person_id}" else "vouched"


def people_of_centre(session: Session, occurrence: Occurrence, organisation_id: int) -> Sequence[Person]:
    """Who works at an organisation, by name: not only who did on that day, since many are entered afterwards."""
    day = occurrence.starts_at.astimezone(ZoneInfo(occurrence.zone)).date()
    works = select(Affiliation.person_id).where(
        Affiliation.organisation_id == organisation_id,
        or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
    )
    return session.scalars(
        select(Person)
        .where(Person.id.in_(works), Person.merged_into_id.is_(None))
        .order_by(Person.family_name, Person.given_name, Person.id)
        .limit(MOST_OF_A_CENTRE)
    ).all()


def roll_call(session: Session, occurrence: Occurrence, organisation_id: int) -> RollCall:
    """Who could have been there, and who is listed. Raises `NotFound` (organisation_unknown)."""
    home = session.get(Organisation, organisation_id)
    if home is None:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisation")
    entries = session.scalars(
        select(RosterEntry)
        .where(
            RosterEntry.occurrence_id == occurrence.id,
            RosterEntry.organisation_id == organisation_id,
            RosterEntry.removed_at.is_(None),
        )
        .order_by(RosterEntry.id)
    ).all()
    by_person = {entry.person_id: entry for entry in entries if entry.person_id is not None}
    people = list(people_of_centre(session, occurrence, organisation_id))
    missing = by_person.keys() - {person.id for person in people}
    people += session.scalars(select(Person).where(Person.id.in_(missing)).order_by(Person.family_name)).all()
    reached = addresses.of_people(session, [person.id for person in people])
    rows = [_row(by_person.get(person.id), person, reachable=person.id in reached) for person in people]
    rows += [_row(entry, None, reachable=False) for entry in entries if entry.person_id is None]
    heads = latest_head_count(session, occurrence.id, organisation_id)
    return RollCall(occurrence, home, tuple(rows), heads.people if heads else None)


def latest_head_count(session: Session, occurrence_id: int, organisation_id: int) -> HeadCount | None:
    """What was said last."""
    return session.scalar(
        select(HeadCount)
        .where(HeadCount.occurrence_id == occurrence_id, HeadCount.organisation_id == organisation_id)
        .order_by(HeadCount.id.desc())
        .limit(1)
    )


def to_confirm(
    session: Session, person_id: int, *, occurrence_id: int | None = None, limit: int = 20
) -> list[ToConfirm]:
    """What the person has not answered yet, latest first; all entries about them when an occurrence is named."""
    return [_to_confirm(*row) for row in session.execute(*_about(person_id, occurrence_id, limit))]


@once
def _about(person_id: int, occurrence_id: int | None, limit: int) -> Select[RosterEntry, Occurrence, Organisation]:
    query = (
        select(RosterEntry, Occurrence, Organisation)
        .join(Occurrence, Occurrence.id == RosterEntry.occurrence_id)
        .join(Organisation, Organisation.id == RosterEntry.organisation_id)
        .where(RosterEntry.person_id == person_id, RosterEntry.removed_at.is_(None))
        .order_by(Occurrence.starts_at.desc(), RosterEntry.id)
        .limit(limit)
    )
    if occurrence_id is None:
        return query.where(RosterEntry.confirmed_at.is_(None), RosterEntry.denied_at.is_(None))
    return query.where(RosterEntry.occurrence_id == occurrence_id)


def unconfirmed(person_id: int) -> ColumnElement[bool]:
    """SQL: whether there is something that the person has not answered."""
    mine = exists().where(RosterEntry.person_id == person_id, RosterEntry.removed_at.is_(None))
    return mine.where(RosterEntry.confirmed_at.is_(None), RosterEntry.denied_at.is_(None))


def one_to_confirm(session: Session, entry_id: int) -> tuple[ToConfirm, RosterEntry]:
    """The entry behind a link in a mail. Raises `NotFound`."""
    row = session.execute(
        select(RosterEntry, Occurrence, Organisation)
        .join(Occurrence, Occurrence.id == RosterEntry.occurrence_id)
        .join(Organisation, Organisation.id == RosterEntry.organisation_id)
        .where(RosterEntry.id == entry_id)
    ).one_or_none()
    if row is None:
        raise NotFound("link_unknown", "This link is not known. Check that it was copied whole.")
    return _to_confirm(row[0], row[1], row[2]), row[0]


def to_fill(session: Session, visitor: Visitor, now: datetime, limit: int = 5) -> list[ToFill]:
    """What is on or was held within `ROLL_CALL_DAYS` with a led centre's room connected, and has no roll-call yet."""
    homes = led(visitor)
    if not homes:
        return []
    rooms = _endpoint_identities(session, homes)
    if not rooms:
        return []
    connected = (
        select(Meeting.occurrence_id, Connection.identity)
        .join(Meeting, Meeting.id == Connection.meeting_id)
        .join(Occurrence, Occurrence.id == Meeting.occurrence_id)
        .where(Connection.identity.in_(rooms), _recent(now))
        .distinct()
    )
    pairs = {(number, rooms[identity]) for number, identity in session.execute(connected) if number}
    filled = select(RosterEntry.occurrence_id, RosterEntry.organisation_id).where(
        RosterEntry.occurrence_id.in_({number for number, _ in pairs}), RosterEntry.removed_at.is_(None)
    )
    pairs -= set(session.execute(filled).all())
    occurrences = session.scalars(select(Occurrence).where(Occurrence.id.in_({number for number, _ in pairs})))
    found = {each.id: each for each in occurrences}
    centres = session.scalars(select(Organisation).where(Organisation.id.in_({home for _, home in pairs})))
    names = {each.id: each for each in centres}
    waiting = [
        ToFill(
            one.slug, one.title, one.title_en, one.starts_at, one.zone, home, names[home].name_uk, names[home].name_en
        )
        for one, home in ((found[number], home) for number, home in pairs)
    ]
    return sorted(waiting, key=lambda each: (each.starts_at, each.organisation_id), reverse=True)[:limit]


def _endpoint_identities(session: Session, homes: Collection[int]) -> dict[str, int]:
    return {f"endpoint:{number}": home for number, home in fetch(session, *_endpoints_of(homes))}


@once
def _endpoints_of(homes: Collection[int]) -> Select[int, int]:
    return select(Endpoint.id, Endpoint.organisation_id).where(Endpoint.organisation_id.in_(homes))


def _recent(now: datetime) -> ColumnElement[bool]:
    ended = and_(
        Occurrence.status.in_([Status.ENDED, Status.ARCHIVED]),
        Occurrence.ends_at > now - timedelta(days=ROLL_CALL_DAYS),
    )
    return or_(Occurrence.status == Status.LIVE, ended)


def _row(entry: RosterEntry | None, person: Person | None, *, reachable: bool) -> RollCallRow:
    return RollCallRow(
        person_id=person.id if person else None,
        entry_id=entry.id if entry else None,
        name=_full_name(person) if person else entry.name if entry else "",
        listed=entry is not None,
        state=state_of(entry) if entry else "",
        present_from=entry.present_from if entry else None,
        present_to=entry.present_to if entry else None,
        reachable=reachable,
    )


def _full_name(person: Person) -> str:
    return " ".join(part for part in (person.family_name, person.given_name, person.patronymic) if part)


def _to_confirm(entry: RosterEntry, occurrence: Occurrence, home: Organisation) -> ToConfirm:
    return ToConfirm(
        entry.id,
        occurrence.slug,
        occurrence.title,
        occurrence.title_en,
        occurrence.starts_at,
        occurrence.zone,
        home.name_uk,
        home.name_en,
        state_of(entry),
    )
