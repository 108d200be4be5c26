"""Demo data, from how the network really began. Organisations and roles only: no invented people stand for real ones.

Running it again changes nothing but the live consultation, which is carried on, and what is planned: there are
always consultations on the next Wednesdays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import (
    demo_accounts,
    demo_appointments,
    demo_attendance,
    demo_audience,
    demo_courses,
    demo_directory,
    demo_evidence,
    demo_groups,
    demo_needs,
    demo_planning,
    demo_registration,
)
from lms import demo_facts as facts
from lms.directory import accounts, passwords
from lms.directory.access_models import Endpoint
from lms.directory.models import Account, Membership, Organisation, RoleName
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor
from lms.schedule import actions, rules
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft
from lms.schedule.models import Access, Occurrence, Part, Status

ORGANISER = demo_accounts.ORGANISER
ADMINISTRATOR = demo_accounts.ADMINISTRATOR
DEMO_MEETING = "demo"
_ACTOR = "demo"
_WEDNESDAY = 2


@dataclass(frozen=True, slots=True)
class DemoEndpoint:
    """An endpoint of the demo, in the live consultation as a headless participant."""

    id: int
    code: str
    """Of its organisation: `kyiv`, `lviv`, `sumy`."""
    name: str
    """Its organisation's Ukrainian name."""


@dataclass(frozen=True, slots=True)
class DemoFacts:
    """What there is to sign in with and to join."""

    organiser_email: str
    administrator_email: str
    meeting: str
    endpoints: tuple[DemoEndpoint, ...]


def seed(session: Session, now: datetime, *, password: str = "") -> DemoFacts:
    """Put the demo data in, or bring it up to `now`. Without a password the demo accounts cannot sign in."""
    homes = {each.code: _organisation(session, each, now) for each in facts.ORGANISATIONS}
    demo_directory.seed(session, now, password=password)
    planner = _account(
        session, ORGANISER, "Організатор", "Демо", RoleName.ORGANISER, homes["association"], password, now
    )
    _account(
        session, ADMINISTRATOR, "Адміністратор", "Демо", RoleName.ADMINISTRATOR, homes["association"], password, now
    )
    endpoints = tuple(_endpoint(session, homes[code], now) for code in facts.DEMO_ENDPOINTS)
    for past in facts.PAST:
        _past(session, planner, homes, past, now)
    for number, planned in enumerate(facts.UPCOMING):
        _planned(session, planner, homes, planned, _next_wednesday(now, number), now)
    demo_planning.seed(session, planner, homes, now)
    demo_needs.seed(session, planner, homes, now)
    demo_registration.seed(session, planner, homes, now)
    demo_audience.seed(session, planner, homes, now)
    _live(session, planner, homes, now)
    demo_attendance.seed(session, planner, now)
    demo_groups.seed(session, planner, homes, now)
    demo_courses.seed(session, planner, homes, now)
    demo_evidence.seed(session, planner, demo_planning.PROGRAMME, now)
    demo_appointments.seed(session, now)
    return DemoFacts(ORGANISER, ADMINISTRATOR, DEMO_MEETING, endpoints)


def _organisation(session: Session, fact: facts.OrganisationFact, now: datetime) -> Organisation:
    found = session.scalar(select(Organisation).where(Organisation.code == fact.code))
    if found is not None:
        return found
    made = Organisation(
        code=fact.code,
        kind=fact.kind,
        name_uk=fact.name_uk,
        name_en=fact.name_en,
        status=fact.status,
        created_at=now,
        memberships=[Membership(network="vikno", from_date=fact.member_from)] if fact.member_from else [],
    )
    session.add(made)
    session.flush()
    return made


def _account(
    session: Session,
    email: str,
    given_name: str,
    family_name: str,
    role: RoleName,
    home: Organisation,
    password: str,
    now: datetime,
) -> Visitor:
    account = session.scalar(select(Account).where(Account.provider == "password", Account.subject == email))
    if account is None:
        person = accounts.create_person(
            session,
            _ACTOR,
            family_name=family_name,
            given_name=given_name,
            email=email,
            organisation_id=home.id,
            now=now,
        )
        accounts.give_role(session, _ACTOR, person_id=person.id, role=role, now=now)
        account = session.scalars(select(Account).where(Account.person_id == person.id)).one()
    if password and not passwords.matches(password, account.secret):
        account.secret = passwords.make(password)
    session.flush()
    return visitor_of_person(session, account.person_id, now)


