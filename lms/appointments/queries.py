"""Reading consultation hours and appointments. Who may book is part of the query; an appointment is read by the two."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select
from sqlalchemy.orm import Session

from lms.appointments.models import (
    Appointment,
    AppointmentState,
    Audience,
    ConsultationHours,
    ConsultationTopic,
)
from lms.appointments.plans import free_times
from lms.appointments.rules import Span, in_time
from lms.courses.models import Enrolment, EnrolmentState
from lms.directory.models import Affiliation, Organisation, OrganisationKind, Person, shown_name
from lms.directory.queries import in_force
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.schedule import calendar
from lms.schedule.cards import OccurrenceCard
from lms.schedule.plan_models import Topic
from lms.schedule.protection import person_is_protected, protected_people
from lms.schedule.rules import midnight, zone_of

PAGE = 20
LOOKED_AHEAD = 28
"""Days in which a list looks for the next free time."""
SHOWN_DAYS = 14
"""Days of free times on one page."""
MOST = 100


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic of the catalogue."""

    id: int
    name_uk: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody works."""

    name_uk: str = ""
    name_en: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class ExpertCard:
    """Somebody who can be asked. `next_at` is the first free time of the next weeks.

    Of whom a protected organisation names to nobody, name and home are empty.
    """

    hours_id: int
    expert_id: int
    name: str
    home: Home
    about: str
    about_en: str
    zone: str
    slot_minutes: int
    change_minutes: int
    topics: tuple[TopicName, ...]
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExpertsPage:
    """A page of those who can be asked."""

    experts: tuple[ExpertCard, ...]
    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class TimesPage:
    """An expert's free times from `begin` on, for so many days as one page shows."""

    card: ExpertCard
    open: bool
    slots: tuple[Span, ...]
    begin: date
    """In the reader's zone."""
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True)
class AppointmentCard:
    """An appointment, for one of the two. `name` and `home` are the other one's; empty where they are not for them."""

    id: int
    hours_id: int
    mine: bool
    """Whether the reader is the expert."""
    name: str
    home: Home
    topic: TopicName | None
    subject: str
    question: str
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    reason: str
    answer: str
    answered_at: datetime | None
    occurrence_id: int
    changeable: bool
    """Whether the reader may still move or cancel it."""
    talk: OccurrenceCard | None = None
    """Its occurrence, with the door."""


def bookable_by(visitor: Visitor) -> ColumnElement[bool]:
    """SQL: hours that are for this visitor. Nobody books oneself."""
    works_at = select(Organisation.kind).where(Organisation.id.in_(visitor.organisation_ids))
    learns = select(Enrolment.course_id).where(
        Enrolment.person_id == visitor.person_id, Enrolment.state != EnrolmentState.WITHDRAWN
    )
    return and_(
        ConsultationHours.expert_id != visitor.person_id,
        or_(
            ConsultationHours.audience == Audience.EVERYBODY,
            and_(
                ConsultationHours.audience == Audience.ORGANISATIONS, ConsultationHours.organisation_kind.in_(works_at)
            ),
            and_(ConsultationHours.audience == Audience.LEARNERS, ConsultationHours.course_id.in_(learns)),
        ),
    )


def kinds_of_homes(session: Session, visitor: Visitor) -> Sequence[OrganisationKind]:
    """The kinds of organisations at which the visitor works."""
    if not visitor.organisation_ids:
        return []
    return session.scalars(select(Organisation.kind).where(Organisation.id.in_(visitor.organisation_ids))).all()


def zone_of_reader(session: Session, visitor: Visitor) -> str:
    """By whose clock times are shown."""
    return session.scalar(select(Person.time_zone).where(Person.id == visitor.person_id)) or "Europe/Kyiv"


def experts(
    session: Session, visitor: Visitor, now: datetime, *, topic_id: int | None = None, text: str = "", number: int = 1
) -> ExpertsPage:
    """Those whom the visitor can ask, by name: about a topic, or one above or below it; with these words."""
    query = (
        select(ConsultationHours, Person.given_name, Person.family_name)
        .join(Person, Person.id == ConsultationHours.expert_id)
        .where(ConsultationHours.open, bookable_by(visitor))
    )
    if topic_id is not None:
        offered = select(ConsultationTopic.hours_id).where(ConsultationTopic.topic_id.in_(_near(session, topic_id)))
        query = query.where(ConsultationHours.id.in_(offered))
    for word in text.split()[:5]:
        query = query.where(_holds(word, now.date()))
    order = (Person.family_name, Person.given_name, ConsultationHours.id)
    rows = session.execute(query.order_by(*order).offset((number - 1) * PAGE).limit(PAGE + 1)).all()
    found = _cards(session, rows[:PAGE], now)
    free = free_times(session, [row[0] for row in rows[:PAGE]], now, now, LOOKED_AHEAD)
    cards = [replace(one, next_at=next((each.starts_at for each in free[one.hours_id]), None)) for one in found]
    return ExpertsPage(tuple(cards), number, len(rows) > PAGE)


