"""The schedule as lists and calendars: filtered, searched, page by page. Days are those of the network's zone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, false, literal, not_, or_, select, union_all
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.project_models import Project
from lms.directory.rules import Visitor
from lms.schedule import project_of
from lms.schedule.audience_models import Invitation, ParticipationStatus, Registration, RegistrationState
from lms.schedule.cards import OccurrenceCard
from lms.schedule.models import Kind, Occurrence, OccurrenceParty, Speaker, Status
from lms.schedule.plan_models import OccurrenceTopic, Series, Topic
from lms.schedule.protection import party_is_veiled, speaker_is_veiled
from lms.schedule.queries import ZONE, ahead, cards_of, lines_for, visible_to
from lms.schedule.rules import midnight
from lms.statements import Fixed, fetch, once

PAGE = 30
MOST_MARKS = 1000
"""So many occurrences a calendar shows at most."""
_WORDS = 5
_CHOSEN_FROM = timedelta(days=90)
"""Series whose last date lies longer ago are not offered to filter by."""
SEATED = (
    RegistrationState.PENDING,
    RegistrationState.CONFIRMED,
    RegistrationState.WAITLISTED,
    RegistrationState.OFFERED,
)
"""How far a registration has come that still counts."""

_Lines = tuple[Select[*tuple[Any, ...]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is filtered by; empty is everything. Topics and organisations go by code, series by slug."""

    kind: Kind | None = None
    topic: str = ""
    oblast: str = ""
    organisation: str = ""
    series: str = ""
    project: str = ""
    mine: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list, and whether another follows."""

    cards: list[OccurrenceCard]
    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """An occurrence in a calendar: enough for one line."""

    slug: str
    title: str
    title_en: str
    kind: Kind
    status: Status
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """A value that one can filter by, and its names."""

    value: str
    name_uk: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by. `organisation` is the one filtered by already."""

    topics: list[Named]
    oblasts: list[str]
    series: list[Named]
    organisation: Named | None
    projects: list[Named]


def coming(session: Session, visitor: Visitor, now: datetime, wanted: Wanted, number: int = 1) -> ListPage:
    """What is live and what comes, soonest first."""
    return _page(session, visitor, now, _coming, wanted, number)


def nearest(
    session: Session, visitor: Visitor, now: datetime, *, mine: int, others: int
) -> tuple[list[int], list[int]]:
    """The numbers of what is live and what comes, soonest first, without drafts and what was cancelled.

    First those that concern the visitor, then those of everybody; so many of each, in one statement.
    """
    rows = sorted(fetch(session, *_nearest(visitor, now, Fixed(mine), Fixed(others))), key=lambda row: (row[1], row[0]))
    return [row[0] for row in rows if row[2]], [row[0] for row in rows if not row[2]]


@once
def _nearest(visitor: Visitor, now: datetime, mine: int, others: int) -> CompoundSelect[int, datetime, bool]:
    """What comes is found once and put in order then: PostgreSQL would look through all that is over to save that."""
    told = Occurrence.status.in_((Status.PUBLISHED, Status.MOVED, Status.LIVE))
    own = concerning(visitor) if mine else false()
    coming = (
        select(Occurrence.id, Occurrence.starts_at, own.label("own"))
        .where(visible_to(visitor), ahead(now), told)
        .cte("coming")
        .prefix_with("MATERIALIZED")
    )
    in_order = (coming.c.starts_at, coming.c.id)
    parts = [select(coming.c.id, coming.c.starts_at, literal(False).label("own")).order_by(*in_order).limit(others)]
    if mine:
        theirs = select(coming.c.id, coming.c.starts_at, coming.c.own).where(coming.c.own)
        parts.append(theirs.order_by(*in_order).limit(mine))
    # Each part is limited by itself; SQLite wants such a part wrapped.
    return union_all(*(select(part.subquery()) for part in parts))


def cards(
    session: Session, visitor: Visitor, now: datetime, occurrence_ids: Collection[int]
) -> dict[int, OccurrenceCard]:
    """The cards of these occurrences, by number."""
    if not occurrence_ids:
        return {}
    found = fetch(session, *_numbered(visitor, set(occurrence_ids)))
    return {card.id: card for card in cards_of(session, visitor, now, found, short=True)}


def over(session: Session, visitor: Visitor, now: datetime, wanted: Wanted, number: int = 1) -> ListPage:
    """What is over, latest first."""
    return _page(session, visitor, now, _over, wanted, number)


