"""Writing a draft into the rows of an occurrence, and taking their state down for the logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation, Person
from lms.errors import NotFound
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import AgendaItem, MeetingRole, Occurrence, OccurrenceParty, Speaker
from lms.schedule.plan_models import OccurrenceTopic, Topic
from lms.schedule.rules import to_utc

TIME_FIELDS = frozenset({"starts_local", "zone", "duration_minutes"})
"""A change of one of these is a rescheduling: SEQUENCE rises (RFC 5546 section 2.1.4)."""

_PLAIN = (
    "kind",
    "title",
    "title_en",
    "description",
    "description_en",
    "language",
    "starts_local",
    "zone",
    "duration_minutes",
    "listed",
    "recorded",
    "streaming",
    "questions",
    "public_questions",
    "access",
    "mode",
    "venue",
)


def fill(
    session: Session, occurrence: Occurrence, draft: OccurrenceDraft, parties: list[PartyDraft], now: datetime
) -> None:
    """Make the occurrence as the draft says. Rows that stay keep their number, so that links to them hold.

    Raises `NotFound` for an organisation or a person that does not exist.
    """
    _require(session, draft, parties)
    for name in _PLAIN:
        setattr(occurrence, name, getattr(draft, name))
    occurrence.title = draft.title.strip()
    occurrence.starts_at = to_utc(draft.starts_local, draft.zone)
    occurrence.ends_at = occurrence.starts_at + timedelta(minutes=draft.duration_minutes)
    occurrence.reminder_offsets = list(draft.reminder_offsets) if draft.reminder_offsets is not None else None
    occurrence.interpretation = list(draft.interpretation)
    occurrence.updated_at = now
    _fill_parties(occurrence, parties)
    _fill_speakers(occurrence, draft.speakers)
    if occurrence.id is None:
        session.add(occurrence)
    session.flush()
    occurrence.agenda[:] = [
        AgendaItem(
            position=place,
            kind=item.kind,
            title=item.title.strip(),
            title_en=item.title_en,
            minutes=item.minutes,
            speaker_id=occurrence.speakers[item.speaker].id if item.speaker is not None else None,
        )
        for place, item in enumerate(draft.agenda)
    ]
    if draft.topic_ids is not None:
        _write_topics(session, occurrence.id, draft.topic_ids)
    session.flush()


def state(occurrence: Occurrence) -> dict[str, Any]:
    """The occurrence as JSON values, for the history and the audit log."""
    return {
        **{name: _json(getattr(occurrence, name)) for name in _PLAIN},
        "status": occurrence.status.value,
        "parties": [[party.organisation_id, party.part.value] for party in occurrence.parties],
        "speakers": [
            [
                each.name,
                each.position_title,
                each.organisation_id,
                each.person_id,
                each.role.value,
                each.email,
                *([each.interprets] if each.interprets else []),
            ]
            for each in occurrence.speakers
        ],
        "interpretation": list(occurrence.interpretation),
        "reminder_offsets": occurrence.reminder_offsets,
        "agenda": [[item.title, item.title_en, item.minutes, item.kind.value] for item in occurrence.agenda],
    }


def topics_of(session: Session, occurrence_id: int) -> list[int]:
    """The numbers of the topics that an occurrence is about."""
    query = select(OccurrenceTopic.topic_id).where(OccurrenceTopic.occurrence_id == occurrence_id)
    return sorted(session.scalars(query))


def draft_of(occurrence: Occurrence, topic_ids: tuple[int, ...] | None = None) -> OccurrenceDraft:
    """What an organiser would have to fill in to get this occurrence. Without `topic_ids` they are left as they are."""
    places = {speaker.id: place for place, speaker in enumerate(occurrence.speakers)}
    offsets = occurrence.reminder_offsets
    return OccurrenceDraft(
        **{name: getattr(occurrence, name) for name in _PLAIN},
        reminder_offsets=tuple(offsets) if offsets is not None else None,
        interpretation=tuple(occurrence.interpretation),
        topic_ids=topic_ids,
        parties=[PartyDraft(party.organisation_id, party.part) for party in occurrence.parties],
        speakers=[
            SpeakerDraft(
                each.name,
                each.position_title,
                each.organisation_id,
                each.person_id,
                each.role,
                each.id,
                each.email,
                each.interprets,
            )
            for each in occurrence.speakers
        ],
        agenda=[
            AgendaDraft(
                item.title,
                item.minutes,
                item.title_en,
                item.kind,
                places.get(item.speaker_id) if item.speaker_id is not None else None,
            )
            for item in occurrence.agenda
        ],
    )


def _write_topics(session: Session, occurrence_id: int, wanted: tuple[int, ...]) -> None:
    known = set(session.scalars(select(Topic.id).where(Topic.id.in_(wanted)))) if wanted else set()
    if set(wanted) - known:
        raise NotFound("topic_unknown", f"There is no topic {min(set(wanted) - known)}.", "topics")
    held = set(topics_of(session, occurrence_id))
    session.execute(
        delete(OccurrenceTopic).where(
            OccurrenceTopic.occurrence_id == occurrence_id, OccurrenceTopic.topic_id.in_(held - known)
        )
    )
    session.add_all(OccurrenceTopic(occurrence_id=occurrence_id, topic_id=each) for each in sorted(known - held))


def _json(value: Any) -> Any:
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else value


def _fill_parties(occurrence: Occurrence, parties: list[PartyDraft]) -> None:
    known = {(row.organisation_id, row.part): row for row in occurrence.parties}
    wanted = []
    for place, party in enumerate(parties):
        row = known.get((party.organisation_id, party.part)) or OccurrenceParty(
            organisation_id=party.organisation_id, part=party.part
        )
        row.position = place
        wanted.append(row)
    occurrence.parties[:] = wanted


def _fill_speakers(occurrence: Occurrence, speakers: list[SpeakerDraft]) -> None:
    by_id = {row.id: row for row in occurrence.speakers}
    by_name = {row.name: row for row in occurrence.speakers}
    wanted: list[Speaker] = []
    for place, draft in enumerate(speakers):
        row = by_id.get(draft.id) if draft.id is not None else by_name.get(draft.name.strip())
        if row is None or row in wanted:
            row = Speaker()
        row.name, row.position_title, row.role = draft.name.strip(), draft.position, draft.role
        row.organisation_id, row.person_id, row.position = draft.organisation_id, draft.person_id, place
        row.email = draft.email.strip().lower()
        row.interprets = draft.interprets if draft.role is MeetingRole.INTERPRETER else ""
        wanted.append(row)
    occurrence.speakers[:] = wanted


def _require(session: Session, draft: OccurrenceDraft, parties: list[PartyDraft]) -> None:
    organisations = {party.organisation_id for party in parties}
    organisations |= {each.organisation_id for each in draft.speakers if each.organisation_id is not None}
    known = set(session.scalars(select(Organisation.id).where(Organisation.id.in_(organisations))))
    if organisations - known:
        raise NotFound("organisation_unknown", f"There is no organisation {min(organisations - known)}.", "parties")
    people = {each.person_id for each in draft.speakers if each.person_id is not None}
    found = set(session.scalars(select(Person.id).where(Person.id.in_(people))))
    if people - found:
        raise NotFound("person_unknown", f"There is no person {min(people - found)}.", "speakers")
