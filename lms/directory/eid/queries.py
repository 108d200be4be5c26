"""Reading which identities are linked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.eid.models import EidIdentity
from lms.directory.models import Account
from lms.directory.rules import Visitor


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """An identity that signs somebody in. It says nothing of what the service knows them by."""

    id: int
    provider: str
    method: str
    linked_at: datetime
    last_sign_in_at: datetime | None
    disabled_at: datetime | None


def own(session: Session, visitor: Visitor) -> list[LinkedIdentity]:
    """What signs the visitor in."""
    return of_person(session, visitor.person_id) if visitor.person_id is not None else []


def of_person(session: Session, person_id: int) -> list[LinkedIdentity]:
    """What signs a person in, for whoever may open the entry."""
    query = (
        select(EidIdentity, Account.last_sign_in_at, Account.disabled_at)
        .join(Account, Account.id == EidIdentity.account_id)
        .where(Account.person_id == person_id)
        .order_by(EidIdentity.id)
    )
    return [
        LinkedIdentity(row.id, row.provider, row.method, row.linked_at, seen, disabled)
        for row, seen, disabled in session.execute(query)
    ]
