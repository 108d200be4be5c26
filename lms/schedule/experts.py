"""Finding people of the directory to speak: by name for a list of proposals, by address to recognise somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.directory.models import Account, Affiliation, Organisation, Person
from lms.directory.register_models import ChannelKind, ContactChannel
from lms.directory.rules import Visitor, normal_email
from lms.errors import NotAllowed
from lms.schedule.protection import may_be_found

MOST = 20
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody who can be asked to speak. Their addresses are not told: mail finds its way by itself."""

    person_id: int
    name: str
    organisation_uk: str
    organisation_en: str
    position: str


def find(session: Session, visitor: Visitor, text: str, day: date) -> list[Expert]:
    """People whose names hold every word of `text`, by name. For organisers; raises `NotAllowed`. Two queries."""
    if not visitor.plans:
        raise NotAllowed("organisers_only", "Only an organiser looks for experts.")
    words = text.split()[:5]
    if sum(len(word) for word in words) < SHORTEST:
        return []
    query = select(Person).where(Person.merged_into_id.is_(None), may_be_found(visitor, day))
    for word in words:
        query = query.where(
            or_(Person.family_name.icontains(word, autoescape=True), Person.given_name.icontains(word, autoescape=True))
        )
    people = session.scalars(query.order_by(Person.family_name, Person.given_name, Person.id).limit(MOST)).all()
    homes: dict[int, tuple[Organisation, str]] = {}
    for number, home, position in session.execute(
        select(Affiliation.person_id, Organisation, Affiliation.position)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id.in_([each.id for each in people]),
            Affiliation.from_date <= day,
            or_(Affiliation.to_date.is_(None), Affiliation.to_date > day),
        )
        .order_by(Affiliation.id.desc())
    ):
        homes[number] = (home, position)
    found = []
    for each in people:
        place = homes.get(each.id)
        uk, en = (place[0].name_uk, place[0].name_en) if place else ("", "")
        found.append(Expert(each.id, each.display_name, uk, en, place[1] if place else ""))
    return found


def person_of(session: Session, address: str) -> int | None:
    """Whose address it is, if exactly one person has it."""
    address = normal_email(address)
    if not address:
        return None
    accounts = select(Account.person_id).where(
        Account.provider == "password", Account.subject == address, Account.disabled_at.is_(None)
    )
    channels = select(ContactChannel.person_id).where(
        ContactChannel.kind == ChannelKind.EMAIL, ContactChannel.address == address
    )
    people = {*session.scalars(accounts), *session.scalars(channels)}
    return people.pop() if len(people) == 1 else None
