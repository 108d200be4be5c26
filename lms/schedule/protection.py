"""What shields the people of an occurrence: who reads their names, what is recorded, when it is published.

An occurrence, its series and its programme may each ask for something; the stricter holds in everything, so a date of a
protected programme is protected from the moment when it is planned. A protected organisation asks for its own people
everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, exists, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from lms.directory.models import Affiliation, Organisation
from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.schedule.models import Occurrence, OccurrenceParty, Part, Speaker, Streaming
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


def rules_above(occurrence: Occurrence | ProtectionTarget) -> ColumnElement[bool]:
    """SQL for the rows that concern an occurrence: its own, its series', its programme's."""
    levels = [ProtectionRule.occurrence_id == occurrence.id]
    if occurrence.series_id is not None:
        levels.append(ProtectionRule.series_id == occurrence.series_id)
    if occurrence.programme_id is not None:
        levels.append(ProtectionRule.programme_id == occurrence.programme_id)
    return or_(*levels)


@dataclass(frozen=True, slots=True)
class ProtectionTarget:
    """By what the rows of an occurrence are found."""

    id: int
    series_id: int | None
    programme_id: int | None


def of(session: Session, occurrence: Occurrence | ProtectionTarget) -> Protection:
    """What holds for an occurrence. One query."""
    return joined(session.scalars(select(ProtectionRule).where(rules_above(occurrence))))


def of_number(session: Session, occurrence_id: int) -> Protection:
    """The same by the occurrence's number."""
    columns = (Occurrence.id, Occurrence.series_id, Occurrence.programme_id)
    found = session.execute(select(*columns).where(Occurrence.id == occurrence_id)).one_or_none()
    return NOTHING if found is None else of(session, ProtectionTarget(*found))


def any_of(occurrence_id: int) -> ColumnElement[bool]:
    """SQL: whether anything is asked for an occurrence."""
    return _asked_of(Occurrence.id == occurrence_id).exists()


def _asked_of(which: ColumnElement[bool]) -> Select[int]:
    """Numbers of the rows that concern occurrences."""
    return (
        select(ProtectionRule.id)
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
    holds = of(session, occurrence)
    hidden = is_protected(session, visitor.organisation_ids)
    chosen = pseudonym_of(session, visitor, occurrence.id) if holds.pseudonyms else None
    return Entry(holds, hidden or chosen is not None, chosen or "")


def is_protected(session: Session, organisation_ids: Collection[int]) -> bool:
    """Whether one of these organisations names its people to nobody."""
    if not organisation_ids:
        return False
    found = select(Organisation.id).where(Organisation.id.in_(organisation_ids), Organisation.protected)
    return session.scalar(found.limit(1)) is not None


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


def veiled_keys(session: Session, occurrence_id: int, keys: Collection[str]) -> set[str]:
    """Of `person:12` and `organisation:3`, those that come under a pseudonym: by choice, or as protected ones."""
    people, homes = _numbers("person", keys), _numbers("organisation", keys)
    protected = session.scalars(select(Organisation.id).where(Organisation.id.in_(homes), Organisation.protected))
    works = select(Affiliation.person_id).join(Organisation, Organisation.id == Affiliation.organisation_id)
    staff = session.scalars(works.where(Affiliation.person_id.in_(people), Organisation.protected))
    chosen = session.execute(
        select(Pseudonym.person_id, Pseudonym.organisation_id).where(Pseudonym.occurrence_id == occurrence_id)
    ).all()
    whole = [home for _person, home in chosen if home is not None]
    of_them = select(Affiliation.person_id).where(Affiliation.organisation_id.in_(whole))
    persons = {*staff, *(person for person, _home in chosen if person), *(session.scalars(of_them) if whole else ())}
    return {f"person:{each}" for each in persons} | {f"organisation:{each}" for each in {*protected, *whole}}


def _numbers(kind: str, keys: Collection[str]) -> list[int]:
    return [int(number) for word, _colon, number in (key.partition(":") for key in keys) if word == kind]


def check(session: Session, occurrence: Occurrence) -> None:
    """Raises `Invalid` (recording_forbidden, streaming_forbidden) for what was planned and is not to be."""
    if not occurrence.recorded and occurrence.streaming is not Streaming.PLANNED:
        return
    if of(session, occurrence).keeping is not Keeping.NEVER:
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
    """SQL, over speakers: whether they come from, or work at, a protected organisation."""
    home = aliased(Organisation)
    works = exists().where(
        Affiliation.person_id == Speaker.person_id, home.id == Affiliation.organisation_id, home.protected
    )
    named = exists().where(home.id == Speaker.organisation_id, home.protected)
    return or_(works.correlate(Speaker), named.correlate(Speaker))
