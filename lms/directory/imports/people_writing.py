"""Writing the planned rows of people: in bulk, because there may be ten thousand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.imports.people import Payload
from lms.directory.imports.plan import Outcome, Plan, PlannedRow
from lms.directory.models import Account, Affiliation, Person
from lms.directory.register_models import ChannelKind, ContactChannel
from lms.directory.rules import Visitor


def apply(session: Session, visitor: Visitor, planned: Plan, import_id: int, now: datetime) -> None:
    """Write what was planned."""
    rows = [row for row in planned.rows if row.outcome in (Outcome.CREATE, Outcome.CHANGE)]
    people = {row.number: _person(row.payload, now) for row in rows}
    session.add_all(people.values())
    session.flush()
    for row in rows:
        _hang_on(session, people[row.number], row.payload, now)
        action = "person.create" if row.outcome is Outcome.CREATE else "person.edit"
        record(
            session,
            visitor.actor,
            action,
            "person",
            people[row.number].id,
            now=now,
            before={change.field: change.before for change in row.changes} if row.payload.known else None,
            after=_after(row) | {"import": import_id},
        )
    session.flush()


def _after(row: PlannedRow) -> dict[str, Any]:
    return {change.field: change.after for change in row.changes}


def _person(payload: Payload, now: datetime) -> Person:
    if payload.known is not None:
        for name, text in payload.names.items():
            setattr(payload.known.person, name, text)
        return payload.known.person
    wanted = payload.wanted
    return Person(
        family_name=wanted.family_name,
        given_name=wanted.given_name,
        patronymic=wanted.patronymic,
        latin_name=wanted.latin_name,
        language=wanted.language or "uk",
        created_at=now,
    )


def _hang_on(session: Session, person: Person, payload: Payload, now: datetime) -> None:
    wanted, home = payload.wanted, payload.wanted.home
    if payload.email:
        session.add(Account(person_id=person.id, provider="password", subject=wanted.email, created_at=now))
    if payload.phone:
        session.add(
            ContactChannel(person_id=person.id, kind=ChannelKind.PHONE, address=wanted.phone[:320], created_at=now)
        )
    if payload.joins and home is not None:
        session.add(
            Affiliation(
                person_id=person.id,
                organisation_id=home.id,
                position=wanted.position,
                from_date=wanted.from_date or now.date(),
            )
        )
    elif payload.position and home is not None and payload.known is not None:
        payload.known.works[home.id].position = wanted.position
