"""Who takes part in many occurrences at once, read as plain columns.

A page of the schedule shows hundreds of parties; as objects of the session each would cost ten times as much.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.schedule.cards import Cast, PartyCard, SpeakerCard
from lms.schedule.models import OccurrenceParty, Speaker


def casts(session: Session, occurrence_ids: Collection[int]) -> dict[int, Cast]:
    """By occurrence, in the order planned. Two queries."""
    parties: dict[int, list[PartyCard]] = {number: [] for number in occurrence_ids}
    speakers: dict[int, list[SpeakerCard]] = {number: [] for number in occurrence_ids}
    if not parties:
        return {}
    home = (Organisation.code, Organisation.name_uk, Organisation.name_en, Organisation.kind)
    rows = session.execute(
        select(OccurrenceParty.occurrence_id, OccurrenceParty.organisation_id, *home, OccurrenceParty.part)
        .join(Organisation, Organisation.id == OccurrenceParty.organisation_id)
        .where(OccurrenceParty.occurrence_id.in_(parties))
        .order_by(OccurrenceParty.occurrence_id, OccurrenceParty.position)
    )
    for number, organisation_id, code, name_uk, name_en, kind, part in rows:
        parties[number].append(PartyCard(organisation_id, code, name_uk, name_en, kind, part))
    spoken = session.execute(
        select(
            Speaker.occurrence_id,
            Speaker.id,
            Speaker.name,
            Speaker.position_title,
            Speaker.role,
            Speaker.person_id,
            Speaker.organisation_id,
            Organisation.name_uk,
            Organisation.name_en,
        )
        .join(Organisation, Organisation.id == Speaker.organisation_id, isouter=True)
        .where(Speaker.occurrence_id.in_(speakers))
        .order_by(Speaker.occurrence_id, Speaker.position)
    )
    for number, key, name, position, role, person_id, home_id, home_uk, home_en in spoken:
        card = SpeakerCard(key, name, position, role, person_id, home_id, home_uk or "", home_en or "")
        speakers[number].append(card)
    return {number: Cast(tuple(parties[number]), tuple(speakers[number])) for number in parties}
