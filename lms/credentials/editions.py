"""Editions: a certificate as it was signed, the next one beside it, and which key signed it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import documents, integrity, jose
from lms.credentials.documents import Snapshot
from lms.credentials.keys import Issuer, Signers, signers
from lms.credentials.models import Certificate, CertificateEdition, CertificateState, EditionReason
from lms.errors import Conflict


def require_address(issuer: Issuer) -> None:
    """Raises `Conflict` (issuer_local) where certificates would point to an address that nobody else can open."""
    if issuer.local and not issuer.demo:
        raise Conflict(
            "issuer_local",
            "Certificates carry the public address of this site for ever, and now it is one that only this machine "
            "knows. Set VIKNO_PUBLIC_URL first.",
        )


def write_edition(
    session: Session,
    keys: Signers,
    certificate: Certificate,
    snapshot: Snapshot,
    reason: EditionReason,
    actor: str,
    now: datetime,
) -> CertificateEdition:
    """Sign what a snapshot says, and keep both."""
    signed = integrity.sign(documents.credential(snapshot), keys.embedded, now)
    edition = CertificateEdition(
        certificate_id=certificate.id,
        number=certificate.edition,
        reason=reason,
        snapshot=snapshot.as_dict(),
        credential=json.dumps(signed, ensure_ascii=False, indent=1),
        token=jose.sign(signed, keys.token, keys.kid),
        issued_at=now,
        issued_by=actor,
    )
    session.add(edition)
    session.flush()
    return edition


def next_edition(
    session: Session,
    issuer: Issuer,
    certificate: Certificate,
    snapshot: Snapshot,
    reason: EditionReason,
    actor: str,
    now: datetime,
) -> CertificateEdition:
    """The same id and the same number, valid from now on (Open Badges 3.0: a later `validFrom` replaces).

    It is signed under the address by which the issuer was known then. Raises `Conflict` (certificate_revoked,
    issuer_local, issuer_key_lost).
    """
    if certificate.state is CertificateState.REVOKED:
        raise Conflict("certificate_revoked", "It is revoked. Issue a new one instead.")
    if not certificate.demo:
        require_address(issuer)
    certificate.edition += 1
    changed = replace(snapshot, valid_from=integrity.instant(now))
    keys = signers(session, issuer.at(snapshot.issuer.id), now)
    edition = write_edition(session, keys, certificate, changed, reason, actor, now)
    after = {"number": certificate.number, "edition": edition.number, "reason": reason.value}
    record(session, actor, f"certificate.{reason.value}", "certificate", certificate.id, now=now, after=after)
    return edition


def snapshot_of(session: Session, certificate: Certificate) -> Snapshot:
    """What the current edition says."""
    query = select(CertificateEdition.snapshot).where(
        CertificateEdition.certificate_id == certificate.id, CertificateEdition.number == certificate.edition
    )
    return documents.from_dict(session.scalars(query).one())


def signed_with(credential: str) -> str:
    """The verification method of one of our own credentials."""
    proof: dict[str, Any] = json.loads(credential)["proof"]
    return str(proof["verificationMethod"])