def _endpoint(session: Session, home: Organisation, now: datetime) -> DemoEndpoint:
    """Paired without a key: no device can claim to be it, a headless participant plays it."""
    ours = select(Endpoint).where(Endpoint.organisation_id == home.id, Endpoint.paired_by == _ACTOR)
    found = session.scalar(ours)
    if found is None:
        found = Endpoint(organisation_id=home.id, label=facts.ENDPOINT_LABEL, paired_at=now, paired_by=_ACTOR)
        session.add(found)
        session.flush()
    return DemoEndpoint(found.id, home.code, home.name_uk)


def _draft(homes: dict[str, Organisation], fact: facts.OccurrenceFact, starts_local: datetime) -> OccurrenceDraft:
    parties = [PartyDraft(homes["association"].id, Part.ORGANISER)]
    parties += [PartyDraft(homes[code].id, Part.EXPERT_BODY) for code in fact.experts]
    parties += [PartyDraft(homes["project-office"].id, Part.SUPPORTER)]
    parties += [PartyDraft(homes[code].id, Part.PARTICIPANT) for code in fact.participants]
    return OccurrenceDraft(
        kind=fact.kind,
        title=fact.title,
        title_en=fact.title_en,
        description=fact.description,
        description_en=fact.description_en,
        starts_local=starts_local,
        duration_minutes=fact.minutes,
        zone=facts.ZONE,
        listed=fact.listed,
        access=Access.NETWORK,
        parties=parties,
        agenda=[AgendaDraft(title, minutes, title_en=title_en) for title, title_en, minutes in fact.agenda],
    )


def _past(
    session: Session, planner: Visitor, homes: dict[str, Organisation], fact: facts.OccurrenceFact, now: datetime
) -> None:
    assert fact.starts_local is not None
    known = select(Occurrence.id).where(Occurrence.title == fact.title, Occurrence.starts_local == fact.starts_local)
    if session.scalar(known) is None:
        occurrence = actions.create(session, planner, _draft(homes, fact, fact.starts_local), now)
        # Held long before there was this system: no meeting of ours, so no times of its beginning and end.
        occurrence.status = Status.ENDED
        session.flush()


def _planned(
    session: Session,
    planner: Visitor,
    homes: dict[str, Organisation],
    fact: facts.OccurrenceFact,
    day: date,
    now: datetime,
) -> None:
    ahead = select(Occurrence.id).where(
        Occurrence.title == fact.title, Occurrence.created_by == planner.actor, Occurrence.ends_at > now
    )
    if session.scalar(ahead) is None:
        draft = _draft(homes, fact, datetime.combine(day, time(10, 0)))
        actions.publish(session, planner, actions.create(session, planner, draft, now).slug, now)


def _live(session: Session, planner: Visitor, homes: dict[str, Organisation], now: datetime) -> None:
    """The consultation that is on: begun at the last full half hour, open to anyone with a name, and never over."""
    begun = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    starts_local = begun.astimezone(rules.zone_of(facts.ZONE)).replace(tzinfo=None)
    found = session.scalar(select(Occurrence).where(Occurrence.meeting == DEMO_MEETING))
    if found is None:
        draft = replace(_draft(homes, facts.LIVE, starts_local), access=Access.OPEN)
        found = actions.create(session, planner, draft, now, meeting=DEMO_MEETING)
        actions.publish(session, planner, found.slug, now)
        actions.start(session, planner, found.slug, now)
    if found.status is Status.LIVE and found.ends_at > now:
        return
    found.starts_local, found.starts_at = starts_local, begun
    found.ends_at = begun + timedelta(minutes=found.duration_minutes)
    found.status, found.began_at, found.ended_at = Status.LIVE, begun, None
    found.updated_at = now
    session.flush()


def _next_wednesday(now: datetime, weeks: int) -> date:
    today = now.astimezone(rules.zone_of(facts.ZONE)).date()
    return today + timedelta(days=(_WEDNESDAY - today.weekday() - 1) % 7 + 1, weeks=weeks)
