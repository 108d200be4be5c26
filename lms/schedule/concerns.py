"""Reading what the warnings are made of: a constant number of queries for any number of occurrences."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from lms.directory import addresses
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.schedule.models import AgendaItem, Occurrence, OccurrenceParty, Speaker, Status
from lms.schedule.plan_models import OccurrenceTopic, Series
from lms.schedule.queries import visible_to
from lms.schedule.warnings import PartyFacts, PlanFacts, SpeakerFacts, Warning, warnings_of

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
    for number, part, home in session.execute(
        select(OccurrenceParty.occurrence_id, OccurrenceParty.part, Organisation)
        .join(Organisation, Organisation.id == OccurrenceParty.organisation_id)
        .where(OccurrenceParty.occurrence_id.in_(occurrence_ids))
        .order_by(OccurrenceParty.position)
    ):
        fact = PartyFacts(home.id, part, home.name_uk, home.name_en, home.status)
        parties.setdefault(number, []).append(fact)
    speakers = _speakers(session, occurrence_ids)
    sums = select(AgendaItem.occurrence_id, func.sum(AgendaItem.minutes)).group_by(AgendaItem.occurrence_id)
    minutes = dict(session.execute(sums.where(AgendaItem.occurrence_id.in_(occurrence_ids))).all())
    tagged = set(
        session.scalars(
            select(OccurrenceTopic.occurrence_id).where(OccurrenceTopic.occurrence_id.in_(occurrence_ids)).distinct()
        )
    )
    known = set(session.scalars(select(Occurrence.id).where(Occurrence.id.in_(occurrence_ids), visible_to(visitor))))
    rows = session.execute(
        select(Occurrence, Series.title)
        .join(Series, Series.id == Occurrence.series_id, isouter=True)
        .where(Occurrence.id.in_(occurrence_ids))
    )
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
            agenda_minutes=int(minutes.get(each.id, 0) or 0),
            own_topic=each.title != umbrella or each.id in tagged,
            known=each.id in known,
        )
        for each, umbrella in rows
    }


def _at_the_same_time(session: Session, occurrence_ids: Collection[int]) -> list[tuple[int, int]]:
    own, other = aliased(Occurrence), aliased(Occurrence)
    query = (
        select(own.id, other.id)
        .join(
            other,
            and_(other.starts_at < own.ends_at, other.ends_at > own.starts_at, other.id != own.id),
        )
        .where(own.id.in_(occurrence_ids), other.status.in_(_PLANNED))
        .order_by(own.id, other.starts_at)
        .limit(MOST_OVERLAPS)
    )
    return [(number, beside) for number, beside in session.execute(query)]


def _speakers(session: Session, occurrence_ids: Collection[int]) -> dict[int, list[SpeakerFacts]]:
    rows = session.scalars(
        select(Speaker).where(Speaker.occurrence_id.in_(occurrence_ids)).order_by(Speaker.position)
    ).all()
    reached = addresses.of_people(session, {each.person_id for each in rows if each.person_id is not None})
    found: dict[int, list[SpeakerFacts]] = {}
    for each in rows:
        reachable = bool(each.email) or each.person_id in reached
        found.setdefault(each.occurrence_id, []).append(SpeakerFacts(each.name, each.person_id, each.email, reachable))
    return found
