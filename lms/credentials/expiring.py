"""Certificates that are about to expire: their holders are reminded once for each term. By the worker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials.models import Certificate, CertificateState
from lms.credentials.telling import News, tell
from lms.database import lock

_AT_ONCE = 200


def due(session: Session, now: datetime, /, *, without: Collection[int] = ()) -> list[int]:
    """Certificates of whose end somebody is to be reminded now."""
    query = (
        select(Certificate.id)
        .where(Certificate.remind_at <= now, Certificate.id.not_in(without))
        .order_by(Certificate.remind_at)
        .limit(_AT_ONCE)
    )
    return list(session.scalars(query))


def remind(session: Session, number: int, now: datetime) -> int:
    """Queue the letter; 1 if there was one to queue. Of what is revoked or over nobody is reminded."""
    certificate = lock(session, Certificate, number)
    if certificate.remind_at is None or certificate.remind_at > now:
        return 0
    certificate.remind_at = None
    until = certificate.valid_until
    if certificate.state is CertificateState.REVOKED or until is None or until <= now:
        return 0
    if not tell(session, certificate, News.EXPIRING, now):
        return 0
    after = {"number": certificate.number, "valid_until": until.isoformat()}
    record(session, "system", "certificate.remind", "certificate", certificate.id, now=now, after=after)
    return 1