def of_day(session: Session, visitor: Visitor, now: datetime, day: date, wanted: Wanted) -> list[OccurrenceCard]:
    """What begins on a day, earliest first."""
    of_it = _begins_within(day, day + timedelta(days=1))
    query = lines_for(visitor).where(of_it, *matching(visitor, wanted))
    found = session.execute(query.order_by(Occurrence.starts_at, Occurrence.id).limit(100)).all()
    return cards_of(session, visitor, now, found, short=True)


def marks(session: Session, visitor: Visitor, begin: date, end: date, wanted: Wanted) -> list[Mark]:
    """What begins in the days `[begin, end)`, earliest first, in one statement. At most `MOST_MARKS`."""
    columns = (
        Occurrence.slug,
        Occurrence.title,
        Occurrence.title_en,
        Occurrence.kind,
        Occurrence.status,
        Occurrence.starts_at,
        Occurrence.ends_at,
    )
    query = select(*columns).where(visible_to(visitor), _begins_within(begin, end), *matching(visitor, wanted))
    rows = session.execute(query.order_by(Occurrence.starts_at, Occurrence.id).limit(MOST_MARKS))
    return [Mark(*row) for row in rows]


def choices(session: Session, visitor: Visitor, now: datetime, wanted: Wanted) -> Choices:
    """What there is to filter by: topics in use, oblasts of the network, series of which the visitor may know."""
    tags = fetch(session, *_tags())
    oblasts = fetch(session, *_oblasts())
    series = fetch(session, *_series_of(visitor, now - _CHOSEN_FROM, wanted.series or None))
    organisation = None
    if wanted.organisation:
        row = session.execute(
            select(Organisation.code, Organisation.name_uk, Organisation.name_en).where(
                Organisation.code == wanted.organisation
            )
        ).one_or_none()
        organisation = Named(*row) if row else None
    return Choices(
        [Named(*row) for kind, *row in tags if kind == "topic"],
        [name for (name,) in oblasts],
        [Named(*row) for row in series],
        organisation,
        [Named(*row) for kind, *row in tags if kind == "project"],
    )


@once
def _tags() -> Select[str, str, str, str]:
    """Topics in use and projects, in one query."""
    topics = select(
        literal("topic").label("kind"), Topic.code.label("value"), Topic.name_uk.label("uk"), Topic.name_en.label("en")
    ).where(Topic.retired_at.is_(None))
    projects = select(literal("project"), Project.slug, Project.name, Project.name_en)
    found = union_all(topics, projects).subquery()
    return select(found.c.kind, found.c.value, found.c.uk, found.c.en).order_by(found.c.uk).limit(400)


@once
def _oblasts() -> Select[str]:
    query = select(Organisation.oblast).where(Organisation.oblast != "").distinct()
    return query.order_by(Organisation.oblast).limit(50)


@once
def _series_of(visitor: Visitor, beginning_after: datetime, slug: str | None) -> Select[str, str, str]:
    """Series with something that the visitor may know of and that is not long over, and the one chosen already."""
    some = exists().where(Occurrence.series_id == Series.id, visible_to(visitor)).correlate(Series)
    chosen: ColumnElement[bool] = some.where(Occurrence.starts_at > beginning_after)
    if slug is not None:
        chosen = or_(chosen, and_(Series.slug == slug, some))
    return select(Series.slug, Series.title, Series.title_en).where(chosen).order_by(Series.title).limit(100)


def matching(visitor: Visitor, wanted: Wanted) -> list[ColumnElement[bool]]:
    """SQL for what is wanted. What the visitor may know of is another condition (`visible_to`)."""
    found: list[ColumnElement[bool]] = []
    if wanted.kind is not None:
        found.append(Occurrence.kind == wanted.kind)
    if wanted.topic:
        about = select(OccurrenceTopic.occurrence_id).join(Topic, Topic.id == OccurrenceTopic.topic_id)
        found.append(Occurrence.id.in_(about.where(Topic.code == wanted.topic)))
    if wanted.oblast:
        found.append(_with_party(visitor, Organisation.oblast == wanted.oblast))
    if wanted.organisation:
        found.append(_with_party(visitor, Organisation.code == wanted.organisation))
    if wanted.series:
        found.append(Occurrence.series_id.in_(select(Series.id).where(Series.slug == wanted.series)))
    if wanted.project:
        found.append(
            project_of.occurrence() == select(Project.id).where(Project.slug == wanted.project).scalar_subquery()
        )
    if wanted.mine:
        found.append(concerning(visitor))
    found.extend(_says(visitor, word) for word in wanted.words.split()[:_WORDS])
    return found


