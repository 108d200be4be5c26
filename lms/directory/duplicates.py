"""Who and what may have been entered twice: suggestions, and two entries side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.directory.matching import organisation_key, person_key, phone_key, plain
from lms.directory.merging import referencing
from lms.directory.models import Account, Affiliation, Organisation, Person
from lms.directory.queries import require_administrator
from lms.directory.register_models import ChannelKind, ContactChannel, Duplicable, ToldApart
from lms.directory.rules import Visitor
from lms.errors import NotFound

MOST = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two entries that may be one, and why: `name`, `email`, `phone`."""

    kind: Duplicable
    one_id: int
    one: str
    other_id: int
    other: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two entries side by side: what it says, and how many rows of which tables point to it."""

    id: int
    name: str
    address: str
    """Of its page."""
    facts: dict[str, str]
    references: dict[str, int]


def suggestions(session: Session, visitor: Visitor) -> list[Suggestion]:
    """Pairs of people, then of organisations, that may be one. For administrators. Eight queries."""
    require_administrator(visitor)
    return [*_people(session), *_organisations(session)][:MOST]


def sides(session: Session, visitor: Visitor, kind: Duplicable, one: int, other: int) -> tuple[Side, Side]:
    """Both entries. Raises `NotFound`, also for one that was merged already."""
    require_administrator(visitor)
    look = _person_side if kind is Duplicable.PERSON else _organisation_side
    return look(session, one), look(session, other)


def _people(session: Session) -> list[Suggestion]:
    alive = select(Person.id, Person.family_name, Person.given_name).where(Person.merged_into_id.is_(None))
    names, marks = {}, defaultdict(list)
    for number, family, given in session.execute(alive):
        names[number] = (f"{given} {family}".strip(), person_key(family, given))
    for person_id, home in session.execute(select(Affiliation.person_id, Affiliation.organisation_id).distinct()):
        if person_id in names and names[person_id][1]:
            marks["name", f"{home} {names[person_id][1]}"].append(person_id)
    for person_id, subject in session.execute(
        select(Account.person_id, Account.subject).where(Account.provider == "password")
    ):
        marks["email", subject.lower()].append(person_id)
    for channel in session.scalars(select(ContactChannel)):
        if channel.kind is ChannelKind.EMAIL:
            marks["email", channel.address.lower()].append(channel.person_id)
        elif phone_key(channel.address):
            marks["phone", phone_key(channel.address)].append(channel.person_id)
    shown = {number: name for number, (name, _key) in names.items()}
    return _pairs(session, Duplicable.PERSON, shown, marks.items())


def _organisations(session: Session) -> list[Suggestion]:
    rows = session.scalars(select(Organisation).where(Organisation.merged_into_id.is_(None))).all()
    marks = defaultdict(list)
    for row in rows:
        for key in {organisation_key(row.name_uk), organisation_key(row.name_en)} - {""}:
            marks["name", key].append(row.id)
        if row.email:
            marks["email", row.email.lower()].append(row.id)
    towns = {row.id: plain(row.settlement) for row in rows}
    pairs = _pairs(session, Duplicable.ORGANISATION, {row.id: row.name_uk for row in rows}, marks.items())
    # The same name in two towns is two organisations.
    return [one for one in pairs if len({towns[one.one_id], towns[one.other_id]} - {""}) < 2 or "email" in one.reasons]


def _pairs(
    session: Session, kind: Duplicable, shown: dict[int, str], marks: Iterable[tuple[tuple[str, str], list[int]]]
) -> list[Suggestion]:
    apart = set(session.execute(select(ToldApart.lower_id, ToldApart.higher_id).where(ToldApart.kind == kind)).all())
    told = {(lower, higher) for lower, higher in apart}
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for (reason, _key), numbers in marks:
        known = sorted({number for number in numbers if number in shown})
        # A telephone of a whole office says nothing: of a large group only neighbours are paired.
        for lower, higher in pairwise(known):
            if (lower, higher) not in told:
                found[lower, higher].add(reason)
    ordered = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        Suggestion(kind, lower, shown[lower], higher, shown[higher], tuple(sorted(reasons)))
        for (lower, higher), reasons in ordered
    ]


def _person_side(session: Session, number: int) -> Side:
    person = session.get(Person, number)
    if person is None or person.merged_into_id is not None:
        raise NotFound("person_unknown", f"There is no person {number}.")
    own = (Account.person_id == number, Account.provider == "password")
    emails = session.scalars(select(Account.subject).where(*own).order_by(Account.id)).all()
    channels = session.scalars(select(ContactChannel.address).where(ContactChannel.person_id == number)).all()
    works = session.execute(
        select(Organisation.name_uk, Affiliation.position)
        .join(Affiliation, Affiliation.organisation_id == Organisation.id)
        .where(Affiliation.person_id == number)
        .order_by(Affiliation.from_date)
    ).all()
    facts = {
        "family_name": person.family_name,
        "given_name": person.given_name,
        "patronymic": person.patronymic,
        "latin_name": person.latin_name,
        "email": ", ".join(emails),
        "contacts": ", ".join(channels),
        "works": "; ".join(f"{home}, {position}" if position else home for home, position in works),
        "created": person.created_at.date().isoformat(),
    }
    return Side(number, person.display_name, f"/people/{number}", facts, _references(session, Person, number))


def _organisation_side(session: Session, number: int) -> Side:
    found = session.get(Organisation, number)
    if found is None or found.merged_into_id is not None:
        raise NotFound("organisation_unknown", f"There is no organisation {number}.")
    names = ("name_uk", "name_en", "code", "oblast", "community", "settlement", "email", "phone", "website")
    facts = {name: str(getattr(found, name)) for name in names} | {"created": found.created_at.date().isoformat()}
    references = _references(session, Organisation, number)
    return Side(number, found.name_uk, f"/organisations/{found.code}", facts, references)


def _references(session: Session, table: type[Person] | type[Organisation], number: int) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for referring, column in referencing(table.__table__):  # type: ignore[arg-type]
        count = session.scalar(select(func.count()).select_from(referring).where(column == number)) or 0
        if count:
            counts[referring.name] += count
    return dict(sorted(counts.items()))
