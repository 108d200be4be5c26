"""What attendance of one occurrence is counted from, gathered in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from lms.directory.access_models import Endpoint
from lms.directory.models import Affiliation, Organisation, Person
from lms.meetings.attendance_models import RosterEntry
from lms.meetings.models import Connection, Meeting, MeetingEvent
from lms.meetings.presence import Opening, Plan
from lms.meetings.projection import SILENT
from lms.meetings.rules import Period, union
from lms.schedule.group_rules import parse_meeting
from lms.schedule.models import Occurrence


@dataclass(slots=True)
class Subject:
    """Somebody (or a room) as the connections and the roster know them."""

    name: str
    person_id: int | None = None
    organisation_id: int | None = None
    organisation: str = ""
    role: str = ""
    own: list[Period] = field(default_factory=list)
    entries: list[RosterEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that was told about one occurrence. `rooms`: when each organisation's endpoints were connected."""

    openings: list[Opening]
    plan: Plan
    rooms: dict[int, list[Period]]
    subjects: dict[str, Subject]


def gather(session: Session, occurrence: Occurrence) -> Evidence:
    """Read connections, announcements and the roster of an occurrence."""
    meetings = session.scalars(
        select(Meeting)
        .where(Meeting.occurrence_id == occurrence.id)
        .options(selectinload(Meeting.connections))
        .order_by(Meeting.opened_at, Meeting.id)
        .execution_options(populate_existing=True)
    ).all()
    entries = session.scalars(
        select(RosterEntry).where(RosterEntry.occurrence_id == occurrence.id, RosterEntry.removed_at.is_(None))
    ).all()
    connections = [each for meeting in meetings for each in meeting.connections]
    return Evidence(
        openings=_openings(session, meetings),
        plan=Plan(occurrence.starts_at, occurrence.ends_at, occurrence.began_at, occurrence.ended_at),
        rooms=_rooms(session, connections),
        subjects=_subjects(session, connections, entries, occurrence),
    )


def _openings(session: Session, held: Sequence[Meeting]) -> list[Opening]:
    """A host may begin again what was ended: the events know every begin and end, the meeting's row only the outer.

    Groups are no openings of their own: what was seen in them belongs to the opening of the main room at that time.
    """
    meetings = [each for each in held if not _is_group(each)]
    groups = [each for each in held if _is_group(each)]
    told: dict[str, list[MeetingEvent]] = {}
    events = select(MeetingEvent).where(
        MeetingEvent.opening.in_([each.opening for each in meetings]), MeetingEvent.kind.in_(["began", "ended"])
    )
    for event in session.scalars(events.order_by(MeetingEvent.sequence, MeetingEvent.id)):
        told.setdefault(event.opening, []).append(event)
    until = [each.opened_at for each in meetings[1:]] + [datetime.max.replace(tzinfo=UTC)]
    return [
        _opening(each, told.get(each.opening, []), [one for one in groups if each.opened_at <= one.opened_at < end])
        for each, end in zip(meetings, until, strict=False)
    ]


def _is_group(meeting: Meeting) -> bool:
    return parse_meeting(meeting.name)[1] is not None


def _opening(meeting: Meeting, told: list[MeetingEvent], groups: Sequence[Meeting]) -> Opening:
    announced: list[tuple[datetime, datetime | None]] = []
    for event in told:
        running = bool(announced) and announced[-1][1] is None
        if event.kind == "began" and not running:
            announced.append((event.at, None))
        elif event.kind == "ended" and running:
            announced[-1] = (announced[-1][0], event.at)
    connections = [each for one in (meeting, *groups) for each in one.connections]
    seen = [each.left_at or each.last_seen_at for each in connections if meeting.closed_at is None]
    seen += [each.left_at or each.last_seen_at for one in groups for each in one.connections]
    seen += [meeting.closed_at] if meeting.closed_at is not None else []
    return Opening(
        announced,
        meeting.opened_at,
        max(seen, default=meeting.opened_at),
        died=any(each.reason == SILENT for each in connections),
    )


def period_of(connection: Connection) -> Period:
    """Half-open. What is still open ends when the node's last heartbeat saw it."""
    return connection.joined_at, connection.left_at or connection.last_seen_at


def _rooms(session: Session, connections: Iterable[Connection]) -> dict[int, list[Period]]:
    periods: dict[int, list[Period]] = {}
    for each in connections:
        kind, _, number = each.identity.partition(":")
        if kind == "endpoint" and number.isdecimal():
            periods.setdefault(int(number), []).append(period_of(each))
    homes = session.execute(select(Endpoint.id, Endpoint.organisation_id).where(Endpoint.id.in_(periods)))
    rooms: dict[int, list[Period]] = {}
    for endpoint_id, organisation_id in homes:
        rooms[organisation_id] = union([*rooms.get(organisation_id, ()), *periods[endpoint_id]])
    return rooms


