"""After a key was in other hands: every valid certificate that it signed is signed anew, with the same id and number.

Also what it signed before: whoever has the key can date back what they forge, so nobody should have to believe it.
A batch is a transaction; whatever interrupts the work, it goes on where it stopped, because what has been signed anew
names a key that nobody else has.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lms.credentials.editions import next_edition, signed_with, snapshot_of
from lms.credentials.keys import Issuer
from lms.credentials.models import (
    Certificate,
    CertificateEdition,
    CertificateState,
    EditionReason,
    IssuerKey,
    KeyEnd,
)
from lms.credentials.telling import News, tell
from lms.database import lock

BATCH = 50
"""Signing takes about 20 ms each; nobody else writes to SQLite meanwhile."""


def waiting(session: Session, now: datetime, *, after: int = 0, most: int = 1000) -> list[int]:
    """Certificates in force whose current edition a compromised key signed, from one number on."""
    methods = set(session.scalars(select(IssuerKey.method).where(IssuerKey.ended == KeyEnd.COMPROMISED)))
    if not methods:
        return []
    rows = session.execute(
        select(Certificate.id, CertificateEdition.credential)
        .join(
            CertificateEdition,
            and_(CertificateEdition.certificate_id == Certificate.id, CertificateEdition.number == Certificate.edition),
        )
        .where(
            Certificate.id > after,
            Certificate.state == CertificateState.ISSUED,
            or_(Certificate.valid_until.is_(None), Certificate.valid_until > now),
        )
        .order_by(Certificate.id)
    ).yield_per(500)
    found = []
    for number, credential in rows:
        if signed_with(credential) in methods:
            found.append(number)
        if len(found) == most:
            break
    return found


def reissue(session: Session, issuer: Issuer, numbers: list[int], actor: str, now: datetime) -> int:
    """Sign these anew, and tell their holders; how many. Raises `Conflict` (issuer_local, issuer_key_lost)."""
    done = 0
    for number in numbers:
        certificate = lock(session, Certificate, number)
        if certificate.state is CertificateState.REVOKED:
            continue
        snapshot = snapshot_of(session, certificate)
        next_edition(session, issuer, certificate, snapshot, EditionReason.REISSUED, actor, now)
        tell(session, certificate, News.REISSUED, now)
        done += 1
    return done
