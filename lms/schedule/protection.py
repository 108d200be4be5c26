"""What shields the people of an occurrence: who reads their names, what is recorded, when it is published.

An occurrence, its series and its programme may each ask for something; the stricter holds in everything, so a date of a
protected programme is protected from the moment when it is planned. A protected organisation asks for its own people
everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, exists, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lms.directory.models import Affiliation, Organisation, Person
from lms.directory.queries import in_force
from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.schedule.group_rules import numbers_in
from lms.schedule.models import GuestLink, Occurrence, OccurrenceParty, Part, Speaker, Streaming
from lms.schedule.plan_models import Series
from lms.schedule.protection_models import Keeping, ProtectionRule, Pseudonym

_STRICTNESS = (Keeping.ALLOWED, Keeping.VOICES, Keeping.NEVER)


@dataclass(frozen=True, slots=True)
class Protection:
    """What holds for an occurrence, or what one of its levels asks."""

    hide_names: bool = False
    pseudonyms: bool = False
    """Whether people may come under another name."""
    keeping: Keeping = Keeping.ALLOWED
    held: bool = False

    def joined(self, other: Protection) -> Protection:
        """The stricter of both in everything."""
        return Protection(
            hide_names=self.hide_names or other.hide_names,
            pseudonyms=self.pseudonyms or other.pseudonyms,
            keeping=max(self.keeping, other.keeping, key=_STRICTNESS.index),
            held=self.held or other.held,
        )

    @property
    def publishes_at_once(self) -> bool:
        """Whether a recording may be seen before an organiser has released it."""
        return not self.held and self.keeping is not Keeping.NEVER

    @property
    def asks(self) -> bool:
        """Whether it protects at all."""
        return self != NOTHING


NOTHING = Protection()


@dataclass(frozen=True, slots=True)
class Entry:
    """How a visitor comes to an occurrence."""

    protection: Protection = NOTHING
    hidden: bool = False
    """Under a pseudonym, whatever the occurrence asks."""
    alias: str = ""
    """The one that was chosen; empty: a number."""


def of(session: Session, occurrence_id: int) -> Protection:
    """What holds for an occurrence. One query."""
    return joined(session.scalars(_asked_of(Occurrence.id == occurrence_id)))


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether anything is asked for an occurrence."""
    return _asked_of(Occurrence.id == occurrence_id).exists()


def _asked_of(which: ColumnElement[bool]) -> Select[ProtectionRule]:
    """The rows that concern occurrences: their own, their series', their programmes'."""
    return (
        select(ProtectionRule)
        .select_from(Occurrence)
        .outerjoin(Series, Series.id == Occurrence.series_id)
        .join(
            ProtectionRule,
            or_(
                ProtectionRule.occurrence_id == Occurrence.id,
                ProtectionRule.series_id == Series.id,
                ProtectionRule.programme_id == Series.programme_id,
            ),
        )
        .where(which)
    )


def joined(rows: Iterable[ProtectionRule]) -> Protection:
    """What several rows come to."""
    holds = NOTHING
    for row in rows:
        holds = holds.joined(asked(row))
    return holds


def asked(row: ProtectionRule) -> Protection:
    """What one row asks."""
    return Protection(row.hide_names, row.pseudonyms, row.keeping, row.held)


def entry(session: Session, visitor: Visitor, occurrence: Occurrence) -> Entry:
    """How the visitor would come: as what was chosen for them, or for their centre, where it may be chosen."""
    holds = of(session, occurrence.id)
    hidden = is_protected(session, visitor.organisation_ids) or _speaks_for_protected(session, visitor)
    chosen = pseudonym_of(session, visitor, occurrence.id) if holds.pseudonyms else None
    return Entry(holds, hidden or chosen is not None, chosen or "")


def is_protected(session: Session, organisation_ids: Collection[int]) -> bool:
    """Whether one of these organisations names its people to nobody."""
    if not organisation_ids:
        return False
    found = select(Organisation.id).where(Organisation.id.in_(organisation_ids), Organisation.protected)
    return session.scalar(found.limit(1)) is not None


def _speaks_for_protected(session: Session, visitor: Visitor) -> bool:
    """Whether a guest comes by the link of a speaker whom a protected organisation sends."""
    if visitor.guest_link_id is None:
        return False
    return session.scalar(_sent_by_protected(GuestLink.id == visitor.guest_link_id)) is not None


def _sent_by_protected(which: ColumnElement[bool]) -> Select[int]:
    """Numbers of personal links of speakers whom protected organisations send."""
    return (
        select(GuestLink.id)
        .join(Speaker, Speaker.id == GuestLink.speaker_id)
        .join(Organisation, Organisation.id == Speaker.organisation_id)
        .where(which, Organisation.protected)
    )


def protected_people(session: Session, people: Collection[int], day: date) -> set[int]:
    """Who of these people works at a protected organisation on a day."""
    return set(session.scalars(_staff_of_protected(day).where(Affiliation.person_id.in_(people)))) if people else set()


def person_is_protected(person_id: InstrumentedAttribute[int], day: date) -> ColumnElement[bool]:
    """SQL: whether somebody works at a protected organisation on a day."""
    return person_id.in_(_staff_of_protected(day))