def _subjects(
    session: Session, connections: Sequence[Connection], entries: Sequence[RosterEntry], occurrence: Occurrence
) -> dict[str, Subject]:
    people = _people(
        session, {*_numbers(connections, "person"), *(each.person_id for each in entries if each.person_id)}
    )
    homes = _homes(session, {person.id for person in people.values()}, occurrence)
    devices = _devices(session, _numbers(connections, "endpoint"))
    names = _organisation_names(session, {each.organisation_id for each in entries})
    found: dict[str, Subject] = {}
    for each in sorted(connections, key=lambda one: one.joined_at):
        key, subject = _connected(found, each, people, homes, devices)
        subject.own.append(period_of(each))
        subject.role = each.role
        found[key] = subject
    for entry in entries:
        key, subject = _listed(found, entry, people, homes, names)
        subject.entries.append(entry)
        found[key] = subject
    return found


def _connected(
    found: dict[str, Subject],
    each: Connection,
    people: dict[int, Person],
    homes: dict[int, list[Organisation]],
    devices: dict[int, tuple[Endpoint, Organisation]],
) -> tuple[str, Subject]:
    kind, _, number = each.identity.partition(":")
    if kind == "person" and number.isdecimal() and int(number) in people:
        person = people[int(number)]
        key = f"person:{person.id}"
        return key, found.get(key) or _person(person, homes)
    key = each.identity
    if kind == "endpoint" and number.isdecimal() and int(number) in devices:
        device, home = devices[int(number)]
        return key, found.get(key) or Subject(device.label, None, home.id, home.name_uk)
    return key, found.get(key) or Subject(each.name, organisation=each.organisation)


def _listed(
    found: dict[str, Subject],
    entry: RosterEntry,
    people: dict[int, Person],
    homes: dict[int, list[Organisation]],
    names: dict[int, str],
) -> tuple[str, Subject]:
    room = names.get(entry.organisation_id, "")
    if entry.person_id is None or entry.person_id not in people:
        return f"named:{entry.id}", Subject(entry.name, None, entry.organisation_id, room)
    person = people[entry.person_id]
    key = f"person:{person.id}"
    subject = found.get(key) or _person(person, homes)
    works_there = entry.organisation_id in {home.id for home in homes.get(person.id, ())}
    if works_there or subject.organisation_id is None:
        subject.organisation_id, subject.organisation = entry.organisation_id, room
    return key, subject


def _person(person: Person, homes: dict[int, list[Organisation]]) -> Subject:
    home = next(iter(homes.get(person.id, ())), None)
    return Subject(person.display_name, person.id, home.id if home else None, home.name_uk if home else "")


def _numbers(connections: Iterable[Connection], kind: str) -> set[int]:
    parts = (each.identity.partition(":") for each in connections)
    return {int(number) for found, _, number in parts if found == kind and number.isdecimal()}


def _people(session: Session, numbers: Collection[int]) -> dict[int, Person]:
    """By number; who was merged into another person is that person."""
    found: dict[int, Person] = {}
    wanted = set(numbers)
    while wanted:
        rows = session.scalars(select(Person).where(Person.id.in_(wanted))).all()
        found |= {row.id: row for row in rows}
        wanted = {row.merged_into_id for row in rows if row.merged_into_id is not None} - found.keys()
    return {number: _survivor(found, number) for number in numbers if number in found}


def _survivor(found: dict[int, Person], number: int) -> Person:
    person, passed = found[number], {number}
    while person.merged_into_id in found and person.merged_into_id not in passed:
        passed.add(person.merged_into_id)
        person = found[person.merged_into_id]
    return person


def _homes(session: Session, people_ids: Collection[int], occurrence: Occurrence) -> dict[int, list[Organisation]]:
    """Where each of them worked on the occurrence's day; who was entered in the directory later, where since then."""
    day = occurrence.starts_at.astimezone(ZoneInfo(occurrence.zone)).date()
    rows = session.execute(
        select(Affiliation.person_id, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_(people_ids),
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
        )
        .order_by(Affiliation.from_date > day, Affiliation.id)
    )
    homes: dict[int, list[Organisation]] = {}
    for person_id, home in rows:
        homes.setdefault(person_id, []).append(home)
    return homes


def _devices(session: Session, numbers: Collection[int]) -> dict[int, tuple[Endpoint, Organisation]]:
    rows = session.execute(
        select(Endpoint, Organisation)
        .join(Organisation, Organisation.id == Endpoint.organisation_id)
        .where(Endpoint.id.in_(numbers))
    )
    return {device.id: (device, home) for device, home in rows}


def _organisation_names(session: Session, numbers: Collection[int]) -> dict[int, str]:
    rows = session.execute(select(Organisation.id, Organisation.name_uk).where(Organisation.id.in_(numbers)))
    return dict(rows.all())
