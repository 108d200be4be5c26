"""What an organiser should look at before others do: pure rules. They warn, they never stop anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lms.directory.models import OrganisationStatus
from lms.schedule.models import Kind, Part, Status
from lms.schedule.recurrence import ClockNote, place

EARLIEST_HOUR = 7
LATEST_HOUR = 20
DRAFT_SOON = timedelta(days=7)

_OPEN = (Status.DRAFT, Status.PUBLISHED, Status.MOVED)
_WITH_EXPERTS = (Kind.CONSULTATION, Kind.WEBINAR, Kind.TRAINING, Kind.CROSS_TRAINING)
_BUSY = (Part.ORGANISER, Part.EXPERT_BODY, Part.PARTICIPANT)


class Concern(StrEnum):
    """What may be wrong."""

    OVERLAP = "overlap"
    NO_EXPERT_BODY = "no_expert_body"
    NO_EXPERT = "no_expert"
    NO_ADDRESS = "no_address"
    NO_TOPIC = "no_topic"
    ODD_HOUR = "odd_hour"
    CLOCK_SKIPPED = "clock_skipped"
    CLOCK_DOUBLED = "clock_doubled"
    AGENDA_LONG = "agenda_long"
    DRAFT_SOON = "draft_soon"
    DRAFT_PAST = "draft_past"
    PARTY_AWAY = "party_away"


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """An organisation in an occurrence."""

    id: int
    part: Part
    name_uk: str
    name_en: str
    status: OrganisationStatus = OrganisationStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class SpeakerFacts:
    """A speaker; `reachable` is whether there is an address to write to."""

    name: str
    person_id: int | None = None
    email: str = ""
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the rules need to know of an occurrence. `own_topic` is False while it is only called as its series is."""

    id: int
    slug: str
    title: str
    title_en: str
    kind: Kind
    status: Status
    starts_at: datetime
    ends_at: datetime
    starts_local: datetime
    zone: str
    planned_local: datetime | None = None
    parties: tuple[PartyFacts, ...] = ()
    speakers: tuple[SpeakerFacts, ...] = ()
    agenda_minutes: int = 0
    own_topic: bool = True
    known: bool = True
    """Whether whoever reads the warnings may know of it."""


@dataclass(frozen=True, slots=True)
class Warning:
    """A warning: about whom or what (`names`), and with which other occurrence (`slug` empty if it is not for you)."""

    concern: Concern
    names_uk: tuple[str, ...] = ()
    names_en: tuple[str, ...] = ()
    slug: str = ""
    title: str = ""
    title_en: str = ""
    at: datetime | None = None
    zone: str = ""
    minutes: int = 0


def warnings_of(facts: PlanFacts, others: Sequence[PlanFacts], now: datetime) -> list[Warning]:
    """What to look at, gravest first. `others` may hold anything else that is planned."""
    if facts.status not in _OPEN:
        return []
    found = [*_overlaps(facts, others), *_clock(facts), *_people(facts)]
    if not facts.own_topic:
        found.append(Warning(Concern.NO_TOPIC))
    minutes = int((facts.ends_at - facts.starts_at).total_seconds() // 60)
    if facts.agenda_minutes > minutes:
        found.append(Warning(Concern.AGENDA_LONG, minutes=facts.agenda_minutes - minutes))
    if facts.status is Status.DRAFT and facts.starts_at - now < DRAFT_SOON:
        found.append(Warning(Concern.DRAFT_PAST if facts.ends_at <= now else Concern.DRAFT_SOON))
    return found


def _overlaps(facts: PlanFacts, others: Sequence[PlanFacts]) -> list[Warning]:
    found = []
    for other in sorted(others, key=lambda each: (each.starts_at, each.id)):
        if other.id == facts.id or other.status not in (*_OPEN, Status.LIVE):
            continue
        if other.starts_at >= facts.ends_at or facts.starts_at >= other.ends_at:
            continue
        uk, en = _shared(facts, other)
        if uk:
            known = (other.slug, other.title, other.title_en) if other.known else ("", "", "")
            found.append(Warning(Concern.OVERLAP, uk, en, *known, at=other.starts_at, zone=facts.zone))
    return found


def _shared(facts: PlanFacts, other: PlanFacts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who would have to be in both at once. An organiser of both can divide itself; everybody else is one room."""
    theirs = {party.id: party for party in other.parties if party.part in _BUSY}
    pairs: dict[str, str] = {}
    for party in facts.parties:
        twin = theirs.get(party.id)
        if party.part in _BUSY and twin is not None and (party.part, twin.part) != (Part.ORGANISER, Part.ORGANISER):
            pairs[party.name_uk] = party.name_en or party.name_uk
    people = {each.person_id for each in other.speakers} - {None}
    addresses = {each.email for each in other.speakers} - {""}
    for speaker in facts.speakers:
        if speaker.person_id in people or speaker.email in addresses:
            pairs[speaker.name] = speaker.name
    return tuple(pairs), tuple(pairs.values())


def _clock(facts: PlanFacts) -> list[Warning]:
    found = []
    placed = place(facts.planned_local or facts.starts_local, facts.zone)
    if placed.note is ClockNote.SKIPPED and placed.local == facts.starts_local:
        found.append(Warning(Concern.CLOCK_SKIPPED, at=placed.at, zone=facts.zone))
    if place(facts.starts_local, facts.zone).note is ClockNote.DOUBLED:
        found.append(Warning(Concern.CLOCK_DOUBLED, at=facts.starts_at, zone=facts.zone))
    ends_local = facts.starts_local + (facts.ends_at - facts.starts_at)
    late = ends_local > facts.starts_local.replace(hour=LATEST_HOUR, minute=0)
    if facts.starts_local.hour < EARLIEST_HOUR or late:
        found.append(Warning(Concern.ODD_HOUR))
    return found


def _people(facts: PlanFacts) -> list[Warning]:
    found = []
    bodies = any(party.part is Part.EXPERT_BODY for party in facts.parties)
    if facts.kind in _WITH_EXPERTS and not bodies:
        found.append(Warning(Concern.NO_EXPERT_BODY))
    if facts.kind in _WITH_EXPERTS and not facts.speakers:
        found.append(Warning(Concern.NO_EXPERT))
    silent = tuple(each.name for each in facts.speakers if not each.reachable)
    if silent:
        found.append(Warning(Concern.NO_ADDRESS, silent, silent))
    away = [party for party in facts.parties if party.status is not OrganisationStatus.ACTIVE]
    if away:
        uk = tuple(dict.fromkeys(party.name_uk for party in away))
        en = tuple(dict.fromkeys(party.name_en or party.name_uk for party in away))
        found.append(Warning(Concern.PARTY_AWAY, uk, en))
    return found
