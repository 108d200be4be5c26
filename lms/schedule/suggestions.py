"""What is proposed to somebody: what comes and concerns a topic, an oblast, a series or an equipment of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, String, and_, cast, literal, not_, or_, select, union_all
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.register_models import Capability, CapabilityKind, Subscription, SubscriptionKind
from lms.directory.rules import Visitor
from lms.schedule.calendar import concerning
from lms.schedule.models import Occurrence, OccurrenceParty, Status
from lms.schedule.plan_models import OccurrenceTopic, Series, Topic
from lms.schedule.protection import party_is_veiled
from lms.schedule.queries import visible_to
from lms.statements import fetch, once

_CANDIDATES = 40


class Because(StrEnum):
    """Why something is proposed."""

    TOPIC = "topic"
    SERIES = "series"
    ORGANISATION = "organisation"
    CAPABILITY = "capability"
    OBLAST = "oblast"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An occurrence, by number, and why it may matter to the visitor."""

    occurrence_id: int
    because: Because
    name_uk: str
    name_en: str


def suggestions(session: Session, visitor: Visitor, now: datetime, limit: int = 3) -> list[Suggestion]:
    """The soonest occurrences that fit what the visitor follows or has, without those that concern them anyway.

    Two statements: what the visitor follows or has, then what fits. The first reason found is told.
    """
    grounds = _grounds(session, visitor, now.date()) if visitor.person_id is not None else set()
    if not grounds:
        return []
    looked_for = {f"by_{why.value}": why in grounds for why in Because}
    reasons = _first_reasons(fetch(session, *_fitting(visitor, now, now.date(), **looked_for)))
    soonest = sorted(reasons, key=lambda number: (reasons[number][1], number))[:limit]
    return [Suggestion(number, Because(reasons[number][0]), *reasons[number][2:]) for number in soonest]


@once
def _fitting(visitor: Visitor, now: datetime, day: date, **looked_for: bool) -> CompoundSelect[*tuple[Any, ...]]:
    coming = and_(Occurrence.status.in_((Status.PUBLISHED, Status.MOVED)), Occurrence.starts_at > now)
    fits = and_(coming, visible_to(visitor), not_(concerning(visitor)))
    return union_all(
        *(
            select(part.where(fits).order_by(Occurrence.starts_at).limit(_CANDIDATES).subquery())
            for why, part in _reasons(visitor, day).items()
            if looked_for[f"by_{why.value}"]
        )
    )


def _first_reasons(rows: Iterable[Any]) -> dict[int, tuple[str, datetime, str, str]]:
    found: dict[int, tuple[str, datetime, str, str]] = {}
    for number, because, starts_at, name_uk, name_en in rows:
        found.setdefault(number, (because, starts_at, name_uk, name_en))
    return found


def _grounds(session: Session, visitor: Visitor, day: date) -> set[Because]:
    """Which reasons there can be at all: most people follow little, and what nobody follows need not be looked for."""
    known = {each.value for each in Because}
    return {Because(each) for (each,) in fetch(session, *_followed_or_had(visitor, day)) if each in known}


@once
def _followed_or_had(visitor: Visitor, day: date) -> CompoundSelect[str]:
    followed = select(cast(Subscription.kind, String)).where(Subscription.person_id == visitor.person_id).distinct()
    has = select(literal(Because.CAPABILITY.value)).where(_equipped(visitor, day)).limit(1)
    return union_all(followed, select(has.subquery()))


def _equipped(visitor: Visitor, day: date) -> ColumnElement[bool]:
    return and_(
        Capability.organisation_id.in_(visitor.organisation_ids),
        Capability.from_date <= day,
        or_(Capability.to_date.is_(None), Capability.to_date > day),
    )


def _reasons(visitor: Visitor, day: date) -> dict[Because, Select[Any]]:
    me = visitor.person_id
    return {
        Because.TOPIC: _because(Because.TOPIC, Topic.name_uk, Topic.name_en)
        .join(OccurrenceTopic, OccurrenceTopic.occurrence_id == Occurrence.id)
        .join(Topic, Topic.id == OccurrenceTopic.topic_id)
        .join(Subscription, _follows(me, SubscriptionKind.TOPIC, Topic.code)),
        Because.SERIES: _because(Because.SERIES, Series.title, Series.title_en)
        .join(Series, Series.id == Occurrence.series_id)
        .join(Subscription, _follows_number(me, SubscriptionKind.SERIES, Series.id, Series.slug)),
        Because.ORGANISATION: _because(Because.ORGANISATION, Organisation.name_uk, Organisation.name_en)
        .join(OccurrenceParty, OccurrenceParty.occurrence_id == Occurrence.id)
        .join(Organisation, Organisation.id == OccurrenceParty.organisation_id)
        .join(Subscription, _follows_number(me, SubscriptionKind.ORGANISATION, Organisation.id, Organisation.code))
        .where(not_(party_is_veiled())),
        Because.OBLAST: _because(Because.OBLAST, Organisation.oblast, Organisation.oblast)
        .join(OccurrenceParty, OccurrenceParty.occurrence_id == Occurrence.id)
        .join(Organisation, Organisation.id == OccurrenceParty.organisation_id)
        .join(Subscription, _follows(me, SubscriptionKind.OBLAST, Organisation.oblast))
        .where(not_(party_is_veiled())),
        Because.CAPABILITY: _because(Because.CAPABILITY, CapabilityKind.name_uk, CapabilityKind.name_en)
        .join(OccurrenceTopic, OccurrenceTopic.occurrence_id == Occurrence.id)
        .join(Topic, Topic.id == OccurrenceTopic.topic_id)
        .join(CapabilityKind, CapabilityKind.code == Topic.code)
        .join(Capability, and_(Capability.code == CapabilityKind.code, _equipped(visitor, day))),
    }


def _because(why: Because, name_uk: Any, name_en: Any) -> Select[Any]:
    return select(
        Occurrence.id,
        literal(why.value).label("because"),
        Occurrence.starts_at,
        name_uk.label("name_uk"),
        name_en.label("name_en"),
    )


def _follows(person_id: int | None, kind: SubscriptionKind, target: Any) -> ColumnElement[bool]:
    return and_(Subscription.person_id == person_id, Subscription.kind == kind, Subscription.target == target)


def _follows_number(person_id: int | None, kind: SubscriptionKind, number: Any, word: Any) -> ColumnElement[bool]:
    said = or_(Subscription.target == cast(number, String), Subscription.target == word)
    return and_(Subscription.person_id == person_id, Subscription.kind == kind, said)
