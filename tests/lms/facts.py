"""Small pieces that the data layer's tests are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory import accounts, queries
from lms.directory.models import Organisation, OrganisationKind, RoleName, Scope
from lms.directory.rules import Visitor
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import Kind, Part

NOW = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
"""A Wednesday, 09:00 in Kyiv."""


def organisation(session: Session, code: str, kind: OrganisationKind = OrganisationKind.ASC) -> Organisation:
    """An organisation named after its code."""
    made = Organisation(code=code, kind=kind, name_uk=f"ЦНАП {code}", name_en=f"{code} ASC", created_at=NOW)
    session.add(made)
    session.flush()
    return made


def person(
    session: Session,
    email: str,
    role: RoleName | None = None,
    *,
    home: Organisation | None = None,
    scope: Scope = Scope.NETWORK,
    scope_id: int | None = None,
) -> Visitor:
    """A person with an account, maybe a role, as visitor."""
    made = accounts.create_person(
        session,
        "system",
        family_name="Прізвище",
        given_name=email.split("@")[0],
        email=email,
        organisation_id=home.id if home else None,
        now=NOW,
    )
    if role is not None:
        accounts.give_role(session, "system", person_id=made.id, role=role, scope=scope, scope_id=scope_id, now=NOW)
    return queries.visitor_of_person(session, made.id, NOW)


def administrator(session: Session) -> Visitor:
    """An administrator of the network."""
    return person(session, "admin@example.org", RoleName.ADMINISTRATOR)


def organiser(session: Session) -> Visitor:
    """An organiser of the network."""
    return person(session, "organiser@example.org", RoleName.ORGANISER)


def draft(
    title: str = "Реєстрація місця проживання",
    starts_local: datetime = datetime(2026, 11, 25, 10, 0),
    *,
    parties: list[tuple[Organisation, Part]] | None = None,
    speakers: list[SpeakerDraft] | None = None,
    agenda: list[AgendaDraft] | None = None,
    **more: object,
) -> OccurrenceDraft:
    """A consultation of 90 minutes in Kyiv."""
    return OccurrenceDraft(  # type: ignore[arg-type]
        **{
            "kind": Kind.CONSULTATION,
            "title": title,
            "starts_local": starts_local,
            "duration_minutes": 90,
            "parties": [PartyDraft(each.id, part) for each, part in parties or []],
            "speakers": speakers or [],
            "agenda": agenda or [],
            **more,
        }
    )


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent meanwhile to read."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
