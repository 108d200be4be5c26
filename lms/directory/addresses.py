"""To which e-mail address somebody's mail goes, and in which language."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.models import Account, Organisation, Person
from lms.directory.register_models import ChannelKind, ContactChannel


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where mail for a person or an organisation goes."""

    address: str
    """In lower case."""
    name: str
    language: str = "uk"
    zone: str = "Europe/Kyiv"


def of_people(session: Session, people_ids: Collection[int]) -> dict[int, MailAddress]:
    """By person; who has no address is missing. A contact address goes before the account's e-mail. Two queries."""
    if not people_ids:
        return {}
    people = {
        person.id: person
        for person in session.scalars(select(Person).where(Person.id.in_(people_ids), Person.merged_into_id.is_(None)))
    }
    accounts = select(Account.person_id, Account.subject).where(
        Account.person_id.in_(people), Account.provider == "password", Account.disabled_at.is_(None)
    )
    channels = select(ContactChannel.person_id, ContactChannel.address).where(
        ContactChannel.person_id.in_(people), ContactChannel.kind == ChannelKind.EMAIL
    )
    addresses: dict[int, str] = {}
    for query, newest_first in ((accounts, Account.id.desc()), (channels, ContactChannel.id.desc())):
        addresses.update((row.person_id, row[1]) for row in session.execute(query.order_by(newest_first)))
    return {number: _mail_address(people[number], address) for number, address in addresses.items()}


def of_organisations(session: Session, organisation_ids: Collection[int]) -> dict[int, MailAddress]:
    """By organisation; one without an address is missing."""
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(organisation_ids), Organisation.email != ""))
    return {each.id: MailAddress(each.email.lower(), each.name_uk) for each in rows}


def _mail_address(person: Person, address: str) -> MailAddress:
    return MailAddress(address.lower(), person.display_name, person.language, person.time_zone)
