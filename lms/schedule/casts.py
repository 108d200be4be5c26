"""Who takes part in many occurrences at once, read as plain columns.

A page of the schedule shows hundreds of parties; as objects of the session each would cost ten times as much.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.schedule.cards import Cast, PartyCard, SpeakerCard
from lms.schedule.models import OccurrenceParty, Speaker
from lms.statements import fetch, once


def casts(session: Session, occurrence_ids: Collection[int]) -> dict[int, Cast]:
    """By occurrence, in the order planned. Two queries."""
    parties: dict[int, list[PartyCard]] = {number: [] for number in occurrence_ids}
    speakers: dict[int, list[SpeakerCard]] = {number: [] for number in occurrence_ids}
    if not parties:
        return {}
    for number, *party in fetch(session, *_parties(parties)):
        parties[number].append(PartyCard(*party))
    for number, *speaker in fetch(session, *_speakers(speakers)):
        speakers[number].append(SpeakerCard(*speaker))
    return {number: Cast(tuple(parties[number]), tuple(speakers[number])) for number in parties}


@once
def _parties(occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    home = (Organisation.code, Organisation.name_uk, Organisation.name_en, Organisation.kind)
    return (
        select(OccurrenceParty.occurrence_id, OccurrenceParty.organisation_id, *home, OccurrenceParty.part)
        .join(Organisation, Organisation.id == OccurrenceParty.organisation_id)
        .where(OccurrenceParty.occurrence_id.in_(occurrence_ids))
        .order_by(OccurrenceParty.occurrence_id, OccurrenceParty.position)
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
        )
        .join(Organisation, Organisation.id == Speaker.organisation_id, isouter=True)
        .where(Speaker.occurrence_id.in_(occurrence_ids))
        .order_by(Speaker.occurrence_id, Speaker.position)
    )