def may_be_found(visitor: Visitor, day: date) -> ColumnElement[bool]:
    """SQL, over people: whom somebody who plans finds by name, to be invited, registered or asked to speak.

    People of protected places only by those who organise the whole network, and by those of their own place.
    """
    if visitor.organises_everything:
        return true()
    own = visitor.organisation_ids | visitor.led_organisations | visitor.organised_organisations
    works = select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(own), in_force(Affiliation.from_date, Affiliation.to_date, day)
    )
    return or_(Person.id.not_in(_staff_of_protected(day)), Person.id.in_(works))


def _staff_of_protected(day: date) -> Select[int]:
    works = select(Affiliation.person_id).join(Organisation, Organisation.id == Affiliation.organisation_id)
    return works.where(Organisation.protected, in_force(Affiliation.from_date, Affiliation.to_date, day))


def pseudonym_of(session: Session, visitor: Visitor, occurrence_id: int) -> str | None:
    """Under which name the visitor comes: their own choice before their centre's. Empty: by a number. None: real."""
    whose = []
    if visitor.person_id is not None:
        whose.append(Pseudonym.person_id == visitor.person_id)
    if visitor.organisation_ids:
        whose.append(Pseudonym.organisation_id.in_(visitor.organisation_ids))
    if not whose:
        return None
    own_first = case((Pseudonym.person_id.is_not(None), 0), else_=1)
    found = select(Pseudonym.name).where(Pseudonym.occurrence_id == occurrence_id, or_(*whose))
    return session.scalar(found.order_by(own_first, Pseudonym.id).limit(1))


def veiled_keys(session: Session, occurrence_id: int, keys: Collection[str], now: datetime) -> set[str]:
    """Of `person:12`, `organisation:3` and `guest:7`, those under a pseudonym now: by choice, or as protected ones."""
    day = now.date()
    people, homes, links = (numbers_in(keys, kind) for kind in ("person", "organisation", "guest"))
    protected = select(Organisation.id).where(Organisation.id.in_(homes), Organisation.protected)
    chosen = session.execute(
        select(Pseudonym.person_id, Pseudonym.organisation_id).where(Pseudonym.occurrence_id == occurrence_id)
    ).all()
    whole = {home for _person, home in chosen if home is not None}
    of_them = select(Affiliation.person_id).where(
        Affiliation.organisation_id.in_(whole), in_force(Affiliation.from_date, Affiliation.to_date, day)
    )
    persons = protected_people(session, people, day) | {person for person, _home in chosen if person is not None}
    if whole:
        persons |= set(session.scalars(of_them))
    guests = session.scalars(_sent_by_protected(GuestLink.id.in_(links))) if links else ()
    return {
        *(f"person:{each}" for each in persons),
        *(f"organisation:{each}" for each in whole | set(session.scalars(protected))),
        *(f"guest:{each}" for each in guests),
    }


def check(session: Session, occurrence: Occurrence) -> None:
    """Raises `Invalid` (recording_forbidden, streaming_forbidden) for what was planned and is not to be."""
    if not occurrence.recorded and occurrence.streaming is not Streaming.PLANNED:
        return
    if of(session, occurrence.id).keeping is not Keeping.NEVER:
        return
    if occurrence.recorded:
        raise Invalid("recording_forbidden", "Its protection says that it is never recorded.", "recorded")
    raise Invalid("streaming_forbidden", "Its protection says that it is never streamed.", "streaming")


def party_is_veiled(party: Any = OccurrenceParty) -> ColumnElement[bool]:
    """SQL, over parties joined with their organisations: whether only editors and its own people read of this one.

    Of an occurrence that hides names all who merely take part; of every other the protected ones. `party` has the
    columns `occurrence_id` and `part`.
    """
    return and_(party.part == Part.PARTICIPANT, or_(Organisation.protected, party.occurrence_id.in_(_hiding_names())))


def _hiding_names() -> CompoundSelect[int]:
    """Numbers of the occurrences that hide names, from the few rules that ask it: found once for a whole statement."""
    asks = ProtectionRule.hide_names
    return union_all(
        select(ProtectionRule.occurrence_id).where(asks, ProtectionRule.occurrence_id.is_not(None)),
        select(Occurrence.id).join(ProtectionRule, ProtectionRule.series_id == Occurrence.series_id).where(asks),
        select(Occurrence.id)
        .join(Series, Series.id == Occurrence.series_id)
        .join(ProtectionRule, ProtectionRule.programme_id == Series.programme_id)
        .where(asks),
    )


def speaker_is_veiled() -> ColumnElement[bool]:
    """SQL, over speakers: whether a protected organisation sends them, or they work at one.

    Who works there at any time from when it was planned until it is held: whoever left before, or came after, appears
    as of another place. A date compares with an instant as the midnight with which it begins.
    """
    home, held = aliased(Organisation), aliased(Occurrence)
    works = exists().where(
        Affiliation.person_id == Speaker.person_id,
        home.id == Affiliation.organisation_id,
        home.protected,
        held.id == Speaker.occurrence_id,
        Affiliation.from_date <= held.starts_local,
        or_(Affiliation.to_date.is_(None), Affiliation.to_date > held.created_at),
    )
    named = exists().where(home.id == Speaker.organisation_id, home.protected)
    return or_(works.correlate(Speaker), named.correlate(Speaker))