def topics_offered(session: Session, visitor: Visitor) -> list[TopicName]:
    """The topics that the visitor can ask somebody about, by name."""
    query = (
        select(Topic.id, Topic.name_uk, Topic.name_en)
        .join(ConsultationTopic, ConsultationTopic.topic_id == Topic.id)
        .join(ConsultationHours, ConsultationHours.id == ConsultationTopic.hours_id)
        .where(ConsultationHours.open, bookable_by(visitor))
        .distinct()
    )
    return [TopicName(*row) for row in session.execute(query.order_by(Topic.name_uk, Topic.id).limit(500))]


def times(
    session: Session, visitor: Visitor, hours_id: int, now: datetime, begin: date | None, *, appointment_id: int = 0
) -> TimesPage:
    """An expert's free times for this visitor; for moving `appointment_id`, its own time counts as free.

    Raises `NotFound` (hours_unknown).
    """
    query = (
        select(ConsultationHours, Person.given_name, Person.family_name)
        .join(Person, Person.id == ConsultationHours.expert_id)
        .where(ConsultationHours.id == hours_id)
    )
    if not appointment_id:
        query = query.where(bookable_by(visitor))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("hours_unknown", "There are no such consultation hours, or they are not for you.")
    hours = row[0]
    zone = zone_of_reader(session, visitor)
    today = now.astimezone(zone_of(zone)).date()
    last = today + timedelta(days=hours.horizon_days)
    first = min(max(begin or today, today), last)
    by_expert = hours.expert_id == visitor.person_id
    slots = free_times(
        session, [hours], now, midnight(first, zone), SHOWN_DAYS, but=appointment_id, by_expert=by_expert
    )[hours.id]
    step = timedelta(days=SHOWN_DAYS)
    return TimesPage(
        card=_cards(session, [row], now)[0],
        open=hours.open or by_expert,
        slots=tuple(slots) if hours.open or by_expert else (),
        begin=first,
        earlier=max(first - step, today) if first > today else None,
        later=first + step if first + step <= last else None,
    )


def appointment(session: Session, visitor: Visitor, appointment_id: int, now: datetime) -> AppointmentCard:
    """One of the visitor's. Raises `NotFound`, towards everybody else too."""
    found = _own(session, visitor, now, Appointment.id == appointment_id)
    if not found:
        raise NotFound("appointment_unknown", "There is no such appointment, or it is not yours.")
    return found[0]


def of_occurrence(session: Session, visitor: Visitor, occurrence_id: int) -> int | None:
    """The visitor's appointment behind an occurrence."""
    mine = or_(Appointment.expert_id == visitor.person_id, Appointment.person_id == visitor.person_id)
    return session.scalar(select(Appointment.id).where(Appointment.occurrence_id == occurrence_id, mine))


def ahead(session: Session, visitor: Visitor, now: datetime, limit: int = MOST) -> list[AppointmentCard]:
    """What the visitor has booked, or is booked for, and is not over, soonest first."""
    coming = and_(Appointment.state == AppointmentState.BOOKED, Appointment.ends_at > now)
    return _own(session, visitor, now, coming, limit=limit)


def undecided(session: Session, visitor: Visitor, now: datetime) -> list[AppointmentCard]:
    """Of the expert's: over, and not said yet what became of it; the latest first."""
    late = and_(
        Appointment.expert_id == visitor.person_id,
        Appointment.state == AppointmentState.BOOKED,
        Appointment.ends_at <= now,
    )
    return _own(session, visitor, now, late, latest=True)


def over(session: Session, visitor: Visitor, now: datetime, limit: int = PAGE) -> list[AppointmentCard]:
    """What was held, was not, or was cancelled, the latest first."""
    done = or_(Appointment.state != AppointmentState.BOOKED, Appointment.ends_at <= now)
    return _own(session, visitor, now, done, limit=limit, latest=True)


def any_ahead(person_id: int) -> ColumnElement[bool]:
    """SQL: whether a person has any that is not decided yet."""
    mine = or_(Appointment.expert_id == person_id, Appointment.person_id == person_id)
    return exists().where(mine, Appointment.state == AppointmentState.BOOKED)


