"""Reading certificates: for whoever has a number, for holders, and for those who may change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session

from lms.credentials import awarding, documents, numbers, status_lists
from lms.credentials.documents import Snapshot
from lms.credentials.models import (
    AwardRule,
    Certificate,
    CertificateEdition,
    CertificateState,
    EditionReason,
    StatusList,
)
from lms.directory.rules import Visitor
from lms.errors import NotFound


class PublicState(StrEnum):
    """What the public page says of a number."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    MISTYPED = "mistyped"


@dataclass(frozen=True, slots=True)
class PublicView:
    """What anybody with the number may know. Without `snapshot` nothing but the state is told."""

    state: PublicState
    number: str
    snapshot: Snapshot | None = None
    edition: int = 0
    current: int = 0
    credential: str = ""
    token: str = ""
    awarded_at: datetime | None = None
    valid_until: datetime | None = None
    changed_at: datetime | None = None
    """When it was revoked, or when the current edition replaced the one asked for."""


@dataclass(frozen=True, slots=True)
class CertificateCard:
    """A line of a list."""

    number: str
    holder: str
    name: str
    name_en: str
    awarded_at: datetime
    valid_until: datetime | None
    state: PublicState
    shared: bool
    demo: bool
    edition: int
    rule_id: int | None
    person_id: int | None
    issued_by: str
    reason: str
    revoked_because: str


@dataclass(frozen=True, slots=True)
class EditionLine:
    """An edition in the history that its holder and those who approve see."""

    number: int
    reason: EditionReason
    issued_at: datetime
    holder: str


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A certificate, for its holder or for those who may change it."""

    card: CertificateCard
    snapshot: Snapshot
    credential: str
    token: str
    editions: tuple[EditionLine, ...]
    mine: bool
    may_certify: bool


def public(session: Session, typed: str, now: datetime, *, edition: int | None = None) -> PublicView:
    """What the page says to anybody who has a number. The holder may have closed it; then nothing else is told."""
    number = numbers.typed(typed)
    if not numbers.is_right(number):
        return PublicView(PublicState.MISTYPED, number)
    found = _with_edition(session, Certificate.number == number)
    if found is None:
        return PublicView(PublicState.UNKNOWN, number)
    certificate, current = found
    if not certificate.shared:
        return PublicView(PublicState.CLOSED, number)
    state, changed_at = _state(certificate, now), certificate.revoked_at
    if edition is not None and 0 < edition < certificate.edition and state is not PublicState.REVOKED:
        state, changed_at = PublicState.REPLACED, current.issued_at
    return PublicView(
        state=state,
        number=number,
        snapshot=documents.from_dict(current.snapshot),
        edition=edition or certificate.edition,
        current=certificate.edition,
        credential=current.credential,
        token=current.token,
        awarded_at=certificate.awarded_at,
        valid_until=certificate.valid_until,
        changed_at=changed_at,
    )


def mine(session: Session, visitor: Visitor, now: datetime, *, limit: int = 200) -> list[CertificateCard]:
    """The visitor's own, latest first."""
    if visitor.person_id is None:
        return []
    query = cards().where(Certificate.person_id == visitor.person_id)
    rows = session.execute(query.order_by(Certificate.awarded_at.desc(), Certificate.id.desc()).limit(limit))
    return [card_of(certificate, edition, now) for certificate, edition in rows]


def any_of(person_id: int) -> ColumnElement[bool]:
    """SQL: whether a person has any."""
    return exists().where(Certificate.person_id == person_id)


def held_page(session: Session, visitor: Visitor, number: str, now: datetime) -> HeldPage:
    """For its holder, and for those who may change it. Raises `NotFound` for everybody else."""
    found = _with_edition(session, Certificate.number == number)
    if found is None:
        raise NotFound("certificate_unknown", "There is no such certificate, or it is not for you.")
    certificate, current = found
    owned = certificate.person_id is not None and certificate.person_id == visitor.person_id
    rule = session.get(AwardRule, certificate.rule_id) if certificate.rule_id is not None else None
    certifies = awarding.may_certify(session, visitor, rule) if rule is not None else visitor.is_administrator
    if not owned and not certifies:
        raise NotFound("certificate_unknown", "There is no such certificate, or it is not for you.")
    editions = session.scalars(
        select(CertificateEdition)
        .where(CertificateEdition.certificate_id == certificate.id)
        .order_by(CertificateEdition.number.desc())
        .limit(100)
    )
    return HeldPage(
        card=card_of(certificate, current, now),
        snapshot=documents.from_dict(current.snapshot),
        credential=current.credential,
        token=current.token,
        editions=tuple(
            EditionLine(each.number, each.reason, each.issued_at, str(each.snapshot["holder"])) for each in editions
        ),
        mine=owned,
        may_certify=certifies and not owned,
    )


def status_text(session: Session, list_id: int) -> StatusList:
    """A signed list. Raises `NotFound`."""
    held = status_lists.served(session, list_id)
    if held is None:
        raise NotFound("status_list_unknown", "There is no such status list.")
    return held


def cards() -> Select[Certificate, CertificateEdition]:
    """SQL: certificates with their current edition."""
    return select(Certificate, CertificateEdition).join(
        CertificateEdition,
        and_(CertificateEdition.certificate_id == Certificate.id, CertificateEdition.number == Certificate.edition),
    )


def _with_edition(session: Session, which: Any) -> tuple[Certificate, CertificateEdition] | None:
    row = session.execute(cards().where(which)).one_or_none()
    return (row[0], row[1]) if row is not None else None


def _state(certificate: Certificate, now: datetime) -> PublicState:
    if certificate.state is CertificateState.REVOKED:
        return PublicState.REVOKED
    if certificate.valid_until is not None and certificate.valid_until <= now:
        return PublicState.EXPIRED
    return PublicState.VALID


def card_of(certificate: Certificate, edition: CertificateEdition, now: datetime) -> CertificateCard:
    """A line of a list, of a certificate and its current edition."""
    told = edition.snapshot
    return CertificateCard(
        number=certificate.number,
        holder=str(told["holder"]),
        name=str(told["achievement"]["name"]),
        name_en=str(told["achievement"]["name_en"]),
        awarded_at=certificate.awarded_at,
        valid_until=certificate.valid_until,
        state=_state(certificate, now),
        shared=certificate.shared,
        demo=certificate.demo,
        edition=certificate.edition,
        rule_id=certificate.rule_id,
        person_id=certificate.person_id,
        issued_by=certificate.issued_by,
        reason=certificate.reason,
        revoked_because=certificate.revoked_because,
    )