def concerning(visitor: Visitor) -> ColumnElement[bool]:
    """What has to do with the visitor: their organisation's, where they speak, are invited, registered, or organise."""
    ways: list[ColumnElement[bool]] = [Occurrence.created_by == visitor.identity]
    if visitor.organisation_ids:
        ours = OccurrenceParty.organisation_id.in_(visitor.organisation_ids)
        ways.append(Occurrence.id.in_(select(OccurrenceParty.occurrence_id).where(ours)))
    if visitor.organised_occurrences:
        ways.append(Occurrence.id.in_(visitor.organised_occurrences))
    if visitor.person_id is not None:
        me = visitor.person_id
        asked = select(Invitation.occurrence_id).where(
            Invitation.person_id == me,
            Invitation.withdrawn_at.is_(None),
            Invitation.status != ParticipationStatus.DECLINED,
        )
        seated = select(Registration.occurrence_id).where(Registration.person_id == me, Registration.state.in_(SEATED))
        ways.append(Occurrence.id.in_(select(Speaker.occurrence_id).where(Speaker.person_id == me)))
        ways.extend((Occurrence.id.in_(asked), Occurrence.id.in_(seated)))
    return or_(*ways)


def _page(
    session: Session, visitor: Visitor, now: datetime, which: Callable[..., _Lines], wanted: Wanted, number: int
) -> ListPage:
    query, values = which(visitor, now, (number - 1) * PAGE)
    narrowed = matching(visitor, wanted)
    found = fetch(session, query.where(*narrowed) if narrowed else query, values)
    cards = cards_of(session, visitor, now, found, short=True)
    return ListPage(cards[:PAGE], number, len(cards) > PAGE)


@once
def _coming(visitor: Visitor, now: datetime, begin: int) -> Select[*tuple[Any, ...]]:
    query = lines_for(visitor).where(ahead(now)).order_by(Occurrence.starts_at, Occurrence.id)
    return query.offset(begin).limit(PAGE + 1)


@once
def _over(visitor: Visitor, now: datetime, begin: int) -> Select[*tuple[Any, ...]]:
    query = lines_for(visitor).where(not_(ahead(now))).order_by(Occurrence.starts_at.desc(), Occurrence.id.desc())
    return query.offset(begin).limit(PAGE + 1)


@once
def _numbered(visitor: Visitor, occurrence_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    return lines_for(visitor).where(Occurrence.id.in_(occurrence_ids))


def _begins_within(begin: date, end: date) -> ColumnElement[bool]:
    first, last = midnight(begin, ZONE), midnight(end, ZONE)
    return and_(Occurrence.starts_at >= first, Occurrence.starts_at < last)


def _with_party(visitor: Visitor, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whoever may not read of a party does not find by it either."""
    if not visitor.organises_everything:
        own = visitor.organisation_ids | visitor.organised_organisations
        condition = and_(condition, or_(not_(party_is_veiled()), OccurrenceParty.organisation_id.in_(own)))
    parties = select(OccurrenceParty.occurrence_id).join(
        Organisation, Organisation.id == OccurrenceParty.organisation_id
    )
    return Occurrence.id.in_(parties.where(condition))


def _says(visitor: Visitor, word: str) -> ColumnElement[bool]:
    """The word stands in a title, the description, or a name of a speaker, an organisation or a topic."""
    own = (Occurrence.title, Occurrence.title_en, Occurrence.description, Occurrence.description_en)
    named = or_(*(each.icontains(word, autoescape=True) for each in (Organisation.name_uk, Organisation.name_en)))
    speaking = select(Speaker.occurrence_id).where(Speaker.name.icontains(word, autoescape=True))
    if not visitor.organises_everything:
        speaking = speaking.where(not_(speaker_is_veiled()))
    about = select(OccurrenceTopic.occurrence_id).join(Topic, Topic.id == OccurrenceTopic.topic_id)
    topic = or_(Topic.name_uk.icontains(word, autoescape=True), Topic.name_en.icontains(word, autoescape=True))
    return or_(
        *(each.icontains(word, autoescape=True) for each in own),
        _with_party(visitor, named),
        Occurrence.id.in_(speaking),
        Occurrence.id.in_(about.where(topic)),
    )
