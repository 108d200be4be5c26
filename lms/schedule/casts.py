"""Who takes part in many occurrences at once, read as plain columns.

A page of the schedule shows hundreds of parties; as objects of the session each would cost ten times as much.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Integer, Select, func, or_, select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.schedule.cards import SHOWN, Cast, PartyCard, SpeakerCard, parts_of
from lms.schedule.models import OccurrenceParty, Part, Speaker
from lms.schedule.protection import party_is_veiled, speaker_is_veiled
from lms.statements import fetch, once

_HOME = (Organisation.code, Organisation.name_uk, Organisation.name_en, Organisation.kind)


def casts(session: Session, occurrence_ids: Collection[int]) -> dict[int, Cast]:
    """By occurrence, in the order planned. Two queries."""
    if not occurrence_ids:
        return {}
    parties: dict[int, list[PartyCard]] = {number: [] for number in occurrence_ids}
    for number, *party in fetch(session, *_parties(occurrence_ids)):
        parties[number].append(PartyCard(*party))
    speaking = _speaking(session, occurrence_ids)
    return {number: Cast(tuple(several), speaking[number], parts_of(several)) for number, several in parties.items()}


def short_casts(session: Session, visitor: Visitor, occurrence_ids: Collection[int]) -> dict[int, Cast]:
    """As `casts`, for lists: the first parties, and which part the visitor's own organisations have. Two queries."""
    if not occurrence_ids:
        return {}
    parties: dict[int, list[PartyCard]] = {number: [] for number in occurrence_ids}
    parts: dict[int, set[tuple[int, Part]]] = {number: set() for number in occurrence_ids}
    further = dict.fromkeys(occurrence_ids, 0)
    own = visitor.organisation_ids | visitor.organised_organisations
    for number, place, of, *party in fetch(session, *_first_parties(occurrence_ids, own)):
        card = PartyCard(*party)
        parts[number].add((card.organisation_id, card.part))
        if place <= SHOWN:
            parties[number].append(card)
            further[number] = of - len(parties[number])
    speaking = _speaking(session, occurrence_ids)
    return {
        number: Cast(tuple(parties[number]), speaking[number], frozenset(parts[number]), further[number])
        for number in parties
    }


def _speaking(session: Session, occurrence_ids: Collection[int]) -> dict[int, tuple[SpeakerCard, ...]]:
    speakers: dict[int, list[SpeakerCard]] = {number: [] for number in occurrence_ids}
    for number, *speaker in fetch(session, *_speakers(occurrence_ids)):
        speakers[number].append(SpeakerCard(*speaker))
    return {number: tuple(several) for number, several in speakers.items()}


@once
def _parties(occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            OccurrenceParty.occurrence_id,
            OccurrenceParty.organisation_id,
            *_HOME,
            OccurrenceParty.part,
            party_is_veiled(),
        )
        .join(Organisation, Organisation.id == OccurrenceParty.organisation_id)
        .where(OccurrenceParty.occurrence_id.in_(occurrence_ids))
        .order_by(OccurrenceParty.occurrence_id, OccurrenceParty.position)
    )


@once
def _first_parties(occurrence_ids: Collection[int], own: Collection[int]) -> Select[*tuple[Any, ...]]:
    """With the place of each in its occurrence, and how many there are; names are looked up for those alone."""
    each = OccurrenceParty
    numbered = (
        select(
            each.occurrence_id,
            each.organisation_id,
            each.part,
            func.row_number(type_=Integer)
            .over(partition_by=each.occurrence_id, order_by=(each.position, each.id))
            .label("place"),
            func.count().over(partition_by=each.occurrence_id).label("of"),
        )
        .where(each.occurrence_id.in_(occurrence_ids))
        .subquery()
    )
    first = numbered.c.place <= SHOWN
    wanted = or_(first, numbered.c.organisation_id.in_(own)) if own else first
    return (
        select(
            numbered.c.occurrence_id,
            numbered.c.place,
            numbered.c.of,
            numbered.c.organisation_id,
            *_HOME,
            numbered.c.part,
            party_is_veiled(numbered.c),
        )
        .join(Organisation, Organisation.id == numbered.c.organisation_id)
        .where(wanted)
        .order_by(numbered.c.occurrence_id, numbered.c.place)
    )


@once
def _speakers(occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Speaker.occurrence_id,
            Speaker.id,
            Speaker.name,
            Speaker.position_title,
            Speaker.role,
            Speaker.person_id,
            Speaker.organisation_id,
            func.coalesce(Organisation.name_uk, ""),
            func.coalesce(Organisation.name_en, ""),
            Speaker.interprets,
            speaker_is_veiled(),
        )
        .join(Organisation, Organisation.id == Speaker.organisation_id, isouter=True)
        .where(Speaker.occurrence_id.in_(occurrence_ids))
        .order_by(Speaker.occurrence_id, Speaker.position)
    )
