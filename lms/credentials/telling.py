"""What a holder is told by letter: each thing once, in words that are true when the letter goes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.credentials import documents
from lms.credentials.documents import Snapshot
from lms.credentials.models import AwardRule, Certificate, CertificateEdition, CertificateState, RuleKind
from lms.notify.actions import enqueue

KIND = "certificate.news"


class News(StrEnum):
    """What there is to tell."""

    ISSUED = "issued"
    REPLACED = "replaced"
    REVOKED = "revoked"
    EXPIRING = "expiring"
    RENEWED = "renewed"
    REISSUED = "reissued"


@dataclass(frozen=True, slots=True)
class Told:
    """What the letter says."""

    what: News
    number: str
    snapshot: Snapshot
    valid_until: datetime | None
    because: str
    """Why it was revoked."""
    kind: RuleKind | None
    """By what it is earned, and so renewed."""


def tell(session: Session, certificate: Certificate, what: News, now: datetime) -> bool:
    """Queue the letter to the holder, in the transaction that causes it; whether it was new."""
    if certificate.person_id is None:
        return False
    key = f"certificate:{certificate.number}:{what.value}:{certificate.edition}"
    contents = {"certificate": certificate.number, "what": what.value, "edition": certificate.edition}
    return enqueue(session, key, KIND, f"person:{certificate.person_id}", contents, now=now)


def told(session: Session, number: str, what: News, edition: int, now: datetime) -> Told | None:
    """What the letter says now; None where it has lost its point: revoked since, replaced again, expired already."""
    row = session.execute(
        select(Certificate, CertificateEdition.snapshot, AwardRule.kind)
        .join(CertificateEdition, CertificateEdition.certificate_id == Certificate.id)
        .outerjoin(AwardRule, AwardRule.id == Certificate.rule_id)
        .where(Certificate.number == number, CertificateEdition.number == edition)
    ).one_or_none()
    if row is None:
        return None
    certificate, snapshot, kind = row
    if what is not News.REVOKED and (certificate.state is CertificateState.REVOKED or certificate.edition != edition):
        return None
    if what is News.EXPIRING and (certificate.valid_until is None or certificate.valid_until <= now):
        return None
    return Told(
        what,
        number,
        documents.from_dict(snapshot),
        certificate.valid_until,
        certificate.revoked_because if what is News.REVOKED else "",
        kind,
    )
