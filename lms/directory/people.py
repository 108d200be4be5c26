"""What administrators, leads of centres and people themselves do with a person's entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory import accounts
from lms.directory.matching import person_key, phone_key
from lms.directory.models import Affiliation, Organisation, OrganisationStatus, Person
from lms.directory.organisation_queries import colleagues
from lms.directory.organisations import EARLIEST, LATEST
from lms.directory.people_queries import may_edit, person_in_reach
from lms.directory.queries import require_administrator
from lms.directory.register_models import ChannelKind, ContactChannel
from lms.directory.rules import Visitor, normal_email
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

MOST_CHANNELS = 10


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """What somebody enters about a person."""

    family_name: str
    given_name: str
    patronymic: str = ""
    latin_name: str = ""
    language: str = "uk"
    time_zone: str = "Europe/Kyiv"


def create(
    session: Session,
    visitor: Visitor,
    draft: PersonDraft,
    now: datetime,
    *,
    email: str = "",
    phone: str = "",
    organisation_id: int | None = None,
    position: str = "",
    sure: bool = False,
) -> Person:
    """Enter a person: anywhere for administrators, at the own centre for its lead.

    Raises `NotAllowed` (other_organisation), `Invalid`, or `Conflict` (email_taken; person_resembles: somebody of this
    name works there already, unless one is `sure` that it is another person).
    """
    _require_manager(visitor, organisation_id)
    if organisation_id is not None and not sure:
        key = person_key(draft.family_name, draft.given_name)
        for other in colleagues(session, organisation_id, now.date()):
            if key and person_key(other.name, "") == key:
                raise Conflict("person_resembles", f"{other.name} works there already.", "family_name")
    _check_zone(draft.time_zone)
    made = accounts.create_person(
        session,
        visitor.actor,
        family_name=draft.family_name,
        given_name=draft.given_name,
        patronymic=draft.patronymic,
        latin_name=draft.latin_name,
        language=draft.language,
        email=email.strip() or None,
        organisation_id=organisation_id,
        position=position.strip(),
        now=now,
    )
    made.time_zone = draft.time_zone
    if phone.strip():
        _add_channel(session, made.id, ChannelKind.PHONE, phone, now)
    session.flush()
    return made


def edit(session: Session, visitor: Visitor, person_id: int, draft: PersonDraft, now: datetime) -> Person:
    """Change names, language and zone. Raises `NotAllowed`, `NotFound` or `Invalid`."""
    person = _editable(session, visitor, person_id, now)
    _fill(session, visitor, person, draft, now)
    return person


def edit_own(session: Session, visitor: Visitor, draft: PersonDraft, now: datetime) -> None:
    """Change one's own names, language and zone."""
    _fill(session, visitor, _own(session, visitor), draft, now)


def affiliate(
    session: Session,
    visitor: Visitor,
    person_id: int,
    *,
    organisation_id: int,
    position: str,
    from_date: date,
    now: datetime,
) -> Affiliation:
    """The person works there from a day on, besides other places.

    Raises `NotAllowed`, `NotFound`, `Invalid` (date_invalid) or `Conflict` (works_there_already).
    """
    person = person_in_reach(session, visitor, person_id, now)
    _require_manager(visitor, organisation_id)
    if not EARLIEST <= from_date < LATEST:
        raise Invalid("date_invalid", f"Choose a day between {EARLIEST} and {LATEST}.", "from_date")
    home = session.get(Organisation, organisation_id)
    if home is None or home.status is OrganisationStatus.CLOSED:
        raise NotFound("organisation_unknown", f"There is no organisation {organisation_id}.", "organisation")
    lock(session, Person, person.id)
    overlapping = select(Affiliation.id).where(
        Affiliation.person_id == person.id,
        Affiliation.organisation_id == home.id,
        func.coalesce(Affiliation.to_date, LATEST) > from_date,
    )
    if session.scalar(overlapping.limit(1)) is not None:
        raise Conflict("works_there_already", "The person works there on that day already.", "organisation")
    made = Affiliation(
        person_id=person.id, organisation_id=home.id, position=position.strip()[:200], from_date=from_date
    )
    session.add(made)
    session.flush()
    told = {"organisation": home.code, "position": made.position, "from": str(from_date)}
    record(session, visitor.actor, "affiliation.begin", "person", person.id, now=now, after=told)
    return made


def end_affiliation(session: Session, visitor: Visitor, affiliation_id: int, to_date: date, now: datetime) -> int:
    """The person works there no longer: `to_date` is the first day without. The person's id."""
    work = session.get(Affiliation, affiliation_id)
    if work is None:
        raise NotFound("not_found", "There is no such place of work.")
    person = person_in_reach(session, visitor, work.person_id, now)
    _require_manager(visitor, work.organisation_id)
    work = lock(session, Affiliation, affiliation_id)
    if not EARLIEST <= to_date < LATEST or to_date < work.from_date:
        raise Invalid("ends_before_begin", "It would end before it began. Choose a later day.", "to_date")
    work.to_date = to_date
    home = session.get_one(Organisation, work.organisation_id)
    told = {"organisation": home.code, "to": str(to_date)}
    record(session, visitor.actor, "affiliation.end", "person", person.id, now=now, after=told)
    return person.id


