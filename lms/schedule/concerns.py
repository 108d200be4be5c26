"""Reading what the warnings are made of: a constant number of queries for any number of occurrences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from lms.directory import addresses
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.schedule.models import AgendaItem, Occurrence, OccurrenceParty, Speaker, Status
from lms.schedule.plan_models import OccurrenceTopic, Series
from lms.schedule.queries import visible_to
from lms.schedule.warnings import PartyFacts, PlanFacts, SpeakerFacts, Warning, warnings_of
from lms.statements import fetch, once

MOST_OVERLAPS = 500
_PLANNED = (Status.DRAFT, Status.PUBLISHED, Status.MOVED, Status.LIVE)


def concerns(
    session: Session, visitor: Visitor, occurrence_ids: Collection[int], now: datetime
) -> dict[int, list[Warning]]:
    """By occurrence, what its organiser should look at; also what is planned by others at the same time."""
    if not occurrence_ids:
        return {}
    pairs = _at_the_same_time(session, occurrence_ids)
    others = {other for _, other in pairs}
    facts = plan_facts(session, visitor, {*occurrence_ids, *others})
    found: dict[int, list[Warning]] = {}
    for number in occurrence_ids:
        if number in facts:
            beside = [facts[other] for own, other in pairs if own == number and other in facts]
            found[number] = warnings_of(facts[number], beside, now)
    return found


def plan_facts(session: Session, visitor: Visitor, occurrence_ids: Collection[int]) -> dict[int, PlanFacts]:
    """By occurrence, what the rules need."""
    parties: dict[int, list[PartyFacts]] = {}
    for number, *party in fetch(session, *_parties(occurrence_ids)):
        parties.setdefault(number, []).append(PartyFacts(*party))
    speakers = _speakers(session, occurrence_ids)
    return {
        each.id: PlanFacts(
            id=each.id,
            slug=each.slug,
            title=each.title,
            title_en=each.title_en,
            kind=each.kind,
            status=each.status,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            starts_local=each.starts_local,
            zone=each.zone,
            planned_local=each.planned_local,
            parties=tuple(parties.get(each.id, ())),
            speakers=tuple(speakers.get(each.id, ())),
            agenda_minutes=int(each.minutes or 0),
            own_topic=each.title != each.umbrella or bool(each.tagged),
            known=bool(each.known),
        )
        for each in fetch(session, *_plans(visitor, occurrence_ids))
    }


@once
def _parties(occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    home = Organisation
    return (
        select(OccurrenceParty.occurrence_id, home.id, OccurrenceParty.part, home.name_uk, home.name_en, home.status)
        .join(home, home.id == OccurrenceParty.organisation_id)
        .where(OccurrenceParty.occurrence_id.in_(occurrence_ids))
        .order_by(OccurrenceParty.position)
    )


@once
def _plans(visitor: Visitor, occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    minutes = select(func.sum(AgendaItem.minutes)).where(AgendaItem.occurrence_id == Occurrence.id)
    return (
        select(
            Occurrence.id,
            Occurrence.slug,
            Occurrence.title,
            Occurrence.title_en,
            Occurrence.kind,
            Occurrence.status,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.starts_local,
            Occurrence.zone,
            Occurrence.planned_local,
            Series.title.label("umbrella"),
            minutes.scalar_subquery().label("minutes"),
            exists().where(OccurrenceTopic.occurrence_id == Occurrence.id).label("tagged"),
            visible_to(visitor).label("known"),
        )
        .join(Series, Series.id == Occurrence.series_id, isouter=True)
        .where(Occurrence.id.in_(occurrence_ids))
    )


def _at_the_same_time(session: Session, occurrence_ids: Collection[int]) -> list[tuple[int, int]]:
    return [(number, beside) for number, beside in fetch(session, *_beside(occurrence_ids))]


@once
def _beside(occurrence_ids: Collection[int]) -> Select[int, int]:
    own, other = aliased(Occurrence), aliased(Occurrence)
    return (
        select(own.id, other.id)
        .join(
            other,
            and_(other.starts_at < own.ends_at, other.ends_at > own.starts_at, other.id != own.id),
        )
        .where(own.id.in_(occurrence_ids), other.status.in_(_PLANNED))
        .order_by(own.id, other.starts_at)
        .limit(MOST_OVERLAPS)
    )


def _speakers(session: Session, occurrence_ids: Collection[int]) -> dict[int, list[SpeakerFacts]]:
    rows = fetch(session, *_speaking(occurrence_ids))
    silent = {person_id for _, _, person_id, email in rows if person_id is not None and not email}
    reached = addresses.of_people(session, silent)
    found: dict[int, list[SpeakerFacts]] = {}
    for number, name, person_id, email in rows:
        reachable = bool(email) or person_id in reached
        found.setdefault(number, []).append(SpeakerFacts(name, person_id, email, reachable))
    return found


@once
def _speaking(occurrence_ids: Collection[int]) -> Select[int, str, int | None, str]:
    columns = (Speaker.occurrence_id, Speaker.name, Speaker.person_id, Speaker.email)
    return select(*columns).where(Speaker.occurrence_id.in_(occurrence_ids)).order_by(Speaker.position)