def _own(
    session: Session,
    visitor: Visitor,
    now: datetime,
    *wanted: ColumnElement[bool],
    limit: int = MOST,
    latest: bool = False,
) -> list[AppointmentCard]:
    """The visitor's appointments. Five queries, however many there are; the doors are the schedule's."""
    if visitor.person_id is None:
        return []
    me = visitor.person_id
    order = Appointment.starts_at.desc() if latest else Appointment.starts_at
    rows = session.execute(
        select(Appointment, ConsultationHours.change_minutes)
        .join(ConsultationHours, ConsultationHours.id == Appointment.hours_id)
        .where(or_(Appointment.expert_id == me, Appointment.person_id == me), *wanted)
        .order_by(order, Appointment.id)
        .limit(limit)
    ).all()
    found = [row[0] for row in rows]
    others = {each.person_id if each.expert_id == me else each.expert_id for each in found}
    # Who holds the consultation reads who comes; to the others a protected expert is not named.
    veiled = protected_people(session, {each.expert_id for each in found if each.expert_id != me}, now.date())
    names, homes = _names(session, others - veiled), _homes(session, others - veiled, now)
    topics = _topic_names(session, {each.topic_id for each in found if each.topic_id is not None})
    doors = calendar.cards(session, visitor, now, [each.occurrence_id for each in found])
    cards = []
    for each, change_minutes in rows:
        mine = each.expert_id == me
        other = each.person_id if mine else each.expert_id
        cards.append(
            AppointmentCard(
                id=each.id,
                hours_id=each.hours_id,
                mine=mine,
                name=names.get(other, ""),
                home=homes.get(other, Home()),
                topic=topics.get(each.topic_id) if each.topic_id is not None else None,
                subject=each.subject,
                question=each.question,
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                state=each.state,
                reason=each.reason,
                answer=each.answer,
                answered_at=each.answered_at,
                occurrence_id=each.occurrence_id,
                changeable=each.state is AppointmentState.BOOKED
                and in_time(each.starts_at, change_minutes, now, by_expert=mine),
                talk=doors.get(each.occurrence_id),
            )
        )
    return cards


def _cards(session: Session, rows: Sequence[Any], now: datetime) -> list[ExpertCard]:
    experts = {row[0].expert_id for row in rows}
    veiled = protected_people(session, experts, now.date())
    homes = _homes(session, experts - veiled, now)
    topics: dict[int, list[TopicName]] = {}
    for number, topic_id, uk, en in session.execute(
        select(ConsultationTopic.hours_id, Topic.id, Topic.name_uk, Topic.name_en)
        .join(Topic, Topic.id == ConsultationTopic.topic_id)
        .where(ConsultationTopic.hours_id.in_([row[0].id for row in rows]))
        .order_by(Topic.name_uk, Topic.id)
    ):
        topics.setdefault(number, []).append(TopicName(topic_id, uk, en))
    return [
        ExpertCard(
            hours_id=hours.id,
            expert_id=hours.expert_id,
            name=shown_name(given, family) if hours.expert_id not in veiled else "",
            home=homes.get(hours.expert_id, Home()),
            about=hours.about,
            about_en=hours.about_en,
            zone=hours.zone,
            slot_minutes=hours.slot_minutes,
            change_minutes=hours.change_minutes,
            topics=tuple(topics.get(hours.id, ())),
        )
        for hours, given, family in rows
    ]


def _homes(session: Session, people: Collection[int], now: datetime) -> dict[int, Home]:
    """Where these people work now: of several places the first."""
    works = in_force(Affiliation.from_date, Affiliation.to_date, now.date())
    query = (
        select(Affiliation.person_id, Organisation.name_uk, Organisation.name_en, Affiliation.position)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.person_id.in_(people), works)
        .order_by(Affiliation.id.desc())
    )
    return {number: Home(*home) for number, *home in session.execute(query)}


def _names(session: Session, people: Collection[int]) -> dict[int, str]:
    query = select(Person.id, Person.given_name, Person.family_name).where(Person.id.in_(people))
    return {number: shown_name(given, family) for number, given, family in session.execute(query)}


def _topic_names(session: Session, topics: Collection[int]) -> dict[int, TopicName]:
    if not topics:
        return {}
    query = select(Topic.id, Topic.name_uk, Topic.name_en).where(Topic.id.in_(topics))
    return {row[0]: TopicName(*row) for row in session.execute(query)}


def _near(session: Session, topic_id: int) -> set[int]:
    """The topic, those above it and those below it: an expert of the whole field can be asked about what lies in it."""
    parents = dict(session.execute(select(Topic.id, Topic.parent_id)).all())
    found, step = {topic_id}, parents.get(topic_id)
    while step is not None and step not in found:
        found.add(step)
        step = parents.get(step)
    below = {topic_id}
    while below:
        below = {number for number, parent in parents.items() if parent in below} - found
        found |= below
    return found


def _holds(word: str, day: date) -> ColumnElement[bool]:
    """SQL: the expert's words or a topic have this word, or name and organisation, where these are for everybody."""
    topic = (
        exists()
        .where(ConsultationTopic.hours_id == ConsultationHours.id, ConsultationTopic.topic_id == Topic.id)
        .where(or_(Topic.name_uk.icontains(word, autoescape=True), Topic.name_en.icontains(word, autoescape=True)))
    )
    home = (
        exists()
        .where(Affiliation.person_id == ConsultationHours.expert_id, Affiliation.to_date.is_(None))
        .where(Affiliation.organisation_id == Organisation.id)
        .where(
            or_(
                Organisation.name_uk.icontains(word, autoescape=True),
                Organisation.name_en.icontains(word, autoescape=True),
            )
        )
    )
    names, words = (Person.family_name, Person.given_name), (ConsultationHours.about, ConsultationHours.about_en)
    known = or_(home, *(each.icontains(word, autoescape=True) for each in names))
    told = and_(known, not_(person_is_protected(ConsultationHours.expert_id, day)))
    return or_(told, topic, *(each.icontains(word, autoescape=True) for each in words))