def add_channel(
    session: Session, visitor: Visitor, person_id: int, kind: ChannelKind, address: str, now: datetime
) -> None:
    """One more way to reach somebody: oneself, or whom one may edit. Raises `Invalid`, `Conflict`, `NotAllowed`."""
    person = _own(session, visitor) if person_id == visitor.person_id else _editable(session, visitor, person_id, now)
    lock(session, Person, person.id)
    stored = _add_channel(session, person.id, kind, address, now)
    told = {"kind": kind.value, "address": stored}
    record(session, visitor.actor, "contact_channel.add", "person", person.id, now=now, after=told)


def remove_channel(session: Session, visitor: Visitor, channel_id: int, now: datetime) -> int:
    """The person is not reached in this way any more. The person's id."""
    channel = session.get(ContactChannel, channel_id)
    if channel is None:
        raise NotFound("not_found", "There is no such address.")
    person_id = channel.person_id
    person = _own(session, visitor) if person_id == visitor.person_id else _editable(session, visitor, person_id, now)
    told = {"kind": channel.kind.value, "address": channel.address}
    session.delete(channel)
    record(session, visitor.actor, "contact_channel.remove", "person", person.id, now=now, before=told)
    return person.id


def invite(session: Session, visitor: Visitor, person_id: int, now: datetime) -> str:
    """The token of a one-time link with which the person chooses a password. Raises `NotFound` (no_account)."""
    person = _editable(session, visitor, person_id, now)
    return accounts.new_password_link(session, visitor.actor, person.id, now)


def give_account(session: Session, visitor: Visitor, person_id: int, email: str, now: datetime) -> None:
    """Let a person sign in by an e-mail. Raises `Invalid` or `Conflict` (email_taken)."""
    person = _editable(session, visitor, person_id, now)
    accounts.add_account(session, person.id, email, now)
    told = {"email": normal_email(email)}
    record(session, visitor.actor, "account.create", "person", person.id, now=now, after=told)


def _fill(session: Session, visitor: Visitor, person: Person, draft: PersonDraft, now: datetime) -> None:
    _check_zone(draft.time_zone)
    family_name, given_name = draft.family_name.strip()[:100], draft.given_name.strip()[:100]
    if not family_name and not given_name:
        raise Invalid("name_needed", "A person needs a name.", "family_name")
    lock(session, Person, person.id)
    wanted = {
        "family_name": family_name,
        "given_name": given_name,
        "patronymic": draft.patronymic.strip()[:100],
        "latin_name": draft.latin_name.strip()[:200],
        "language": draft.language,
        "time_zone": draft.time_zone,
    }
    before = {name: getattr(person, name) for name in wanted}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if changed:
        for name, value in changed.items():
            setattr(person, name, value)
        session.flush()
        was = {name: before[name] for name in changed}
        record(session, visitor.actor, "person.edit", "person", person.id, now=now, before=was, after=changed)


def _add_channel(session: Session, person_id: int, kind: ChannelKind, address: str, now: datetime) -> str:
    address = address.strip()
    if kind is ChannelKind.EMAIL:
        address = accounts.checked_email(address, "address")
    elif kind is ChannelKind.PHONE and not phone_key(address):
        raise Invalid("phone_invalid", "A telephone number has at least nine digits.", "address")
    if not address:
        raise Invalid("address_needed", "Enter an address or a number.", "address")
    mine = select(ContactChannel).where(ContactChannel.person_id == person_id)
    known = session.scalars(mine).all()
    if len(known) >= MOST_CHANNELS:
        raise Conflict("too_many_channels", "There are too many addresses. Remove one first.", "address")
    if any(one.kind is kind and one.address == address[:320] for one in known):
        raise Conflict("channel_twice", "This address is there already.", "address")
    session.add(ContactChannel(person_id=person_id, kind=kind, address=address[:320], created_at=now))
    session.flush()
    return address[:320]


def _own(session: Session, visitor: Visitor) -> Person:
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in to change your own entry.")
    return session.get_one(Person, visitor.person_id)


def _editable(session: Session, visitor: Visitor, person_id: int, now: datetime) -> Person:
    person = person_in_reach(session, visitor, person_id, now)
    if not may_edit(session, visitor, person.id, now):
        raise NotAllowed(
            "person_not_yours", "This person also works elsewhere or holds a role. Ask an administrator to do it."
        )
    return person


def _require_manager(visitor: Visitor, organisation_id: int | None) -> None:
    if organisation_id is None:
        require_administrator(visitor)
    elif not visitor.is_administrator and organisation_id not in visitor.led_organisations:
        raise NotAllowed("other_organisation", "You look after the people of your own centre only.", "organisation")


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("zone_unknown", f"There is no time zone {zone}.", "time_zone") from None
