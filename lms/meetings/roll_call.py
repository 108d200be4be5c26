"""The roll-call of a room: who sits behind an organisation's endpoint, entered by one, confirmed by each.

A change is a difference, not a whole list: the room's device and the centre's lead may fill it in at the same time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.directory import addresses
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound
from lms.meetings.access import may_enter
from lms.meetings.attendance_models import HeadCount, RosterEntry
from lms.meetings.roll_call_queries import latest_head_count, people_of_centre
from lms.meetings.sheets import mark_stale, sheet_of
from lms.notify.actions import enqueue
from lms.schedule.cards import facts_of
from lms.schedule.models import Occurrence
from lms.schedule.queries import visible_to
from lms.schedule.rules import may_edit

MOST_ENTRIES = 300
MOST_PEOPLE = 10_000
LETTER_AFTER = timedelta(minutes=10)
"""A name ticked by mistake can be unticked before anybody gets mail about it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody to be listed: a person of the centre, or only a name. Empty ends: as long as the endpoint was there."""

    person_id: int | None = None
    name: str = ""
    present_from: datetime | None = None
    present_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class RollCallChange:
    """What is changed: who is listed (again, with these times), which entries go, and the head-count if it was said."""

    seats: Collection[Seat] = ()
    removed: Collection[int] = ()
    """Numbers of entries."""
    head_count: int | None = None
    reason: str = ""
    vouch: Collection[int] = ()
    """Entries of people without an account or address, for whom a lead stands in."""


def held(session: Session, visitor: Visitor, *, slug: str = "", meeting: str = "") -> tuple[Occurrence, bool]:
    """The occurrence, and whether the visitor edits it. Raises `NotFound`."""
    wanted = Occurrence.slug == slug if slug else Occurrence.meeting == meeting
    found = session.scalar(
        select(Occurrence)
        .where(wanted, visible_to(visitor))
        .options(selectinload(Occurrence.parties), selectinload(Occurrence.speakers))
    )
    if found is None:
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    return found, may_edit(facts_of(found), visitor)


def save(
    session: Session,
    visitor: Visitor,
    occurrence: Occurrence,
    organisation_id: int,
    change: RollCallChange,
    now: datetime,
    *,
    editor: bool,
) -> None:
    """List people, take entries back, say how many heads. Doing it twice is doing it once.

    Raises what `may_enter` raises, `NotFound` (organisation_unknown) or `Invalid` (person_unknown, name_needed,
    times_swapped, heads_invalid, too_many_rows).
    """
    may_enter(occurrence, visitor, organisation_id, now, editor=editor, reason=change.reason)
    if session.get(Organisation, organisation_id) is None:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisation")
    sheet_of(session, occurrence.id)
    entries = _entries(session, occurrence.id, organisation_id)
    people = {seat.person_id for seat in change.seats if seat.person_id is not None}
    reached = addresses.of_people(session, people | {each.person_id for each in entries if each.person_id}).keys()
    listed = _list(session, visitor, occurrence, organisation_id, change, entries, now)
    removed = [entry.id for entry in entries if entry.id in change.removed and entry.removed_at is None]
    for entry in entries:
        if entry.id in removed:
            entry.removed_at = now
    seated = {entry.id for entry in listed} | set(change.vouch)
    for entry in entries:
        if entry.id in seated and entry.removed_at is None:
            _settle(session, entry, visitor, now, reachable=entry.person_id in reached)
    if sum(entry.removed_at is None for entry in entries) > MOST_ENTRIES:
        raise Invalid("too_many_rows", f"A roll-call holds at most {MOST_ENTRIES} people.")
    heads = _head_count(session, visitor, occurrence.id, organisation_id, change.head_count, now)
    session.flush()
    mark_stale(session, [occurrence.id])
    after = {
        "organisation": organisation_id,
        "listed": [entry.id for entry in listed],
        "removed": removed,
        "heads": heads,
        "reason": change.reason.strip()[:500],
    }
    record(session, visitor.actor, "roll_call.save", "occurrence", occurrence.id, now=now, after=after)


def answer(session: Session, person_id: int, entry_id: int, *, here: bool, via: str, now: datetime) -> RosterEntry:
    """The listed person says whether they were there. Saying the same again changes nothing.

    Raises `NotFound` (roll_call_entry_unknown: also somebody else's) or `Conflict` (roll_call_withdrawn).
    """
    entry = session.get(RosterEntry, entry_id)
    if entry is None or entry.person_id != person_id:
        raise NotFound("roll_call_entry_unknown", "There is no such entry of a roll-call about you.")
    sheet_of(session, entry.occurrence_id)
    session.refresh(entry)
    if entry.removed_at is not None:
        raise Conflict("roll_call_withdrawn", "The entry was taken back: nobody says any more that you were there.")
    actor = f"person:{person_id}"
    if here and entry.confirmed_at is not None and entry.confirmed_by == actor:
        return entry
    if not here and entry.denied_at is not None:
        return entry
    entry.confirmed_at, entry.confirmed_by = (now, actor) if here else (None, "")
    entry.denied_at = None if here else now
    session.flush()
    mark_stale(session, [entry.occurrence_id])
    verb = "roll_call.confirm" if here else "roll_call.deny"
    record(session, actor, verb, "roster_entry", entry.id, now=now, after={"via": via})
    return entry


def _entries(session: Session, occurrence_id: int, organisation_id: int) -> list[RosterEntry]:
    query = select(RosterEntry).where(
        RosterEntry.occurrence_id == occurrence_id, RosterEntry.organisation_id == organisation_id
    )
    return list(session.scalars(query.order_by(RosterEntry.id).execution_options(populate_existing=True)))


def _list(
    session: Session,
    visitor: Visitor,
    occurrence: Occurrence,
    organisation_id: int,
    change: RollCallChange,
    entries: list[RosterEntry],
    now: datetime,
) -> list[RosterEntry]:
    """The entries of everybody who is listed; new ones join `entries`."""
    known = {person.id for person in people_of_centre(session, occurrence, organisation_id)}
    known |= {entry.person_id for entry in entries if entry.person_id is not None}
    listed = []
    for seat in change.seats:
        entry = _seat(entries, occurrence, organisation_id, seat, known, visitor, now)
        if entry.id is None:
            session.add(entry)
            session.flush()
            entries.append(entry)
        listed.append(entry)
    return listed


def _settle(session: Session, entry: RosterEntry, visitor: Visitor, now: datetime, *, reachable: bool) -> None:
    """Whoever can be asked is asked; for the others a person stands in who signed in, never the device."""
    if entry.confirmed_at is not None or entry.denied_at is not None:
        return
    own = entry.person_id is not None and entry.person_id == visitor.person_id
    if own or (visitor.person_id is not None and not reachable):
        entry.confirmed_at, entry.confirmed_by = now, visitor.actor
    elif reachable:
        _ask(session, entry, now)


def _seat(
    entries: list[RosterEntry],
    occurrence: Occurrence,
    organisation_id: int,
    seat: Seat,
    known: set[int],
    visitor: Visitor,
    now: datetime,
) -> RosterEntry:
    """The entry for a seat: the one there is already, brought up to date, or a new one."""
    name = " ".join(seat.name.split())
    if seat.person_id is not None and seat.person_id not in known:
        raise Invalid("person_not_here", "This person does not work at this centre. Add the name instead.")
    if seat.person_id is None and not 1 <= len(name) <= 120:
        raise Invalid("name_needed", "A name of at most 120 characters is needed.", "names")
    if seat.present_from and seat.present_to and seat.present_from >= seat.present_to:
        raise Invalid("times_swapped", "Somebody left before they came: look at the times.", "times")
    found = next((entry for entry in entries if _same(entry, seat.person_id, name)), None)
    if found is None:
        found = RosterEntry(
            occurrence_id=occurrence.id,
            organisation_id=organisation_id,
            person_id=seat.person_id,
            name="" if seat.person_id else name,
            added_by=visitor.actor,
            added_at=now,
        )
    found.removed_at = None
    found.present_from, found.present_to = seat.present_from, seat.present_to
    return found


def _same(entry: RosterEntry, person_id: int | None, name: str) -> bool:
    """People by their number. Names alone by their letters: two of one name need something that tells them apart."""
    if person_id is not None:
        return entry.person_id == person_id
    return entry.person_id is None and entry.name.casefold() == name.casefold()


def _ask(session: Session, entry: RosterEntry, now: datetime) -> None:
    enqueue(
        session,
        f"presence:{entry.id}",
        "attendance.confirm",
        f"person:{entry.person_id}",
        {"entry": entry.id},
        now=now,
        due_at=now + LETTER_AFTER,
    )


def _head_count(
    session: Session, visitor: Visitor, occurrence_id: int, organisation_id: int, people: int | None, now: datetime
) -> int | None:
    if people is None:
        return None
    if not 0 <= people <= MOST_PEOPLE:
        raise Invalid("heads_invalid", f"From 0 to {MOST_PEOPLE} people.", "head_count")
    latest = latest_head_count(session, occurrence_id, organisation_id)
    if latest is not None and latest.people == people:
        return None
    session.add(
        HeadCount(
            occurrence_id=occurrence_id,
            organisation_id=organisation_id,
            people=people,
            said_by=visitor.actor,
            said_at=now,
        )
    )
    return people
