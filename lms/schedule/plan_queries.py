"""Reading series and programmes. Who may see them is part of every query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, or_, select, true, union_all
from sqlalchemy.orm import Session, joinedload, selectinload

from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.schedule import releases as released
from lms.schedule.cards import Cast, OccurrenceCard, card_of, facts_of
from lms.schedule.casts import casts
from lms.schedule.concerns import concerns
from lms.schedule.drafts import OccurrenceDraft
from lms.schedule.models import Kind, Occurrence, OccurrenceParty, Speaker, Status
from lms.schedule.plan_models import OccurrenceTopic, Programme, Series, SlotDecision, Topic
from lms.schedule.planners import may_edit_programme, may_edit_series, may_see_series
from lms.schedule.queries import visible_to
from lms.schedule.rows import draft_of as draft_of_occurrence
from lms.schedule.rows import topics_of
from lms.schedule.rules import may_edit, to_utc, zone_of
from lms.schedule.series import draft_of
from lms.schedule.series_drafts import SeriesDraft
from lms.schedule.slots import decisions
from lms.schedule.warnings import Warning
from lms.statements import fetch, once

PAGE = 50
USUAL_HOUR = 10


@dataclass(frozen=True, slots=True)
class SeriesCard:
    """A line of the list of series: what is shown to this visitor, so without drafts of others."""

    id: int
    slug: str
    title: str
    title_en: str
    kind: Kind
    owner_uk: str
    owner_en: str
    programme_slug: str
    programme: str
    programme_en: str
    dates: int
    drafts: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class DateRow:
    """A date of a series, with what the planner's line holds."""

    card: OccurrenceCard
    version: int
    planned_local: datetime
    emails: tuple[str, ...]
    """Of the speakers, in their order."""
    topics: tuple[tuple[str, str], ...]
    warnings: tuple[Warning, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether it takes place at another time than the series had planned."""
        return self.card.starts_local != self.planned_local


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series with its dates; drafts, warnings and decisions only for its editors."""

    id: int
    slug: str
    title: str
    title_en: str
    description: str
    description_en: str
    kind: Kind
    rule: str
    starts_local: datetime
    zone: str
    duration_minutes: int
    owner_id: int
    owner_uk: str
    owner_en: str
    programme: tuple[str, str, str] | None
    """Slug, title, English title."""
    version: int
    may_edit: bool
    rows: tuple[DateRow, ...]
    releases: tuple[released.ReleaseCard, ...]
    decisions: tuple[SlotDecision, ...] = ()

    @property
    def drafts(self) -> int:
        """How many dates nobody else sees yet."""
        return sum(row.card.status is Status.DRAFT for row in self.rows)


@dataclass(frozen=True, slots=True)
class ProgrammeCard:
    """A programme."""

    id: int
    slug: str
    title: str
    title_en: str
    description: str
    description_en: str
    owner_id: int
    owner_uk: str
    owner_en: str
    from_date: date
    to_date: date | None
    series: int
    may_edit: bool


@dataclass(frozen=True, slots=True)
class ProgrammePage:
    """A programme with its series."""

    card: ProgrammeCard
    series: tuple[SeriesCard, ...] = field(default_factory=tuple)


def series_list(
    session: Session,
    visitor: Visitor,
    *,
    programme_id: int | None = None,
    search: str = "",
    page: int = 0,
    size: int = PAGE,
    mine: bool = False,
) -> list[SeriesCard]:
    """Series, those with the latest dates first. `mine`: only those that the visitor may change. One query."""
    seen = and_(Occurrence.series_id.is_not(None), visible_to(visitor))
    told = (
        select(
            Occurrence.series_id.label("series_id"),
            func.count().label("dates"),
            func.count().filter(Occurrence.status == Status.DRAFT).label("drafts"),
            func.min(Occurrence.starts_local).label("first"),
            func.max(Occurrence.starts_local).label("last"),
        )
        .where(seen)
        .group_by(Occurrence.series_id)
        .subquery()
    )
    query = (
        select(Series, told.c.dates, told.c.drafts, told.c.first, told.c.last)
        .join(told, told.c.series_id == Series.id, isouter=True)
        .options(joinedload(Series.owner, innerjoin=True), joinedload(Series.programme))
        .where(_edited(visitor) if mine else or_(_edited(visitor), told.c.dates > told.c.drafts))
        .order_by(told.c.last.desc().nulls_last(), Series.id.desc())
    )
    if programme_id is not None:
        query = query.where(Series.programme_id == programme_id)
    for word in search.split()[:5]:
        query = query.where(
            or_(Series.title.icontains(word, autoescape=True), Series.title_en.icontains(word, autoescape=True))
        )
    rows = session.execute(query.offset(page * size).limit(size))
    return [_series_card(*row) for row in rows]


def series_page(session: Session, visitor: Visitor, slug: str, now: datetime) -> SeriesPage:
    """A series with everything on its page. Raises `NotFound`, also when the visitor may not know of it."""
    found = session.scalar(
        select(Series)
        .where(Series.slug == slug)
        .options(joinedload(Series.owner, innerjoin=True), joinedload(Series.programme))
    )
    if found is None or not may_see_series(session, found, visitor):
        raise NotFound("series_unknown", "There is no such series, or it is not for you.")
    editor = may_edit_series(found, visitor)
    programme = found.programme
    return SeriesPage(
        id=found.id,
        slug=found.slug,
        title=found.title,
        title_en=found.title_en,
        description=found.description,
        description_en=found.description_en,
        kind=found.kind,
        rule=found.rule,
        starts_local=found.starts_local,
        zone=found.zone,
        duration_minutes=found.duration_minutes,
        owner_id=found.owner_id,
        owner_uk=found.owner.name_uk,
        owner_en=found.owner.name_en,
        programme=(programme.slug, programme.title, programme.title_en) if programme is not None else None,
        version=found.version,
        may_edit=editor,
        rows=tuple(date_rows(session, visitor, found.id, now, warn=editor)),
        releases=tuple(released.releases(session, found.id)),
        decisions=tuple(decisions(session, found.id)) if editor else (),
    )


def date_rows(session: Session, visitor: Visitor, series_id: int, now: datetime, *, warn: bool) -> list[DateRow]:
    """The dates of a series that the visitor may see, in order; a constant number of queries."""
    query = (
        select(Occurrence)
        .where(Occurrence.series_id == series_id, visible_to(visitor))
        .options(
            selectinload(Occurrence.parties).joinedload(OccurrenceParty.organisation, innerjoin=True),
            selectinload(Occurrence.speakers).joinedload(Speaker.organisation),
        )
        .order_by(Occurrence.starts_at, Occurrence.id)
    )
    rows = session.scalars(query).all()
    numbers = [each.id for each in rows]
    topics: dict[int, list[tuple[str, str]]] = {}
    for number, uk, en in session.execute(
        select(OccurrenceTopic.occurrence_id, Topic.name_uk, Topic.name_en)
        .join(Topic, Topic.id == OccurrenceTopic.topic_id)
        .where(OccurrenceTopic.occurrence_id.in_(numbers))
        .order_by(Topic.name_uk)
    ):
        topics.setdefault(number, []).append((uk, en))
    told = concerns(session, visitor, numbers, now) if warn else {}
    taking_part = casts(session, numbers)
    return [
        DateRow(
            card_of(each, visitor, now, cast=taking_part.get(each.id, Cast())),
            each.version,
            each.planned_local or each.starts_local,
            tuple(speaker.email for speaker in each.speakers),
            tuple(topics.get(each.id, ())),
            tuple(told.get(each.id, ())),
        )
        for each in rows
    ]


def programmes(session: Session, visitor: Visitor, *, limit: int = 100) -> list[ProgrammeCard]:
    """All programmes, latest first: what the network plans for is no secret. One query."""
    counts = (
        select(Series.programme_id.label("programme_id"), func.count().label("number"))
        .where(Series.programme_id.is_not(None))
        .group_by(Series.programme_id)
        .subquery()
    )
    rows = session.execute(
        select(Programme, func.coalesce(counts.c.number, 0))
        .join(counts, counts.c.programme_id == Programme.id, isouter=True)
        .options(joinedload(Programme.owner, innerjoin=True))
        .order_by(Programme.from_date.desc(), Programme.id.desc())
        .limit(min(limit, 500))
    )
    return [_programme_card(each, number, visitor) for each, number in rows]


def programme_page(session: Session, visitor: Visitor, slug: str) -> ProgrammePage:
    """A programme with the series that the visitor may see. Raises `NotFound`."""
    found = session.scalar(
        select(Programme).where(Programme.slug == slug).options(joinedload(Programme.owner, innerjoin=True))
    )
    if found is None:
        raise NotFound("programme_unknown", "There is no such programme.")
    inside = series_list(session, visitor, programme_id=found.id, size=200)
    return ProgrammePage(_programme_card(found, len(inside), visitor), tuple(inside))


def _edited(visitor: Visitor) -> ColumnElement[bool]:
    if visitor.organises_everything:
        return true()
    return or_(
        Series.id.in_(visitor.organised_series),
        Series.programme_id.in_(visitor.organised_programmes),
        Series.owner_id.in_(visitor.organised_organisations),
    )


def _series_card(
    each: Series, dates: int | None, drafts: int | None, first: datetime | None, last: datetime | None
) -> SeriesCard:
    programme = each.programme
    return SeriesCard(
        each.id,
        each.slug,
        each.title,
        each.title_en,
        each.kind,
        each.owner.name_uk,
        each.owner.name_en,
        programme.slug if programme else "",
        programme.title if programme else "",
        programme.title_en if programme else "",
        dates or 0,
        drafts or 0,
        first,
        last,
    )


def _programme_card(each: Programme, number: int, visitor: Visitor) -> ProgrammeCard:
    return ProgrammeCard(
        each.id,
        each.slug,
        each.title,
        each.title_en,
        each.description,
        each.description_en,
        each.owner_id,
        each.owner.name_uk,
        each.owner.name_en,
        each.from_date,
        each.to_date,
        number,
        may_edit_programme(each, visitor),
    )


def series_draft(session: Session, visitor: Visitor, slug: str) -> SeriesDraft:
    """What new dates of a series begin with, for its editors. Raises `NotFound` or `NotAllowed`."""
    found = session.scalar(select(Series).where(Series.slug == slug))
    if found is None or not may_see_series(session, found, visitor):
        raise NotFound("series_unknown", "There is no such series, or it is not for you.")
    if not may_edit_series(found, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return draft_of(session, found)


def around(session: Session, visitor: Visitor, occurrence_id: int) -> dict[str, Any] | None:
    """The series of an occurrence, and the dates before and after it that the visitor may see. Two queries."""
    rows = fetch(session, *_series_of(occurrence_id))
    if not rows:
        return None
    series_id, slug, title, title_en, starts_at = rows[0]
    beside = fetch(session, *_beside(visitor, occurrence_id, series_id, starts_at))
    return {
        "slug": slug,
        "title": title,
        "title_en": title_en,
        "before": next((date for date in beside if date.starts_at < starts_at), None),
        "after": next((date for date in beside if date.starts_at >= starts_at), None),
    }


@once
def _series_of(occurrence_id: int) -> Select[int, str, str, str, datetime]:
    return (
        select(Series.id, Series.slug, Series.title, Series.title_en, Occurrence.starts_at)
        .join(Occurrence, Occurrence.series_id == Series.id)
        .where(Occurrence.id == occurrence_id)
    )


@once
def _beside(
    visitor: Visitor, occurrence_id: int, series_id: int, starts_at: datetime
) -> CompoundSelect[*tuple[Any, ...]]:
    """The date before and the date after; SQLite wants each wrapped, because it is limited by itself."""
    dates = select(
        Occurrence.id,
        Occurrence.slug,
        Occurrence.title,
        Occurrence.title_en,
        Occurrence.starts_local,
        Occurrence.starts_at,
    ).where(
        Occurrence.series_id == series_id,
        Occurrence.id != occurrence_id,
        Occurrence.status != Status.CANCELLED,
        visible_to(visitor),
    )
    earlier = dates.where(Occurrence.starts_at < starts_at).order_by(Occurrence.starts_at.desc())
    later = dates.where(Occurrence.starts_at >= starts_at).order_by(Occurrence.starts_at)
    return union_all(*(select(part.limit(1).subquery()) for part in (earlier, later)))


def occurrence_draft(session: Session, visitor: Visitor, slug: str) -> OccurrenceDraft:
    """An occurrence as its organiser filled it in. Raises `NotFound` or `NotAllowed`."""
    found = session.scalar(
        select(Occurrence)
        .where(Occurrence.slug == slug, visible_to(visitor))
        .options(*(selectinload(each) for each in (Occurrence.parties, Occurrence.speakers, Occurrence.agenda)))
    )
    if found is None:
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    if not may_edit(facts_of(found), visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return draft_of_occurrence(found, tuple(topics_of(session, found.id)))


def free_start(session: Session, now: datetime, zone: str, minutes: int = 90) -> datetime:
    """A wall time at which nothing is planned yet: the same hour on the first free day, from a week ahead on."""
    first = (now.astimezone(zone_of(zone)) + timedelta(days=7)).replace(tzinfo=None)
    days = [datetime.combine(first.date() + timedelta(days=step), time(USUAL_HOUR)) for step in range(28)]
    spans = [(to_utc(day, zone), to_utc(day, zone) + timedelta(minutes=minutes)) for day in days]
    planned = (Status.DRAFT, Status.PUBLISHED, Status.MOVED)
    taken = session.execute(
        select(Occurrence.starts_at, Occurrence.ends_at).where(
            Occurrence.status.in_(planned), Occurrence.starts_at < spans[-1][1], Occurrence.ends_at > spans[0][0]
        )
    ).all()
    for day, (begin, end) in zip(days, spans, strict=True):
        if not any(starts < end and ends > begin for starts, ends in taken):
            return day
    return days[0]
